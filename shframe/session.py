"""The session: one store and one executor; the default one is created when first needed."""

from __future__ import annotations

import atexit
import dataclasses
import os
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from shframe.executor_choice import LOCAL, Engines, is_local
from shframe.file_cache import FileCache
from shframe.options import Options

if TYPE_CHECKING:
    from shframe.graph.driver.launcher import Launched
    from shframe.graph.executors.base import Executor
    from shframe.graph.executors.cluster import Engine
    from shframe.graph.objects.object_ref import Death, ObjectRef
    from shframe.graph.tasks.task_graph import Progress, TaskGraph
    from shframe.graph.tracing.trace import Trace
    from shframe.store.sharing.publisher import Publisher
    from shframe.store.store import Store

COLD = 16  # times inline_bytes: what the driver computes itself before workers have started


class Session:
    """A store and an executor with their options.

    `last_trace` is the Trace of the newest computation: what ran where, bytes in and out.
    """

    def __init__(self, options: Options) -> None:
        from shframe.graph.tracing.trace import Trace

        self.options = options
        self.last_trace: Trace = Trace()
        self.file_cache = FileCache(options.file_cache_bytes)
        self._dropped: deque[Death] = deque()
        self._executor: Executor | None = None
        self._publisher: Publisher | None = None
        self._launched: Launched | None = None
        self._others: dict[
            str, Executor
        ] = {}  # executors asked for by name, beside the session's own
        self._engines = Engines()
        self._lock = (
            threading.RLock()
        )  # two threads of the user may start the first computation at once

    @property
    def executor(self) -> Executor:
        """The executor; workers are started at first use."""
        with self._lock:
            if self._executor is None:
                self._executor = self._start()
            return self._executor

    @property
    def publisher(self) -> Publisher:
        """Offers values of this session to other programs."""
        with self._lock:
            if self._publisher is None:
                from shframe.store.sharing.publisher import Publisher

                self._publisher = Publisher(self.executor.store)
            return self._publisher

    def launch(self) -> None:
        """Start the process that forks the workers now, as they will be needed."""
        with self._lock:
            needed = self._executor is None and self._launched is None
            if needed and self._local_name == "processes":
                from shframe.graph.driver.launcher import launch

                self._launched = launch()

    def _start(self) -> Executor:
        from shframe.store.shared_memory.spill_file import SpillFile
        from shframe.store.store import Store

        spill = SpillFile(self.options.spill_folder, self.options.spill_bytes)
        store = Store(self.options.budget, spill=spill)
        store.spare = self._release_cached
        return self._new_executor(self._local_name, store)

    @property
    def _local_name(self) -> str:
        """The executor of this machine, which a session on a cluster has too."""
        return self.options.executor if is_local(self.options.executor) else "processes"

    def _release_cached(self, needed: int) -> None:
        """Let what was read from files go: before anything goes to the disk."""
        from shframe.graph.objects.ref_backend import release_dropped

        executor = self._executor
        if executor is not None:
            self.file_cache.release(needed)
            release_dropped(executor.store, self._dropped)

    def _new_executor(self, name: str, store: Store) -> Executor:
        if name == "processes":
            from shframe.graph.executors.processes import ProcessExecutor

            launched, self._launched = self._launched, None
            return ProcessExecutor(store, self._dropped, self.options.worker_count, launched)
        if name == "threads":
            from shframe.graph.executors.threads import ThreadExecutor

            return ThreadExecutor(store, self._dropped, self.options.worker_count)
        from shframe.graph.executors.sync import SyncExecutor

        return SyncExecutor(store, self._dropped)

    def where(self, asked: Any = None) -> Executor | Engine:
        """The executor of that name; None: the session's.

        Raises: InvalidArgument if there is no such executor; ImportError, ClusterUnreachable.
        """
        asked = self.options.executor if asked is None else asked
        if not is_local(asked):
            with self._lock:
                return self._engines.engine(asked)
        own = self.executor
        if asked == self._local_name:
            return own
        with self._lock:
            if asked not in self._others:
                self._others[asked] = self._new_executor(asked, own.store)
            return self._others[asked]

    def put(self, value: object) -> ObjectRef:
        """Store a value once, shared by all workers."""
        return self.executor.put(value)

    def run(
        self, graph: TaskGraph, progress: Progress | None = None, executor: Any = None
    ) -> list[ObjectRef]:
        """Run a graph on the session's executor or another; returns a handle for each output."""
        from shframe.graph.tracing.trace import Trace

        trace = Trace()
        self.last_trace = trace
        return self.run_in(trace, graph, progress, executor)

    def run_in(
        self,
        trace: Trace,
        graph: TaskGraph,
        progress: Progress | None = None,
        executor: Any = None,
    ) -> list[ObjectRef]:
        """Run a graph as a further part of the computation that `trace` records."""
        from shframe.graph.executors.cluster import Engine, brought

        trace.notes.extend(graph.notes)
        where = self.where(executor)
        if isinstance(where, Engine):
            return where.run(graph, trace, progress)
        graph = brought(graph, self.put)
        asked, kept = graph.outputs, graph.kept_keys()
        graph = dataclasses.replace(graph, outputs=tuple(dict.fromkeys((*asked, *kept))))
        if where is self.executor and self._is_small(graph):
            from shframe.graph.executors.sync import SyncExecutor

            trace.notes.append(f"{len(graph.tasks)} small tasks ran in the driver")
            own = self.executor
            where = SyncExecutor(own.store, own.dropped, own.home)
        made = dict(zip(graph.outputs, where.run(graph, trace, progress), strict=True))
        for keeper in graph.keepers:
            keeper.take(made)
        return [made[key] for key in asked]

    def runs_here(self, graph: TaskGraph, executor: Any = None) -> bool:
        """Whether the calling process runs a graph without storing anything: it is small, and no
        memory of its results belongs to a task."""
        from shframe.graph.tasks import result_buffer

        own = self.where(executor) is self.executor
        return own and not result_buffer.is_shared() and self._is_small(graph)

    def _is_small(self, graph: TaskGraph) -> bool:
        """Whether all tasks are ours, of known size, and small together: they run in the driver.

        The first graph, which would wait for workers to start, may be larger.
        """
        limit = self.options.inline_bytes
        total = sum(ref.nbytes for ref in graph.data.values())
        for task in graph.tasks.values():
            total += task.nbytes
            known = bool(task.inputs or task.nbytes)
            if total >= COLD * limit or not known or not task.function.ours:
                return False
        return total < limit or self.executor.warm_up()

    def close(self) -> None:
        """End the workers and free the store; computed results stay valid."""
        self.file_cache.clear()
        with self._lock:
            executor, self._executor = self._executor, None
            publisher, self._publisher = self._publisher, None
            launched, self._launched = self._launched, None
            others, self._others = self._others, {}
            self._engines.close()
        if publisher is not None:
            publisher.close()
        if launched is not None:
            launched.end()
        if executor is not None:
            others[self._local_name] = executor
        for name in LOCAL:  # processes first: its thread still reads the store
            if name in others:
                others[name].close()


