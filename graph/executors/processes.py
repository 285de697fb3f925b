"""The executor on worker processes: what the user's threads call; loop.py does the work."""

from __future__ import annotations

import functools
import itertools
import os
import threading
from collections import deque
from typing import Any

from shframe.graph.driver.call import Call
from shframe.graph.driver.environment import surroundings
from shframe.graph.driver.graph_runs import LiveRun
from shframe.graph.driver.launcher import Launched, launch, park, parked
from shframe.graph.driver.loop import DriverLoop
from shframe.graph.driver.spilling import PATIENCE
from shframe.graph.errors import SessionClosed, WorkerNotStarted
from shframe.graph.executors.base import wait_for
from shframe.graph.failures.failed_task import FailedTask
from shframe.graph.objects.callbacks import attempt
from shframe.graph.objects.object_ref import Death, Failure, ObjectRef, Pending, wait_all
from shframe.graph.objects.ref_backend import StoreBackend
from shframe.graph.scheduler.submission import GraphSubmission
from shframe.graph.tasks.actor_options import ActorOptions
from shframe.graph.tasks.arguments import Arguments, CallableRef, TaskOptions
from shframe.graph.tasks.task_graph import Progress, TaskGraph
from shframe.graph.tracing.call_site import Place
from shframe.graph.tracing.trace import Span, Trace
from shframe.store.store import Store


