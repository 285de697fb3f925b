"""Graphs on Ray: each task becomes one of Ray's, which returns its value and a note of how it ran.

A task that fails returns a Failure as its value, which the tasks that read it pass on: so an error
arrives as it was raised, and Ray logs none.
"""

from __future__ import annotations

import os
import pickle
import time
import traceback
from collections.abc import Iterable
from typing import Any, NamedTuple

import ray

from shframe.graph.errors import ClusterUnreachable, RemoteTraceback, WorkerDied
from shframe.graph.executors.base import PROGRESS_SECONDS
from shframe.graph.executors.cluster import (
    ClusterHandle,
    Engine,
    RemoteRef,
    called,
    packed_args,
    size_of,
)
from shframe.graph.failures.error_pickling import make_picklable
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key
from shframe.graph.tasks.task_graph import Progress, TaskGraph
from shframe.graph.tracing import copies
from shframe.graph.tracing.trace import Span, Trace
from shframe.store.errors import ObjectLost


class TaskNote(NamedTuple):
    """How a task ran.

    error: the pickled exception and its traceback as a string, of the task that raised it.
    failed: whether there is no result.
    """

    pid: int
    start: float
    end: float
    bytes_in: int
    bytes_out: int
    copied: copies.CopiedBytes
    error: bytes | None = None
    failed: bool = False


class RayFailure:
    """The value of a task that failed, and of all that needed it."""


def started() -> RayEngine:
    """The engine on the Ray that this process is connected to; without one Ray is started, or
    joined where RAY_ADDRESS says which; raises ClusterUnreachable."""
    owned = not ray.is_initialized()
    if owned:
        try:
            ray.init(include_dashboard=False, log_to_driver=False, logging_level="error")
        except (ConnectionError, RuntimeError) as error:
            raise ClusterUnreachable(f"Ray could not be started or reached: {error}") from error
    return RayEngine(owned=owned)


class RayEngine(Engine):
    """Runs graphs on the Ray that this process is connected to.

    owned: whether Ray was started for this engine, and is shut down with it.
    """

    def __init__(self, *, owned: bool) -> None:
        super().__init__()
        self.owned = owned
        self.connection = _connection()

    @property
    def cluster(self) -> object:
        """The connection: another one knows other objects."""
        return self.connection

    @property
    def cores(self) -> int:
        """CPUs of all nodes."""
        return int(ray.cluster_resources().get("CPU", 1))

    @property
    def closed(self) -> bool:
        """Whether ray.shutdown() has been called since."""
        return _connection() != self.connection

    def send(self, values: list[Any]) -> list[ClusterHandle]:
        """Put values into Ray's store."""
        self._check()
        return [ray.put(compact(value)) for value in values]

    def fetch(self, held: list[ClusterHandle]) -> list[Any]:
        """Values by reference into Ray's store, of this machine; raises ObjectLost."""
        self._check()
        try:
            return list(ray.get(held))
        except (ray.exceptions.ObjectLostError, ray.exceptions.OwnerDiedError) as error:
            raise ObjectLost(f"the cluster has lost a result: {error}") from error

    def run(self, graph: TaskGraph, trace: Trace, progress: Progress | None = None) -> list[Any]:
        """Run the graph on Ray; its outputs stay there."""
        self._check()
        order = graph.sorted_keys()
        placed = self.place(graph.data.values())
        held = {key: placed[ref] for key, ref in graph.data.items()}
        del placed
        notes = self._submitted(graph, order, held)
        wanted = {key: held[key] for key in graph.outputs}
        held.clear()  # what only tasks read goes when they have
        found = self._waited(order, notes, progress)
        for span in _spans(graph, order, found):
            trace.add(span)
        sizes = {key: note.bytes_out for key, note in zip(order, found, strict=True)}
        made: dict[Key, ObjectRef] = dict(graph.data)
        for key, ref in wanted.items():
            if key not in made:
                made[key] = RemoteRef(self, ref, ref.hex(), sizes[key])
        return [made[key] for key in graph.outputs]

    def _submitted(
        self, graph: TaskGraph, order: list[Key], held: dict[Key, ClusterHandle]
    ) -> list[ClusterHandle]:
        """Hand all tasks to Ray, which knows their order by what they read; their notes."""
        calls: dict[bytes, Any] = {}
        notes = []
        for key in order:
            task = graph.tasks[key]
            digest = task.function.digest
            if digest not in calls:
                calls[digest] = _Call(task.function)
            inputs = [held[source] for source in task.inputs]
            held[key], note = calls[digest](packed_args(task), inputs)
            notes.append(note)
        return notes

    def _waited(
        self, order: list[Key], notes: list[ClusterHandle], progress: Progress | None
    ) -> list[TaskNote]:
        """All notes in order; the first error is raised, and what has not run is called off."""
        found: dict[ClusterHandle, TaskNote] = {}
        pending = notes
        try:
            while pending:
                ready, pending = ray.wait(
                    pending, num_returns=len(pending), timeout=PROGRESS_SECONDS
                )
                arrived = dict(zip(ready, _notes(ready), strict=True))
                found |= arrived
                if progress is not None:
                    progress(len(found), len(order))
                for note in arrived.values():
                    if note.error is not None:
                        raise _unpacked(note.error)
        except BaseException:
            for ref in pending:
                ray.cancel(ref)
            raise
        return [found[ref] for ref in notes]

    def _check(self) -> None:
        if self.closed:
            raise ClusterUnreachable(
                "Ray has been shut down since this executor or result was made\n"
                "  call compute() again to restart it"
            )

    def close(self) -> None:
        """Shut Ray down if it was started here."""
        if not self.closed and self.owned:
            ray.shutdown()


