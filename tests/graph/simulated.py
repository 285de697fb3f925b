"""The driver's loop, the scheduler and workers in one thread, over a wire that delays as it likes.

Everything is the real thing but what carries messages: the sockets are queues from which a random
number of frames arrives at a time, the server is a list of deaths to be told, and a task that runs
lets the others go on meanwhile.
"""

from __future__ import annotations

import os
import pickle
import random
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from shframe.graph.driver.environment import surroundings
from shframe.graph.driver.graph_runs import LiveRun
from shframe.graph.driver.launcher import Launched
from shframe.graph.driver.loop import DriverLoop
from shframe.graph.driver.pool import Pool, WorkerHandle
from shframe.graph.executors.processes import ProcessExecutor
from shframe.graph.machine.kept_heap import KeptHeap
from shframe.graph.scheduler.submission import GraphSubmission
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.graph.tracing.trace import Trace
from shframe.graph.wire.fork_messages import Ended
from shframe.graph.worker import actor as actors
from shframe.graph.worker import client
from shframe.graph.worker.main import Worker
from shframe.store.local_store import LocalStore
from shframe.store.ref import next_series
from shframe.store.shared_memory.ledger import Ledger
from shframe.store.store import Store

now: Simulation | None = None  # what tasks that run find themselves in
DEEP = 2  # tasks that run inside each other's runs, at most


class End:
    """One end of a connection, as Channel is: `into` is what the other end will hear."""

    def __init__(self, dice: random.Random, number: int) -> None:
        self.dice = dice
        self.number = number
        self.into: deque[tuple[bytes, list[int]]] = deque()
        self.other: End
        self.closed = False
        self._lined: list[tuple[bytes, list[int]]] = []
        self._in: deque[tuple[bytes, list[int]]] = deque()

    def fileno(self) -> int:
        return self.number

    def queue(self, message: bytes, fds: Sequence[int] = ()) -> None:
        self._lined.append((message, list(fds)))

    def flush(self) -> bool:
        """Sometimes the socket takes a part only."""
        count = len(self._lined) if self.dice.random() < 0.8 else self.dice.randint(0, 1)
        for frame in self._lined[:count]:
            self._put(frame)
        del self._lined[:count]
        return not self._lined

    def send(self, message: object, fds: Sequence[int] = ()) -> None:
        self._put((pickle.dumps(message, protocol=5), list(fds)))

    def _put(self, frame: tuple[bytes, list[int]]) -> None:
        if self.closed or self.other.closed:
            for fd in frame[1]:
                os.close(fd)
        else:
            self.into.append(frame)

    def fill(self, *, wait: bool = False, seconds: float = 0) -> bool:
        coming = self.other.into
        if not coming:
            return False
        for _ in range(self.dice.randint(1, len(coming))):
            self._in.append(coming.popleft())
        return True

    def soon(self, seconds: float) -> bool:
        return self.fill()

    def arrived(self) -> Iterator[tuple[Any, list[int]]]:
        while self._in:
            message, fds = self._in.popleft()
            yield pickle.loads(message), fds

    def end(self) -> None:
        self.closed = True
        for _, fds in (*self._in, *self._lined, *self.into, *self.other.into):
            for fd in fds:
                os.close(fd)
        for frames in (self._in, self._lined, self.into, self.other.into):
            frames.clear()

    close = end


class SimulatedWorker:
    """A worker between its messages."""

    def __init__(self, simulation: Simulation, slot: int, ours: End) -> None:
        store = simulation.store
        ledger = Ledger.attach(os.dup(store.ledger.fd), slot)
        self.simulation = simulation
        self.slot = slot
        self.store = LocalStore(slot, store.budget, ledger, next_series())
        capture: Any = SimpleNamespace(spoke=False, end_task=lambda: None)
        channel: Any = ours
        self.worker = Worker(channel, self.store, capture, KeptHeap(store.budget, 1))
        client.here = None  # this process stays a driver
        self.worker._surround = lambda *_: None  # type: ignore[method-assign]  # and where it is
        self.channel = ours
        self.alive = True
        self.interrupted = False

    def step(self) -> None:
        """One round of Worker.serve."""
        worker, dice = self.worker, self.simulation.dice
        link = worker.link
        if not worker.queue.waiting:
            link.report()
            link.channel.fill()
            link.take_in()
        link.looked = dice.choice((0.0, float("inf")))
        link.flushed = dice.choice((0.0, float("inf")))
        link.look()
        if worker.queue.waiting and self.alive:
            self.simulation.stack.append(self)
            worker.runner.run_next()
            self.simulation.stack.pop()

    def die(self) -> None:
        self.alive = False
        self.channel.closed = True  # what it has sent before arrives still

    def close(self) -> None:
        for fd in self.worker.queue.targets.values():
            os.close(fd)
        self.store.close()
        self.store.ledger.close()


class AtOnce:
    """In place of an actor's threads: a call has ended when it was handed in."""

    def __init__(self, width: int, name: str) -> None:
        pass

    def submit(self, call: Callable[..., None], *args: Any) -> Future[None]:
        future: Future[None] = Future()
        call(*args)
        future.set_result(None)
        return future


