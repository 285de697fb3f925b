"""What engines share: executors whose tasks run on a cluster, where this machine's store is not.

A value on a cluster is known here by a RemoteRef. What a graph starts from goes there once an
object; a task's function is sent as bytes named by their digest, and is unpickled once a process.
How tasks are sent, and how values come back, is in dask_cluster.py and ray_cluster.py.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
import sys
import threading
import uuid
import weakref
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from shframe.graph.errors import RefNotPicklable
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.objects.signal import Signal
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Task
from shframe.graph.tasks.task_graph import Progress, TaskGraph
from shframe.graph.tracing import copies
from shframe.graph.tracing.trace import Trace
from shframe.store.errors import ObjectLost
from shframe.store.store import Store

BATCH_BYTES = 128 << 20  # values that are fetched at once: they take their memory twice then
FUNCTIONS_KEPT = 1024  # unpickled functions in one process of a cluster

ClusterHandle = Any  # the cluster's own counted handle: distributed.Future, ray.ObjectRef
Item = TypeVar("Item")


class _ClusterBackend:
    """What an engine's handles need of a home: their values are there from the start."""

    def wait(self, refs: Sequence[ObjectRef], ended: Signal, timeout: float | None) -> None:
        """All values are there."""

    def expect(self, ref: ObjectRef) -> None:
        """All values are there."""

    def note(self, ref: ObjectRef) -> None:
        """A RemoteRef is refused by pickle."""

    def own(self, ref: ObjectRef, id: int) -> None:
        """The cluster counts its own handle, which goes with this one."""

    def uses(self, store: Store) -> bool:
        """Values are on the cluster."""
        return False

    def story(self, ref: ObjectRef) -> Sequence[str]:
        """Nothing is pending here."""
        return ()

    def aside(self, call: Callable[[], None]) -> None:
        """No thread of ours depends on it."""
        call()


class Engine(_ClusterBackend, ABC):
    """An executor on a cluster. Its results stay there until their handles are dropped."""

    lends = False  # a final array would be memory of this machine

    def __init__(self) -> None:
        self._placed: weakref.WeakKeyDictionary[ObjectRef, ClusterHandle] = (
            weakref.WeakKeyDictionary()
        )

    @abstractmethod
    def run(self, graph: TaskGraph, trace: Trace, progress: Progress | None = None) -> list[Any]:
        """A handle for each output of the graph, in their order; a task's error is raised."""

    @property
    @abstractmethod
    def cluster(self) -> object:
        """What is equal of two engines that can use each other's values in place."""

    @property
    @abstractmethod
    def cores(self) -> int:
        """Tasks that the cluster runs at once."""

    @abstractmethod
    def send(self, values: list[Any]) -> list[ClusterHandle]:
        """Put values onto the cluster."""

    @abstractmethod
    def fetch(self, held: list[ClusterHandle]) -> list[Any]:
        """Values from the cluster; raises ObjectLost."""

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether the connection is gone for good."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the cluster, and end what was started for it; a second call does nothing."""

    def read(self, ref: ObjectRef, writable: bool) -> Any:
        """The value, brought here. Cost: its bytes over the wire."""
        assert isinstance(ref, RemoteRef), "an engine makes no other handles"
        (value,) = self.fetch([ref.remote])
        return copy.deepcopy(value) if writable else value

    def put(self, value: object) -> ObjectRef:
        """A value on the cluster, and a handle on it."""
        (held,) = self.send([value])
        return RemoteRef(self, held, uuid.uuid4().hex, size_of(value))

    def place(self, refs: Iterable[ObjectRef]) -> dict[ObjectRef, ClusterHandle]:
        """The cluster's handles on objects, which are sent where they are missing."""
        found: dict[ObjectRef, ClusterHandle] = {}
        absent: list[ObjectRef] = []
        for ref in dict.fromkeys(refs):
            if isinstance(ref, RemoteRef) and ref.engine.cluster == self.cluster:
                found[ref] = ref.remote
            elif ref in self._placed:
                found[ref] = self._placed[ref]
            else:
                absent.append(ref)
        for group in batches(absent, lambda ref: ref.nbytes):
            sent = dict(zip(group, self.send(list(values(group))), strict=True))
            self._placed.update(sent)
            found |= sent
        return found