class ProcessExecutor:
    """Runs graphs on forked worker processes, which start with the first run."""

    lends = True

    def __init__(
        self, store: Store, dropped: deque[Death], workers: int, launched: Launched | None = None
    ) -> None:
        """launched: the server process, if it was started already."""
        self.launched = launched
        self.store = store
        self.dropped = dropped
        self.home = StoreBackend(store, dropped)
        self.workers = workers
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()  # two user threads may start the loop at once
        self._loop: DriverLoop | None = None
        self._closed = False
        store.ask_for_pages = self._ask_for_pages

    def put(self, value: object) -> ObjectRef:
        """Store a value; its handle."""
        self._check()
        return self.home.put(value)

    def start(self) -> DriverLoop:
        """The loop with its pool; starting it is asynchronous."""
        self._check()
        with self._lock:
            if self._loop is None:
                try:
                    self._loop = DriverLoop(self.store, self.home, self.workers, self.launched)
                except OSError as error:
                    if isinstance(error, WorkerNotStarted):
                        raise
                    raise WorkerNotStarted.because(error, 0) from error
                self._loop.start()
            return self._loop

    def warm_up(self) -> bool:
        """Start the server, which imports first; False: there is one, and workers come at once."""
        self._check()
        with self._lock:
            cold = self._loop is None and self.launched is None and parked() is None
            if cold:
                self.launched = launch()
            return cold

    def run(
        self, graph: TaskGraph, trace: Trace, progress: Progress | None = None
    ) -> list[ObjectRef]:
        """Run a graph on the workers; the calling thread only waits."""
        loop = self.start()
        self.home.check(graph.data.values())
        wait_all(graph.data.values(), None)
        for ref in graph.data.values():
            ref.held()  # raises what a task that was to make it has raised
        live = LiveRun(graph, GraphSubmission(graph), trace, next(self._numbers))
        for task in graph.tasks.values():
            _ = task.function.digest  # raises NotPicklable here, at the call
        here = surroundings()
        loop.do(lambda: loop.submit(live, here), lambda error: loop.runs.break_off(live, error))
        try:
            wait_for(live.ended, progress, lambda: (live.done, len(live.submission)))
        except BaseException:
            loop.do(lambda: loop.runs.cancel(live))
            raise
        loop.flush_output()
        if live.error is not None:
            raise Failure(live.error).raised()
        return live.handles

    def call(
        self,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        place: Place | None = None,
        method: str = "",
        actor: int = 0,
    ) -> tuple[ObjectRef, ...]:
        """Start a task; its handles, of a generator that of the whole and that of its readers."""
        loop = self._loop
        if loop is None or self._closed or os.getpid() != self.home.owner:
            loop = self.start()
        if arguments.inputs or arguments.keep:
            self.home.check((*arguments.inputs, *arguments.keep))
        call = Call(function, arguments, options, place, method, actor)
        home = self.home
        refs: tuple[ObjectRef, ...]
        if options.returns == 1:  # as most
            call.refs = refs = (ObjectRef(home.next_id(), call, home),)
        else:
            refs = loop.calls.handles_of(call, [home.next_id() for _ in range(options.handles)])
        loop.calls.submit(call)
        return refs

    def create_actor(
        self,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        place: Place | None,
        actor_options: ActorOptions,
    ) -> ObjectRef:
        """Start an actor; the handle that keeps it alive."""
        loop = self.start()
        self.home.check((*arguments.inputs, *arguments.keep))
        ref = ObjectRef(self.home.next_id(), Pending(), self.home)
        loop.calls.submit(
            functools.partial(
                attempt,
                lambda: loop.actors.create_actor(ref, function, arguments, actor_options, place),
                lambda error: ref.settle(Failure(error)),
            )
        )
        return ref

    def item(self, generator: ObjectRef, place: int) -> ObjectRef:
        """The handle of a generator's value at that place, when there is one."""
        loop = self.start()
        self.home.check((generator,))
        ref = ObjectRef(self.home.next_id(), Pending(), self.home)
        loop.do(
            lambda: loop.calls.get_item(generator, place, ref),
            lambda error: ref.settle(Failure(error)),
        )
        return ref

    def cancel(self, ref: ObjectRef, force: bool, recursive: bool) -> None:
        """Cancel the task of a handle."""
        loop = self.start()
        if not self.home.is_ours(ref):  # its session has ended, and its task
            return
        loop.calls.submit(lambda: loop.calls.cancel(ref, force, recursive))

    def kill(self, actor: ObjectRef, restart: bool) -> None:
        """End an actor now."""
        loop = self.start()
        if not self.home.is_ours(actor):  # its session has ended, and it too
            return
        number = actor.id
        loop.calls.submit(lambda: loop.actors.kill(number, restart))

    def named(self, name: str) -> tuple[ObjectRef, Any]:
        """The actor of that name: its handle and what it can be asked. Raises: ActorDied."""
        loop = self.start()
        found: list[Any] = []
        ended = threading.Event()

        def look() -> None:
            try:
                found.append(loop.actors.find(name))
            except Exception as error:
                found.append(error)
            ended.set()

        loop.calls.submit(look)
        wait_for(ended, None, lambda: (0, 0))
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]  # type: ignore[no-any-return]

    @property
    def failed(self) -> FailedTask | None:
        """The newest task that failed."""
        return None if self._loop is None else self._loop.context.failed

    def forget_failed(self) -> None:
        """Let go of what the newest task that failed has read."""
        if self._loop is not None:
            self._loop.context.failed = None

    def ended_calls(self) -> list[Span]:
        """The newest calls that have ended well."""
        return [] if self._loop is None else self._loop.calls.ended_spans()

    def _ask_for_pages(self) -> None:
        """Have the workers give back the pages that they do not use, unless they are busy."""
        if self._loop is not None:
            self._loop.ask_for_pages().wait(PATIENCE)

    @property
    def pids(self) -> list[int]:
        """Pids of the server and its workers; empty before the first run."""
        if self._loop is None:
            return []
        pool = self._loop.pool
        return [pool.process.pid, *(w.pid for w in pool.workers.values() if w.pid)]

    @property
    def slots(self) -> dict[int, int]:
        """The pid of the worker in each slot of the store."""
        if self._loop is None:
            return {}
        return {w.slot: w.pid for w in [*self._loop.pool.workers.values()] if w.pid}

    def _check(self) -> None:
        if self._closed:
            raise SessionClosed("this session has been shut down; sf.init() starts a new one")
        if os.getpid() != self.home.owner:
            raise SessionClosed.in_child()

    def close(self) -> None:
        """End the workers and free the store."""
        if self._closed or os.getpid() != self.home.owner:
            return
        self._closed = True
        if self._loop is not None:
            self._loop.close()
        elif self.launched is not None:
            park(self.launched)
        self.store.close()
