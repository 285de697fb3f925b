"""What the shell does when memory runs short: objects to disk, free pages of workers back.

Those that are needed last go to disk first: the graph knows when that will be. Used by the
executor's thread only, but for `wait`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator

from shframe.graph.scheduler.scheduler import Scheduler
from shframe.graph.scheduler.submission import Entry
from shframe.graph.tasks.task import Key
from shframe.graph.worker.main import Wired
from shframe.store.ref import Ref
from shframe.store.store import Store

SLACK = 16  # at least this part of the budget is made free at once: a look at all tasks costs time
PATIENCE = 1.0  # seconds that the user's thread waits for pages of workers that are busy


class Pressure:
    """Makes room in one session's memory.

    asked: workers that were told to give back the pages that they do not use, and have not yet.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked: set[int] = set()
        self._waiting: list[threading.Event] = []

    def relieve(self, needed: int, uses: dict[int, int]) -> int:
        """Move objects to the disk; the bytes that are free now."""
        needed = max(needed, self.store.budget // SLACK)
        return self.store.spill(needed, lambda id: uses.get(id, math.inf))

    def ask(self, workers: Iterable[int]) -> list[int]:
        """Which of the workers are to be told now."""
        new = [slot for slot in workers if slot not in self.asked]
        self.asked.update(new)
        return new

    def answered(self, slot: int) -> None:
        """A worker has given its pages back, or has ended."""
        self.asked.discard(slot)
        if not self.asked:
            for waiting in self._waiting:
                waiting.set()
            self._waiting.clear()

    def tell(self, event: threading.Event) -> None:
        """Set the event when no worker has to answer any more."""
        if self.asked:
            self._waiting.append(event)
        else:
            event.set()


def next_uses(
    scheduler: Scheduler, entries: Iterable[Entry], refs: dict[int, Wired]
) -> dict[int, int]:
    """For each object that tasks will read the number of the first of them.

    entries: the tasks of each run; refs: the results that are there.
    Cost: a look at all tasks that are not done, up to the one that reads the last of the objects.
    """
    uses: dict[int, int] = {}
    ids = {number: held.id for number, held in refs.items() if type(held) is Ref}
    for entry in entries:
        data = {key: ref.ref.id for key, ref in entry.graph.data.items()}
        left = {*data.values(), *(id for number, id in ids.items() if entry.has(number))}
        for number in range(entry.first, entry.first + len(entry)):
            if not left:
                break
            for id in _reads(scheduler, entry, number, ids, data):
                uses.setdefault(id, number)
                left.discard(id)
    return uses


def _reads(
    scheduler: Scheduler, entry: Entry, number: int, ids: dict[int, int], data: dict[Key, int]
) -> Iterator[int]:
    """The objects that a task will read; none when it is done."""
    if number - entry.first < entry.entered:
        state = scheduler.tasks.get(number)
        if state is None or state.done:
            return
        yield from (ids[source] for source in state.sources if source in ids)
        if not data:
            return
    for key in entry.task(number).inputs:
        if key in data:
            yield data[key]
        elif entry.place.get(key) in ids:
            yield ids[entry.place[key]]
