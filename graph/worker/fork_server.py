"""The server process: imports once, then forks the workers.

It is exec-started, so no `__main__` is run again and no threaded process is ever forked; it stays
single-threaded itself. It runs in a session of its own, where no Ctrl-C of the terminal reaches it
or the workers, and ends, with all that descends from it, when the driver does.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence

from shframe.graph.machine.kept_heap import KeptHeap
from shframe.graph.wire.channel import Channel, Closed
from shframe.graph.wire.fork_messages import Ended, Fork, Preload, Rest, Rested, Started

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
BASE = (
    "cloudpickle",
    "shframe.store.local_store",
    "shframe.graph.worker.main",
    "shframe.graph.worker.client",
)
# What most tasks come to need, and tasks of tasks; the first workers do not wait for it.
LATER = ("numpy", "shframe.graph.worker.actor", "shframe.objects.put_get", "shframe.tasks.remote")
LATER_SECONDS = 0.2
REST_SECONDS = 60.0  # a server without a session waits so long for the next one


def main(control: int, driver: int, modules: Sequence[str]) -> None:
    """Serve fork requests from the control socket until the driver is gone."""
    server = Server(Channel(socket.socket(fileno=control)), driver)
    try:
        server.preload([*BASE, *modules])
        server.serve()
    except Closed:
        pass
    finally:
        server.end_all()


class Server:
    """The forking process."""

    def __init__(self, channel: Channel, driver: int) -> None:
        self.channel = channel
        self.slots: dict[int, int] = {}  # pid -> slot
        self.exits: dict[int, int] = {}  # pidfd -> pid
        self.resting = False
        self.later: Sequence[str] = LATER
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        try:
            self.driver = _pidfd(driver)
        except ProcessLookupError:
            raise SystemExit(0) from None  # it has died since
        if os.getppid() != driver:  # it died before the descriptor was open
            raise SystemExit(0)

    def preload(self, modules: Sequence[str]) -> None:
        """Import what workers need, once; a missing one is left out."""
        for name in modules:
            with contextlib.suppress(ModuleNotFoundError):
                importlib.import_module(name)
        if "pyarrow" in sys.modules:
            sys.modules["pyarrow"].set_cpu_count(1)
        gc.collect()
        gc.freeze()  # the workers share these objects' pages as long as they are not written to

    def serve(self) -> None:
        while True:
            poll = select.poll()  # a new one: a closed descriptor would always be ready
            for fd in (self.channel.fileno(), self.driver, *self.exits):
                poll.register(fd, select.POLLIN)
            ready = {fd for fd, _ in poll.poll(self._timeout())}
            if not ready and self.later:
                later, self.later = self.later, ()
                self.preload(later)
                continue
            if not ready and self.resting:
                return
            for fd in ready & self.exits.keys():
                self._reap(fd)
            self._reap_strangers()
            if self.driver in ready:
                return
            if self.channel.fileno() in ready:
                self.channel.fill()
                for message, fds in self.channel.arrived():
                    self._hear(message, fds)

    def _timeout(self) -> float | None:
        """Milliseconds until something is to be done when nothing comes."""
        if self.later:
            return LATER_SECONDS * 1000
        return REST_SECONDS * 1000 if self.resting else None

    def _hear(self, message: Fork | Preload | Rest, fds: Sequence[int]) -> None:
        self.resting = isinstance(message, Rest)
        if isinstance(message, Rest):
            self.end_all()
            for fd in self.exits:
                os.close(fd)
            self.exits.clear()
            self.slots.clear()
            self.channel.send(Rested())
        elif isinstance(message, Preload):
            self.preload(message.modules)
        else:
            self._fork(message, fds)

    def _fork(self, request: Fork, fds: Sequence[int]) -> None:
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self._become_worker(request, fds, server)
                code = 0
            finally:
                # no atexit of the server's, no flush of its buffers twice
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        for fd in fds:
            os.close(fd)
        self.slots[pid] = request.slot
        self.exits[_pidfd(pid)] = pid
        self.channel.send(Started(request.slot, pid))

    def _become_worker(self, request: Fork, fds: Sequence[int], server: int) -> None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            return
        self.channel.close()
        for fd in (*self.exits, self.driver):
            os.close(fd)
        serve_as_worker(request, fds)

    def _reap(self, fd: int) -> None:
        pid = self.exits.pop(fd)
        os.close(fd)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self.channel.send(Ended(self.slots.pop(pid), pid, code))

    def _reap_strangers(self) -> None:
        """Processes that tasks started and left behind come to the subreaper when they end."""
        for pid in _children():
            if pid not in self.slots:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    def end_all(self) -> None:
        """Kill everything that descends from this process; new orphans come to it and go too."""
        while children := _children():
            for pid in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in children:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def serve_as_worker(request: Fork, fds: Sequence[int]) -> None:
    """Run the worker's loop in this, newly forked process."""
    import random

    from shframe.graph.worker import log_capture
    from shframe.graph.worker.main import Worker
    from shframe.store.local_store import LocalStore
    from shframe.store.shared_memory.ledger import Ledger

    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    sock, ledger_fd, *speaking = fds
    ledger = Ledger.attach(ledger_fd, request.slot)
    store = LocalStore(request.slot, request.budget, ledger, request.series)
    channel, capture = Channel(socket.socket(fileno=sock)), log_capture.start_capture(speaking)
    worker = Worker(channel, store, capture, KeptHeap(request.budget, request.workers))
    # Only the driver interrupts. Not SIG_IGN, which programs that a task starts would inherit.
    signal.signal(signal.SIGINT, worker.interrupts.on_signal)
    sys.unraisablehook = worker.interrupts.on_unraisable
    worker.client.workers = request.workers
    worker.serve()


def _prctl(option: int, value: int) -> None:
    """Linux only; elsewhere the server notices the driver's end by its socket alone."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _pidfd(pid: int) -> int:
    return os.pidfd_open(pid)


def _children() -> list[int]:
    """Pids of the direct children of this (single-threaded) process."""
    path = f"/proc/self/task/{os.getpid()}/children"
    try:
        with open(path, encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []
