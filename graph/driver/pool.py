"""The pool: starts the server, asks it for workers, learns of their ends."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from shframe.graph.driver.launcher import Launched, launch, park
from shframe.graph.driver.log_relay import LogRelay
from shframe.graph.errors import WorkerNotStarted
from shframe.graph.machine import procfs
from shframe.graph.wire.channel import Channel, pair
from shframe.graph.wire.fork_messages import Ended, Fork, Started
from shframe.store.ref import next_series
from shframe.store.store import APART_SLOT, Store

ROOM = 24  # descriptors that must be free: a worker takes 7 while it starts and 4 for good
RESTING = 64  # slots of dead workers that are not used again before others
LAST_SLOT = APART_SLOT  # and those above it are no worker's
STOP_SECONDS = 0.05  # a worker in a system call that cannot be interrupted is not waited for


@dataclass(slots=True)
class WorkerHandle:
    """The driver's end of one worker.

    known: digests of functions that it has; segments: ids of segments that it has mapped.
    pid: 0 until the server has sent it.
    owes: tasks that it was sent and has not answered for: a report of it ends each, or its own end.
    """

    slot: int
    channel: Channel
    pid: int = 0
    known: set[bytes] = field(default_factory=set)
    segments: set[int] = field(default_factory=set)
    surroundings: int = 0
    owes: set[int] = field(default_factory=set)


class Pool:
    """Worker processes of one session; used by the loop's thread only.

    A slot numbers a worker in the store (0 is the driver). That of a dead worker is used again when
    nothing of it is left there, and not before many others: output of the one is not
    taken for the other's.
    """

    def __init__(
        self, store: Store, count: int, logs: LogRelay, launched: Launched | None = None
    ) -> None:
        self.store = store
        self.logs = logs
        self.workers: dict[int, WorkerHandle] = {}
        self.changes = 0  # counts workers that come and go
        self._next_slot = 1
        self._dead: deque[int] = deque()  # slots of workers that have ended, the oldest first
        self.count = count
        self.launched = launched if launched is not None else launch()
        self.launched.used = True
        self.process, self.channel = self.launched.process, self.launched.channel
        try:
            for _ in range(count):
                self.add_worker()
        except BaseException:
            self.close()
            raise

    def add_worker(self) -> WorkerHandle:
        """Ask the server for a worker; it takes messages at once, they wait in its socket.

        Raises: WorkerNotStarted, and nothing has been changed.
        """
        self._check_room()
        slot = self._next_free_slot()
        ours, theirs = pair()
        request = Fork(slot, next_series(), self.store.budget, self.count)
        fds = [theirs.detach(), os.dup(self.store.ledger.fd), *self.logs.pipes_for(slot)]
        self.channel.send(request, fds)
        worker = WorkerHandle(slot, Channel(ours))
        self.workers[slot] = worker
        self.changes += 1
        return worker

    def _next_free_slot(self) -> int:
        if len(self._dead) > RESTING or self._next_slot >= LAST_SLOT:
            for _ in range(len(self._dead)):
                slot = self._dead.popleft()
                if self.store.reuse_slot(slot):
                    return slot
                self._dead.append(slot)
        if self._next_slot >= LAST_SLOT:
            raise WorkerNotStarted.for_results(len(self._dead))
        slot, self._next_slot = self._next_slot, self._next_slot + 1
        self.store.ledger.use(self._next_slot)
        return slot

    def free_slot(self, slot: int) -> None:
        """All is done for a worker that has ended: its slot may be used again."""
        self._dead.append(slot)

    def _check_room(self) -> None:
        """See that there are descriptors for a worker, and some more for what it will do."""
        taken: list[int] = []
        try:
            while len(taken) < ROOM:
                taken.append(os.dup(self.channel.fileno()))
        except OSError as error:
            refused = WorkerNotStarted.because(error, len(self.workers))
        else:
            return
        finally:
            for fd in taken:
                os.close(fd)
        raise refused  # without the frames of the other error

    def news(self) -> list[Ended]:
        """Take in what the server says; the workers that ended. Raises Closed."""
        ended: list[Ended] = []
        self.channel.fill()
        for message, _ in self.channel.arrived():
            if isinstance(message, Ended):
                ended.append(message)
            elif isinstance(message, Started) and message.slot in self.workers:
                self.workers[message.slot].pid = message.pid
        return ended

    def remove(self, slot: int) -> WorkerHandle | None:
        """Forget a worker that has ended."""
        worker = self.workers.pop(slot, None)
        self.changes += 1
        if worker is not None:
            worker.channel.end()
        return worker

    def kill(self, slot: int) -> None:
        """End a worker now; the server will report it."""
        self._signal(slot, signal.SIGKILL)

    def interrupt(self, slot: int) -> None:
        """Have a worker see whether its task is still wanted (Worker.interrupted)."""
        self._signal(slot, signal.SIGINT)

    def _signal(self, slot: int, number: signal.Signals) -> None:
        worker = self.workers.get(slot)
        if worker is not None and worker.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, number)

    def kill_if(self, slot: int, condition: Callable[[], bool]) -> bool:
        """End a worker now if the condition holds while it stands still; whether it was ended."""
        worker = self.workers.get(slot)
        if worker is None or not worker.pid:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGSTOP)
            _wait_until_stopped(worker.pid)
            wanted = condition()
            os.kill(worker.pid, signal.SIGKILL if wanted else signal.SIGCONT)
            return wanted
        return True  # it has ended on its own

    def close(self) -> None:
        """End all processes and wait until they are gone."""
        for worker in self.workers.values():
            worker.channel.end()
        self.workers.clear()
        park(self.launched)


def _wait_until_stopped(pid: int) -> None:
    """A signal takes a moment to arrive; where there is no /proc the moment is short enough."""
    deadline = time.monotonic() + STOP_SECONDS
    while procfs.state(pid) in ("R", "S", "D") and time.monotonic() < deadline:
        os.sched_yield()