class RemoteRef(ObjectRef):
    """A counted handle on a value that a cluster holds; dropping the last one frees it there.

    nbytes: as the task that made it reported.
    """

    __slots__ = ("engine", "name", "remote", "size")

    def __init__(self, engine: Engine, remote: ClusterHandle, name: str, nbytes: int) -> None:
        super().__init__(next(_numbers), b"", engine)
        self.engine = engine
        self.remote = remote
        self.name = name
        self.size = nbytes

    @property
    def nbytes(self) -> int:
        """Bytes of the value."""
        return self.size

    def held(self) -> Any:
        """Raises: ObjectLost: it is not stored here."""
        raise ObjectLost(f"{self!r} is stored on a cluster\n  value() fetches it")

    def __shframe_token__(self) -> str:
        return f"remote-{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        raise RefNotPicklable.for_what("a handle on a value of a cluster")

    def __repr__(self) -> str:
        return f"RemoteRef({self.name}, {self.size} bytes)"


_numbers = itertools.count()  # of RemoteRefs, among themselves


def values(refs: Sequence[ObjectRef]) -> Iterator[Any]:
    """Values of handles in their order; those on a cluster come in batches of BATCH_BYTES."""
    for group in batches(refs, lambda ref: ref.nbytes):
        remote = [ref for ref in group if isinstance(ref, RemoteRef)]
        engines = {id(ref.engine): ref.engine for ref in remote}
        fetched: dict[int, Any] = {}
        for engine in engines.values():
            own = [ref for ref in remote if ref.engine is engine]
            fetched |= zip(map(id, own), engine.fetch([ref.remote for ref in own]), strict=True)
        for ref in group:
            yield fetched.pop(id(ref)) if id(ref) in fetched else ref.value()


def batches(items: Sequence[Item], nbytes: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Runs of items of at most BATCH_BYTES, one item at least."""
    group: list[Item] = []
    total = 0
    for item in items:
        size = nbytes(item)
        if group and total + size > BATCH_BYTES:
            yield group
            group, total = [], 0
        group.append(item)
        total += size
    if group:
        yield group


def brought(graph: TaskGraph, put: Callable[[Any], ObjectRef]) -> TaskGraph:
    """The graph with values of a cluster in this machine's store, for the time of its run."""
    remote = {key: ref for key, ref in graph.data.items() if isinstance(ref, RemoteRef)}
    if not remote:
        return graph
    here = zip(remote, map(put, values(list(remote.values()))), strict=True)
    return dataclasses.replace(graph, data=graph.data | dict(here))


# --- in a process of the cluster -----------------------------------------------------------


_functions: OrderedDict[bytes, Function] = OrderedDict()
_lock = threading.Lock()  # a worker of Dask runs tasks in several threads


def packed_args(task: Task) -> bytes:
    """A task's own arguments, pickled: the cluster's scheduler need not know their types."""
    from shframe.store.codec.pickling import dumps

    assert task.target is None, "a final array is in this machine's memory"
    return dumps(task.args) if task.args else b""


def called(digest: bytes, payload: bytes, args: bytes, inputs: Sequence[Any]) -> Any:
    """Call the function that `digest` names on inputs and a task's own arguments."""
    copies.taken()  # what a task left that failed in this thread
    own = pickle.loads(args) if args else ()
    return frozen(_function(digest, payload)(*inputs, *own))


def _function(digest: bytes, payload: bytes) -> Function:
    with _lock:
        known = _functions.get(digest)
        if known is not None:
            _functions.move_to_end(digest)
            return known
    call, shared = pickle.loads(payload)
    with _lock:
        while len(_functions) >= FUNCTIONS_KEPT:
            _functions.popitem(last=False)
        return _functions.setdefault(digest, Function(call, **shared))


def frozen(value: Any) -> Any:
    """A read-only array: tasks of one process read the same object."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.base is not None and value.flags.writeable:
            value = value.view()  # the task may have kept the array, and write into it
        value.flags.writeable = False
    return value


def size_of(value: Any) -> int:
    """Bytes of a value, without looking into its objects."""
    nbytes = getattr(value, "nbytes", None)
    if isinstance(nbytes, int):
        return nbytes
    if isinstance(value, (list, tuple)):
        return sum(map(size_of, value))
    usage = getattr(value, "memory_usage", None)
    if usage is not None:  # a DataFrame
        return int(usage(deep=False).sum())
    return sys.getsizeof(value)
