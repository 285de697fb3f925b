"""The protocol of executors, and the one that runs everything in the calling thread."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from shframe.graph.driver.actors import Job
from shframe.graph.driver.call import Arguments, Code, Terms
from shframe.graph.executors.in_process import InProcess
from shframe.graph.objects.object_ref import Death, ObjectRef, StoreHome, swept
from shframe.graph.tasks import result_buffer
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.graph.tracing import copies
from shframe.graph.tracing.call_site import Place, user_line
from shframe.graph.tracing.trace import Span, Trace

if TYPE_CHECKING:
    from shframe.store.store import Store

Progress = Callable[[int, int], None]  # tasks done, tasks in all
PROGRESS_SECONDS = 0.1


def wait_for(
    ended: threading.Event, progress: Progress | None, count: Callable[[], tuple[int, int]]
) -> None:
    """Wait for the end of a run, telling `progress` how far it is, at the end in any case.

    Never longer than PROGRESS_SECONDS at once: a signal that arrives just before the thread
    blocks sets Python's flag but wakes nobody, and Ctrl-C would be lost until the end.
    """
    while not ended.wait(PROGRESS_SECONDS):
        if progress is not None:
            progress(*count())
    if progress is not None:
        progress(*count())


def target_fd(store: Store, task: Task) -> int | None:
    """A descriptor of the final object that the task fills a part of, for the task to close."""
    return None if task.target is None else store.lent_fd(task.target)


def target_size(store: Store, task: Task) -> int | None:
    """Bytes of the final object that the task fills a part of."""
    fd = target_fd(store, task)
    if fd is None:
        return None
    try:
        return os.fstat(fd).st_size
    finally:
        os.close(fd)


class Executor(Protocol):
    """Runs task graphs and calls, and owns the store in which results are kept."""

    store: Store
    dropped: deque[Death]
    workers: int
    lends: bool  # whether tasks can fill the memory of a final object (shared_output.py)

    def warm_up(self) -> bool:
        """Begin to start what runs tasks, where that takes long; False: there is no need."""

    @property
    def home(self) -> Any:
        """The home of its handles (objectref.Home)."""

    def run(
        self, graph: TaskGraph, trace: Trace, progress: Progress | None = None
    ) -> list[ObjectRef]:
        """A handle for each output of the graph, in their order; a task's error is raised."""

    def put(self, value: object) -> ObjectRef:
        """Store a value and give a handle on it."""

    def call(
        self,
        function: Code,
        arguments: Arguments,
        terms: Terms,
        place: Place | None = None,
        method: str = "",
        actor: int = 0,
    ) -> tuple[ObjectRef, ...]:
        """Start a task, or a method of an actor; its handles."""

    def hire(
        self, function: Code, arguments: Arguments, terms: Terms, place: Place | None, job: Job
    ) -> ObjectRef:
        """Start an actor; the handle that keeps it alive."""

    def item(self, generator: ObjectRef, place: int) -> ObjectRef:
        """The handle of a generator's value at that place, when there is one."""

    def cancel(self, ref: ObjectRef, force: bool, recursive: bool) -> None:
        """Give the task of a handle up."""

    def kill(self, actor: ObjectRef, restart: bool) -> None:
        """End an actor now."""

    def named(self, name: str) -> tuple[ObjectRef, Any]:
        """The actor of that name: its handle and what it can be asked. Raises: ActorDied."""

    def close(self) -> None:
        """End workers, free the store; a second call does nothing."""


class SyncExecutor(InProcess):
    """Everything in the calling thread, in the order of priority: for pdb and for small work."""

    workers = 1
    lends = True

    def __init__(self, store: Store, dropped: deque[Death] | None = None, home: Any = None) -> None:
        """home: where values are stored, None: in the store."""
        self.store = store
        self.dropped: deque[Death] = deque() if dropped is None else dropped
        super().__init__(home if home is not None else StoreHome(store, self.dropped))

    def sweep(self) -> None:
        """Release the objects whose last handle has died."""
        swept(self.store, self.dropped)

    def run(
        self, graph: TaskGraph, trace: Trace, progress: Progress | None = None
    ) -> list[ObjectRef]:
        """Run the graph here and store its outputs."""
        self.sweep()
        values: dict[Key, Any] = {}
        order = graph.sorted_keys()
        readers = graph.readers(order)
        outputs = set(graph.outputs)
        stored: dict[Key, ObjectRef] = dict(graph.data)
        for done, key in enumerate(order):
            task = graph.tasks[key]
            start = time.monotonic()
            for source in task.inputs:
                if source not in values:
                    values[source] = stored[source].value()
            inputs = [values[source] for source in task.inputs]
            try:
                with result_buffer.opened(target_fd(self.store, task)):
                    value = task.function(*inputs, *task.args)
            except Exception as error:
                self.task_failed(task, inputs, user_line(), error, target_size(self.store, task))
                raise
            inputs.clear()
            for source in dict.fromkeys(task.inputs):
                readers[source] -= 1
                if not readers[source]:
                    del values[source]
            if key in outputs:
                stored[key] = self.put(value)
            if readers[key]:
                values[key] = value
            del value
            size = stored[key].nbytes if key in stored else 0
            trace.add(
                Span(
                    key,
                    task.function.name,
                    -1,
                    os.getpid(),
                    start,
                    time.monotonic(),
                    0,
                    size,
                    copies.taken(),
                )
            )
            if progress is not None:
                progress(done + 1, len(order))
        return [stored[key] for key in graph.outputs]

    def close(self) -> None:
        """Free the store."""
        self.store.close()
