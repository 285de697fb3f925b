"""A frame in other shapes: cells as rows, values as columns, lists as rows."""

from __future__ import annotations

from typing import Any, Self

from shframe.dataframe.frame_tables import FrameTables
from shframe.dataframe.methods import reshaping, tabulating
from shframe.dataframe.wrap import wrap


class FrameReshaping(FrameTables):
    """Methods that make other rows or columns of the cells."""

    __slots__ = ()

    def melt(
        self,
        id_vars: Any = None,
        value_vars: Any = None,
        var_name: Any = None,
        value_name: Any = "value",
        col_level: Any = None,
        ignore_index: bool = True,
    ) -> Self:
        """A row for each cell of `value_vars`, beside the columns `id_vars`."""
        how = (id_vars, value_vars, var_name, value_name, col_level, ignore_index)
        return self._wrap(reshaping.melt(self.expr, *how))

    def pivot_table(
        self,
        values: Any = None,
        index: Any = None,
        columns: Any = None,
        aggfunc: Any = "mean",
        fill_value: Any = None,
        margins: bool = False,
        dropna: bool = True,
        margins_name: str = "All",
        observed: bool = True,
        sort: bool = True,
        **kwargs: Any,
    ) -> Self:
        """Results of groups as a table, with the values of columns as labels.

        Cost: computed at the call, since its columns are values. Groups go in parts where aggfunc
        is the name of one aggregation; else, and with margins, one task has all rows.
        """
        named = {"values": values, "index": index, "columns": columns, "aggfunc": aggfunc}
        more = {"fill_value": fill_value, "margins": margins, "dropna": dropna, "sort": sort}
        rest = {"margins_name": margins_name, "observed": observed, **kwargs}
        return self._wrap(tabulating.pivot_table(self.expr, {**named, **more, **rest}))

    @property
    def T(self) -> Any:
        """Rows as columns. Cost: computed at the call, in one task."""
        return self.transpose()

    def explode(self, column: Any, ignore_index: bool = False) -> Self:
        """A row for each item of the lists in a column, or in several of equal lengths.

        Cost: of Python's lists, brings all rows into one task, as the dtype is that of all items.
        """
        return self._wrap(reshaping.explode(self.expr, column, ignore_index))

    def stack(self, level: Any = -1, *args: Any, **named: Any) -> Any:
        """Columns as a level of the index, by rows.

        Cost: with dropna= or sort=, which pandas is about to lose, at the call and in one task.
        """
        return wrap(reshaping.stack(self.expr, (level, *args), named))
