"""What the shell does when memory runs short: objects to disk, free pages of workers back.

Those that are needed last go to disk first: the graph knows when that will be. Used by the
executor's thread only, but for `wait`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable

from shframe.graph.state import Scheduler
from shframe.graph.task import Key
from shframe.graph.taskgraph import TaskGraph
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
        return self.store.relieve(needed, lambda id: uses.get(id, math.inf))

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
    scheduler: Scheduler, graphs: Iterable[tuple[int, list[Key], TaskGraph]], refs: dict[int, Ref]
) -> dict[int, int]:
    """For each object that tasks will read the number of the first of them.

    graphs: (number of the first task, keys in the order of the numbers, graph) of each run.
    Cost: a look at all tasks that are not done.
    """
    uses: dict[int, int] = {}
    for first, order, graph in graphs:
        for number, key in enumerate(order, first):
            state = scheduler.tasks.get(number)
            if state is None or state.done:
                continue
            for source in state.sources:
                if source in refs:
                    uses.setdefault(refs[source].id, number)
            if graph.data:
                for name in graph.tasks[key].inputs:
                    if name in graph.data:
                        uses.setdefault(graph.data[name].ref.id, number)
    return uses
