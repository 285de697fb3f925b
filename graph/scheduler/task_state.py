"""What the scheduler (scheduler.py) knows of a task, of an actor and of a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

NUMBER = (1 << 48) - 1


def rank_of(number: int, priority: int) -> int:
    """The place in the order of ready tasks; smaller is first. `rank & NUMBER` is the number."""
    return number - (priority << 48)


class TaskState:
    """What the scheduler knows of a task. A single task is one itself (call.py).

    run: SINGLE, or the run that it belongs to. kind: what seconds and bytes are learned by.
    sources: the tasks whose results it reads, each once; missing: how many of them are to come.
    rank: see rank_of. retries: how often it is tried again when its worker dies, tries: was.
    readers: of a run's task, those that have yet to read the result, and 1 for an output.
    actor: whose method it is, 0: any worker may run it. parent: the task that called it or waits
    for its run, 0: none. memory: bytes that it needs according to the user, 0: unknown.
    dependents: tasks that wait for it. refusals: since memory was last made free.
    copies: workers that have been sent it beside the first.
    at: the worker that has been sent it, None: none has. It may be there ahead of its sources,
    where they are sent to the same worker before it.
    """

    __slots__ = (
        "actor",
        "at",
        "copies",
        "dependents",
        "done",
        "kind",
        "memory",
        "missing",
        "parent",
        "rank",
        "readers",
        "refusals",
        "retries",
        "run",
        "sources",
        "tries",
    )

    def __init__(
        self,
        run: int,
        kind: object,
        sources: tuple[int, ...],
        rank: int,
        retries: int,
        actor: int = 0,
        parent: int = 0,
        memory: int = 0,
    ) -> None:
        self.run = run
        self.kind = kind
        self.sources = sources
        self.missing = len(sources)
        self.rank = rank
        self.retries = retries
        self.actor = actor
        self.parent = parent
        self.memory = memory
        self.readers = self.tries = self.refusals = self.copies = 0
        self.done = False
        self.at: int | None = None
        self.dependents: list[int] | None = None


@dataclass(slots=True)
class ActorState:
    """An actor: its worker, None while it has none; its calls that were not sent yet, in order.

    width: calls that may run at once. first: the number of its constructor.
    waiting: with a width above 1, calls whose inputs are missing, which hold up no others.
    """

    worker: int | None = None
    width: int = 1
    first: int = 0
    queue: deque[int] = field(default_factory=deque)
    waiting: dict[int, None] = field(default_factory=dict)


@dataclass(slots=True)
class RunState:
    """A run of which the first tasks have been entered; others come when they are asked for.

    readers: see Submitted; shift: what makes a rank of a number (rank_of).
    remaining: tasks that are not done, those to be entered too. asked: the next tasks are to come.
    """

    first: int
    readers: Sequence[int]
    shift: int
    parent: int
    remaining: int
    entered: int = 0
    asked: bool = False

    @property
    def known(self) -> range:
        """The numbers of the tasks that have been entered; the scheduler may have forgotten some
        already, whose results are not read any more."""
        return range(self.first, self.first + self.entered)

    @property
    def ahead(self) -> int:
        """How many tasks have been entered and are not done."""
        return self.remaining - (len(self.readers) - self.entered)
