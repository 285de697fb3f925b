"""Sorting and order: sort, argsort, partition, topk, lexsort.

A vector of several blocks is sorted by sorting each block, finding where the sorted blocks are to
be cut, and merging what is between two cuts: no task holds more than two blocks of the result.
Of an array of several axes each line is sorted in one block.
"""

from __future__ import annotations

import math
from operator import index as as_int
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.expr.reducers import Largest
from shframe.array.functions import elementwise, manipulation
from shframe.array.functions.calling import call_for_several, call_kernel, whole_along
from shframe.array.functions.fields import read_fields
from shframe.array.functions.numpy_probe import ask, ask_dtype
from shframe.array.functions.reductions import reduced_axes
from shframe.array.functions.searching import take_along_axis
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import normalize_axis
from shframe.array.kernels import sorting as kernels
from shframe.errors import InvalidArgument

FEW_LINES = 8  # of a long axis: each is sorted as a vector


def sort(
    x: Node,
    /,
    axis: int | None = -1,
    kind: Any = None,
    order: Any = None,
    *,
    descending: bool = False,
    stable: bool = True,
) -> Node:
    """The elements in ascending order along an axis, NaN last; of the raveled array when None.

    Equal elements keep their order, whatever `kind` and `stable` say.

    order: fields of records to sort by, ahead of the others.
    Raises: AxisNotFound; InvalidArgument for `order` where there are no such fields.
    Cost: blocks are sorted and merged; an axis of an array with more than 8 lines is gathered
        into one block a line.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.sort(xp.asarray([3, 1, 2], chunks=1)).compute().tolist()
    [1, 2, 3]
    """
    _check_kind(kind)
    return _ordered(x, axis, order, descending, indices=False)


def argsort(
    x: Node,
    /,
    axis: int | None = -1,
    kind: Any = None,
    order: Any = None,
    *,
    descending: bool = False,
    stable: bool = True,
) -> Node:
    """The indices that sort an axis, as sort() does it; those of equal elements ascend.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.argsort(xp.asarray([3, 1, 2], chunks=1)).compute().tolist()
    [1, 2, 0]
    """
    _check_kind(kind)
    return _ordered(x, axis, order, descending, indices=True)


def _check_kind(kind: Any) -> None:
    """Raises what NumPy says of a kind of sort that there is not; all others are one."""
    if kind is not None:
        ask(lambda: np.sort(np.empty(0), kind=kind), "sort")


def _ordered(x: Node, axis: int | None, order: Any, descending: bool, *, indices: bool) -> Node:
    if order is not None:
        return _ordered_by_fields(x, axis, order, descending, indices=indices)
    name = "argsort" if indices else "sort"
    ask_dtype(getattr(np, name), x, name, axis=axis)
    if axis is None or not x.ndim:
        # an array without axes is sorted along its only one; None ravels
        shape = x.shape if axis is not None and not indices else (math.prod(x.shape),)
        line = manipulation.ravel(x)
        return manipulation.reshape(_ordered(line, 0, None, descending, indices=indices), shape)
    at = normalize_axis(axis, x.ndim)
    if not descending:
        return _ascending(x, at, indices)
    # backwards on both sides, so that equal elements keep their order
    found = manipulation.flip(_ascending(manipulation.flip(x, axis=at), at, indices), axis=at)
    return elementwise.call(np.subtract, x.shape[at] - 1, found) if indices else found


def _ordered_by_fields(
    x: Node, axis: int | None, order: Any, descending: bool, *, indices: bool
) -> Node:
    """Records in the order of fields; where these are equal, of the others as they come."""
    if x.dtype.names is None:
        raise InvalidArgument("Cannot specify order when the array has no fields.")
    first = (order,) if isinstance(order, str) else tuple(order)
    wrong = [name for name in first if name not in x.dtype.names]
    if wrong:
        raise InvalidArgument(f"unknown field name: {wrong[0]}")
    rest = tuple(name for name in x.dtype.names if name not in first)
    found = _ordered(read_fields(x, first + rest), axis, None, descending, indices=indices)
    return found if indices else elementwise.astype(read_fields(found, x.dtype.names), x.dtype)


def _ascending(x: Node, axis: int, indices: bool) -> Node:
    lines = math.prod(length for n, length in enumerate(x.shape) if n != axis)
    blocks = len(x.chunks[axis])
    if blocks > 1 and x.ndim == 1:
        return _argsort_vector(x) if indices else sort_vector(x)
    if blocks > 1 and 0 < lines <= FEW_LINES:
        moved = manipulation.moveaxis(x, axis, -1)
        rows = manipulation.reshape(moved, (lines, x.shape[axis]))
        made = [_ascending(row, 0, indices) for row in manipulation.unstack(rows)]
        back = manipulation.reshape(manipulation.stack(made), moved.shape)
        return manipulation.moveaxis(back, -1, axis)
    x = whole_along(x, (axis,))
    kernel = kernels.argsort_block if indices else kernels.sort_block
    dtype = np.dtype(np.intp) if indices else x.dtype
    return call_kernel(kernel, [x], x.chunks, dtype, weight=20, axis=axis)