def _connection() -> tuple[str, str]:
    """What names this process's connection to Ray; empty names without one."""
    if not ray.is_initialized():
        return "", ""
    context = ray.get_runtime_context()
    return context.get_node_id(), context.get_job_id()


class _Call:
    """Calls one function on Ray; its bytes are in Ray's store once."""

    def __init__(self, function: Function) -> None:
        self.digest = function.digest
        self.payload = ray.put(function.payload)
        self.call = _remote().options(name=function.name)

    def __call__(self, args: bytes, inputs: list[ClusterHandle]) -> list[ClusterHandle]:
        made: list[ClusterHandle] = self.call.remote(self.digest, args, self.payload, *inputs)
        return made


def _remote() -> Any:
    """Our one function on Ray; two results: value and Note."""
    return ray.remote(num_returns=2, num_cpus=1)(_called)


def _called(digest: bytes, args: bytes, payload: bytes, *inputs: Any) -> tuple[Any, TaskNote]:
    """One task, in a worker of the cluster."""
    start = time.time()
    failed = next((value for value in inputs if isinstance(value, RayFailure)), None)
    if failed is not None:
        return failed, TaskNote(os.getpid(), start, start, 0, 0, (), None, True)
    try:
        value = compact(called(digest, payload, args, inputs))
        error = None
    except Exception as raised:
        value, error = RayFailure(), _packed(raised)
    except KeyboardInterrupt as interrupt:
        if _was_importing(interrupt):  # a module that is half there would fail ever after
            os._exit(1)
        raise
    end = time.time()
    read = sum(map(size_of, inputs))
    note = TaskNote(os.getpid(), start, end, read, size_of(value), copies.taken(), error)
    return value, note._replace(failed=error is not None)


def _was_importing(error: BaseException) -> bool:
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(frame.f_code.co_filename.startswith("<frozen importlib") for frame in frames)


def compact(value: Any) -> Any:
    """The value without what its tables are slices of: pickled, a slice drags all of it along."""
    import pyarrow as pa

    if isinstance(value, pa.Table) and value.get_total_buffer_size() > 2 * value.nbytes:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_table(value)
        return pa.ipc.open_stream(sink.getvalue()).read_all()
    if type(value) in (list, tuple):
        return type(value)(map(compact, value))
    return value


def _packed(error: Exception) -> bytes:
    import cloudpickle

    text = "".join(traceback.format_exception(error))
    bare = make_picklable(error).with_traceback(None)
    return bytes(cloudpickle.dumps((bare, text), protocol=5))


def _unpacked(payload: bytes) -> BaseException:
    """The exception with the worker's traceback as its cause."""
    error, text = pickle.loads(payload)
    error.__cause__ = RemoteTraceback(text)
    return error  # type: ignore[no-any-return]


def _notes(refs: list[ClusterHandle]) -> list[TaskNote]:
    """Notes that have arrived; what ended without one is an error of Ray's own."""
    try:
        return list(ray.get(refs))
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
        raise WorkerDied(f"a worker of Ray ended while it ran a task: {error}") from error
    except ray.exceptions.ObjectLostError as error:
        raise ObjectLost(f"the cluster has lost an input: {error}") from error


def _spans(graph: TaskGraph, order: list[Key], notes: list[TaskNote]) -> Iterable[Span]:
    """Spans from the notes, on this process's clock."""
    offset = time.monotonic() - time.time()
    workers: dict[int, int] = {}
    for key, note in zip(order, notes, strict=True):
        yield Span(
            key,
            graph.tasks[key].function.name,
            workers.setdefault(note.pid, len(workers)),
            note.pid,
            note.start + offset,
            note.end + offset,
            note.bytes_in,
            note.bytes_out,
            note.copied,
        )
