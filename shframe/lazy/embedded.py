"""A plan of one kind of collection inside a plan of another: columns of frames as blocks of arrays,
blocks of arrays as partitions of frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.graph.plan.expr import Expr
from shframe.graph.plan.planner import Layer, Planner


class Embedded:
    """An expression and the planner of its kind, for a node of another kind that reads its parts.

    bare: what is planned in the place of the optimised expression, such as what is below its last
    step.
    """

    __slots__ = ("_bare", "_planner", "expr")

    def __init__(
        self, expr: Expr, planner: Planner[Any], bare: Callable[[Expr], Expr] | None = None
    ) -> None:
        self.expr = expr
        self._planner = planner
        self._bare = bare

    def __shframe_token__(self) -> str:
        return self.expr.token

    def optimized(self) -> Expr:
        """The plan as its tasks will be made."""
        plan = self._planner.optimized(self.expr)
        return plan if self._bare is None else self._bare(plan)

    def layer(self) -> Layer[Any]:
        """All its tasks and data, as one layer of the plan around it."""
        graph, top = self._planner.graph(self.optimized(), fuse=False)
        return Layer(
            top.keys,
            list(graph.tasks.values()),
            dict(graph.data),
            about=top.about,
            notes=tuple(graph.notes),
            keepers=tuple(graph.keepers),
        )
