"""The driver's view of memory: counts what there is, makes room, returns idle pages.

What is measured comes from worker_memory.py, what is to go to the disk first from spilling.py,
when pages are given back from idle_pages.py; which tasks may start: scheduler/admission.py.
"""

from __future__ import annotations

import logging
import threading
import time

from shframe.graph.driver.context import Context
from shframe.graph.driver.graph_runs import GraphRuns
from shframe.graph.driver.idle_pages import IdlePages
from shframe.graph.driver.outbox import Outbox
from shframe.graph.driver.spilling import SLACK, Spilling, next_uses
from shframe.graph.driver.task_calls import TaskCalls
from shframe.graph.driver.worker_memory import WorkerMemory
from shframe.graph.scheduler.messages import Refused, Relieved
from shframe.graph.wire.work import Result
from shframe.store.errors import SpillFailed

log = logging.getLogger("shframe")


class Memory:
    """The memory of one session; used by the loop's thread only."""

    def __init__(self, context: Context, outbox: Outbox, runs: GraphRuns, calls: TaskCalls) -> None:
        self.context = context
        self.outbox = outbox
        self.runs = runs
        self.calls = calls
        self.store = context.store
        self.heaps = WorkerMemory()
        self.admission = context.scheduler.admission
        self.admission.most_heap = self.store.budget // 2
        self._spilling = Spilling(self.store)
        self._idle = IdlePages()
        self._failure = ""  # of the disk, logged once
        self._last_rest: object = None

    # --- while tasks run ----------------------------------------------------------------

    def look(self, now: float) -> bool:
        """See what the workers' heaps take; pages that are only kept warm make way for them.

        Whether the heaps were due for a look.
        """
        due = self.heaps.due(now)
        if due:
            workers = self.context.pool.workers.values()
            self.heaps.look(now, {worker.slot: worker.pid for worker in workers if worker.pid})
        if self.admission.counts:
            self._count_room()
            live, resident = self.store.ledger.totals()
            heaps = self.admission.heap + self.heaps.kept()
            over = min(resident + heaps - self.store.budget, resident - live)
            if over > self.store.budget // SLACK:
                over -= self.store.trim(int(over))
                if over > 0:
                    self._ask_to_trim(int(over))
        return due

    def handle_refusal(self, slot: int, result: Result) -> None:
        """A task found no memory: make room, and let it run again."""
        assert result.error is not None, "a task without a result has an error"
        self.context.refusals[result.number] = result.error
        asked = self._ask_to_trim()
        relieved = self._made_free(result.needed) > 0
        self.context.handle(Refused(slot, result.number, result.needed, relieved))
        if relieved or not asked:
            self.context.handle(Relieved())

    def relieve(self, short: int) -> None:
        """Make room for a task that waits for it; where there is none, it waits for others."""
        if self.store.room() < self.store.budget // 8:
            self._ask_to_trim()
        if self._made_free(short):
            self.context.handle(Relieved())

    def _made_free(self, needed: int) -> int:
        submissions = [live.submission for live in self.runs.live.values()]
        uses = next_uses(self.context.scheduler, submissions, self.runs.refs)
        self.calls.add_uses(uses)
        try:
            freed = self._spilling.spill(needed, uses)
        except SpillFailed as error:  # tasks wait for room that others leave
            freed = 0
            if str(error) != self._failure:
                self._failure = str(error)
                log.warning("nothing is moved to the disk: %s", error)
        self._count_room()
        return freed

    def _count_room(self) -> None:
        kept = min(self.heaps.kept(), self.admission.most_heap)
        self.admission.room = self.store.room() - kept

    # --- unused pages -------------------------------------------------------------------

    def notify_when_trimmed(self, answered: threading.Event) -> None:
        """Have all workers give back pages; set when all have answered."""
        self._ask_to_trim()
        self._spilling.notify(answered)

    def note_answer(self, slot: int) -> None:
        """A worker has given back what it was asked for, or is gone."""
        self._spilling.note_answer(slot)

    def _ask_to_trim(self, nbytes: int | None = None) -> bool:
        """Have all workers give back pages that they do not use, all or about `nbytes`.

        False: all are asked already.
        """
        workers = self.context.pool.workers
        new = self._spilling.ask(workers)
        share = -1 if nbytes is None else -(-nbytes // len(workers))
        for slot in new:
            self.outbox.work_for(slot).trim = share
        return bool(new)

    def wait(self, now: float) -> float:
        """Seconds until an idle session gives something back."""
        return self._idle.wait(now, *self._rest())

    def give_back(self) -> None:
        """Of an idle session, the driver's warm pages first, then those of its workers."""
        before = self._rest()
        asked = self._idle.give_back(time.monotonic(), *before)
        if not asked:
            return
        left = asked - self.store.trim(asked)
        if left > 0:
            self._ask_to_trim(left)
            if before == self._last_rest:  # the workers gave nothing the last time
                self._idle.nothing_left()
            self._last_rest = before

    def _rest(self) -> tuple[object, int]:
        """What changes with all that is done; bytes of pages that no object uses."""
        live, resident = self.store.ledger.totals()
        return (self.context.next_task, live, self.store.ledger.flow()), resident - live
