"""Indexing: parts of arrays by places, slices, masks and arrays of places. Slices are views; a
mask's places are found when it is used, so that each array has a known shape.
"""

from __future__ import annotations

import itertools
import math
from operator import index as as_int
from typing import Any

import numpy as np

from shframe import session
from shframe.array import ndarray
from shframe.array.expr import nodes
from shframe.array.functions import creation, manipulation
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import NotAnIndex, PlaceNotFound, normalized_axis
from shframe.errors import ChunkMismatch, UnsupportedType

Advanced = np.ndarray[Any, Any]


def item_of(array: ndarray.Array, index: Any) -> ndarray.Array:
    """array[index], as NumPy has it.

    Raises: PlaceNotFound beyond the ends, UnsupportedType for what is no index.
    Cost: none for places and slices; a mask or an Array of places is computed at the call.
    """
    given = _complete(index if isinstance(index, tuple) else (index,), array.ndim)
    basic: list[Any] = []
    advanced: dict[int, Advanced] = {}
    axis = 0
    for want in given:
        if isinstance(want, np.ndarray):
            for n in range(_width(want)):
                _check_mask(want, n, array, axis)
                basic.append(slice(None))
                axis += 1
            advanced[len(basic) - _width(want)] = want
        elif want is None:
            basic.append(None)
        else:
            basic.append(_bounded(want, array.shape[axis], axis))
            axis += 1
    if not advanced:
        return _basic(array, basic)
    if any(isinstance(want, int) for want in basic):
        advanced |= {n: np.asarray(w) for n, w in enumerate(basic) if isinstance(w, int)}
        basic = [slice(None) if isinstance(want, int) else want for want in basic]
    return _advanced(_basic(array, basic), advanced)


def _complete(index: tuple[Any, ...], ndim: int) -> list[Any]:
    """The index with an item for each axis, and arrays where it has sequences or Arrays."""
    items = [_as_item(want) for want in index]
    dots = [n for n, want in enumerate(items) if want is Ellipsis]
    used = sum(_width(want) for want in items)
    if len(dots) > 1 or used > ndim:
        raise PlaceNotFound(
            f"too many indices for array: array is {ndim}-dimensional, but {used} were indexed"
            if used > ndim
            else "an index can only have a single ellipsis ('...')"
        )
    at = dots[0] if dots else len(items)
    rest = [slice(None)] * (ndim - used)
    return items[:at] + rest + items[at + 1 :]


def _as_item(want: Any) -> Any:
    if want is None or want is Ellipsis or isinstance(want, slice):
        return want
    if isinstance(want, ndarray.Array | list | np.ndarray | bool | np.bool_):
        found = np.asarray(want)
        if isinstance(want, list) and not want:
            found = found.astype(np.intp)
        if found.dtype.kind not in "biu":
            raise NotAnIndex(
                f"arrays used as indices must be of integer (or boolean) type, found {found.dtype}"
            )
        if not found.ndim and found.dtype.kind == "b":
            raise UnsupportedType(
                "a single truth value as an index is not supported\n  use xp.where(mask, x, y)"
            )
        return found if found.ndim else int(found)
    try:
        return as_int(want)
    except TypeError:
        raise NotAnIndex(
            "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer "
            f"or boolean arrays are valid indices, found {want!r}"
        ) from None


def _width(want: Any) -> int:
    """How many axes an item of an index is for."""
    if want is None or want is Ellipsis:
        return 0
    return want.ndim if isinstance(want, np.ndarray) and want.dtype.kind == "b" else 1


def _check_mask(want: Advanced, n: int, array: ndarray.Array, axis: int) -> None:
    if want.dtype.kind == "b" and want.shape[n] != array.shape[axis]:
        raise PlaceNotFound(
            "boolean index did not match indexed array along axis "
            f"{axis}; size of axis is {array.shape[axis]} but size of corresponding boolean axis "
            f"is {want.shape[n]}"
        )


def _bounded(want: slice | int, length: int, axis: int) -> slice | int:
    """A slice with its bounds inside the axis, or a place counted from the front."""
    if isinstance(want, int):
        if not -length <= want < length:
            raise PlaceNotFound(f"index {want} is out of bounds for axis {axis} with size {length}")
        return want % length
    start, stop, step = want.indices(length)
    count = len(range(start, stop, step))
    return grids.run_of(start, count, step) if count else slice(0, 0, 1)


def _basic(array: ndarray.Array, basic: list[Any]) -> ndarray.Array:
    """The part at places and slices, with new axes for each None."""
    node = array.expr
    index = tuple(want for want in basic if want is not None)
    new = tuple(
        n for n, want in enumerate(w for w in basic if not isinstance(w, int)) if want is None
    )
    plain = (
        isinstance(want, slice) and (want == slice(None) or want == slice(0, length, 1))
        for want, length in zip(index, node.shape, strict=True)
    )
    if not all(plain):
        bounded = tuple(
            _bounded(want, length, n)
            for n, (want, length) in enumerate(zip(index, node.shape, strict=True))
        )
        grid = tuple(
            tuple(
                grids.length_of(part)
                for _, part in grids.cut(lengths, want)
                if isinstance(part, slice)
            )
            for lengths, want in zip(node.chunks, bounded, strict=True)
            if isinstance(want, slice)
        )
        node = nodes.Slice(node, bounded, grid, node.dtype)
    result = ndarray.Array(node)
    return manipulation.expand_dims(result, axis=new) if new else result


