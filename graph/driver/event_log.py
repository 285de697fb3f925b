"""The last events that the scheduler was given and what it said: for errors and sf.status(task)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from shframe.graph.scheduler.messages import (
    Called,
    Done,
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


class Tasks(NamedTuple):
    """Stands for an event that names many tasks, or holds users' values: those are not kept."""

    what: str
    first: int
    end: int


# An event as it is kept. A Called holds the handles of its tasks' inputs, the others are long.
_SHORTENED: dict[type[Any], Callable[[Any], Any]] = {
    Called: lambda event: Tasks("called", event.first, event.first + len(event.tasks)),
    Submitted: lambda event: Tasks("submitted", event.first, event.first + len(event.readers)),
    Entered: lambda event: f"entered {len(event.kinds)} tasks of run {event.run}",
}


class EventLog:
    """Of one session. Cost: 0.3 us an event; read by any thread."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Any, Sequence[Instruction]]] = deque(maxlen=KEPT)

    def add(self, event: Event, instructions: Sequence[Instruction]) -> None:
        """Keep an event and what the scheduler said."""
        shorten = _SHORTENED.get(type(event))
        kept = event if shorten is None else shorten(event)
        self._kept.append((time.monotonic(), kept, instructions))

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


def _of_event(event: Any, number: int) -> Iterator[str]:
    if isinstance(event, Tasks):
        if event.first <= number < event.end:
            yield event.what
    elif isinstance(event, Done):
        for task, seconds, nbytes in event.tasks:
            if task == number:
                yield f"done by worker {event.worker} in {seconds:.6f} s, {nbytes} bytes stored"
    elif isinstance(event, Recalled):
        if number in event.tasks:
            yield f"returned by worker {event.worker}, which had not begun it"
    elif getattr(event, "running", None) == number:
        yield f"worker {event.worker} died while it ran"
    elif getattr(event, "task", None) == number:
        yield _words(event)


def _of_instruction(instruction: Instruction, number: int) -> Iterator[str]:
    if isinstance(instruction, Run):
        if number in instruction.tasks:
            yield f"sent to worker {instruction.worker}"
    elif isinstance(instruction, Recall):
        if number in instruction.tasks:
            yield f"recalled from worker {instruction.worker}"
    elif isinstance(instruction, Fail) and number in (instruction.task, *instruction.others):
        yield "failed" if number == instruction.task else f"failed with task {instruction.task}"
    elif getattr(instruction, "task", None) == number and not isinstance(instruction, Fail):
        yield "its run failed with it"


def _words(event: Any) -> str:
    """An event by its name and what it says beside the task."""
    said = {name: value for name, value in event._asdict().items() if name != "task"}
    details = ", ".join(f"{name} {value}" for name, value in said.items())
    name = type(event).__name__.lower()
    return f"{name} ({details})" if details else name
