"""Assignment: x[index] = value makes a new lazy array, which takes the name of the old one. Only
blocks that hold elements of the index are copied; what the old array was read by stays as it was.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from shframe import session
from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import creation, elementwise, manipulation
from shframe.array.functions.convert import lazy_node, node_of, values_of
from shframe.array.functions.fields import write_field
from shframe.array.functions.indexing import flat_indices, split_index
from shframe.array.functions.numpy_probe import ask
from shframe.array.functions.slicing import basic_part, part
from shframe.array.functions.taking import take_along
from shframe.array.grid import chunks as grids
from shframe.errors import ChunkMismatch


def assigned(x: Node, index: Any, value: Any) -> Node:
    """The array with the elements at an index replaced by a value, which broadcasts to them.

    The value is cast to the array's dtype, as NumPy's assignment does.

    Raises: PositionNotFound, ChunkMismatch for a value of another shape, UnsupportedType.
    Cost: a copy of the blocks that are written into; a mask is not computed if the value is a
        single number, other arrays of indices are.
    """
    if isinstance(index, str):
        return write_field(x, index, value)
    mask = lazy_node(index) if not isinstance(index, tuple) else None
    if isinstance(index, np.ndarray) and index.dtype == np.bool_ and index.shape == x.shape:
        mask = node_of(index)
    given = _cast(value, x)
    if mask is not None and mask.dtype == np.bool_ and mask.shape == x.shape and not given.ndim:
        return elementwise.where(mask, given, x)
    items, arrays = split_index(x, index)
    if not arrays:
        return _assign_part(x, items, given)
    return _at_arrays(x, items, arrays, given)


def _at_arrays(
    x: Node,
    items: list[Any],
    arrays: dict[int, Any],
    value: Node,
    ufunc: np.ufunc | None = None,
) -> Node:
    """The array with the elements at an index that has arrays replaced, or changed by a ufunc."""
    if any(isinstance(want, int) for want in items):
        arrays |= {n: np.asarray(w) for n, w in enumerate(items) if isinstance(w, int)}
        items = [slice(None) if isinstance(want, int) else want for want in items]
    inside = basic_part(x, items)
    made = _put(inside, arrays, value, ufunc)
    if basic_part(x, items) is x:
        return made
    return _assign_part(x, items, made)


def updated(x: Node, index: Any, ufunc: np.ufunc, *values: Any) -> Node:
    """The array that ufunc.at leaves: elements at an index are the ufunc's results of them, and of
    a value if it takes two; one that the index has several times is changed as often.

    Raises: PositionNotFound, ChunkMismatch for a value of another shape, UnsupportedType.
    Cost: as assigned().
    """
    name = f"{ufunc.__name__}.at"
    operands = list(map(node_of, values))
    samples = [np.ones(1, each.dtype) for each in operands]
    ask(lambda: ufunc.at(np.ones(1, x.dtype), [0], *samples), name)
    items, arrays = split_index(x, index)
    if arrays:
        value = operands[0] if operands else creation.zeros((), np.bool_)
        return _at_arrays(x, items, arrays, value, ufunc)
    target = basic_part(x, items)
    made = elementwise.call(ufunc, target, *(_fitted(each, target.shape) for each in operands))
    return _assign_part(x, items, elementwise.astype(made, x.dtype))


def _cast(value: Any, x: Node) -> Node:
    if x.dtype.names and isinstance(value, tuple | list):
        value = ask(lambda: np.asarray(value, x.dtype), "assignment")
    if isinstance(value, bool | int | float | complex | str | bytes | np.generic):
        value = ask(lambda: _in_dtype(value, x.dtype), "assignment")
    return elementwise.astype(node_of(value), x.dtype)


def _in_dtype(value: Any, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """A single value as NumPy puts it into an array: NaN is no integer."""
    made = np.zeros((), dtype)
    made[...] = value
    return made


def _assign_part(x: Node, items: list[Any], value: Node) -> Node:
    """The array with a part at integers and slices replaced."""
    kept = [want for want in items if not isinstance(want, int)]
    target = basic_part(x, items)
    value = _fitted(value, target.shape)
    if not math.prod(target.shape):
        return x
    flips: list[slice] = []
    index: list[slice] = []
    for want, length in zip((w for w in items if w is not None), x.shape, strict=True):
        if isinstance(want, int):
            index.append(slice(want, want + 1, 1))
            continue
        places = range(length)[want]
        back = places.step < 0
        run = places[::-1] if back else places
        index.append(slice(run.start, run[-1] + 1, run.step))
        flips.append(slice(None, None, -1 if back else 1))
    # new axes have length 1; integers get such an axis back
    value = manipulation.reshape(
        value, tuple(n for n, want in zip(value.shape, kept, strict=True) if want is not None)
    )
    value = part(value, tuple(flips))
    value = manipulation.reshape(value, tuple(grids.length_of(want) for want in index))
    grid = tuple(
        tuple(grids.length_of(p) for _, p in grids.cut(lengths, want) if isinstance(p, slice))
        for lengths, want in zip(x.chunks, index, strict=True)
    )
    return nodes.Assign(x, on_grid(value, grid), tuple(index), x.chunks, x.dtype)


def _fitted(value: Node, shape: grids.Shape) -> Node:
    """The value broadcast to a shape; axes of length 1 in front of it are left out."""
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = manipulation.reshape(value, value.shape[1:])
    try:
        return manipulation.broadcast_to(value, shape)
    except ChunkMismatch:
        raise ChunkMismatch(
            f"could not broadcast input array from shape {value.shape} into shape {shape}"
        ) from None


def _put(x: Node, arrays: dict[int, Any], value: Node, ufunc: np.ufunc | None) -> Node:
    """The array with the elements at arrays of indices replaced; of two for one place the last."""
    axes, flat, shape = flat_indices(x, arrays)
    first = axes[0]
    together = list(axes) == list(range(first, first + len(axes)))
    order = list(range(x.ndim))
    if not together:
        order = [*axes, *(n for n in range(x.ndim) if n not in axes)]
        first = 0
    moved = manipulation.permute_dims(x, order)
    ahead, behind = moved.shape[:first], moved.shape[first + len(axes) :]
    lengths = tuple(x.shape[axis] for axis in axes)
    line = manipulation.reshape(moved, (*ahead, math.prod(lengths), *behind))
    fitted = _fitted(value, (*ahead, *shape, *behind))
    if not math.prod(fitted.shape):
        return x
    fitted = manipulation.reshape(fitted, (*ahead, len(flat), *behind))
    made = _put_along(line, flat, fitted, first, ufunc)
    back = manipulation.reshape(made, moved.shape)
    return manipulation.permute_dims(back, np.argsort(order).tolist())


def _put_along(
    x: Node, indices: np.ndarray[Any, Any], value: Node, axis: int, ufunc: np.ufunc | None
) -> Node:
    """The array with the elements of an axis at indices of it replaced, or changed by a ufunc."""
    if ufunc is None:  # of equal indices the last counts: it is the first from behind
        sorted_, at = np.unique(indices[::-1], return_index=True)
        places = len(indices) - 1 - at
    else:
        places = np.argsort(indices, kind="stable")
        sorted_ = indices[places]
    if len(places) != len(indices) or (np.diff(places) < 0).any():
        value = take_along(value, places, axis)
    starts = grids.offsets(x.chunks[axis])
    cuts = tuple(np.searchsorted(sorted_, starts).tolist())
    lengths = tuple(b - a for a, b in itertools.pairwise(cuts) if b > a)
    grid = (*x.chunks[:axis], lengths, *x.chunks[axis + 1 :])
    ref = session.current().put(np.ascontiguousarray(sorted_))
    return nodes.Put(x, on_grid(value, grid), ref, cuts, axis, ufunc, x.chunks, x.dtype)


def put_along_axis(x: Node, indices: Any, values: Any, axis: int | None, /) -> Node:
    """The array with the elements of an axis at an array of indices replaced, as a new array.

    The indices are computed at the call.
    """
    return _put_along_axis(x, values_of(indices), values, axis)


def _put_along_axis(x: Node, wanted: Any, values: Any, axis: int | None) -> Node:
    if axis is None:
        line = manipulation.ravel(x)
        return manipulation.reshape(_put_along_axis(line, wanted, values, 0), x.shape)
    at = axis % x.ndim
    index = [
        np.arange(n).reshape([-1 if k == a else 1 for k in range(x.ndim)])
        for a, n in enumerate(x.shape)
    ]
    index[at] = wanted
    return assigned(x, tuple(index), values)
