"""Planner: from an expression through named stages to a task graph.

The planner knows no column and no axis: the collections hand it their stages and a table that
says which function lowers which node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shframe.graph.errors import PlanNotStable
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr, nodes_of, walk
from shframe.graph.plan.fuse import fused
from shframe.graph.plan.rewrite import Stage, is_checking
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import Keeper, TaskGraph

About = TypeVar("About")


@dataclass(slots=True)
class Layer(Generic[About]):
    """What one node became: a key per partition or block, and the tasks that make them.

    keys: in order of the partitions (frames) or in C order of the block grid (arrays).
    about: what the lowering knows of the partitions or blocks, for the lowerings above it.
    notes: what the trace is to say of how it runs. keepers: who takes results of its tasks.
    """

    keys: Sequence[Key]
    tasks: list[Task] = field(default_factory=list)
    data: dict[Key, ObjectRef] = field(default_factory=dict)
    about: About = field(kw_only=True)
    notes: tuple[str, ...] = ()
    keepers: tuple[Keeper, ...] = ()


Lowering = Callable[[Any, tuple[Layer[About], ...]], Layer[About]]


@dataclass(frozen=True)
class Planner(Generic[About]):
    """The stages of one kind of collection and its table of lowerings.

    check: raises AssertionError for a layer that its node cannot have; for SHFRAME_CHECK=1.
    together: the node that has several plans as its children, for rules that look at all of them.
    cost: of several optimised plans in one graph, comparable with that of others.
    """

    stages: tuple[Stage, ...]
    lowerings: Mapping[type[Expr], Lowering[About]]
    check: Callable[[Any, Layer[About]], None] | None = None
    together: Callable[[tuple[Expr, ...]], Expr] | None = None
    cost: Callable[[Sequence[Expr]], float] | None = None

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

    def optimized_together(self, plans: Sequence[Expr]) -> Sequence[Expr]:
        """Plans that run in one graph: each for itself, or as one, whichever costs less.

        As one they share what they read, with all columns and rows that any of them needs.
        """
        apart = [self.optimized(plan) for plan in plans]
        if self.together is None or self.cost is None or len(plans) < 2:
            return apart
        shared = self.optimized(self.together(tuple(plans))).children()
        return shared if self.cost(shared) < self.cost(apart) else apart

    @property
    def stage_names(self) -> tuple[str, ...]:
        return tuple(stage.name for stage in self.stages)

    def graph(
        self,
        plan: Expr,
        last: Callable[[Layer[About]], Layer[About]] | None = None,
        fuse: bool = True,
    ) -> tuple[TaskGraph, Layer[About]]:
        """Lower an optimised plan, cull and fuse; the layer describes the outputs, without tasks.

        last: what comes on top of the plan's own layer, such as the filling of a final array.
        fuse: whether tasks that only one other reads become part of it: not if all run here.
        """
        graph, [top] = self.graph_of([plan], [last], fuse)
        return graph, top

    def graph_of(
        self,
        plans: Sequence[Expr],
        lasts: Sequence[Callable[[Layer[About]], Layer[About]] | None],
        fuse: bool = True,
        measured: Callable[[str, Sequence[Task]], list[Task]] | None = None,
    ) -> tuple[TaskGraph, list[Layer[About]]]:
        """The same of several plans in one graph, in which what they share is made once.

        measured: makes of the tasks of a node, whose name is given, such as note what they took.
        """
        layers: dict[str, Layer[About]] = {}
        graph, checking = TaskGraph(), is_checking()
        for node in nodes_of(plans[0]) if len(plans) == 1 else walk(*plans):
            lowering = self._lowering_of(type(node))
            layer = lowering(node, tuple(layers[child.token] for child in node.children()))
            layers[node.token] = layer
            if checking:
                _check_keys(node, layer, graph)
                if self.check is not None:
                    self.check(node, layer)
            graph.add(measured(node.name, layer.tasks) if measured else layer.tasks)
            graph.data.update(layer.data)
            graph.notes.extend(layer.notes)
            graph.keepers.extend(layer.keepers)
        tops = [layers[plan.token] for plan in plans]
        layers.clear()  # of many blocks a layer takes half as much as their tasks
        for n, last in enumerate(lasts):
            if last is not None:
                tops[n] = last(tops[n])
                graph.add(tops[n].tasks)
        graph.outputs = tuple(dict.fromkeys(key for top in tops for key in top.keys))
        tops = [Layer(top.keys, [], top.data, about=top.about, notes=top.notes) for top in tops]
        return fused(graph) if fuse else graph, tops

    def _lowering_of(self, kind: type[Expr]) -> Lowering[About]:
        """What lowers a kind of node: the entry of its nearest base class."""
        for base in kind.__mro__:
            if base in self.lowerings:
                return self.lowerings[base]
        raise PlanNotStable(f"no lowering for a {kind.__name__} node")


def _check_keys(node: Expr, layer: Layer[Any], graph: TaskGraph) -> None:
    """Asserts that a layer makes each of its keys once, and none that is there for another task.

    Rows of one node are numbered by each of its readers that needs it: by the same tasks.
    """
    keys = [task.key for task in layer.tasks]
    assert len(set(keys)) == len(keys), f"{node.name} makes a key twice"
    again = [task for task in layer.tasks if task.key in graph.tasks]
    others = [task.key for task in again if _work_of(task) != _work_of(graph.tasks[task.key])]
    assert not others, f"{node.name} makes keys that are there: {others[:3]}"


def _work_of(task: Task) -> tuple[object, ...]:
    """What tells whether two tasks do the same."""
    return task.function.call, task.inputs, task.args