_lock = threading.RLock()
_default: Session | None = None
_owner = os.getpid()


def current() -> Session:
    """The default session, created from the environment if there is none.

    In a task it is the session of the task.
    """
    global _default, _owner
    with _lock:
        if _default is None:
            _default = _of_task() or Session(Options.build())
            _owner = os.getpid()
        return _default


def executor(*, workers: bool = False) -> Executor:
    """The executor of the default session. workers: start them at once."""
    session = _default
    if session is not None and session._executor is not None:
        return session._executor
    session = current()
    if workers:
        session.launch()
    return session.executor


def _of_task() -> Session | None:
    """The session of the task that runs in this process, if it is a worker."""
    nested = sys.modules.get("shframe.graph.worker.client")
    if nested is None or nested.here is None or nested.here.pid != os.getpid():
        return None
    here = nested.here
    made = Session(Options(workers=here.workers, memory=here.store.budget, file_cache=0))
    made._executor = here
    return made


# Options of Ray's init() by our names, and those that have no meaning here.
_OF_RAY = {"num_cpus": "workers", "object_store_memory": "memory"}
_IGNORED = (
    *("address", "configure_logging", "dashboard_host", "dashboard_port", "ignore_reinit_error"),
    *("include_dashboard", "log_to_driver", "logging_level", "namespace", "num_gpus", "resources"),
    "runtime_env",
)


def init(**options: Any) -> Session:
    """Start a session with these options in place of the current one.

    workers, memory, executor, spill_folder and more: see shframe.options.Options. Ray's num_cpus
    and object_store_memory mean workers and memory; other options of Ray's init() have no effect.
    In a task, the session of the task is returned unchanged.

    Raises: InvalidArgument for an unknown option or an invalid value.

    Examples
    --------
    >>> import shframe as sf
    >>> session = sf.init(executor="sync")
    >>> sf.shutdown()
    """
    global _default, _owner
    known = {_OF_RAY.get(name, name): v for name, v in options.items() if name not in _IGNORED}
    made = Session(Options.build(**known))
    if _of_task() is not None:
        return current()
    with _lock:
        shutdown()
        _default, _owner = made, os.getpid()
    return made


def is_initialized() -> bool:
    """Whether there is a session."""
    return _default is not None


def shutdown() -> None:
    """End the session, its workers and its store; computed results stay valid."""
    global _default
    with _lock:
        session, _default = _default, None
    if session is not None and os.getpid() == _owner:
        session.close()


def _at_exit() -> None:
    """End the session, and the fork server that waits for the next one."""
    shutdown()
    launch = sys.modules.get("shframe.graph.driver.launcher")
    if launch is not None:
        launch.end_parked()


atexit.register(_at_exit)