class SimulatedPool(Pool):
    """Workers of this process; deaths are told when the simulation says so."""

    def __init__(self, simulation: Simulation, store: Store, count: int, logs: Any) -> None:
        self.simulation = simulation
        self.store, self.logs, self.count = store, logs, count
        self.workers, self.changes = {}, 0
        self._next_slot, self._dead = 1, deque()
        made: Any = SimpleNamespace(preload=lambda modules: False)
        self.launched = made
        server: Any = SimpleNamespace(fileno=lambda: 0)
        self.channel = server
        for _ in range(count):
            self.add_worker()

    def add_worker(self) -> WorkerHandle:
        slot = self._next_free_slot()
        dice = self.simulation.dice
        ours, theirs = End(dice, slot), End(dice, slot)
        ours.other, theirs.other = theirs, ours
        channel: Any = ours
        self.workers[slot] = WorkerHandle(slot, channel)
        self.simulation.workers[slot] = SimulatedWorker(self.simulation, slot, theirs)
        self.changes += 1
        return self.workers[slot]

    def remove(self, slot: int) -> WorkerHandle | None:
        found = super().remove(slot)
        worker = self.simulation.workers[slot]
        if worker.alive:  # it hears no more of us, and ends
            self.simulation.kill(slot, 0)
        return found

    def _signal(self, slot: int, number: signal.Signals) -> None:
        if number == signal.SIGKILL:
            self.simulation.kill(slot, -9)
        else:
            self.simulation.workers[slot].interrupted = True

    def kill_if(self, slot: int, condition: Callable[[], bool]) -> bool:
        wanted = condition()
        if wanted:
            self.simulation.kill(slot, -9)
        return wanted

    def news(self) -> list[Ended]:
        ended, self.simulation.deaths = self.simulation.deaths, []
        return ended


class SimulatedLoop(DriverLoop):
    """Without a thread: the simulation turns it."""

    def __init__(self, simulation: Simulation, executor: ProcessExecutor) -> None:
        self.simulation = simulation
        super().__init__(executor.store, executor.home, executor.workers)
        self.home.aside = simulation.asides.append

    def _new_pool(self, workers: int, launched: Launched | None) -> Pool:
        return SimulatedPool(self.simulation, self.store, workers, self.logs)

    def _wait(self) -> list[int]:
        self._workers = {slot: worker for slot, worker in self.pool.workers.items()}
        dice = self.simulation.dice
        ready = [slot for slot, w in self.pool.workers.items() if w.channel.other.into]  # type: ignore[attr-defined]
        heard = dice.sample(ready, dice.randint(0, len(ready)))
        return [0, *heard] if self.simulation.deaths and dice.random() < 0.5 else heard


class Simulation:
    """A session. dice: what decides who goes on, and how far."""

    def __init__(self, seed: int, workers: int) -> None:
        global now
        self.dice = random.Random(seed)
        self.workers: dict[int, SimulatedWorker] = {}
        self.deaths: list[Ended] = []
        self.asides: list[Callable[[], None]] = []
        self.store = Store(64 << 20)
        self.executor = ProcessExecutor(self.store, deque(), workers)
        self.loop = SimulatedLoop(self, self.executor)
        self.executor._loop = self.loop
        self.runs: list[LiveRun] = []
        self.stack: list[SimulatedWorker] = []  # that run a task, each within that of the last
        self.threads = actors.ThreadPoolExecutor
        actors.ThreadPoolExecutor = AtOnce  # type: ignore[assignment, misc]
        now = self

    # --- what may happen ------------------------------------------------------------------

    def step(self) -> None:
        """Something goes on."""
        alive = [w for w in self.workers.values() if w.alive and w not in self.stack]
        if alive and self.dice.random() < 0.6:
            self.dice.choice(alive).step()
        elif self.asides and self.dice.random() < 0.3:
            self.asides.pop(0)()
        else:
            self.loop._turn()

    def submit(self, graph: TaskGraph) -> LiveRun:
        live = LiveRun(graph, GraphSubmission(graph), Trace(), len(self.runs) + 1)
        here = surroundings()
        self.loop.do(lambda: self.loop.submit(live, here))
        self.runs.append(live)
        return live

    def cancel(self, live: LiveRun) -> None:
        self.loop.do(lambda: self.loop.runs.cancel(live))

    def kill(self, slot: int, code: int) -> None:
        worker = self.workers[slot]
        if worker.alive:
            worker.die()
            self.deaths.append(Ended(slot, 0, code))

    def during(self) -> None:
        """Called by a task that runs: the others go on meanwhile, and may want it no more."""
        if len(self.stack) > DEEP:
            return
        mine = self.stack[-1]
        for _ in range(self.dice.randint(0, 12)):
            self.step()
        if mine.interrupted:
            mine.interrupted = False
            mine.worker.interrupts.end_if_unwanted()

    def settle(self, rounds: int = 400) -> None:
        """Everything that can happen happens."""
        for _ in range(rounds):
            for worker in [*self.workers.values()]:
                if worker.alive:
                    worker.step()
            while self.asides:
                self.asides.pop(0)()
            self.loop._turn()
            if not self._moves():
                return

    def _moves(self) -> bool:
        """Whether anything is on its way."""
        loop = self.loop
        ends = [
            end for w in self.loop.pool.workers.values() for end in (w.channel, w.channel.other)
        ]  # type: ignore[attr-defined]
        return bool(
            self.deaths
            or self.asides
            or loop.context.commands
            or loop.calls.incoming
            or loop.outbox.waiting
            or loop.outbox.unsent
            or any(end.into or end._lined or end._in for end in ends)
            or any(
                w.alive
                and (w.worker.queue.waiting or w.worker.link.results or w.worker.queue.recalled)
                for w in self.workers.values()
            )
        )

    def close(self) -> None:
        global now
        now = None
        actors.ThreadPoolExecutor = self.threads  # type: ignore[misc]
        loop = self.loop
        loop._fail_all(RuntimeError("the simulation is over"))
        loop.context.aside.close()
        for worker in loop.pool.workers.values():
            worker.channel.end()
        for simulated in self.workers.values():
            simulated.close()
        loop.logs.close()
        loop.context.waking.close()
        self.executor._loop = None
        self.executor.close()
