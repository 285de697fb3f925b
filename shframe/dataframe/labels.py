"""The labels of rows and columns of a frame or series: read, and set in place."""

from __future__ import annotations

from typing import Any, Self

from shframe.dataframe.expr.columns import RowLabels
from shframe.dataframe.methods import relabelling
from shframe.dataframe.rows import Rows
from shframe.dataframe.wrap import wrap


class Labels(Rows):
    """Labels of rows, and of columns."""

    __slots__ = ()

    def _labels(self) -> Any:
        """An index that knows whose it is."""
        made = wrap(RowLabels(self.expr))
        made._owner = self
        return made

    def _set_labels(self, labels: Any) -> None:
        self.expr = relabelling.set_labels(self.expr, labels)

    def set_axis(self, labels: Any, *, axis: Any = 0, copy: Any = None) -> Self:
        """Other labels of rows, or with axis=1 of columns. copy: has no effect, as in pandas 3.

        Raises: ValueError for another number of labels; of rows, when they are computed. Cost: of
        an index of several levels, and of labels of other rows, one task has all rows.
        """
        if axis in (1, "columns"):
            return self._wrap(relabelling.set_column_labels(self.expr, labels))
        return self._wrap(relabelling.set_labels(self.expr, labels))
