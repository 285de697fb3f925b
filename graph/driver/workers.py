"""Workers that come and go: started, replaced, sent away, and what follows when one has ended."""

from __future__ import annotations

import contextlib
import logging
import math
from dataclasses import dataclass, field

from shframe.graph.driver.actors import Actors
from shframe.graph.driver.cancellation import Cancellation
from shframe.graph.driver.context import Context
from shframe.graph.driver.graph_runs import GraphRuns
from shframe.graph.driver.launcher import heavy
from shframe.graph.driver.memory import Memory
from shframe.graph.driver.outbox import Outbox
from shframe.graph.driver.reloaded_modules import UserModules
from shframe.graph.driver.reports import Reports
from shframe.graph.driver.task_calls import TaskCalls
from shframe.graph.driver.worker_requests import WorkerRequests
from shframe.graph.errors import WorkerNotStarted
from shframe.graph.scheduler.messages import Died, Joined, Left
from shframe.graph.wire.channel import Closed
from shframe.graph.wire.fork_messages import Ended

log = logging.getLogger("shframe")

ALONE_SECONDS = 2.0  # without any worker what waits for one fails after that


@dataclass(slots=True)
class Running:
    """Since when each worker runs what it runs: looked at from outside now and then, for free.

    seen: slot -> (the note that the worker has left, when it was first seen).
    """

    seen: dict[int, tuple[int, float]] = field(default_factory=dict)

    def look(self, now: float, notes: dict[int, int]) -> None:
        """Notes of workers (see Ledger.note_of), by slot."""
        for slot, note in notes.items():
            if self.seen.get(slot, (-1, 0.0))[0] != note:
                self.seen[slot] = note, now
        if len(self.seen) > len(notes):
            self.seen = {slot: one for slot, one in self.seen.items() if slot in notes}


class Workers:
    """The workers of one session; used by the loop's thread only.

    dismissed: those that were sent away and have not ended yet. retired: those that get no more
    tasks.
    """

    def __init__(
        self,
        context: Context,
        outbox: Outbox,
        cancellation: Cancellation,
        runs: GraphRuns,
        calls: TaskCalls,
        memory: Memory,
        actors: Actors,
        requests: WorkerRequests,
        reports: Reports,
    ) -> None:
        self.context = context
        self.pool = context.pool
        self.scheduler = context.scheduler
        self.store = context.store
        self.outbox = outbox
        self.cancellation = cancellation
        self.runs = runs
        self.calls = calls
        self.memory = memory
        self.actors = actors
        self.requests = requests
        self.reports = reports
        self.running = Running()
        self.dismissed: set[int] = set()
        self.retired: set[int] = set()
        self._modules = UserModules()
        self._refusal: OSError | None = None  # why no worker could be started the last time
        self._alone = math.inf  # since when there is none

    # --- come ---------------------------------------------------------------------------

    def add(self) -> bool:
        """Start a worker for any task; False: the machine refuses."""
        try:
            slot = self.pool.add_worker().slot
        except OSError as error:
            if self._refusal is None:
                log.warning("%s", error)
            self._refusal = error
            return False
        self._refusal = None
        self.context.handle(Joined(slot))
        return True

    def renew(self) -> None:
        """Replace workers that have loaded code which has changed since, and those that would have
        to load what the server can load for all."""
        changed = self._modules.look()
        if self._modules.grown and self.pool.launched.preload(heavy()):
            changed = True
        if changed:
            for slot in [*self.scheduler.general_workers]:
                self._retire(slot)

    def look(self, now: float) -> None:
        """Note what each worker runs; without any worker for too long, what waits for one fails."""
        note_of = self.store.ledger.note_of
        self.running.look(now, {slot: note_of(slot) for slot in self.pool.workers})
        if self.scheduler.general_workers or self.add():
            self._alone = math.inf
        else:
            self._alone = min(self._alone, now)
            if now - self._alone > ALONE_SECONDS:
                self._give_up_without_workers()

    def _give_up_without_workers(self) -> None:
        error = self._refusal or WorkerNotStarted("cannot start a worker process")
        for live in [*self.runs.live.values()]:
            self.runs.break_off(live, error)
        for call in [*self.calls.live.values()]:
            if not call.actor:
                self.calls.revoke(call.number, error)

    # --- go -----------------------------------------------------------------------------

    def _retire(self, slot: int) -> None:
        """A worker gets no more tasks, ends when it has none left, and another takes its place."""
        self.add()
        self.scheduler.retire(slot)
        self.retired.add(slot)

    def dismiss_retired(self) -> None:
        """Send workers away that get no more tasks and have none left."""
        for slot in [*self.retired]:
            if slot not in self.pool.workers:
                self.retired.discard(slot)
            elif not self.scheduler.workers[slot].assigned:
                self.retired.discard(slot)
                self.context.handle(Left(slot))
                self.dismiss(slot)

    def dismiss_spare(self) -> None:
        """Send workers away that were there for tasks that waited."""
        for slot in self.scheduler.spare():
            self.context.handle(Left(slot))
            self.dismiss(slot)

    def dismiss(self, slot: int) -> None:
        """A worker has nothing to do any more: it ends when its connection does."""
        self.pool.remove(slot)
        self.dismissed.add(slot)
        self.outbox.discard(slot)
        self.requests.forget_worker(slot)

    def handle_end(self, ended: Ended) -> None:
        """A worker has ended: take in what it has sent, replace it, run its tasks elsewhere."""
        worker = self.pool.workers.get(ended.slot)
        if worker is None:
            if ended.slot in self.dismissed:
                self.dismissed.discard(ended.slot)
                self.cancellation.end_tasks_of(ended.slot)
                self.store.worker_died(ended.slot)
                self.pool.free_slot(ended.slot)
            return
        with contextlib.suppress(Closed, OSError):
            while worker.channel.fill():
                pass
        self.reports.take_in(worker)
        self.context.last_end = ended
        note = self.store.ledger.note_of(ended.slot)
        self._clear(ended)
        actor = self.scheduler.workers[ended.slot].actor
        general_workers = len(self.scheduler.general_workers)
        self.context.handle(Died(ended.slot, note - 1 if note else None))
        self.context.distrusted.pop(ended.slot, None)  # another worker may come to have the slot
        self.pool.free_slot(ended.slot)
        if actor:
            self.actors.worker_ended(actor, ended)
        elif (
            general_workers <= (self.scheduler.limit or general_workers)
            and ended.slot not in self.retired
        ):
            self.add()

    def _clear(self, ended: Ended) -> None:
        """Let go of what a worker that has ended had, and what was to be sent to it."""
        slot = ended.slot
        self.pool.remove(slot)
        self.outbox.discard(slot)
        self.cancellation.end_tasks_of(slot)
        self.memory.note_answer(slot)
        self.requests.forget_worker(slot)
        self.store.worker_died(slot)
        for live in self.runs.live.values():
            live.trace.notes.append(f"worker pid {ended.pid} ended with code {ended.code}")
