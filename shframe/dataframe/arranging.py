"""Rows and columns of a frame: dropped, renamed, in order, as labels."""

from __future__ import annotations

from typing import Any, Self

from pandas.api.extensions import no_default

from shframe.dataframe.in_place import may_be_in_place
from shframe.dataframe.methods import arranging
from shframe.dataframe.rows import Rows


class FrameArranging(Rows):
    """Methods of a frame; each takes inplace= too."""

    __slots__ = ()

    @may_be_in_place
    def drop(
        self,
        labels: Any = None,
        *,
        axis: Any = 0,
        index: Any = None,
        columns: Any = None,
        level: Any = None,
        errors: str = "raise",
    ) -> Self:
        """The frame without some columns, or without the rows under some labels.

        Raises: ColumnNotFound; KeyError for a label of rows when it is computed. Cost: with level=,
        brings all rows into one task.
        """
        return self._wrap(arranging.drop(self.expr, labels, axis, index, columns, level, errors))

    @may_be_in_place
    def rename(
        self,
        mapper: Any = None,
        *,
        index: Any = None,
        columns: Any = None,
        axis: Any = None,
        copy: Any = None,
        level: Any = None,
        errors: str = "ignore",
    ) -> Self:
        """Other labels of columns or rows: a mapping, or a function of a label.

        copy: has no effect, as in pandas 3.
        """
        more = {"level": level, "errors": errors}
        return self._wrap(arranging.rename(self.expr, mapper, index, columns, axis, more))

    @may_be_in_place
    def dropna(
        self,
        *,
        axis: Any = 0,
        how: Any = no_default,
        thresh: Any = no_default,
        subset: Any = None,
        ignore_index: bool = False,
    ) -> Self:
        """Rows without missing values; thresh: with at least so many that are not missing.

        Cost: of columns (axis=1), computed at the call, in one task.
        """
        named = {"subset": subset}
        named |= {} if how is no_default else {"how": how}
        named |= {} if thresh is no_default else {"thresh": thresh}
        return self._wrap(arranging.drop_missing(self.expr, axis, ignore_index, named))

    @may_be_in_place
    def sort_values(
        self,
        by: Any,
        *,
        axis: Any = 0,
        ascending: Any = True,
        kind: str | None = None,
        na_position: str = "last",
        ignore_index: bool = False,
        key: Any = None,
    ) -> Self:
        """Rows in the order of columns; rows with equal keys keep their order, whatever `kind`.

        Cost: with key=, levels of the index, and axis=1, brings all rows into one task.
        """
        named = {"ascending": ascending, "na_position": na_position, "kind": kind}
        named |= {"ignore_index": ignore_index}
        return self._wrap(arranging.sort_rows(self.expr, by, axis, key, named))

    @may_be_in_place
    def sort_index(
        self,
        *,
        axis: Any = 0,
        level: Any = None,
        ascending: Any = True,
        kind: str | None = None,
        na_position: str = "last",
        sort_remaining: bool = True,
        ignore_index: bool = False,
        key: Any = None,
    ) -> Self:
        """Rows in the order of the index, or columns in that of their labels.

        Cost: with level=, key= and several `ascending`, brings all rows into one task.
        """
        named = {"level": level, "ascending": ascending, "na_position": na_position}
        named |= {"sort_remaining": sort_remaining, "ignore_index": ignore_index, "key": key}
        return self._wrap(arranging.sort_by_labels(self.expr, axis, named))

    @may_be_in_place
    def reset_index(
        self,
        level: Any = None,
        *,
        drop: bool = False,
        col_level: Any = 0,
        col_fill: Any = "",
        allow_duplicates: Any = no_default,
        names: Any = None,
    ) -> Self:
        """An index that counts rows; the old one becomes columns, or goes with drop=True.

        level: only these levels, by number or name.
        """
        named = {} if names is None else {"names": names}
        if self._meta.columns.nlevels > 1:
            named |= {"col_level": col_level, "col_fill": col_fill}
        if allow_duplicates is not no_default:
            named |= {"allow_duplicates": allow_duplicates}
        return self._wrap(arranging.reset_index(self.expr, level, drop, named))

    @may_be_in_place
    def set_index(
        self,
        keys: Any,
        *,
        drop: bool = True,
        append: bool = False,
        verify_integrity: Any = no_default,
    ) -> Self:
        """Columns as the index, or lazy columns and values for each row; rows keep their order.

        Cost: verify_integrity brings all rows into one task; a lazy column of other rows, at the
        call.
        """
        return self._wrap(
            arranging.set_index(self.expr, keys, drop, append, verify_integrity is True)
        )
