"""dask_get: Dask's own collections on our executor.

A node of Dask's graph becomes a task. Its pickle is sent with the task; the functions and classes
in it are sent once for all tasks that use the same ones; large values in it are stored once, and
every task reads them in place.
"""

from __future__ import annotations

import io
import pickle
import types
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from shframe import session
from shframe.errors import InvalidArgument
from shframe.graph.executors.cluster import size_of
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.fuse import fused
from shframe.graph.tasks.function import Function, pickled
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.graph.tracing.trace import Trace

LARGE = 64 << 10  # bytes of a value that is stored instead of pickled with its task


def dask_get(dsk: Any, keys: Any, **ignored: Any) -> Any:
    """A scheduler for Dask: runs a Dask graph on the workers of the current session.

    keys: a key, or lists of keys within lists, as Dask's own schedulers take them; the results
        come in tuples of that shape, as ordinary, writable values.
    ignored: options of Dask's schedulers, such as num_workers; the session has its own.

    Raises: what a task raises; NotPicklable for what cannot be sent to a worker; InvalidArgument
        for a key that the graph does not have; ImportError without Dask.
    Cost: some 100 us a task in the caller, to convert and pickle the nodes.

    Examples
    --------
    >>> import dask.array as da, shframe as sf
    >>> int((da.arange(10, chunks=5) + 1).sum().compute(scheduler=sf.dask_get))
    55
    """
    current = session.current()
    conversion = _Conversion(_nodes(dsk), current.put)
    wanted = dict.fromkeys(_flatten(keys))
    graph = conversion.graph(wanted)
    current.last_trace = Trace(notes=["a graph of Dask's"])
    refs = current.where().run(graph, current.last_trace)
    found = {key: ref.value(writable=True) for key, ref in zip(wanted, refs, strict=True)}
    return _nest(keys, found)


def _nodes(dsk: Any) -> dict[Hashable, Any]:
    """The graph as nodes of Dask's task specification, whatever form it has."""
    try:
        from dask._task_spec import convert_legacy_graph
    except ImportError as error:
        raise ImportError(f"dask_get needs Dask: pip install 'shframe[dask]' ({error})") from error
    if not isinstance(dsk, Mapping):
        dsk = dsk.__dask_graph__()  # an expression
    nodes: dict[Hashable, Any] = convert_legacy_graph(dict(dsk))
    return nodes


def _flatten(keys: Any) -> list[Hashable]:
    """All keys in lists within lists."""
    found: list[Hashable] = []
    stack = [keys]
    while stack:
        each = stack.pop()
        if isinstance(each, list):
            stack.extend(reversed(each))
        else:
            found.append(each)
    return found


def _nest(keys: Any, found: dict[Hashable, Any]) -> Any:
    if isinstance(keys, list):
        return tuple(_nest(key, found) for key in keys)
    return found[keys]


