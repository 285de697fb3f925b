"""The task graph of delayed calls: each call is a task, what several of them share runs once."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

from shframe import session
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.fuse import fused
from shframe.graph.tasks.arguments import plain
from shframe.graph.tasks.function import Function, UserCode
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.lazy.argument_packing import LargeValues, pack, unpack
from shframe.lazy.collection import Lazy

CHAINS = 4  # graphs in which one task of so many has one input are searched for chains
_ATOMS = frozenset({bool, float, int, type(None)})
_numbers = itertools.count()


class Call:
    """What the calls of one delayed function share.

    outputs: how many values it returns, for unpacking; None: unknown.
    """

    __slots__ = ("__dict__", "function", "name", "outputs")

    def __init__(self, function: Callable[..., Any], name: str, outputs: int | None) -> None:
        self.function = function
        self.name = name
        self.outputs = outputs

    def __reduce__(self) -> tuple[Any, ...]:
        return Call, (self.function, self.name, self.outputs)

    @functools.cached_property
    def code(self) -> Function:
        """The function that a worker calls with plain arguments."""
        return Function(self.function)

    @functools.cached_property
    def token(self) -> str:
        """Identifies the content of the function."""
        module = getattr(self.function, "__module__", None) or ""
        if module.startswith(("_", "builtins", "operator")):
            return f"{module}.{self.name}"
        return UserCode(self.function).digest


class DelayedCall(Lazy):
    """A call with its arguments, among which there may be other delayed calls.

    key: calls that have the same run once; None: a number, so that it is the only one.
    """

    __slots__ = ("_args", "_call", "_key", "_kwargs")

    def __init__(
        self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any], key: str | None = None
    ) -> None:
        self._call = call
        self._args = args
        self._kwargs = kwargs
        self._key: int | str = next(_numbers) if key is None else key


def _identity(value: Any) -> Any:
    return value


VALUE = Call(_identity, "value", None)  # the call of a value that is there: its only argument


def graph_of(wanted: list[DelayedCall]) -> TaskGraph:
    """The task graph of several delayed values. Cost: some 5 us a task."""
    return _GraphBuilder().graph(wanted)


def tasks_of(one: DelayedCall) -> TaskGraph:
    """The tasks of a delayed value, each as it was called, for a graph that reads it."""
    return _GraphBuilder().graph([one], fuse=False)


class _GraphBuilder:
    """Makes a task of each delayed call, once; walks with a stack."""

    def __init__(self) -> None:
        self.result = TaskGraph()
        self.data: dict[Any, Key] = {}  # identity of an input that exists already -> its key
        self.large = LargeValues(lambda value: session.executor().put(value))
        self.kept: list[Any] = []  # keeps the objects alive whose ids are in `data`
        self.found: list[DelayedCall] = []  # inputs of the task that is being made

    def graph(self, wanted: list[DelayedCall], fuse: bool = True) -> TaskGraph:
        """The tasks that they need; they are its outputs."""
        graph = self.result
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
            if one._call is VALUE and type(one._args[0]) is ObjectRef:
                data[key] = one._args[0]
                continue
            task = tasks[key] = self._task(one, key)
            narrow += len(task.inputs) == 1
            stack.extend(self.found)
        # Fusion costs about as much as running a task that does nothing: worth it for chains.
        return fused(graph) if fuse and narrow * CHAINS > len(tasks) else graph

    def _task(self, one: DelayedCall, key: Key) -> Task:
        args, call = one._args, one._call
        if not one._kwargs:
            split = self._leading(args)
            if split is not None:
                inputs, rest = split
                return Task(key, call.code, inputs, rest)
        what = f"an argument of {call.name}"
        payload, inputs = pack((args, one._kwargs), self._input_of, what)
        return Task(key, _unpacking(call), inputs, (payload,))

    def _leading(self, args: tuple[Any, ...]) -> tuple[tuple[Key, ...], tuple[Any, ...]] | None:
        """Inputs and plain arguments, where inputs come first and all others are plain."""
        count = 0
        for value in args:
            if not isinstance(value, DelayedCall):
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
        """The key of an input, wherever it is inside an argument."""
        if isinstance(value, DelayedCall):
            self.found.append(value)
            return key_of(value)
        if type(value) is ObjectRef:
            return self._key_of_data(value, value)
        if isinstance(value, Lazy):
            known = self.data.get(id(value))
            if known is not None:
                return known
            self.kept.append(value)
            own = value._tasks()
            if own is not None:
                self.result.add(own.tasks.values())
                self.result.data.update(own.data)
                (self.data[id(value)],) = own.outputs
                return own.outputs[0]
            return self._key_of_data(id(value), session.executor().put(value.compute()))
        ref = self.large.ref_of(value)
        return None if ref is None else self._key_of_data(ref, ref)

    def _key_of_data(self, name: Any, ref: ObjectRef) -> Key:
        key = self.data.get(name)
        if key is None:
            key = self.data[name] = Key(f"data-{ref.__shframe_token__()}")
            self.result.data[key] = ref
        return key


def key_of(one: DelayedCall) -> Key:
    """The key of the task of a delayed call."""
    own = one._key
    return Key(one._call.name, (own,)) if type(own) is int else Key(str(own))


def _unpacking(call: Call) -> Function:
    """The function that a worker calls with packed arguments; one for all calls, so that it is sent
    once."""
    found = call.__dict__.get("unpacking")
    if found is None:
        found = call.__dict__["unpacking"] = Function(_call_unpacked, function=call.code)
    return found


def _call_unpacked(*values: Any, function: Function) -> Any:
    """Called in a worker: the inputs, then the packed arguments."""
    args, kwargs = unpack(values[-1], values[:-1])
    return function.call(*args, **kwargs)
