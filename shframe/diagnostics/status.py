"""status: which task runs where and for how long, and what waits for what."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import Any

from shframe import session
from shframe.graph.driver.status import ActorStatus, Snapshot, Waiting, WorkerStatus, list_names
from shframe.graph.objects.object_ref import ObjectRef


@dataclass(frozen=True, slots=True, repr=False)
class StatusReport:
    """What the session does; printed: a line for each worker, actor and task that waits.

    executor: processes, threads, sync, or none if there is no session. answered: whether the
    thread that drives the workers has answered; if not, the rest was read without it.
    ready: tasks that wait for a worker only; waits: tasks that wait for other tasks, of which
    `waiting` has the first 20. workers and actors: see WorkerStatus and ActorStatus.
    failed: the newest task that failed. deadlock: the newest calls that were in one.
    story: of the task that was asked about, what it does, then its last events, the oldest first.
    """

    executor: str
    answered: bool
    workers: tuple[WorkerStatus, ...] = ()
    actors: tuple[ActorStatus, ...] = ()
    ready: int = 0
    waits: int = 0
    waiting: tuple[Waiting, ...] = ()
    failed: str = ""
    knot: str = ""
    story: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [self._head()]
        lines += [f"  {_of_worker(one)}" for one in self.workers]
        lines += [f"  {_of_actor(one)}" for one in self.actors]
        lines += [f"  {one.task} waits for {list_names(one.waits_for)}" for one in self.waiting]
        if self.waits > len(self.waiting):
            lines.append(f"  and {self.waits - len(self.waiting)} more that wait")
        if self.knot:
            lines.append(f"  {self.knot}")
        if self.failed:
            lines.append(f"  the newest failure: {self.failed}")
        lines += [f"  {line}" for line in self.story]
        return "\n".join(lines)

    def _head(self) -> str:
        if self.executor == "none":
            return "no session"
        if self.executor != "processes":
            return f"a session of executor {self.executor!r}: tasks run in this process"
        if not self.answered:
            return "the thread that drives the workers does not answer; read without it:"
        busy = sum(1 for one in self.workers if one.state != "idle")
        return (
            f"{len(self.workers)} workers, {busy} of them busy; {self.ready} tasks ready, "
            f"{self.waits} waiting for others"
        )

    __repr__ = __str__


def status(task: ObjectRef | None = None, *, timeout: float = 1.0) -> StatusReport:
    """What runs where, for how long, and what waits for what. Starts no worker.

    task: a handle: also report what happened to its task; the last 1,000 events are known.
    timeout: seconds after which the state is read without the thread that drives the workers.

    Cost: some 100 us, and a visit to each task that has not ended.

    Examples
    --------
    >>> import shframe as sf
    >>> sf.status()
    no session
    """
    current = session._default
    executor: Any = None if current is None else current._executor
    if current is None:
        return StatusReport("none", answered=True)
    kind = current.options.executor
    if executor is None or not hasattr(executor, "slots"):
        return StatusReport(kind, answered=True)
    loop = executor._loop
    if loop is None:  # the workers start with the first task
        return StatusReport(kind, answered=True)
    found, answered = _ask(loop, timeout)
    failed = executor.failed
    return StatusReport(
        kind,
        answered,
        found.workers,
        found.actors,
        found.ready,
        found.waits,
        found.waiting,
        "" if failed is None else f"{failed.task}, built at {failed.site or 'an unknown line'}",
        found.deadlock,
        () if task is None else tuple(task.home.story(task)),
    )


def _ask(loop: Any, timeout: float) -> tuple[Snapshot, bool]:
    """Ask the thread that drives the workers; if it does not answer, read the state from here."""
    made: list[Snapshot] = []
    ended = threading.Event()

    def answer() -> None:
        with contextlib.suppress(Exception):  # that thread must go on whatever happens
            made.append(loop.observer.snapshot())
        ended.set()

    loop.do(answer)
    ended.wait(timeout)
    if made:
        return made[0], True
    for _ in range(10):  # reading fails if something changes meanwhile
        try:
            return loop.observer.snapshot(), False
        except (RuntimeError, KeyError):
            continue
    return Snapshot((), (), 0, 0, ()), False


def _of_worker(one: WorkerStatus) -> str:
    text = f"worker {one.slot} (pid {one.pid}): {one.state}"
    if one.task:
        text += f", {one.task} for {one.seconds:.1f} s"
    if one.waits_for:
        text += f", waits for {list_names(one.waits_for)}"
    if one.actor:
        text += f", of the actor {one.actor}"
    return text + (f"; {one.queued} more queued" if one.queued else "")


def _of_actor(one: ActorStatus) -> str:
    name = f" {one.name!r}" if one.name else ""
    return f"actor {one.kind}{name} (pid {one.pid}): {one.state}, {one.queued} calls queued"
