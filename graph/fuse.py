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

    Between steps a value has one reader and is dropped as soon as that one has it.
    """
    own = values[-1]
    made: dict[int, Any] = {}
    for place, (step, args) in enumerate(zip(steps, own, strict=True)):
        inputs = [values[n] if n >= 0 else made[~n] for n in step.sources]
        for n in step.sources:
            made.pop(~n, None)
        made[place] = step.function(*inputs, *args)
        inputs.clear()
    return made[len(steps) - 1]


def fused(graph: TaskGraph) -> TaskGraph:
    """The same results from fewer tasks; expects a culled graph. Cost: O(tasks + edges)."""
    consumers = graph.consumers()
    wanted = set(graph.outputs)
    tasks: dict[Key, Task] = {}
    programs: dict[tuple[object, ...], Function] = {}
    for key in graph.sorted_keys():
        task = graph.tasks[key]
        private = [
            source
            for source in dict.fromkeys(task.inputs)
            if source in tasks and len(consumers[source]) == 1 and source not in wanted
        ]
        if len(private) == 1 or (task.fan_in and private):
            task = _joined(task, [tasks.pop(source) for source in private], programs)
        tasks[key] = task
    return TaskGraph(tasks, graph.data, graph.outputs)


def _joined(task: Task, parts: list[Task], programs: dict[tuple[object, ...], Function]) -> Task:
    """One task that runs `parts` and then `task`."""
    inputs: dict[Key, int] = {}
    steps: list[Step] = []
    own: list[tuple[Any, ...]] = []
    made: dict[Key, int] = {}
    for part in parts:
        _append(part, inputs, made, steps, own)
    _append(task, inputs, made, steps, own)
    shape = tuple((id(step.function), step.sources) for step in steps)
    program = programs.get(shape)
    if program is None:
        program = programs[shape] = Function(run_program, steps=tuple(steps))
    sizes = [part.nbytes for part in (*parts, task)]
    known = [size for size in sizes if size is not None]
    return Task(
        task.key,
        program,
        tuple(inputs),
        (tuple(own),),
        nbytes=sum(known) if len(known) == len(sizes) else None,
        fan_in=task.fan_in,
        target=task.target,
    )


def _append(
    part: Task,
    inputs: dict[Key, int],
    made: dict[Key, int],
    steps: list[Step],
    own: list[tuple[Any, ...]],
) -> None:
    """Add the steps of `part`, its inputs renumbered to those of the whole."""

    def place(source: Key) -> int:
        return ~made[source] if source in made else inputs.setdefault(source, len(inputs))

    base = len(steps)
    if part.function.call is run_program:
        for step in part.function.shared["steps"]:
            sources = tuple(place(part.inputs[n]) if n >= 0 else ~(~n + base) for n in step.sources)
            steps.append(Step(step.function, sources))
        own.extend(part.args[0])
    else:
        steps.append(Step(part.function, tuple(place(source) for source in part.inputs)))
        own.append(part.args)
    made[part.key] = len(steps) - 1
