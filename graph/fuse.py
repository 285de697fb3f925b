"""Fusion: a task and the input that only it reads become one task; the value between them never
reaches the store.

A fused task runs a small program: steps in order, each fed by the task's inputs or by earlier
steps. Tasks of one layer fuse to programs of one shape, which share one Function, so that the
program travels to a worker once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shframe.graph.function import Function
from shframe.graph.task import Key, Task
from shframe.graph.taskgraph import TaskGraph

# A source of a step's argument: n >= 0 is the task's n-th input, n < 0 the result of step ~n.
Sources = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One call in a program."""

    function: Function
    sources: Sources


def run_program(*values: Any, steps: tuple[Step, ...]) -> Any:
    """Run the steps; the last of `values` holds each step's own arguments.

    A value between steps is dropped when the last step that reads it has begun.
    """
    own = values[-1]
    readers = [0] * len(steps)
    for step in steps:
        for n in step.sources:
            if n < 0:
                readers[~n] += 1
    made: dict[int, Any] = {}
    for place, (step, args) in enumerate(zip(steps, own, strict=True)):
        inputs = [values[n] if n >= 0 else made[~n] for n in step.sources]
        for n in step.sources:
            if n < 0:
                readers[~n] -= 1
                if not readers[~n]:
                    del made[~n]
        made[place] = step.function(*inputs, *args)
        inputs.clear()
    return made[len(steps) - 1]


def fused(graph: TaskGraph) -> TaskGraph:
    """The same results from fewer tasks; expects a culled graph. Cost: O(tasks + edges)."""
    order = graph.sorted_keys()
    position = {key: n for n, key in enumerate(order)}
    consumers = graph.consumers()
    wanted = set(graph.outputs)
    absorbed: set[Key] = set()
    programs: dict[tuple[object, ...], Function] = {}
    tasks: dict[Key, Task] = {}
    for root in reversed(order):
        if root in absorbed:
            continue
        group = _group(root, graph, consumers, wanted)
        absorbed |= group - {root}
        members = [graph.tasks[key] for key in sorted(group, key=position.__getitem__)]
        tasks[root] = members[0] if len(members) == 1 else _joined(members, programs)
    return TaskGraph(dict(reversed(tasks.items())), graph.data, graph.outputs, graph.notes)


def _group(
    root: Key, graph: TaskGraph, consumers: dict[Key, list[Key]], wanted: set[Key]
) -> set[Key]:
    """The task and all below it that only this group reads.

    A task takes in one such input, or all of them if it is a `fan_in`: a combination of many
    partial results must leave those to be computed side by side.
    """
    group = {root}
    waiting = [root]
    while waiting:
        task = graph.tasks[waiting.pop()]
        private = [
            source
            for source in dict.fromkeys(task.inputs)
            if source in graph.tasks
            and source not in wanted
            and source not in group
            and group.issuperset(consumers[source])
        ]
        if len(private) == 1 or (task.fan_in and private):
            group.update(private)
            waiting.extend(private)
            # what these read may be read by the rest of the group as well
            for source in {s for key in private for s in graph.tasks[key].inputs}:
                readers = _readers_in(group, source, consumers[source], graph)
                waiting.extend(key for key in readers if key not in private)
    return group


def _readers_in(group: set[Key], source: Key, readers: list[Key], graph: TaskGraph) -> list[Key]:
    """The tasks of the group that read the source, found from the shorter side: a chain makes the
    group long, a source that all read makes its readers many."""
    if len(readers) < len(group):
        return [key for key in readers if key in group]
    return [key for key in group if source in graph.tasks[key].inputs]


def _joined(members: list[Task], programs: dict[tuple[object, ...], Function]) -> Task:
    """One task that runs the members in order; the last of them gives the result."""
    inputs: dict[Key, int] = {}
    made: dict[Key, int] = {}
    steps: list[Step] = []
    for task in members:
        sources = tuple(
            ~made[s] if s in made else inputs.setdefault(s, len(inputs)) for s in task.inputs
        )
        made[task.key] = len(steps)
        steps.append(Step(task.function, sources))
    shape = tuple((id(step.function), step.sources) for step in steps)
    program = programs.get(shape)
    if program is None:
        program = programs[shape] = Function(run_program, steps=tuple(steps))
    last = members[-1]
    return Task(
        last.key,
        program,
        tuple(inputs),
        (tuple(task.args for task in members),),
        nbytes=sum(task.nbytes for task in members),
        fan_in=last.fan_in,
        target=last.target,
    )