class _Conversion:
    """Builds the TaskGraph of some keys of a Dask graph."""

    def __init__(self, nodes: dict[Hashable, Any], put: Callable[[Any], ObjectRef]) -> None:
        from dask._task_spec import Alias, DataNode
        from dask.utils import key_split

        self.nodes = nodes
        self.put = put
        self.alias, self.data_node, self.key_split = Alias, DataNode, key_split
        self.made = TaskGraph()
        self.names: dict[Hashable, Key] = {}
        self.calls: dict[tuple[Any, ...], Function] = {}
        self.large: dict[int, tuple[Key, Any]] = {}  # by id, with the value: it must not be reused

    def graph(self, wanted: Mapping[Hashable, Any]) -> TaskGraph:
        """The tasks for these keys, in which they are the outputs."""
        waiting = [self._target(key) for key in wanted]
        seen = set(waiting)
        while waiting:
            key = waiting.pop()
            node = self.nodes[key]
            if isinstance(node, self.data_node):
                self.made.data[self._name(key)] = self.put(node.value)
                continue
            self.made.add([self._task(key, node)])
            below = {self._target(source) for source in node.dependencies} - seen
            seen |= below
            waiting.extend(below)
        self.made.outputs = tuple(self._name(self._target(key)) for key in wanted)
        return fused(self.made)

    def _target(self, key: Hashable) -> Hashable:
        """What a key stands for, through aliases."""
        while True:
            node = self.nodes.get(key)
            if node is None:
                raise InvalidArgument(
                    f"the Dask graph has no key {key!r}\n"
                    "  results that another scheduler holds (a persist there) cannot be read here"
                )
            if not isinstance(node, self.alias):
                return key
            key = node.target

    def _name(self, key: Hashable) -> Key:
        name = self.names.get(key)
        if name is None:
            name = self.names[key] = Key(self.key_split(key), (len(self.names),))
        return name

    def _task(self, key: Hashable, node: Any) -> Task:
        name = self._name(key)
        sources = tuple(node.dependencies)
        packer = _Packer()
        packed = packer.pack((node, sources))
        kind = (name.name, *map(id, packer.functions))
        if kind not in self.calls:
            self.calls[kind] = Function(NodeCall(name.name, tuple(packer.functions)))
        inputs = [self._store(value) for value in packer.large]
        inputs += [self._name(self._target(source)) for source in sources]
        return Task(name, self.calls[kind], tuple(inputs), (packed,))

    def _store(self, value: Any) -> Key:
        if id(value) not in self.large:
            key = Key("value", (len(self.large),))
            self.large[id(value)] = (key, value)
            self.made.data[key] = self.put(value)
        return self.large[id(value)][0]


class _Packer(pickle.Pickler):
    """Pickles a node without its functions, classes and large values, which it collects."""

    def __init__(self) -> None:
        self.file = io.BytesIO()
        super().__init__(self.file, protocol=5)
        self.functions: list[Any] = []
        self.large: list[Any] = []
        self.indices: dict[int, tuple[bool, int]] = {}

    def pack(self, value: Any) -> bytes:
        """The pickled value; raises NotPicklable."""
        try:
            self.dump(value)
        except Exception:  # cloudpickle can do more; then all of the node is in its pickle
            self.functions, self.large = [], []
            return pickled(value, "a node of the Dask graph")
        return self.file.getvalue()

    def persistent_id(self, value: Any) -> tuple[bool, int] | None:
        """For a value that is not pickled with the node: whether it is large, and its index."""
        kind = type(value)
        if kind in _PLAIN:
            return None
        index = self.indices.get(id(value))
        if index is not None:
            return index
        large = kind.__module__.partition(".")[0] in _BULKY and size_of(value) > LARGE
        if not (large or isinstance(value, _NAMED)):
            return None
        found = self.large if large else self.functions
        index = self.indices[id(value)] = (large, len(found))
        found.append(value)
        return index


_PLAIN = frozenset({str, int, float, bool, bytes, tuple, list, dict, set, frozenset, type(None)})
_NAMED = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)
_BULKY = ("numpy", "pandas", "pyarrow")


class NodeCall:
    """What a worker calls for a node: `functions` are those that all tasks of its kind share."""

    def __init__(self, name: str, functions: tuple[Any, ...]) -> None:
        self.__name__ = name  # for traces and errors
        self.functions = functions

    def __call__(self, *values: Any) -> Any:
        *inputs, packed = values  # the large values of the node come first among the inputs
        node, sources = _Unpacker(packed, self.functions, inputs).load()
        return node(dict(zip(sources, inputs[len(inputs) - len(sources) :], strict=True)))


class _Unpacker(pickle.Unpickler):
    def __init__(self, packed: bytes, functions: tuple[Any, ...], inputs: list[Any]) -> None:
        super().__init__(io.BytesIO(packed))
        self.functions = functions
        self.inputs = inputs

    def persistent_load(self, index: tuple[bool, int]) -> Any:
        large, number = index
        return self.inputs[number] if large else self.functions[number]
