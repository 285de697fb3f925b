"""compute and persist: several lazy objects at once, Delayed among them as one task graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from shframe import session
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.fuse import fused
from shframe.graph.tasks.arguments import plain
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.lazy.argument_packing import LargeValues, packed, unpacked
from shframe.lazy.collection import Collection
from shframe.lazy.delayed import _VALUE, Call, Delayed

CHAINS = 4  # graphs in which one task of so many has one input are looked through for chains
_ATOMS = frozenset({bool, float, int, type(None)})


def compute(*args: Any, progress: bool | None = None, executor: Any = None) -> tuple[Any, ...]:
    """The values of several lazy objects, also of those in lists, tuples and dicts.

    All Delayed run as one graph, in which what they share runs once; frames and arrays follow one
    after another. Anything else is given back as it is. executor: as Collection.compute() has it.

    Examples
    --------
    >>> import shframe as sf
    >>> one = sf.delayed(1)
    >>> sf.compute(one + 1, [one, 5], {"half": one / 2})
    (2, [1, 5], {'half': 0.5})
    >>> sf.shutdown()
    """
    found = _lazy_in(args)
    values = {id(d): ref.value(writable=True) for d, ref in _run(found, progress, executor)}
    for one in found:
        if isinstance(one, Collection):
            values[id(one)] = one.compute(progress=progress, executor=executor)
    return tuple(_replaced(arg, lambda one: values[id(one)]) for arg in args)


def persist(*args: Any, progress: bool | None = None, executor: Any = None) -> tuple[Any, ...]:
    """The same lazy objects, computed now and kept in shared memory.

    Examples
    --------
    >>> import shframe as sf
    >>> total, = sf.persist(sf.delayed(sum)([1, 2]))
    >>> total.compute()
    3
    >>> sf.shutdown()
    """
    found = _lazy_in(args)
    kept: dict[int, Any] = {
        id(d): Delayed(_VALUE, (ref,), {}, d.key) for d, ref in _run(found, progress, executor)
    }
    for one in found:
        if isinstance(one, Collection):
            kept[id(one)] = one.persist(progress=progress, executor=executor)
    return tuple(_replaced(arg, lambda one: kept[id(one)]) for arg in args)


def _lazy_in(args: tuple[Any, ...]) -> list[Any]:
    found: dict[int, Any] = {}

    def take(one: Any) -> Any:
        found[id(one)] = one
        return one

    for arg in args:
        _replaced(arg, take)
    return [*found.values()]


def _replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with the lazy objects in its containers changed."""
    kind = type(value)
    if isinstance(value, (Delayed, Collection)):
        return change(value)
    if kind in (list, tuple, set):
        return kind(_replaced(one, change) for one in value)
    if kind is dict:
        return {_replaced(k, change): _replaced(v, change) for k, v in value.items()}
    return value


def _run(
    found: list[Any], progress: bool | None, executor: Any
) -> Iterator[tuple[Delayed, ObjectRef]]:
    wanted = [one for one in found if isinstance(one, Delayed)]
    if not wanted:
        return iter(())
    return zip(wanted, Collection._run_graph(graph_of(wanted), progress, executor), strict=True)


def graph_of(wanted: list[Delayed]) -> TaskGraph:
    """The task graph of several Delayed. Cost: some 5 us a task."""
    return _Building().graph(wanted)


class _Building:
    """Makes tasks of Delayed, each once; walks with a stack."""

    def __init__(self) -> None:
        self.graph_made = TaskGraph()
        self.data: dict[Any, Key] = {}  # what names an input that is there -> its key
        self.large = LargeValues(lambda value: session.executor().put(value))
        self.kept: list[Any] = []  # what the ids in `data` belong to
        self.found: list[Delayed] = []  # inputs of the task that is being made

    def graph(self, wanted: list[Delayed]) -> TaskGraph:
        """All that they need."""
        graph = self.graph_made
        graph.outputs = tuple(map(key_of, wanted))
        stack = [*wanted]
        tasks, data = graph.tasks, graph.data
        narrow = 0
        while stack:
            one = stack.pop()
            key = key_of(one)
            if key in tasks or key in data:
                continue
            self.found = []
            if one._call is _VALUE and type(one._args[0]) is ObjectRef:
                data[key] = one._args[0]
                continue
            task = tasks[key] = self._task(one, key)
            narrow += len(task.inputs) == 1
            stack.extend(self.found)
        # Fusion costs about as much as running a task that does nothing: worth it for chains.
        return fused(graph) if narrow * CHAINS > len(tasks) else graph

    def _task(self, one: Delayed, key: Key) -> Task:
        args, call = one._args, one._call
        if not one._kwargs:
            split = self._leading(args)
            if split is not None:
                inputs, rest = split
                return Task(key, call.code, inputs, rest)
        what = f"an argument of {call.name}"
        payload, inputs = packed((args, one._kwargs), self._input_of, what)
        return Task(key, _unpacking(call), inputs, (payload,))

    def _leading(self, args: tuple[Any, ...]) -> tuple[tuple[Key, ...], tuple[Any, ...]] | None:
        """Inputs and plain arguments, where inputs come first and all others are plain."""
        count = 0
        for value in args:
            if not isinstance(value, Delayed):
                break
            count += 1
        rest = args[count:]
        for value in rest:
            if type(value) not in _ATOMS and not plain(value):
                return None
        if not count:
            return (), rest
        self.found.extend(args[:count])
        return tuple(map(key_of, args[:count])), rest

    def _input_of(self, value: Any) -> Key | None:
        """The key of an input, wherever it lies in an argument."""
        if isinstance(value, Delayed):
            self.found.append(value)
            return key_of(value)
        if type(value) is ObjectRef:
            return self._key_of_data(value, value)
        if isinstance(value, Collection):
            known = self.data.get(id(value))
            if known is not None:
                return known
            self.kept.append(value)
            return self._key_of_data(id(value), session.executor().put(value.compute()))
        ref = self.large.ref_of(value)
        return None if ref is None else self._key_of_data(ref, ref)

    def _key_of_data(self, name: Any, ref: ObjectRef) -> Key:
        key = self.data.get(name)
        if key is None:
            key = self.data[name] = Key("data", (len(self.data),))
            self.graph_made.data[key] = ref
        return key


def key_of(one: Delayed) -> Key:
    """The key of a Delayed's task."""
    own = one._key
    return Key(one._call.name, (own,)) if type(own) is int else Key(str(own))


def _unpacking(call: Call) -> Function:
    """What a worker calls with packed arguments; one for all calls, so that it travels once."""
    found = call.__dict__.get("unpacking")
    if found is None:
        found = call.__dict__["unpacking"] = Function(_called_unpacked, function=call.code)
    return found


def _called_unpacked(*values: Any, function: Function) -> Any:
    """Called in a worker: the inputs, then the packed arguments."""
    args, kwargs = unpacked(values[-1], values[:-1])
    return function.call(*args, **kwargs)
