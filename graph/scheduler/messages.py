"""Events that go into the scheduler and instructions that come out of it.

Tasks are integers here, and a smaller number of the same priority is more urgent. The tasks of
a graph are one *run*: they are numbered in the order of their priority, and they end together. A
*single* task was called alone (`f.remote`): it ends alone, and belongs to run 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shframe.graph.scheduler.task_state import TaskState

SINGLE = 0  # the run of tasks that were called one by one


class Submitted(NamedTuple):
    """A run of tasks first, first + 1, ...; they are entered in slices, as `More` asks for them.

    readers: for each how many tasks of the run read its result, and one more where the user keeps
        it.
    priority: more is more urgent; parent: the task that waits for the run, 0: none does.
    """

    run: int
    first: int
    readers: Sequence[int]
    priority: int = 0
    parent: int = 0


class Entered(NamedTuple):
    """The next tasks of a run, in the order of their numbers.

    kinds: for each task what names its kind; seconds are learned per kind.
    sources: for each task the earlier tasks of the run whose results it reads, each once.
    """

    run: int
    kinds: Sequence[object]
    sources: Sequence[tuple[int, ...]]


class Called(NamedTuple):
    """Single tasks first, first + 1, ..., in the order of their calls."""

    first: int
    tasks: Sequence[TaskState]


class Done(NamedTuple):
    """A worker finished tasks; each with the seconds that it took and the bytes of its result.

    heap: private memory that the longest of them needed; 0 if none was seen.
    """

    worker: int
    tasks: Sequence[tuple[int, float, int]]
    heap: int = 0


class Failed(NamedTuple):
    """A task raised. again: a single task that is to be tried again, when it is Due."""

    worker: int
    task: int
    again: bool = False


class Due(NamedTuple):
    """A single task that failed may be tried again now."""

    task: int


class TaskCancelled(NamedTuple):
    """A run was cancelled."""

    run: int


class Revoked(NamedTuple):
    """A single task was cancelled, or took longer than it may."""

    task: int


class Late(NamedTuple):
    """A single task takes much longer than others of its kind: an idle worker may run it too."""

    task: int


class Joined(NamedTuple):
    """A worker is ready for tasks."""

    worker: int


class ActorStarted(NamedTuple):
    """A worker that runs the calls of one actor, at most `width` at once, and nothing else.

    first: the call that makes the actor, before all others.
    """

    worker: int
    actor: int
    width: int
    first: int


class Left(NamedTuple):
    """An idle worker was sent away."""

    worker: int


class ActorEnded(NamedTuple):
    """An actor has ended for good: its calls fail, those to come too."""

    actor: int


class Blocked(NamedTuple):
    """A task waits for values: `awaited` are the tasks that make them, if known.

    What its worker had been sent and not begun has come back (`recalled`).
    """

    worker: int
    task: int
    awaited: Sequence[int]


class Resumed(NamedTuple):
    """That task waits no more."""

    worker: int


class Untied(NamedTuple):
    """A call of an actor is to run on top of the one that waits there: they wait for each other."""

    actor: int
    task: int


class Died(NamedTuple):
    """A worker's process ended; `running` is the task that it was in, None: in none."""

    worker: int
    running: int | None


class Recalled(NamedTuple):
    """A worker will not run these tasks: they were cancelled, or are to be sent again."""

    worker: int
    tasks: Sequence[int]


class Refused(NamedTuple):
    """A task found no memory for its result; it has changed nothing and may run again.

    needed: bytes that it asked for; relieved: whether memory has been made free since.
    """

    worker: int
    task: int
    needed: int
    relieved: bool


class Relieved(NamedTuple):
    """There may be memory again for tasks that found none."""


Event = (
    Submitted
    | Entered
    | Called
    | Done
    | Failed
    | Due
    | TaskCancelled
    | Revoked
    | Late
    | Joined
    | ActorStarted
    | Left
    | ActorEnded
    | Blocked
    | Resumed
    | Untied
    | Died
    | Recalled
    | Refused
    | Relieved
)


class Run(NamedTuple):
    """Send these tasks to the worker, to be run in this order."""

    worker: int
    tasks: list[int]


class Recall(NamedTuple):
    """Ask the worker not to start these tasks; one that it runs is interrupted, then killed."""

    worker: int
    tasks: list[int]


class Drop(NamedTuple):
    """The results of these tasks will not be read any more."""

    tasks: list[int]


class Finish(NamedTuple):
    """All tasks of the run are done; its outputs are there."""

    run: int


class Abort(NamedTuple):
    """The run cannot end well: `task` raised, or was running each time its worker died, or
    there is no memory for its result.

    task: None when the user cancelled the run.
    """

    run: int
    task: int | None
    died: bool = False


class Fail(NamedTuple):
    """A single task cannot end well, and `others`, which would read its result, with it."""

    task: int
    others: list[int]
    died: bool = False


class More(NamedTuple):
    """Enter the next tasks of the run."""

    run: int


class Grow(NamedTuple):
    """Tasks wait for tasks that have no worker: one more is needed."""


Instruction = Run | Recall | Drop | Finish | Abort | Fail | More | Grow
