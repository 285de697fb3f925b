"""Graphs on Dask.distributed: tasks become tasks of its scheduler, results its futures.

Each task is one call of `_call`, which says over the scheduler's event stream when and where it
ran: an event reaches the client before the state of the task that it is about.
"""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Iterable
from typing import Any

from dask._task_spec import DataNode, TaskRef
from dask._task_spec import Task as Node
from distributed import Client, get_worker, wait
from distributed.comm import connect
from distributed.utils import LoopRunner

from shframe.graph.errors import Cancelled, ClusterUnreachable, WorkerDied
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

CONNECT_SECONDS = 5
PAYLOAD_IN_GRAPH = 64 << 10  # a larger function is sent as data: Dask warns of large graphs

TaskNote = list[Any]  # run, task, pid, start, end, bytes in, bytes out, copied


def connected(address: str) -> Client:
    """A client of the scheduler at `host:port`; raises ClusterUnreachable."""
    url = f"tcp://{address}"
    try:
        # a Client that finds no scheduler leaves its thread behind, so the address is tried first
        LoopRunner().run_sync(_greet, url)
        return Client(url, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise ClusterUnreachable(
            f"no Dask scheduler answered at {address} within {CONNECT_SECONDS} s: {error}\n"
            "  start one with `dask scheduler`, or pass a distributed.Client as executor"
        ) from error


async def _greet(url: str) -> None:
    comm = await connect(url, timeout=CONNECT_SECONDS)
    await comm.close()


class DaskEngine(Engine):
    """Runs graphs on the cluster of a client.

    owned: whether the client was made for this engine, and is closed with it.
    """

    def __init__(self, client: Client, *, owned: bool) -> None:
        super().__init__()
        self.client = client
        self.owned = owned
        self.topic = f"shframe-{uuid.uuid4().hex}"
        self.notes: dict[int, dict[int, TaskNote]] = {}  # of the runs under way, by task
        self.numbers = itertools.count()
        client.subscribe_topic(self.topic, self._read_notes)

    def _read_notes(self, event: tuple[float, TaskNote]) -> None:
        """Take a task's note in; called by the client's thread."""
        _, note = event
        run = self.notes.get(note[0])
        if run is not None:
            run[note[1]] = note  # a task that ran twice counts once

    @property
    def cluster(self) -> object:
        """The client: its futures are known to it alone."""
        return self.client

    @property
    def cores(self) -> int:
        """Threads of all workers."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        return sum(worker["nthreads"] for worker in workers.values())

    @property
    def closed(self) -> bool:
        """Whether the client has been closed."""
        return self.client.status in ("closed", "closing")

    def send(self, values: list[Any]) -> list[ClusterHandle]:
        """Scatter values over the workers."""
        self._check()
        return list(self.client.scatter(values, hash=False))

    def fetch(self, held: list[ClusterHandle]) -> list[Any]:
        """Gather values; raises ObjectLost."""
        from distributed.client import FutureCancelledError

        self._check()
        try:
            return list(self.client.gather(held))
        except FutureCancelledError as error:
            raise ObjectLost(f"the cluster has lost a result: {error}") from error

    def run(self, graph: TaskGraph, trace: Trace, progress: Progress | None = None) -> list[Any]:
        """Run the graph on the cluster; its outputs stay there."""
        self._check()
        number = next(self.numbers)
        self.notes[number] = {}
        try:
            return self._run(number, graph, trace, progress)
        finally:
            del self.notes[number]

    def _run(
        self, number: int, graph: TaskGraph, trace: Trace, progress: Progress | None
    ) -> list[ObjectRef]:
        order = graph.sorted_keys()
        outputs = [key for key in dict.fromkeys(graph.outputs) if key in graph.tasks]
        data = self.place(graph.data.values())
        functions = _Functions(self)
        mark = uuid.uuid4().hex
        names = {key: f"{graph.tasks[key].function.name}-{mark}-{n}" for n, key in enumerate(order)}
        refs = {key: TaskRef(name) for key, name in names.items()}
        refs |= {key: TaskRef(data[ref].key) for key, ref in graph.data.items()}
        nodes: dict[str, Any] = {}
        for n, key in enumerate(order):
            task = graph.tasks[key]
            about = (self.topic, number, n, task.function.digest, packed_args(task))
            inputs = (refs[source] for source in task.inputs)
            nodes[names[key]] = Node(
                names[key], _call, about, functions.payload(task.function), *inputs
            )
        nodes |= functions.nodes
        futures = dict(
            zip(
                outputs,
                self.client.get(nodes, [names[key] for key in outputs], sync=False),
                strict=True,
            )
        )
        try:
            self._wait(list(futures.values()), number, len(order), progress)
        except BaseException:
            if not self.closed:
                self.client.cancel(list(futures.values()), force=True)
            raise
        notes = self.notes[number]
        for span in _spans(graph, order, notes.values()):
            trace.add(span)
        places = {key: n for n, key in enumerate(order)}
        made: dict[Key, ObjectRef] = dict(graph.data)
        for key, future in futures.items():
            note = notes.get(places[key])
            made[key] = RemoteRef(self, future, future.key, note[6] if note else 0)
        return [made[key] for key in graph.outputs]

    def _wait(self, futures: list[Any], run: int, count: int, progress: Progress | None) -> None:
        """Wait for all futures or the first that failed, never long: for Ctrl-C and progress."""
        ended = not futures
        while not ended:
            try:
                with self.client.as_current():
                    wait(futures, timeout=PROGRESS_SECONDS)
                ended = True
            except TimeoutError:
                pass
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException:  # a cancelled future's is no Exception
                if not any(future.status in _FAILED for future in futures):
                    raise
            if progress is not None:
                progress(count if ended else len(self.notes[run]), count)
            for future in futures:
                if future.status in _FAILED:
                    raise self._error_of(future)

    def _error_of(self, future: Any) -> BaseException:
        from distributed.scheduler import KilledWorker

        if self.closed:
            return ClusterUnreachable(f"{_CLOSED}\n  it was closed while this was computed")
        if future.status != "error":
            return Cancelled(
                "the cluster cancelled the computation\n"
                "  it has lost what was sent to it, or its scheduler has gone"
            )
        error: BaseException = future.exception()
        if isinstance(error, KilledWorker):
            return WorkerDied(str(error), str(error.task))
        traceback = future.traceback()
        return error.with_traceback(traceback) if traceback is not None else error

    def _check(self) -> None:
        if self.closed:
            raise ClusterUnreachable(f"{_CLOSED}\n  make a new one, or compute() with another one")

    def close(self) -> None:
        """Listen no more to the tasks; close the client if it was made here."""
        if self.closed:
            return
        self.client.unsubscribe_topic(self.topic)
        if self.owned:
            self.client.close()


_CLOSED = "the distributed.Client of this executor has been closed"
_FAILED = ("error", "cancelled", "lost")


class _Functions:
    """Where the tasks of one run find their functions' bytes: in the graph, each once."""

    def __init__(self, engine: DaskEngine) -> None:
        self.engine = engine
        self.nodes: dict[str, DataNode] = {}
        self.held: dict[bytes, ClusterHandle] = {}  # large ones, as data

    def payload(self, function: Function) -> TaskRef:
        """What stands for the function's bytes among a task's arguments; raises NotPicklable."""
        payload, digest = function.payload, function.digest
        if len(payload) > PAYLOAD_IN_GRAPH:
            if digest not in self.held:
                (self.held[digest],) = self.engine.send([payload])
            return TaskRef(self.held[digest].key)
        name = f"function-{digest.hex()}"
        if name not in self.nodes:
            self.nodes[name] = DataNode(name, payload)
        return TaskRef(name)


def _spans(graph: TaskGraph, order: list[Key], notes: Iterable[TaskNote]) -> Iterable[Span]:
    """Spans from the notes, on this process's clock."""
    offset = time.monotonic() - time.time()
    workers: dict[int, int] = {}
    for _, n, pid, start, end, bytes_in, bytes_out, copied in notes:
        key = order[n]
        yield Span(
            key,
            graph.tasks[key].function.name,
            workers.setdefault(pid, len(workers)),
            pid,
            start + offset,
            end + offset,
            bytes_in,
            bytes_out,
            tuple((reason, nbytes) for reason, nbytes in copied),
        )


def _call(about: tuple[str, int, int, bytes, bytes], payload: bytes, *inputs: Any) -> Any:
    """One task, in a worker of the cluster."""
    topic, run, number, digest, args = about
    start = time.time()
    raised = None
    try:
        value = called(digest, payload, args, inputs)
    except Exception as error:
        raised = error
    if raised is not None:
        raise make_picklable(
            raised
        )  # out here: else an error that cannot be pickled would be its context
    bytes_in = sum(map(size_of, inputs))
    note = [run, number, os.getpid(), start, time.time(), bytes_in, size_of(value)]
    get_worker().log_event(topic, [*note, list(copies.taken())])
    return value
