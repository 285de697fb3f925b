"""What chapters of methods stand on: a lazy object with rows in partitions."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.lower.layer import About
from shframe.dataframe.numpy_protocols import NumpyProtocols
from shframe.dataframe.operators import RowOperators
from shframe.dataframe.plan.planner import PLANNER
from shframe.dataframe.wrap import wrap_as
from shframe.graph.plan.planner import Planner


class Rows(NumpyProtocols, RowOperators):
    """A lazy pandas-shaped object in partitions, without methods of pandas."""

    __slots__ = ()
    planner: ClassVar[Planner[About]] = PLANNER
    expr: Relation

    @property
    def _meta(self) -> Any:
        return self.expr.meta

    def _wrap(self, node: Relation) -> Self:
        """An object of the same class for a node."""
        return wrap_as(type(self), node)