def _advanced(array: ndarray.Array, wanted: dict[int, Advanced]) -> ndarray.Array:
    """The elements at arrays of places; `wanted` has the first axis that each is for."""
    axes: list[int] = []
    places: list[Advanced] = []
    for first, want in sorted(wanted.items()):
        found = want.nonzero() if want.dtype.kind == "b" else (want,)
        axes += range(first, first + len(found))
        places += found
    try:
        shape = grids.broadcast_shape([each.shape for each in places], "index arrays")
    except ChunkMismatch as error:
        raise PlaceNotFound(f"shape mismatch: {error}") from None
    lengths = tuple(array.shape[axis] for axis in axes)
    flat = _flat(places, axes, lengths, shape)
    place = axes[0]
    if axes != list(range(place, place + len(axes))):
        array = manipulation.moveaxis(array, axes, list(range(len(axes))))
        place = 0
    ahead, behind = array.shape[:place], array.shape[place + len(axes) :]
    if len(axes) > 1:
        array = manipulation.reshape(array, (*ahead, math.prod(lengths), *behind))
    result = _take(array.expr, flat, place)
    return result if len(shape) == 1 else manipulation.reshape(result, (*ahead, *shape, *behind))


def _flat(
    places: list[Advanced], axes: list[int], lengths: tuple[int, ...], shape: tuple[int, ...]
) -> Advanced:
    """Places on the axes taken as one, in C order."""
    flat = np.zeros(shape, np.intp)
    for each, axis, length in zip(places, axes, lengths, strict=True):
        flat = flat * length + _counted(each, length, axis)
    return flat.reshape(-1)


def _counted(places: Advanced, length: int, axis: int) -> Advanced:
    """Places counted from the front; raises PlaceNotFound."""
    found = places.astype(np.intp, copy=False)
    wrong = (found < -length) | (found >= length)
    if wrong.any():
        first = found[wrong].reshape(-1)[0]
        raise PlaceNotFound(f"index {first} is out of bounds for axis {axis} with size {length}")
    return np.where(found < 0, found + length, found)


def _take(node: nodes.Node, places: Advanced, axis: int) -> ndarray.Array:
    """The places of one axis, in a grid of blocks about as long as the old ones."""
    old = node.chunks[axis]
    new = grids.even(len(places), -(-len(places) // max(max(old), 1)))
    starts = grids.offsets(old)
    owners = np.searchsorted(starts, places, side="right") - 1
    cuts = grids.offsets(new)
    blocks = tuple(tuple(np.unique(owners[a:b]).tolist()) for a, b in itertools.pairwise(cuts))
    ref = session.current().put(np.ascontiguousarray(places))
    grid = (*node.chunks[:axis], new, *node.chunks[axis + 1 :])
    return ndarray.Array(nodes.Take(node, ref, blocks, axis, grid, node.dtype))


def take(x: Any, indices: Any, /, axis: int | None = None) -> ndarray.Array:
    """The places of an axis, or of the raveled array, that an array of integers names."""
    array = creation.asarray(x)
    if axis is None or not array.ndim:
        array, axis = manipulation.ravel(array), axis or 0
    place = normalized_axis(axis, array.ndim)
    wanted = np.asarray(indices)
    if not wanted.size and isinstance(indices, list):
        wanted = wanted.astype(np.intp)
    if wanted.dtype.kind not in "biu":
        raise UnsupportedType(f"indices must be integers, found {wanted.dtype}")
    wanted = wanted.astype(np.intp) if wanted.dtype.kind == "b" else wanted
    return item_of(array, (slice(None),) * place + (wanted if wanted.ndim else int(wanted),))


def nonzero(x: Any, /) -> tuple[ndarray.Array, ...]:
    """The places of elements that are not zero, an array for each axis; computes."""
    found = np.asarray(creation.asarray(x)).nonzero()
    return tuple(creation.from_array(each) for each in found)


def flatnonzero(x: Any, /) -> ndarray.Array:
    """The places of elements that are not zero in the raveled array; computes."""
    return nonzero(manipulation.ravel(x))[0]


def argwhere(x: Any, /) -> ndarray.Array:
    """The places of elements that are not zero, a row each; computes."""
    return creation.from_array(np.argwhere(np.asarray(creation.asarray(x))))


def compress(condition: Any, x: Any, /, axis: int | None = None) -> ndarray.Array:
    """The places of an axis where a vector is true."""
    return take(x, np.flatnonzero(np.asarray(condition)), axis=axis)
