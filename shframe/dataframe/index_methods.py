"""Methods of an Index that name no frame or series; frame.py has the class itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

import pandas as pd
from pandas.api.extensions import no_default

from shframe.dataframe.accessors import Accessor
from shframe.dataframe.attributes import missing_attribute
from shframe.dataframe.column import ColumnMethods
from shframe.dataframe.expr.base import RowWise
from shframe.dataframe.expr.columns import RowLabels
from shframe.dataframe.index_tables import IndexTables
from shframe.dataframe.lower.layer import Layer
from shframe.dataframe.methods import (
    accessing,
    arranging,
    delegating,
    duplicates,
    indexing,
    labels,
    reductions,
    relabelling,
    sorting,
)
from shframe.dataframe.scalar import Scalar
from shframe.dataframe.wrap import wrap
from shframe.errors import UnsupportedType


class IndexMethods(IndexTables, ColumnMethods):
    """The labels of rows, lazily.

    _owner: the frame or series that it is of, if any, whose labels are named with it.
    """

    __slots__ = ("_owner",)
    _owner: Any

    def __getitem__(self, key: Any) -> Any:
        """The label at a number, computed, or the labels at some, lazily."""
        made = wrap(indexing.labels_by_number(self.expr, key))
        return made.compute() if isinstance(made, Scalar) else made

    def __iter__(self) -> Iterator[Any]:
        return iter(self.compute())

    def __contains__(self, label: object) -> bool:
        return label in self.compute()

    def __getattr__(self, name: str) -> Any:
        """What the index of pandas has by its dtype: `year`, `month_name()`, `categories` ..."""
        if name in ("freq", "freqstr") and not isinstance(self._meta, pd.PeriodIndex):
            raise UnsupportedType(f"{name} is not kept in partitions\n  see inferred_freq")
        if name.startswith("_") or not hasattr(self._meta, name):
            raise missing_attribute(self, name, type(self._meta), [])
        of_type = getattr(type(self._meta), name, None)
        if callable(of_type):
            return lambda *args, **how: wrap(accessing.call_labels(self.expr, name, args, how))
        return wrap(accessing.access_labels(self.expr, name))

    def _result(self, parts: Iterable[Any], layer: Layer) -> Any:
        made = super()._result(parts, layer)
        node = self.expr
        worked = isinstance(node, RowWise) and not isinstance(node, RowLabels)
        plain = pd.api.types.is_bool_dtype(made.dtype) or accessing.is_of_objects(node)
        if not worked or not plain:
            return made  # of a comparison pandas gives an array
        return made.array if made.dtype != bool else made.to_numpy()

    @property
    def str(self) -> Accessor:
        """Methods of strings."""
        return Accessor(self.expr, "str")

    @property
    def cat(self) -> Self:
        """The index itself, which has the parts and methods of categories, under Dask's name."""
        if not isinstance(self._meta, pd.CategoricalIndex):
            raise AttributeError("Can only use .cat accessor with a 'category' dtype")
        return self

    @property
    def dt(self) -> Self:
        """The index itself, which has the parts and methods of times, under Dask's name."""
        if not isinstance(self._meta, (pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex)):
            raise AttributeError("Can only use .dt accessor with datetimelike values")
        return self

    @property
    def name(self) -> Any:
        """The label, which can be set."""
        return self._meta.name

    @name.setter
    def name(self, label: Any) -> None:
        self._set_names(label, several=False)

    @property
    def names(self) -> list[Any]:
        """The names of the levels, which can be set."""
        found: list[Any] = self._meta.names
        return found

    @names.setter
    def names(self, labels: Any) -> None:
        self._set_names(labels, several=True)

    def _set_names(self, names: Any, *, several: bool) -> None:
        for one in (self, getattr(self, "_owner", None)):
            if one is not None:
                one.expr = relabelling.rename_labels(one.expr, names, several=several)

    def rename(self, name: Any, *, inplace: bool = False) -> Any:
        """The labels under another name, of several levels names; inplace: also of their owner."""
        return self._named("rename", [name], {}, inplace)

    def set_names(self, names: Any, *, level: Any = None, inplace: bool = False) -> Any:
        """The labels under other names of levels; inplace: also of their owner."""
        return self._named("set_names", [names], {"level": level}, inplace)

    def _named(self, method: Any, args: list[Any], kwargs: dict[Any, Any], inplace: bool) -> Any:
        node = delegating.call_on_labels(self.expr, method, tuple(args), kwargs)
        if not inplace:
            return wrap(node)
        self._set_names(list(node.meta.names), several=True)
        return None

    def unique(self, level: Any = None) -> Any:
        """The labels that differ, in the order in which they appear; level: those of one level.

        Cost: of several levels and of objects, brings all labels into one task.
        """
        if level is not None:
            return self.get_level_values(level).unique()
        return self.drop_duplicates()

    def drop_duplicates(self, *, keep: Any = "first") -> Any:
        """The labels that differ; keep: which of equal ones, False for none of them.

        Cost: of several levels and of objects, brings all labels into one task.
        """
        return self._changed(
            "drop_duplicates",
            {"keep": keep},
            lambda frame: duplicates.distinct_rows(frame, None, keep),
        )

    def dropna(self, how: Any = "any") -> Any:
        """The labels that are not missing.

        Cost: of several levels and of objects, brings all labels into one task.
        """
        drop = {"how": how}
        return self._changed(
            "dropna", drop, lambda frame: arranging.drop_missing(frame, 0, False, drop)
        )

    def sort_values(
        self,
        *,
        return_indexer: bool = False,
        ascending: bool = True,
        na_position: Any = "last",
        key: Any = None,
    ) -> Any:
        """The labels in order; return_indexer: and the numbers that they had, computed.

        Cost: of several levels and of objects, and with key=, brings all labels into one task.
        """
        named = {"ascending": ascending, "na_position": na_position, "key": key}
        if return_indexer or key is not None:
            more = {"return_indexer": return_indexer, **named}
            made = wrap(delegating.call_in_one_task(self.expr, "sort_values", (), more))
            return tuple(made.compute()) if return_indexer else made
        return self._changed(
            "sort_values",
            named,
            lambda frame: sorting.sort_rows(
                frame, list(frame.meta.columns), ascending, na_position, True
            ),
        )

    def _changed(self, name: Any, named: dict[Any, Any], work: Any) -> Any:
        """What is left of the labels; where they are of a kind that columns are not, by pandas."""
        if not labels.are_plain(self._meta):
            return wrap(delegating.call_in_one_task(self.expr, name, (), named))
        return wrap(labels.change(self.expr, work))

    def value_counts(
        self,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        bins: Any = None,
        dropna: bool = True,
    ) -> Any:
        """How often each label is there; bins: how often one is in each of so many intervals.

        Cost: of several levels and of objects, brings all labels into one task.
        """
        how = {"normalize": normalize, "sort": sort, "ascending": ascending, "dropna": dropna}
        if not labels.are_plain(self._meta):
            return wrap(delegating.call_in_one_task(self.expr, "value_counts", (), how))
        return wrap(labels.as_column(self.expr)).value_counts(bins=bins, **how)

    def argmin(self, axis: Any = None, skipna: bool = True) -> Scalar:
        """The number of the smallest label."""
        return self._number_of("argmin", skipna)

    def argmax(self, axis: Any = None, skipna: bool = True) -> Scalar:
        """The number of the largest label."""
        return self._number_of("argmax", skipna)

    def _number_of(self, name: Any, skipna: bool) -> Scalar:
        if not labels.are_plain(self._meta):
            return wrap(delegating.find_in_one_task(self.expr, name, (), {"skipna": skipna}))  # type: ignore[no-any-return]
        return Scalar(reductions.find_number(labels.as_column(self.expr), name, skipna))

    def take(
        self,
        indices: Any,
        axis: Any = 0,
        allow_fill: Any = no_default,
        fill_value: Any = no_default,
    ) -> Any:
        """Labels by their numbers; allow_fill=, fill_value=: missing ones where a number is -1.

        Cost: with these, brings all labels into one task, at the call.
        """
        if fill_value is not no_default and fill_value is not None:
            how = {} if allow_fill is no_default else {"allow_fill": allow_fill}
            how["fill_value"] = fill_value
            return wrap(delegating.call_now(self.expr, "take", (indices,), how))
        return self[list(indices)]

    def quantile(self, q: Any = 0.5, *args: Any, **how: Any) -> Scalar:
        """Exact quantiles of the labels, under Dask's name."""
        made: Scalar = self.to_series().quantile(q, *args, **how)
        return made

    @property
    def nlevels(self) -> int:
        """How many levels there are."""
        return int(self._meta.nlevels)