def sort_vector(x: Node) -> Node:
    """A vector of several blocks in ascending order, on the same grid."""
    runs = call_kernel(kernels.sort_block, [x], x.chunks, x.dtype, weight=20, axis=0)
    ranks = grids.offsets(x.chunks[0])
    cuts = _cuts(runs, ranks)
    return call_kernel(
        kernels.merge_runs,
        [runs, cuts],
        x.chunks,
        x.dtype,
        labels=[(None,), (None, None)],
        with_origin=True,
        ranks=ranks,
    )


def _cuts(runs: Node, ranks: tuple[int, ...]) -> Node:
    """Where the runs are cut, a row for each rank."""
    grid = ((len(ranks),), (len(runs.chunks[0]),))
    over = ((1,), (1,))
    labels = [(None,)]
    return call_kernel(
        kernels.cut_runs, [runs], grid, np.intp, over=over, labels=labels, weight=1, ranks=ranks
    )


def _argsort_vector(x: Node) -> Node:
    made = ((x.chunks, x.dtype), (x.chunks, np.dtype(np.intp)))
    how: dict[str, Any] = {"over": x.chunks, "with_origin": True, "weight": 20}
    runs, _ = call_for_several(kernels.sort_with_indices, [x], made, **how)
    assert isinstance(runs, nodes.Computed)
    ranks = grids.offsets(x.chunks[0])
    pairs = nodes.Computed(runs.source, None, x.chunks, x.dtype)
    return call_kernel(
        kernels.merge_indices,
        [pairs, _cuts(runs, ranks)],
        x.chunks,
        np.intp,
        labels=[(None,), (None, None)],
        with_origin=True,
        ranks=ranks,
    )


def partition(
    x: Node, kth: Any, /, axis: int | None = -1, kind: Any = None, order: Any = None
) -> Node:
    """The array with the kth elements in their sorted places, smaller ones before them.

    It is sorted as a whole, which is one of the orders that NumPy may return.
    """
    ask_dtype(lambda values, **how: np.partition(values, 0, **how), x, "partition", axis=axis)
    length = math.prod(x.shape) if axis is None else x.shape[normalize_axis(axis, x.ndim)]
    _check_places(kth, length)
    return sort(x, axis=axis, order=order)


def argpartition(
    x: Node, kth: Any, /, axis: int | None = -1, kind: Any = None, order: Any = None
) -> Node:
    """The indices that partition() the array: those that sort it."""
    ask_dtype(lambda values, **how: np.argpartition(values, 0, **how), x, "partition", axis=axis)
    length = math.prod(x.shape) if axis is None else x.shape[normalize_axis(axis, x.ndim)]
    _check_places(kth, length)
    return argsort(x, axis=axis, order=order)


def _check_places(kth: Any, length: int) -> None:
    for place in np.atleast_1d(kth).tolist():
        if not -length <= as_int(place) < length:
            raise InvalidArgument(f"kth(={place}) out of bounds ({length})")


def lexsort(keys: Any, axis: int = -1) -> Node:
    """The indices that sort an axis by several keys, the last one first.

    keys: a sequence of arrays of one shape, or an array of them.
    """
    given = list(keys)
    if not given:
        raise InvalidArgument("need sequence of keys with len > 0 in lexsort")
    order = argsort(given[0], axis=axis)
    for key in given[1:]:
        step = argsort(take_along_axis(key, order, axis=axis), axis=axis)
        order = take_along_axis(order, step, axis=axis)
    return order


def topk(x: Node, k: int, /, axis: int = -1) -> Node:
    """The k largest elements of an axis, the largest first; of -k the smallest, smallest first.

    Cost: each block keeps k elements a line, which a tree combines.
    """
    return _top(x, k, axis, indices=False)


def argtopk(x: Node, k: int, /, axis: int = -1) -> Node:
    """The indices of the elements that topk() returns."""
    return _top(x, k, axis, indices=True)


def _top(x: Node, k: int, axis: int, *, indices: bool) -> Node:
    count = as_int(k)
    at = normalize_axis(axis, x.ndim)
    reduced_axes(at, x.ndim)
    kept = min(abs(count), x.shape[at])
    dtype = np.dtype(np.intp) if indices else x.dtype
    grid = tuple((kept,) if n == at else lengths for n, lengths in enumerate(x.chunks))
    reducer = Largest(kept, at, count < 0, indices)
    if not kept:
        return manipulation.rechunk(elementwise.astype(_none_of(x, at), dtype), grid)
    return nodes.Reduce(reducer, (at,), True, (), (x,), x.chunks, grid, dtype)


def _none_of(x: Node, axis: int) -> Node:
    empty = tuple(0 if n == axis else length for n, length in enumerate(x.shape))
    return nodes.Full(np.zeros((), x.dtype)[()], tuple((n,) for n in empty), x.dtype)
