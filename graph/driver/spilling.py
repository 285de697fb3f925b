"""What is done when memory runs short: objects go to disk, free pages of workers are given back.

Objects that are needed last go first: the graph knows when that will be. Used by the loop's thread
only.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator

from shframe.graph.scheduler.scheduler import Scheduler
from shframe.graph.scheduler.submission import GraphSubmission
from shframe.graph.tasks.task import Key
from shframe.graph.wire.call_format import Wired
from shframe.store.ref import Ref
from shframe.store.store import Store

SLACK = 16  # at least this part of the budget is made free at once: a look at all tasks costs time
PATIENCE = 1.0  # seconds that the user's thread waits for pages of workers that are busy


class Spilling:
    """Makes room in one session's memory.

    asked: workers that were asked to give back pages that they do not use, and have not yet.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked: set[int] = set()
        self._waiting: list[threading.Event] = []

    def spill(self, needed: int, uses: dict[int, int]) -> int:
        """Move objects to the disk; the bytes that are free now."""
        needed = max(needed, self.store.budget // SLACK)
        return self.store.spill(needed, lambda id: uses.get(id, math.inf))

    def ask(self, workers: Iterable[int]) -> list[int]:
        """Which of the workers are to be asked now."""
        new = [slot for slot in workers if slot not in self.asked]
        self.asked.update(new)
        return new

    def note_answer(self, slot: int) -> None:
        """A worker has given its pages back, or has ended."""
        self.asked.discard(slot)
        if not self.asked:
            for waiting in self._waiting:
                waiting.set()
            self._waiting.clear()

    def notify(self, event: threading.Event) -> None:
        """Set the event when no worker has to answer any more."""
        if self.asked:
            self._waiting.append(event)
        else:
            event.set()


def next_uses(
    scheduler: Scheduler, submissions: Iterable[GraphSubmission], refs: dict[int, Wired]
) -> dict[int, int]:
    """For each object that tasks will read the number of the first of them.

    submissions: the tasks of each run; refs: the results that are there.
    Cost: a look at all tasks that are not done, up to the one that reads the last of the objects.
    """
    uses: dict[int, int] = {}
    ids = {number: held.id for number, held in refs.items() if type(held) is Ref}
    for submission in submissions:
        data = {key: ref.ref.id for key, ref in submission.graph.data.items()}
        left = {*data.values(), *(id for number, id in ids.items() if submission.has(number))}
        for number in range(submission.first, submission.first + len(submission)):
            if not left:
                break
            for id in _reads(scheduler, submission, number, ids, data):
                uses.setdefault(id, number)
                left.discard(id)
    return uses


def _reads(
    scheduler: Scheduler,
    submission: GraphSubmission,
    number: int,
    ids: dict[int, int],
    data: dict[Key, int],
) -> Iterator[int]:
    """The objects that a task will read; none when it is done."""
    if number - submission.first < submission.entered:
        state = scheduler.tasks.get(number)
        if state is None or state.done:
            return
        yield from (ids[source] for source in state.sources if source in ids)
        if not data:
            return
    for key in submission.task(number).inputs:
        if key in data:
            yield data[key]
        elif submission.numbers.get(key) in ids:
            yield ids[submission.numbers[key]]
