"""Fusion: a task and the input that only it reads become one task; the value between them never
reaches the store.

A fused task runs a small program: steps in order, each fed by the task's inputs or by earlier
steps. Tasks of one layer fuse to programs of one shape, which share one Function, so that the
program is sent to a worker once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph

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
    """The same results from fewer tasks, those that the outputs need. Cost: O(tasks + edges)."""
    order = graph.sorted_keys()
    readers = graph.readers(order)
    wanted = {*graph.outputs, *graph.kept_keys()}
    data = {key: ref for key, ref in graph.data.items() if key in readers or key in wanted}
    absorbed: set[Key] = set()
    programs: dict[tuple[object, ...], Function] = {}
    made: list[Task] = []
    while order:  # of a million tasks no more is kept beside the graph than is needed
        root = order.pop()
        if root in absorbed:
            absorbed.discard(root)
            continue
        task = graph.tasks[root]
        if task.inputs:
            group = _group(root, graph, readers, wanted)
            absorbed |= group - {root}
            if len(group) > 1:
                task = _join(_members(root, graph, group), programs)
        made.append(task)
    del readers
    tasks = {task.key: task for task in reversed(made)}
    return TaskGraph(tasks, data, graph.outputs, graph.notes, graph.keepers)


def _members(root: Key, graph: TaskGraph, group: set[Key]) -> list[Task]:
    """The tasks of a group in the order in which they would have run."""
    alone = TaskGraph({key: graph.tasks[key] for key in group}, outputs=(root,))
    return [graph.tasks[key] for key in alone.sorted_keys(whole=False)]


def _group(root: Key, graph: TaskGraph, readers: dict[Key, int], wanted: set[Key]) -> set[Key]:
    """The task and all below it that only this group reads.

    A task takes in one such input, or all of them if it is a `fan_in`: a combination of many
    partial results must leave those to be computed side by side.
    """
    group = {root}
    inside: dict[Key, list[Key]] = {}  # the tasks of the group that read each key
    _enter(root, graph, inside)
    waiting = [root]
    while waiting:
        task = graph.tasks[waiting.pop()]
        private = [
            source
            for source in dict.fromkeys(task.inputs)
            if source in graph.tasks
            and source not in wanted
            and source not in group
            and len(inside[source]) == readers[source]
        ]
        if len(private) == 1 or (task.fan_in and private):
            group.update(private)
            for key in private:
                _enter(key, graph, inside)
            waiting.extend(private)
            for key in private:  # who reads these has fewer left, of which it takes in one
                waiting.extend([one for one in inside[key] if not graph.tasks[one].fan_in])
            # what these read may be read by this group only, from now on
            for source in {s for key in private for s in graph.tasks[key].inputs}:
                if source in graph.tasks and len(inside[source]) == readers[source]:
                    waiting.extend(inside[source])
    return group


def _enter(key: Key, graph: TaskGraph, inside: dict[Key, list[Key]]) -> None:
    """The task is one of the group: note what it reads."""
    for source in set(graph.tasks[key].inputs):
        inside.setdefault(source, []).append(key)


def _join(members: list[Task], programs: dict[tuple[object, ...], Function]) -> Task:
    """One task that runs the members in order; the last of them makes the result."""
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
