"""Slicing: an index as users write it, and parts of arrays by integers and slices. They are views:
no task is made for them.
"""

from __future__ import annotations

from operator import index as as_int
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.functions.convert import lazy_node, values_of
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import NotAnIndex, PositionNotFound

Advanced = np.ndarray[Any, Any]


def part(x: Node, index: tuple[Any, ...]) -> Node:
    """x[index] for an index of integers, slices, None and Ellipsis.

    Raises: PositionNotFound beyond the ends.
    """
    items: list[Any] = []
    axis = 0
    for want in complete_index(index, x.ndim):
        items.append(None if want is None else bound_index(want, x.shape[axis], axis))
        axis += want is not None
    return basic_part(x, items)


def complete_index(index: tuple[Any, ...], ndim: int) -> list[Any]:
    """The index with an item for each axis, and arrays where it has sequences or lazy arrays."""
    items = [_as_item(want) for want in index]
    dots = [n for n, want in enumerate(items) if want is Ellipsis]
    used = sum(width_of(want) for want in items)
    if len(dots) > 1 or used > ndim:
        raise PositionNotFound(
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
    lazy = lazy_node(want) is not None
    if lazy or isinstance(want, list | np.ndarray | bool | np.bool_):
        found = values_of(want)
        if isinstance(want, list) and not want:
            found = found.astype(np.intp)
        if found.dtype.kind not in "biu":
            raise NotAnIndex(
                f"arrays used as indices must be of integer (or boolean) type, found {found.dtype}"
            )
        return found if found.ndim or found.dtype.kind == "b" else int(found)
    try:
        return as_int(want)
    except TypeError:
        raise NotAnIndex(
            "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer "
            f"or boolean arrays are valid indices, found {want!r}"
        ) from None


def width_of(want: Any) -> int:
    """How many axes an item of an index is for."""
    if want is None or want is Ellipsis:
        return 0
    return want.ndim if isinstance(want, np.ndarray) and want.dtype.kind == "b" else 1


def check_mask(want: Advanced, n: int, x: Node, axis: int) -> None:
    """Raise PositionNotFound for a mask whose axis `n` is not as long as the array's `axis`."""
    # NumPy takes an axis of a mask that has no elements for one of any length
    if want.dtype.kind == "b" and want.shape[n] not in (0, x.shape[axis]):
        raise PositionNotFound(
            "boolean index did not match indexed array along axis "
            f"{axis}; size of axis is {x.shape[axis]} but size of corresponding boolean axis "
            f"is {want.shape[n]}"
        )


def bound_index(want: slice | int, length: int, axis: int) -> slice | int:
    """A slice with its bounds inside the axis, or an index counted from the front."""
    if isinstance(want, int):
        if not -length <= want < length:
            raise PositionNotFound(
                f"index {want} is out of bounds for axis {axis} with size {length}"
            )
        return want % length
    start, stop, step = want.indices(length)
    count = len(range(start, stop, step))
    return grids.run_of(start, count, step) if count else slice(0, 0, 1)


def basic_part(x: Node, items: list[Any]) -> Node:
    """The part at integers and slices inside the axes, with new axes for each None."""
    index = tuple(want for want in items if want is not None)
    kept = [want for want in items if not isinstance(want, int)]
    new = tuple(n for n, want in enumerate(kept) if want is None)
    whole = (
        isinstance(want, slice) and (want == slice(None) or want == slice(0, length, 1))
        for want, length in zip(index, x.shape, strict=True)
    )
    if not all(whole):
        x = _slice(x, index)
    return with_new_axes(x, new) if new else x


def _slice(x: Node, index: tuple[slice | int, ...]) -> Node:
    inside = tuple(
        bound_index(want, length, n)
        for n, (want, length) in enumerate(zip(index, x.shape, strict=True))
    )
    grid = tuple(
        tuple(
            grids.length_of(part) for _, part in grids.cut(lengths, want) if isinstance(part, slice)
        )
        for lengths, want in zip(x.chunks, inside, strict=True)
        if isinstance(want, slice)
    )
    return nodes.Slice(x, inside, grid, x.dtype)


def with_new_axes(x: Node, axes: tuple[int, ...]) -> Node:
    """New axes of length 1 at these positions of the result, in ascending order."""
    old = iter(x.chunks)
    grid = tuple((1,) if n in axes else next(old) for n in range(x.ndim + len(axes)))
    return nodes.ExpandDims(x, axes, grid, x.dtype)
