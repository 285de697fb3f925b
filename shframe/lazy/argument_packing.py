"""Packing: a value pickled for a task, without what the task gets as its inputs.

Large values are stored once, however many tasks have them among their arguments; the results of
other tasks are filled in by the worker. Both are found wherever they are inside a value.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable, Sequence
from typing import Any

from shframe.errors import NotPicklable
from shframe.graph.objects.object_ref import ObjectRef
from shframe.store.codec.codec import INLINE_LIMIT
from shframe.store.codec.pickling import Pickler

InputOf = Callable[
    [Any], Any
]  # a value -> the name of the input that it is; None: it is not an input


def pack(value: Any, input_of: InputOf, what: str) -> tuple[bytes, tuple[Any, ...]]:
    """Pickle a value; returns the bytes and its inputs, in the order that `unpack` expects.

    Raises: NotPicklable: names `what`.
    """
    stream = io.BytesIO()
    pickler = _Pickler(stream, input_of)
    try:
        pickler.dump(value)
    except MemoryError:
        raise
    except Exception as error:
        raise NotPicklable(f"{what} cannot be sent to a worker (not picklable): {error}") from error
    return stream.getvalue(), tuple(pickler.inputs)


def unpack(payload: bytes, values: Sequence[Any]) -> Any:
    """In a worker: the value with the values of its inputs."""
    unpickler = _Unpickler(io.BytesIO(payload))
    unpickler.values = values
    return unpickler.load()


class _Pickler(Pickler):
    def __init__(self, stream: io.BytesIO, input_of: InputOf) -> None:
        super().__init__(stream, protocol=5)
        self.input_of = input_of
        self.inputs: dict[Any, int] = {}

    def persistent_id(self, value: Any) -> int | None:
        """Called by pickle for each value."""
        found = self.input_of(value)
        return None if found is None else self.inputs.setdefault(found, len(self.inputs))


class _Unpickler(pickle.Unpickler):
    values: Sequence[Any] = ()

    def persistent_load(self, index: int) -> Any:
        """Called by pickle for each input."""
        return self.values[index]


class LargeValues:
    """The large values among many arguments, each stored once.

    They are known by identity, and kept alive as long as this object.
    """

    def __init__(self, put: Callable[[Any], ObjectRef]) -> None:
        self._put = put
        self._known: dict[int, tuple[Any, ObjectRef]] = {}

    def ref_of(self, value: Any) -> ObjectRef | None:
        """The handle of a large value; None for all other values."""
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        if not is_large(value):
            return None
        ref = self._put(value)
        self._known[id(value)] = value, ref
        return ref


def is_large(value: Any) -> bool:
    """Whether a value is data, and too large to be sent in a message. Cost: microseconds."""
    kind = type(value)
    if kind in (bytes, str, bytearray):
        return len(value) >= INLINE_LIMIT
    family = kind.__module__.partition(".")[0]
    if family == "numpy":
        numpy = sys.modules["numpy"]
        plain = isinstance(value, numpy.ndarray) and not value.dtype.hasobject
        return plain and value.nbytes >= INLINE_LIMIT
    if family == "pandas":
        return _pandas_bytes(value) >= INLINE_LIMIT
    if family in ("pyarrow", "polars"):
        size = getattr(value, "nbytes", 0) or getattr(value, "estimated_size", int)()
        return isinstance(size, int) and size >= INLINE_LIMIT
    return False


def _pandas_bytes(value: Any) -> int:
    usage = getattr(value, "memory_usage", None)
    if usage is None or isinstance(value, type):
        return 0
    try:
        size = usage()
    except TypeError:
        return 0
    return int(size) if isinstance(size, int) else int(sum(size))
