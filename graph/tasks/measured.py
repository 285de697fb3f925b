"""Tasks that note what they took, by the stage of the plan that they are for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Task
from shframe.graph.tracing import copies

Measure = Callable[[Any], tuple[int, int]]
"""Rows and bytes of a result."""
_BETWEEN = "\x1f"  # in a note: the stage, and what was measured of it
_ROWS, _BYTES, _MICROSECONDS = "rows", "bytes", "microseconds"


@dataclass(slots=True)
class Measured:
    """What a stage took: rows and bytes of its results, seconds in tasks, bytes converted."""

    rows: int = 0
    nbytes: int = 0
    seconds: float = 0.0
    converted: Counter[str] = field(default_factory=Counter)


def measured_tasks(stage: str, tasks: Sequence[Task], measure: Measure) -> list[Task]:
    """The same tasks, whose runs are noted; results of `stage` itself are measured."""
    functions: dict[tuple[int, bool], Function] = {}
    made = []
    for task in tasks:
        last = task.key.name == stage
        function = functions.setdefault(
            (id(task.function), last),
            Function(
                run_measured, function=task.function, stage=stage, measure=measure if last else None
            ),
        )
        made.append(replace(task, function=function))
    return made


def run_measured(*values: Any, function: Function, stage: str, measure: Measure | None) -> Any:
    """Run a task's function, and note in the trace what it took."""
    before = copies.taken()
    start = time.perf_counter()
    with copies.in_detail():
        made = function(*values)
    seconds = time.perf_counter() - start
    found = [*copies.taken(), (_MICROSECONDS, round(seconds * 1e6))]
    if measure is not None:
        rows, nbytes = measure(made)
        found += [(_ROWS, rows), (_BYTES, nbytes)]
    for reason, count in before:
        copies.converted(reason, count)
    for reason, count in found:
        copies.converted(f"{stage}{_BETWEEN}{reason}", count)
    return made


def stages_of(noted: Iterable[tuple[str, int]]) -> dict[str, Measured]:
    """What each stage took, from what its tasks have noted."""
    stages: dict[str, Measured] = {}
    for note, count in noted:
        stage, between, what = note.partition(_BETWEEN)
        if not between:
            continue
        one = stages.setdefault(stage, Measured())
        if what == _ROWS:
            one.rows += count
        elif what == _BYTES:
            one.nbytes += count
        elif what == _MICROSECONDS:
            one.seconds += count / 1e6
        else:
            one.converted[what] += count
    return stages
