"""What a pool does at one moment, as plain data: which worker runs what, and what waits for what.

Made in the loop's thread, which owns what is looked at; where that does not answer, by the thread
that asks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shframe.graph.driver.actor_records import ActorRecords
from shframe.graph.driver.call import Call
from shframe.graph.driver.context import Context
from shframe.graph.driver.deadlocks import Deadlocks
from shframe.graph.driver.graph_runs import GraphRuns
from shframe.graph.driver.task_names import name_of
from shframe.graph.driver.workers import Running
from shframe.graph.machine import procfs
from shframe.graph.objects.object_ref import ObjectRef

SHOWN = 20  # tasks that wait, with what they wait for


class WorkerStatus(NamedTuple):
    """One worker.

    state: starting, idle, running, blocked (its task waits for others), or stopped (by a signal).
    task: what it runs, the newest first of those that wait on top of each other; "": nothing.
    seconds: how long it has run that, give or take the loop's looks. waits_for: what a blocked
    task waits for. queued: tasks that it has been sent and not begun. actor: the name of its actor.
    """

    slot: int
    pid: int
    state: str
    task: str
    seconds: float
    waits_for: tuple[str, ...]
    queued: int
    actor: str


class ActorStatus(NamedTuple):
    """One actor.

    queued: calls that have not begun. state: starting, or as its worker's.
    """

    name: str
    kind: str
    pid: int
    state: str
    queued: int


class Waiting(NamedTuple):
    """A task that waits, and what for."""

    task: str
    waits_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A pool at one moment. waiting: at most SHOWN of the `waits` tasks that wait for others.

    deadlock: the newest circle of calls that waited for each other.
    """

    workers: tuple[WorkerStatus, ...]
    actors: tuple[ActorStatus, ...]
    ready: int
    waits: int
    waiting: tuple[Waiting, ...]
    deadlock: str = ""


class Observer:
    """Looks at the driver of one session."""

    def __init__(
        self,
        context: Context,
        runs: GraphRuns,
        records: ActorRecords,
        running: Running,
        deadlocks: Deadlocks,
    ) -> None:
        self.context = context
        self.pool = context.pool
        self.scheduler = context.scheduler
        self.runs = runs
        self.records = records
        self.running = running
        self.deadlocks = deadlocks

    def snapshot(self) -> Snapshot:
        """What the workers do now. Cost: a look at each task that has not ended."""
        now = time.monotonic()
        slots = [*self.pool.workers]
        note_of = self.context.store.ledger.note_of
        self.running.look(now, {slot: note_of(slot) for slot in slots})
        workers = tuple(self._worker(slot, now) for slot in slots)
        ready, waiting = self._tasks()
        shown = tuple(
            Waiting(self._name(number), tuple(map(self._name, needs[:SHOWN])))
            for number, needs in waiting[:SHOWN]
        )
        actors = tuple(self._actors({one.slot: one for one in workers}))
        return Snapshot(workers, actors, ready, len(waiting), shown, self.deadlocks.newest)

    def story_of(self, ref: ObjectRef) -> tuple[str, ...]:
        """What happened to the task of a handle: what it does now, then its last events. None for
        one that has ended well, and for a handle of another session. From any thread.

        Cost: a look at the last 1,000 events.
        """
        held = ref.state
        number = held.number if isinstance(held, Call) else getattr(held, "task", 0)
        if not number or not ref.belongs_to(self.context.store):
            return ()
        name = held.name if isinstance(held, Call) else f"task {number}"
        return (f"{name}: {self._describe(number)}", *self.context.log.about(number))

    def _describe(self, number: int) -> str:
        """What a task does now."""
        task = self.scheduler.tasks.get(number)
        if task is None:
            return "has ended"
        if task.missing:
            missing = [self._name(one) for one in task.sources if one in self.scheduler.tasks]
            return f"waits for {list_names(missing)}"
        if task.at is None:
            return "ready, waits for its actor" if task.actor else "ready, waits for a worker"
        if self.context.store.ledger.note_of(task.at) - 1 == number:
            since = self.running.seen.get(task.at)
            seconds = time.monotonic() - since[1] if since and since[0] - 1 == number else 0.0
            return f"runs on worker {task.at} for {seconds:.1f} s"
        return f"sent to worker {task.at}, has not begun or waits there"

    def _name(self, number: int) -> str:
        return name_of(self.scheduler, self.runs, number)

    def _worker(self, slot: int, now: float) -> WorkerStatus:
        pid = self.pool.workers[slot].pid
        state = self.scheduler.workers.get(slot)
        note, since = self.running.seen[slot]
        running = note - 1
        assigned = [] if state is None else [*state.assigned]
        blocked = [] if state is None else [*state.blocked]
        waits_for: tuple[str, ...] = ()
        if procfs.state(pid) in ("T", "t"):
            what = "stopped"
        elif not pid:
            what = "starting"
        elif blocked and blocked[-1][0] == running:
            what = "blocked"
            waits_for = tuple(self._name(one) for one in sorted(blocked[-1][1])[:SHOWN])
        else:
            what = "running" if running > 0 else "idle"
        begun = {running, *(task for task, _ in blocked)}
        record = None if state is None else self.records.running.get(state.actor)
        return WorkerStatus(
            slot,
            pid,
            what,
            self._name(running) if running > 0 else "",
            now - since if running > 0 else 0.0,
            waits_for,
            sum(1 for number in assigned if number not in begun),
            "" if record is None else record.function.name,
        )

    def _tasks(self) -> tuple[int, list[tuple[int, list[int]]]]:
        """How many tasks are ready and not sent; those that wait, with the tasks they wait for."""
        scheduler = self.scheduler
        sent = {number for state in scheduler.workers.values() for number in state.assigned}
        ready = 0
        waiting = []
        for number, task in [*scheduler.tasks.items()]:
            if task.done or number in sent:
                continue
            if task.missing:
                known = scheduler.tasks
                waiting.append(
                    (number, [s for s in task.sources if s in known and not known[s].done])
                )
            else:
                ready += 1
        return ready, waiting

    def _actors(self, workers: dict[int, WorkerStatus]) -> list[ActorStatus]:
        found = []
        for number, record in [*self.records.running.items()]:
            state = self.scheduler.actors.get(number)
            worker = workers.get(record.worker)
            queued = 0 if state is None else len(state.queue) + len(state.waiting)
            queued += 0 if worker is None else worker.queued
            pid, what = (0, "starting") if worker is None else (worker.pid, worker.state)
            found.append(
                ActorStatus(record.options.name or "", record.function.name, pid, what, queued)
            )
        return found


def list_names(names: Sequence[str]) -> str:
    """The first three names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (", ".join(names[:3]) or "a value that no task produces") + more
