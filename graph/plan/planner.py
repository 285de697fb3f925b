"""Planner: from an expression through named stages to a task graph.

The planner knows no column and no axis: the collections hand it their stages and a table that
says which function lowers which node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shframe.graph.errors import PlanNotStable
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr, walk
from shframe.graph.plan.fuse import fused
from shframe.graph.plan.rewrite import Stage
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph


@dataclass(slots=True)
class Layer:
    """What one node became: a key per partition or block, and the tasks that make them.

    keys: in order of the partitions (frames) or in C order of the block grid (arrays).
    about: what the lowering knows of the pieces, for the lowerings above it.
    notes: what the trace is to say of how it runs.
    """

    keys: Sequence[Key]
    tasks: list[Task] = field(default_factory=list)
    data: dict[Key, ObjectRef] = field(default_factory=dict)
    about: Any = None
    notes: tuple[str, ...] = ()


Lowering = Callable[[Any, tuple[Layer, ...]], Layer]


@dataclass(frozen=True)
class Planner:
    """The stages of one kind of collection and its table of lowerings."""

    stages: tuple[Stage, ...]
    lowerings: Mapping[type[Expr], Lowering]

    def optimized(self, plan: Expr, stage: str | None = None) -> Expr:
        """The plan after all stages, or after the one named; raises ValueError for another."""
        if stage is not None and stage not in self.stage_names:
            names = ", ".join(map(repr, self.stage_names))
            raise ValueError(f"no stage {stage!r}; the stages are {names}")
        for each in self.stages:
            plan = each.apply(plan)
            if each.name == stage:
                break
        return plan

    @property
    def stage_names(self) -> tuple[str, ...]:
        return tuple(stage.name for stage in self.stages)

    def graph(
        self, plan: Expr, last: Callable[[Layer], Layer] | None = None
    ) -> tuple[TaskGraph, Layer]:
        """Lower an optimised plan, cull and fuse; the layer describes the outputs, without tasks.

        last: what comes on top of the plan's own layer, such as the filling of a final array.
        """
        layers: dict[str, Layer] = {}
        graph = TaskGraph()
        for node in walk(plan):
            lowering = self.lowerings.get(type(node))
            if lowering is None:
                raise PlanNotStable(f"no lowering for a {type(node).__name__} node")
            layer = lowering(node, tuple(layers[child.token] for child in node.children()))
            layers[node.token] = layer
            graph.add(layer.tasks)
            graph.data.update(layer.data)
            graph.notes.extend(layer.notes)
        top = layers[plan.token]
        layers.clear()  # of many blocks a layer takes half as much as their tasks
        if last is not None:
            top = last(top)
            graph.add(top.tasks)
        graph.outputs = tuple(top.keys)
        top = Layer(top.keys, [], top.data, top.about, top.notes)
        return fused(graph), top
