"""Arrays of indices: those of all elements, of triangles, and of elements of the raveled array."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import creation, elementwise, manipulation
from shframe.array.functions.convert import from_array, node_of, values_of
from shframe.array.functions.slicing import part
from shframe.array.grid.defaults import shape_from
from shframe.errors import InvalidArgument


def indices(dimensions: Any, dtype: Any = int, sparse: bool = False, chunks: Any = "auto") -> Any:
    """The indices of the elements of a grid: of each axis an array of that shape.

    sparse: a tuple of arrays, each as long as its axis and of length 1 along the others.
    """
    shape = shape_from(dimensions)
    lines = [
        part(
            creation.arange(length, dtype=dtype),
            tuple(slice(None) if n == axis else None for n in range(len(shape))),
        )
        for axis, length in enumerate(shape)
    ]
    if sparse:
        return tuple(lines)
    if not lines:
        return creation.zeros((0,), dtype)
    found = [manipulation.broadcast_to(line, shape) for line in lines]
    return manipulation.rechunk(manipulation.stack(found), chunks)


def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C") -> Node:
    """The indices in the raveled array of elements at indices along each axis."""
    shape = shape_from(dims)
    parts = [node_of(each) for each in multi_index]
    if len(parts) != len(shape):
        raise InvalidArgument(f"parameter multi_index must be a sequence of length {len(shape)}")
    if mode == "raise":
        for each, length in zip(parts, shape, strict=True):
            values = values_of(each)
            if values.size and (values.min() < 0 or values.max() >= length):
                raise InvalidArgument("invalid entry in coordinates array")
    strides = _strides(shape, order)
    made: Any = None
    for each, length, stride in zip(parts, shape, strides, strict=True):
        if mode == "wrap":
            each = elementwise.call(np.remainder, each, length)
        elif mode == "clip":
            each = elementwise.clip(each, 0, length - 1)
        step = elementwise.call(np.multiply, elementwise.astype(each, np.intp), stride)
        made = step if made is None else elementwise.call(np.add, made, step)
    return made  # type: ignore[no-any-return]


def _strides(shape: tuple[int, ...], order: str) -> list[int]:
    if order == "F":
        return [math.prod(shape[:n]) for n in range(len(shape))]
    return [math.prod(shape[n + 1 :]) for n in range(len(shape))]


def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Node, ...]:
    """The indices along each axis of elements at indices in the raveled array."""
    lengths = shape_from(shape)
    found = node_of(indices)
    size = math.prod(lengths)
    if found.dtype.kind not in "iu":
        raise InvalidArgument("only int indices permitted")
    values = values_of(found)
    wrong = (values < 0) | (values >= size)
    if wrong.any():
        first = values[wrong].reshape(-1)[0]
        raise InvalidArgument(f"index {first} is out of bounds for array with size {size}")
    made = []
    for length, stride in zip(lengths, _strides(lengths, order), strict=True):
        step = elementwise.call(np.floor_divide, elementwise.astype(found, np.intp), stride)
        made.append(elementwise.call(np.remainder, step, length))
    return tuple(made)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Node, ...]:
    """The indices of the elements at and below the k-th diagonal of a matrix."""
    return tuple(from_array(each) for each in np.tril_indices(n, k, m))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Node, ...]:
    """The indices of the elements at and above the k-th diagonal of a matrix."""
    return tuple(from_array(each) for each in np.triu_indices(n, k, m))


def tril_indices_from(x: Node, /, k: int = 0) -> tuple[Node, ...]:
    """tril_indices() of a matrix."""
    if x.ndim != 2:
        raise InvalidArgument("input array must be 2-d")
    return tril_indices(x.shape[0], k, x.shape[1])


def triu_indices_from(x: Node, /, k: int = 0) -> tuple[Node, ...]:
    """triu_indices() of a matrix."""
    if x.ndim != 2:
        raise InvalidArgument("input array must be 2-d")
    return triu_indices(x.shape[0], k, x.shape[1])
