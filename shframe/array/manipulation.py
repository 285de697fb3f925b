"""Shapes and order: nothing is computed, blocks are cut and put together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from shframe.array import nodes
from shframe.array.array import Array, normal_axes
from shframe.array.chunks import block_shape, broadcast_shape, regular
from shframe.array.creation import asarray
from shframe.errors import ChunkMismatch, InvalidArgument


def reshape(x: Any, shape: Any) -> Array:
    """The elements, in C order, in another shape; one length may be -1."""
    x = asarray(x)
    asked = _whole_shape(x, tuple(shape) if isinstance(shape, (tuple, list)) else (shape,))
    if asked == x.shape:
        return x
    if x.size == 0 or not asked or not x.shape:
        single = x.rechunk(-1) if x.shape else x
        return Array(nodes.Reshape(tuple((n,) for n in asked), x.expr.dtype, single.expr))
    flat = _flat(x)
    inner = math.prod(asked[1:])
    rows = max(max(flat.chunks[0]) // inner, 1)
    first = regular(asked[0], rows)
    runs = flat.rechunk((tuple(n * inner for n in first),))
    chunks = (first, *((n,) for n in asked[1:]))
    return Array(nodes.Reshape(chunks, x.expr.dtype, runs.expr))


def _whole_shape(x: Array, shape: tuple[Any, ...]) -> tuple[int, ...]:
    lengths = [int(n) for n in shape]
    if lengths.count(-1) > 1:
        raise InvalidArgument(f"reshape to {shape}: one length only may be -1")
    if -1 in lengths:
        known = math.prod(n for n in lengths if n != -1)
        if not known or x.size % known:
            raise ChunkMismatch(f"an array of shape {x.shape} cannot be reshaped to {shape}")
        lengths[lengths.index(-1)] = x.size // known
    if math.prod(lengths) != x.size or any(n < 0 for n in lengths):
        raise ChunkMismatch(f"an array of shape {x.shape} cannot be reshaped to {shape}")
    return tuple(lengths)


def _flat(x: Array) -> Array:
    """Along one axis: blocks are first made runs of whole rows."""
    if x.ndim == 1:
        return x
    rows = x.rechunk((x.chunks[0], *(-1 for _ in x.shape[1:])))
    sizes = tuple(
        math.prod(block_shape(rows.chunks, (n, *(0,) * (x.ndim - 1))))
        for n in range(len(rows.chunks[0]))
    )
    return Array(nodes.Reshape((sizes,), x.expr.dtype, rows.expr))


def ravel(x: Any) -> Array:
    """The elements along one axis, in C order."""
    return reshape(x, (-1,))


def permute_dims(x: Any, axes: Sequence[int]) -> Array:
    """Axes in another order."""
    return asarray(x).transpose(tuple(axes))


def transpose(x: Any, axes: Any = None) -> Array:
    """Axes in another order; reversed when none is named."""
    x = asarray(x)
    return x.transpose() if axes is None else x.transpose(tuple(axes))


def matrix_transpose(x: Any) -> Array:
    """The last two axes exchanged."""
    return asarray(x).mT


def expand_dims(x: Any, axis: int = 0) -> Array:
    """An axis of length 1 put in."""
    x = asarray(x)
    (place,) = normal_axes(axis, x.ndim + 1)
    return x[(*(slice(None),) * place, None)]


def squeeze(x: Any, axis: Any = None) -> Array:
    """Axes of length 1 taken out."""
    x = asarray(x)
    gone = (
        [n for n, length in enumerate(x.shape) if length == 1]
        if axis is None
        else normal_axes(axis, x.ndim)
    )
    for n in gone:
        if x.shape[n] != 1:
            raise InvalidArgument(f"axis {n} of the shape {x.shape} has not length 1")
    return x[tuple(0 if n in gone else slice(None) for n in range(x.ndim))]


def broadcast_to(x: Any, shape: Any) -> Array:
    """The array repeated to a shape."""
    x = asarray(x)
    lengths = tuple(int(n) for n in shape)
    if broadcast_shape(x.shape, lengths) != lengths:
        raise ChunkMismatch(f"an array of shape {x.shape} does not broadcast to {lengths}")
    offset = len(lengths) - x.ndim
    chunks = tuple(
        x.chunks[n - offset] if n >= offset and x.shape[n - offset] == length else (length,)
        for n, length in enumerate(lengths)
    )
    return Array(nodes.Broadcast(chunks, x.expr.dtype, x.expr))


def concat(arrays: Sequence[Any], axis: int | None = 0) -> Array:
    """Arrays one after another along an axis; None flattens them first."""
    given = [asarray(a) for a in arrays]
    if not given:
        raise InvalidArgument("concat() of no array")
    if axis is None:
        given, axis = [ravel(a) for a in given], 0
    first = given[0]
    (place,) = normal_axes(axis, first.ndim)
    for other in given[1:]:
        if _without(other.shape, place) != _without(first.shape, place):
            raise ChunkMismatch(
                f"shapes {first.shape} and {other.shape} do not fit along axis {place}"
            )
    dtype = np.result_type(*(a.dtype for a in given))
    given = [a if a.dtype == dtype else a.astype(dtype) for a in given]
    given = [
        a.rechunk((*first.chunks[:place], a.chunks[place], *first.chunks[place + 1 :]))
        for a in given
    ]
    sizes = tuple(size for a in given for size in a.chunks[place])
    chunks = (*first.chunks[:place], sizes, *first.chunks[place + 1 :])
    return Array(nodes.Concat(chunks, dtype.str, tuple(a.expr for a in given), place))


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def stack(arrays: Sequence[Any], axis: int = 0) -> Array:
    """Arrays of one shape along a new axis."""
    given = [asarray(a) for a in arrays]
    if len({a.shape for a in given}) > 1:
        raise ChunkMismatch(f"stack() of shapes {', '.join(str(a.shape) for a in given)}")
    return concat([expand_dims(a, axis) for a in given], axis)


def flip(x: Any, axis: Any = None) -> Array:
    """The order of elements reversed along axes."""
    x = asarray(x)
    axes = range(x.ndim) if axis is None else normal_axes(axis, x.ndim)
    return x[tuple(slice(None, None, -1) if n in axes else slice(None) for n in range(x.ndim))]


def roll(x: Any, shift: int, axis: int | None = None) -> Array:
    """Elements moved along an axis; those that leave at the end come in at the start."""
    x = asarray(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    (place,) = normal_axes(axis, x.ndim)
    cut = -shift % max(x.shape[place], 1)
    before = (*(slice(None),) * place, slice(None, cut))
    after = (*(slice(None),) * place, slice(cut, None))
    return concat([x[after], x[before]], place)
