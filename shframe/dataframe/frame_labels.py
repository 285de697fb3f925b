"""The labels of a frame's columns: read, set, and named in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.labels import Labels
from shframe.dataframe.methods import relabelling
from shframe.lazy.collection import Collection

_NODE: Any = Collection.__dict__["expr"]


class FrameLabels(Labels):
    """Labels of columns.

    _shown: the labels that were handed out. Who names them names those of the frame, as in pandas.
    """

    __slots__ = ("_shown",)
    _shown: pd.Index[Any] | None

    @property  # type: ignore[override]  # a field above; here names are set meanwhile
    def expr(self) -> Relation:
        """The node of the plan."""
        node: Relation = _NODE.__get__(self)
        shown = self._shown
        if shown is not None and list(shown.names) != list(node.meta.columns.names):
            node = relabelling.set_column_labels(node, shown.view())
            _NODE.__set__(self, node)
        return node

    @expr.setter
    def expr(self, node: Relation) -> None:
        self._shown = None
        _NODE.__set__(self, node)

    @property
    def columns(self) -> pd.Index[Any]:
        """Column labels, which can be set; their name, or names of levels, too."""
        if self._shown is None:
            self._shown = self._meta.columns.view()  # what is done to it does not reach the plan
        return self._shown

    @columns.setter
    def columns(self, labels: Any) -> None:
        self.expr = relabelling.set_column_labels(self.expr, labels)

    @property
    def dtypes(self) -> pd.Series[Any]:
        """pandas' dtype of each column, under the labels that `columns` are."""
        return self._meta.dtypes.set_axis(self.columns)  # type: ignore[no-any-return]

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns). Cost: computes the row counts."""
        return len(self), len(self.columns)  # type: ignore[arg-type]

    @property
    def size(self) -> int:
        """How many values there are. Cost: counts the rows."""
        return len(self) * len(self.columns)  # type: ignore[arg-type]

    @property
    def ndim(self) -> int:
        return 2

    def keys(self) -> pd.Index[Any]:
        """Column labels."""
        return self.columns

    def __dir__(self) -> list[str]:
        names = [name for name in self.columns if isinstance(name, str) and name.isidentifier()]
        return [*super().__dir__(), *names]

    def __contains__(self, label: object) -> bool:
        return label in self.columns

    def __iter__(self) -> Iterator[Any]:
        return iter(self.columns)
