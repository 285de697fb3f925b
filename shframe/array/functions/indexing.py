"""Indexing: parts of arrays by integers, slices, masks and arrays of indices. Slices are views; the
indices of a mask are found when it is used, so that each array has a known shape.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import manipulation
from shframe.array.functions.convert import from_array, node_of, values_of
from shframe.array.functions.fields import names_in, read_fields
from shframe.array.functions.slicing import (
    Advanced,
    basic_part,
    bound_index,
    check_mask,
    complete_index,
    width_of,
)
from shframe.array.functions.taking import take_along
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import PositionNotFound, normalize_axis
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType


def item_of(x: Node, index: Any) -> Node:
    """x[index], as NumPy has it.

    Raises: PositionNotFound beyond the ends, UnsupportedType for what is no index.
    Cost: none for integers and slices; a mask or a lazy array of indices is computed at the call.
    """
    names = names_in(index)
    if names is not None:
        return read_fields(x, names)
    items, arrays = split_index(x, index)
    if not arrays:
        return basic_part(x, items)
    if any(isinstance(want, int) for want in items):
        arrays |= {n: np.asarray(w) for n, w in enumerate(items) if isinstance(w, int)}
        items = [slice(None) if isinstance(want, int) else want for want in items]
    return _advanced_part(basic_part(x, items), arrays)


def split_index(x: Node, index: Any) -> tuple[list[Any], dict[int, Advanced]]:
    """An index as integers, slices and None, and the arrays in it by the axis of x[items] that
    each is for, or the first of several."""
    items: list[Any] = []
    arrays: dict[int, Advanced] = {}
    axis = 0
    for want in complete_index(index if isinstance(index, tuple) else (index,), x.ndim):
        if isinstance(want, np.ndarray) and not want.ndim:  # a truth value: all or nothing
            items.append(None)
            arrays[len(items) - 1] = np.flatnonzero(want)
        elif isinstance(want, np.ndarray):
            for n in range(width_of(want)):
                check_mask(want, n, x, axis)
                items.append(slice(None))
                axis += 1
            arrays[len(items) - width_of(want)] = want
        elif want is None:
            items.append(None)
        else:
            items.append(bound_index(want, x.shape[axis], axis))
            axis += 1
    return items, arrays


def _advanced_part(x: Node, arrays: dict[int, Advanced]) -> Node:
    """The elements at arrays of indices, each by the first axis that it is for."""
    axes, flat, shape = flat_indices(x, arrays)
    lengths = tuple(x.shape[axis] for axis in axes)
    first = axes[0]
    if axes != list(range(first, first + len(axes))):
        x = manipulation.moveaxis(x, axes, list(range(len(axes))))
        first = 0
    ahead, behind = x.shape[:first], x.shape[first + len(axes) :]
    if len(axes) > 1:
        x = manipulation.reshape(x, (*ahead, math.prod(lengths), *behind))
    result = take_along(x, flat, first)
    return result if len(shape) == 1 else manipulation.reshape(result, (*ahead, *shape, *behind))


def flat_indices(
    x: Node, arrays: dict[int, Advanced]
) -> tuple[list[int], Advanced, tuple[int, ...]]:
    """The axes that arrays of indices are for, their indices on these axes taken as one, and the
    shape that the arrays broadcast to."""
    axes: list[int] = []
    indices: list[Advanced] = []
    for first, want in sorted(arrays.items()):
        found = want.nonzero() if want.dtype.kind == "b" else (want,)
        axes += range(first, first + len(found))
        indices += found
    try:
        shape = grids.broadcast_shape([each.shape for each in indices], "index arrays")
    except ChunkMismatch as error:
        shapes = " ".join(str(each.shape) for each in indices)
        raise PositionNotFound(
            f"shape mismatch: indexing arrays could not be broadcast together with shapes {shapes}"
        ) from error
    lengths = tuple(x.shape[axis] for axis in axes)
    return axes, _flat(indices, axes, lengths, shape), shape


def _flat(
    indices: list[Advanced], axes: list[int], lengths: tuple[int, ...], shape: tuple[int, ...]
) -> Advanced:
    """Indices on the axes taken as one, in C order."""
    found = [_from_front(*each) for each in zip(indices, lengths, axes, strict=True)]
    flat = found[0]
    for each, length in zip(found[1:], lengths[1:], strict=True):
        flat = flat * length + each
    return np.broadcast_to(flat, shape).reshape(-1)


def _from_front(indices: Advanced, length: int, axis: int) -> Advanced:
    """Indices counted from the front; raises PositionNotFound."""
    found = indices.astype(np.intp, copy=False)
    low, high = (int(found.min()), int(found.max())) if found.size else (0, -1)
    if low < -length or high >= length:
        first = found[(found < -length) | (found >= length)].reshape(-1)[0]
        raise PositionNotFound(f"index {first} is out of bounds for axis {axis} with size {length}")
    return np.where(found < 0, found + length, found) if low < 0 else found


def take(x: Node, indices: Any, /, axis: int | None = None, mode: str = "raise") -> Node:
    """The elements of an axis, or of the raveled array, at an array of integers.

    mode: what an index beyond the ends does: "raise", "wrap" around, or "clip" to the end.
    """
    if axis is None or not x.ndim:
        x, axis = manipulation.ravel(x), axis or 0
    at = normalize_axis(axis, x.ndim)
    wanted = values_of(indices)
    if not wanted.size and isinstance(indices, list):
        wanted = wanted.astype(np.intp)
    if wanted.dtype.kind not in "biu":
        raise UnsupportedType(f"indices must be integers, found {wanted.dtype}")
    wanted = wanted.astype(np.intp) if wanted.dtype.kind == "b" else wanted
    wanted = bounded(wanted, mode, x.shape[at])
    return item_of(x, (slice(None),) * at + (wanted if wanted.ndim else int(wanted),))


def bounded(wanted: Advanced, mode: str, length: int) -> Advanced:
    """Indices with those beyond the ends of an axis brought inside, by the mode."""
    if mode not in ("raise", "wrap", "clip"):
        raise InvalidArgument(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    if mode == "raise" or not length:
        return wanted
    inside = np.clip(wanted, 0, length - 1) if mode == "clip" else wanted % length
    return np.asarray(inside, np.intp)


def nonzero(x: Node, /) -> tuple[Node, ...]:
    """The indices of elements that are not zero, an array for each axis; computes."""
    return tuple(map(from_array, values_of(x).nonzero()))


def flatnonzero(x: Node, /) -> Node:
    """The indices of elements that are not zero in the raveled array; computes."""
    return from_array(values_of(x).reshape(-1).nonzero()[0])


def argwhere(x: Node, /) -> Node:
    """The indices of elements that are not zero, a row each; computes."""
    return from_array(np.argwhere(values_of(x)))


def compress(condition: Any, x: Any, /, axis: int | None = None) -> Node:
    """The elements of an axis where a vector is true."""
    return take(node_of(x), np.flatnonzero(values_of(condition)), axis=axis)
