"""Events that go into the scheduler and instructions that come out of it.

Tasks are whole numbers here: a run's tasks are numbered in the order of their priority, so a
smaller number is more urgent, and messages stay small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Submitted:
    """A run of tasks first, first + 1, ...

    kinds: for each task what names its kind; seconds are learned per kind.
    sources: for each task the tasks of the same run whose results it reads, each once.
    outputs: tasks whose results the user keeps.
    """

    run: int
    first: int
    kinds: Sequence[object]
    sources: Sequence[tuple[int, ...]]
    outputs: Sequence[int]


@dataclass(frozen=True, slots=True)
class Done:
    """A worker finished tasks; each with the seconds that it took and the bytes of its result.

    heap: private memory that the longest of them needed, as far as it was seen.
    """

    worker: int
    tasks: Sequence[tuple[int, float, int]]
    heap: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """A task raised."""

    worker: int
    task: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The user gave a run up."""

    run: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A worker is ready for tasks."""

    worker: int


@dataclass(frozen=True, slots=True)
class Died:
    """A worker's process ended; `running` is the task that it was in, None: in none."""

    worker: int
    running: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A task found no memory for its result; it has changed nothing and may run again.

    needed: bytes that it asked for; relieved: whether memory has been made free since.
    """

    worker: int
    task: int
    needed: int
    relieved: bool


@dataclass(frozen=True, slots=True)
class Relieved:
    """There may be memory again for tasks that found none."""


Event = Submitted | Done | Failed | Cancelled | Joined | Died | Refused | Relieved


@dataclass(frozen=True, slots=True)
class Run:
    """Send these tasks to the worker, to be run in this order."""

    worker: int
    tasks: list[int]


@dataclass(frozen=True, slots=True)
class Recall:
    """Ask the worker not to start these tasks; a task that it runs already ends by itself."""

    worker: int
    tasks: list[int]


@dataclass(frozen=True, slots=True)
class Drop:
    """Nobody will read the results of these tasks any more."""

    tasks: list[int]


@dataclass(frozen=True, slots=True)
class Finish:
    """All tasks of the run are done; its outputs are there."""

    run: int


@dataclass(frozen=True, slots=True)
class Abort:
    """The run cannot end well: `task` raised, or was running each time its worker died, or
    there is no memory for its result.

    task: None when the user gave the run up.
    """

    run: int
    task: int | None
    died: bool = False


Instruction = Run | Recall | Drop | Finish | Abort
