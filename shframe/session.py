"""The session: one store and one executor; the default one is made when first needed."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from shframe.executor_choice import LOCAL, Engines, is_local
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

COLD = 16  # times inline_bytes: what the driver has computed before workers are there


class Session:
    """A store and an executor with their options.

    `last_trace` is the Trace of the newest computation: what ran where, bytes in and out.
    """

    def __init__(self, options: Options) -> None:
        from shframe.graph.tracing.trace import Trace

        self.options = options
        self.last_trace: Trace = Trace()
        self._dropped: deque[Death] = deque()
        self._executor: Executor | None = None
        self._publisher: Publisher | None = None
        self._launched: Launched | None = None
        self._others: dict[str, Executor] = {}  # asked for by name beside the session's own
        self._engines = Engines()
        self._lock = threading.RLock()  # two threads of the user may compute first at once

    @property
    def executor(self) -> Executor:
        """The executor; workers are started when it is first asked for."""
        with self._lock:
            if self._executor is None:
                self._executor = self._started()
            return self._executor

    @property
    def publisher(self) -> Publisher:
        """What this session offers to other programs."""
        with self._lock:
            if self._publisher is None:
                from shframe.store.sharing.publisher import Publisher

                self._publisher = Publisher(self.executor.store)
            return self._publisher

    def launch(self) -> None:
        """Start the process that forks the workers now: they will be needed."""
        with self._lock:
            needed = self._executor is None and self._launched is None
            if needed and self._local_name == "processes":
                from shframe.graph.driver.launcher import launch

                self._launched = launch()

    def _started(self) -> Executor:
        from shframe.store.shared_memory.spill_file import SpillFile
        from shframe.store.store import Store

        spill = SpillFile(self.options.spill_folder, self.options.spill_bytes)
        store = Store(self.options.budget, spill=spill)
        return self._made(self._local_name, store)

    @property
    def _local_name(self) -> str:
        """The executor of this machine, which a session on a cluster has too."""
        return self.options.executor if is_local(self.options.executor) else "processes"

    def _made(self, name: str, store: Store) -> Executor:
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
        """The executor that is asked for, None: the session's.

        Raises: InvalidArgument when there is no such executor; ImportError, ClusterUnreachable.
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
                self._others[asked] = self._made(asked, own.store)
            return self._others[asked]

    def put(self, value: object) -> ObjectRef:
        """Store a value once, shared by all workers."""
        return self.executor.put(value)

    def run(
        self, graph: TaskGraph, progress: Progress | None = None, executor: Any = None
    ) -> list[ObjectRef]:
        """Run a graph where it belongs, or where it is asked for; a handle for each output."""
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
        if where is self.executor and self._belongs_here(graph):
            from shframe.graph.executors.sync import SyncExecutor

            trace.notes.append(f"{len(graph.tasks)} small tasks ran in the driver")
            own = self.executor
            where = SyncExecutor(own.store, own.dropped, own.home)
        return where.run(graph, trace, progress)

    def _belongs_here(self, graph: TaskGraph) -> bool:
        """Whether all tasks are ours, those without inputs of known size, and small together.

        The first that would wait for workers may be larger; their server is started meanwhile.
        """
        limit = self.options.inline_bytes
        total = sum(ref.nbytes for ref in graph.data.values())
        for task in graph.tasks.values():
            if not task.function.ours or not (task.inputs or task.nbytes):
                return False
            total += task.nbytes
        return total < limit or (total < COLD * limit and self.executor.warm_up())

    def close(self) -> None:
        """End the workers and free the store; computed results stay valid."""
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
        for name in LOCAL:  # that of processes first: its thread still reads the store
            if name in others:
                others[name].close()


_lock = threading.RLock()
_default: Session | None = None
_owner = os.getpid()


def current() -> Session:
    """The default session, made from the environment when there is none.

    In a task it is the session that the task belongs to.
    """
    global _default, _owner
    with _lock:
        if _default is None:
            _default = _of_task() or Session(Options.made())
            _owner = os.getpid()
        return _default


def executor(*, workers: bool = False) -> Executor:
    """The executor of the default session. workers: they will be needed at once."""
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
    made = Session(Options(workers=here.workers, memory=here.store.budget))
    made._executor = here
    return made


# What Ray's init() is told, by our names; and what of it has no meaning here.
_OF_RAY = {"num_cpus": "workers", "object_store_memory": "memory"}
_IGNORED = (
    *("address", "configure_logging", "dashboard_host", "dashboard_port", "ignore_reinit_error"),
    *("include_dashboard", "log_to_driver", "logging_level", "namespace", "num_gpus", "resources"),
    "runtime_env",
)


def init(**options: Any) -> Session:
    """Start a session with these options in place of the current one.

    workers, memory, executor, spill_folder and more: see shframe.options.Options. Ray's num_cpus
    and object_store_memory are taken for workers and memory; what else Ray's init() knows has no
    effect. In a task there is a session already, that of the task: it goes on, as it is.

    Raises: InvalidArgument for an option that does not exist, or a value that it cannot have.

    Examples
    --------
    >>> import shframe as sf
    >>> session = sf.init(executor="sync")
    >>> sf.shutdown()
    """
    global _default, _owner
    known = {_OF_RAY.get(name, name): v for name, v in options.items() if name not in _IGNORED}
    made = Session(Options.made(**known))
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
    """End the session: workers and store go, computed results stay; nothing is left behind."""
    global _default
    with _lock:
        session, _default = _default, None
    if session is not None and os.getpid() == _owner:
        session.close()


def _at_exit() -> None:
    """End the session, and the server that waits for another one."""
    shutdown()
    launch = sys.modules.get("shframe.graph.driver.launcher")
    if launch is not None:
        launch.end_parked()


atexit.register(_at_exit)
