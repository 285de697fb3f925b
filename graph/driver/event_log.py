"""The scheduler's last events and instructions: for errors and sf.status(task)."""

from __future__ import annotations

import time
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from shframe.graph.scheduler.messages import (
    Called,
    Done,
    Drop,
    Entered,
    Event,
    Fail,
    Instruction,
    Recall,
    Recalled,
    Run,
    Submitted,
)

KEPT = 1000  # events; each with its instructions
FEW = 8  # tasks that an event or instruction is kept with as it is; of more the numbers alone


class Many(NamedTuple):
    """Stands for an event or instruction about many tasks."""

    what: str
    worker: int
    tasks: array[int]


def _shorten_event(event: Event) -> Any:
    """An event as it is kept: without handles of inputs, and short.

    (what, first, end), a plain tuple, is one that brings the tasks from `first` to before `end`.
    """
    if isinstance(event, Called):
        return "called", event.first, event.first + len(event.tasks)
    if isinstance(event, Done):
        if len(event.tasks) <= FEW:
            return event
        return Many("done by", event.worker, array("q", [number for number, _, _ in event.tasks]))
    if isinstance(event, Submitted):
        return "submitted", event.first, event.first + len(event.readers)
    if isinstance(event, Entered):
        return f"entered {len(event.kinds)} tasks of run {event.run}"
    return event


LONG = frozenset({Called, Done, Submitted, Entered})


class EventLog:
    """Of one session. Cost: 0.3 us an event, and 0.02 us a task; read by any thread."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Any, Sequence[Any]]] = deque(maxlen=KEPT)

    def add(self, event: Event, instructions: Sequence[Instruction]) -> None:
        """Keep an event and the scheduler's instructions."""
        following = [_shorten(one) for one in instructions] if instructions else ()
        kept = event if type(event) not in LONG else _shorten_event(event)
        self._kept.append((time.monotonic(), kept, following))

    def about(self, number: int) -> tuple[str, ...]:
        """What happened to a task, the oldest first, a line each."""
        now = time.monotonic()
        found = []
        for when, event, instructions in self._kept.copy():
            lines = [*_of_event(event, number)]
            for instruction in instructions:
                lines.extend(_of_instruction(instruction, number))
            found += [f"{now - when:.3f} s ago: {line}" for line in lines]
        return tuple(found)

    def newest(self, count: int) -> tuple[str, ...]:
        """The last events and instructions, the oldest first, a line each."""
        now = time.monotonic()
        return tuple(
            f"{now - when:.3f} s ago: {event} -> {[*instructions]}"
            for when, event, instructions in [*self._kept.copy()][-count:]
        )


def _shorten(instruction: Instruction) -> Any:
    if isinstance(instruction, Run) and len(instruction.tasks) > FEW:
        return Many("sent to", instruction.worker, array("q", instruction.tasks))
    if isinstance(instruction, Drop):
        return "drop", len(instruction.tasks)
    return instruction


def _of_event(event: Any, number: int) -> Iterator[str]:
    if type(event) is tuple:
        what, first, end = event
        if first <= number < end:
            yield what
    elif isinstance(event, Done):
        for task, seconds, nbytes in event.tasks:
            if task == number:
                yield f"done by worker {event.worker} in {seconds:.6f} s, {nbytes} bytes stored"
    elif isinstance(event, Many):
        yield from _of_many(event, number)
    elif isinstance(event, Recalled):
        if number in event.tasks:
            yield f"returned by worker {event.worker}, which had not begun it"
    elif getattr(event, "running", None) == number:
        yield f"worker {event.worker} died while it ran"
    elif getattr(event, "task", None) == number:
        yield _describe(event)


def _of_instruction(instruction: Any, number: int) -> Iterator[str]:
    if isinstance(instruction, Run):
        if number in instruction.tasks:
            yield f"sent to worker {instruction.worker}"
    elif isinstance(instruction, Many):
        yield from _of_many(instruction, number)
    elif isinstance(instruction, Recall):
        if number in instruction.tasks:
            yield f"recalled from worker {instruction.worker}"
    elif isinstance(instruction, Fail):
        if number in (instruction.task, *instruction.others):
            yield "failed" if number == instruction.task else f"failed with task {instruction.task}"
    elif getattr(instruction, "task", None) == number:
        yield "its run failed with it"


def _of_many(many: Many, number: int) -> Iterator[str]:
    if number in many.tasks:
        yield f"{many.what} worker {many.worker}"


def _describe(event: Any) -> str:
    """An event by its name and its fields other than the task."""
    fields = {name: value for name, value in event._asdict().items() if name != "task"}
    details = ", ".join(f"{name} {value}" for name, value in fields.items())
    name = type(event).__name__.lower()
    return f"{name} ({details})" if details else name
