"""What a pool does at one moment, as plain data: which worker runs what, and what waits for what.

Made in the shell's thread, which owns what is looked at; where that does not answer, by whoever
asks, from what is there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shframe.graph.driver import procfs
from shframe.graph.driver.call import Call
from shframe.graph.scheduler.messages import LOOSE

if TYPE_CHECKING:
    from shframe.graph.driver.loop import Shell

SHOWN = 20  # tasks that wait, with what they wait for


class WorkerStatus(NamedTuple):
    """One worker.

    state: starting, idle, running, blocked (its task waits for others), or stopped (by a signal).
    task: what it runs, the newest first of those that wait on top of each other; "": nothing.
    seconds: how long it has run that, give or take the shell's looks. waits_for: what a blocked
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

    knot: what was said of the newest circle of calls that waited for each other.
    """

    workers: tuple[WorkerStatus, ...]
    actors: tuple[ActorStatus, ...]
    ready: int
    waits: int
    waiting: tuple[Waiting, ...]
    knot: str = ""


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

    def since(self, slot: int, now: float) -> float:
        """When the worker was first seen with what it runs now."""
        return self.seen.get(slot, (0, now))[1]


def taken(shell: Shell) -> Snapshot:
    """What the shell's workers do now. Cost: a look at each task that has not ended."""
    now = time.monotonic()
    slots = [*shell.pool.workers]
    shell.running.look(now, {slot: shell.store.ledger.note_of(slot) for slot in slots})
    workers = tuple(_worker(shell, slot, now) for slot in slots)
    ready, waiting = _tasks(shell)
    shown = tuple(
        Waiting(name_of(shell, number), tuple(name_of(shell, one) for one in needs[:SHOWN]))
        for number, needs in waiting[:SHOWN]
    )
    actors = tuple(_actors(shell, {one.slot: one for one in workers}))
    return Snapshot(workers, actors, ready, len(waiting), shown, shell.knots.newest)


def _worker(shell: Shell, slot: int, now: float) -> WorkerStatus:
    pid = shell.pool.workers[slot].pid
    state = shell.scheduler.workers.get(slot)
    note, since = shell.running.seen[slot]
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
        waits_for = tuple(name_of(shell, one) for one in sorted(blocked[-1][1])[:SHOWN])
    else:
        what = "running" if running > 0 else "idle"
    begun = {running, *(task for task, _ in blocked)}
    record = None if state is None else shell.actors.records.get(state.actor)
    return WorkerStatus(
        slot,
        pid,
        what,
        name_of(shell, running) if running > 0 else "",
        now - since if running > 0 else 0.0,
        waits_for,
        sum(1 for number in assigned if number not in begun),
        "" if record is None else record.function.name,
    )


def _tasks(shell: Shell) -> tuple[int, list[tuple[int, list[int]]]]:
    """How many tasks are ready and not sent, and those that wait with the tasks they wait for."""
    scheduler = shell.scheduler
    sent = {number for state in scheduler.workers.values() for number in state.assigned}
    ready = 0
    waiting = []
    for number, task in [*scheduler.tasks.items()]:
        if task.done or number in sent:
            continue
        if task.missing:
            known = scheduler.tasks
            waiting.append((number, [s for s in task.sources if s in known and not known[s].done]))
        else:
            ready += 1
    return ready, waiting


def _actors(shell: Shell, workers: dict[int, WorkerStatus]) -> list[ActorStatus]:
    found = []
    for number, record in [*shell.actors.records.items()]:
        state = shell.scheduler.actors.get(number)
        worker = workers.get(record.worker)
        queued = 0 if state is None else len(state.queue) + len(state.waiting)
        queued += 0 if worker is None else worker.queued
        pid, what = (0, "starting") if worker is None else (worker.pid, worker.state)
        found.append(
            ActorStatus(record.options.name or "", record.function.name, pid, what, queued)
        )
    return found


def name_of(shell: Shell, number: int) -> str:
    """A task as its user knows it: its function and where it was called, or its key."""
    task = shell.scheduler.tasks.get(number)
    if isinstance(task, Call):
        return f"{task.name} (called at {task.site})" if task.site else task.name
    live = None if task is not None and task.run == LOOSE else shell.runs.holding(number)
    if live is None:
        return f"task {number}"
    found = live.entry.task(number)
    return f"{found.function.label} {found.key}"
