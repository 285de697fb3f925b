"""Searching: where values belong, which are among others, and elements by lazy indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import elementwise, manipulation
from shframe.array.functions.calling import call_kernel
from shframe.array.functions.convert import node_of, values_of
from shframe.array.functions.numpy_probe import ask
from shframe.array.functions.taking import take_along
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import NotAnIndex, normalize_axis
from shframe.array.kernels import calculus
from shframe.array.kernels import sorting as kernels
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType


def searchsorted(a: Node, v: Any, /, side: Any = "left", sorter: Any = None) -> Node:
    """The indices in an ascending vector at which values belong, before or behind equal ones.

    sorter: indices that sort `a`; computed at the call.
    Cost: each block of the values reads log(n) elements of each block of the vector.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.searchsorted(xp.arange(5, chunks=2), xp.asarray([1, 3])).compute().tolist()
    [1, 3]
    """
    if a.ndim != 1:
        raise InvalidArgument(f"object of too small depth for desired array: a.ndim is {a.ndim}")
    values = node_of(v)
    samples = (np.empty(0, a.dtype), np.empty(0, values.dtype))
    ask(lambda one, other: np.searchsorted(one, other, side), "searchsorted", *samples)
    if sorter is not None:
        order = values_of(sorter)
        if order.dtype.kind not in "iu":
            raise UnsupportedType("sorter must only contain integers")
        if order.shape != a.shape:
            raise InvalidArgument("sorter.size must equal ary.size")
        a = take_along(a, order.astype(np.intp), 0)
    kind = np.result_type(a.dtype, values.dtype)
    a, values = elementwise.astype(a, kind), elementwise.astype(values, kind)
    labels = [(None,), tuple(range(values.ndim))]
    return call_kernel(
        kernels.search_sorted, [a, values], values.chunks, np.intp, labels=labels, side=str(side)
    )


def digitize(x: Node, bins: Any, right: bool = False) -> Node:
    """The index of the bin of each value; bins ascend or descend, and are computed at the call."""
    edges = values_of(bins)
    ask(lambda values: np.digitize(values, edges, right), "digitize", np.zeros(0, x.dtype))
    side = "left" if right else "right"
    if len(edges) < 2 or edges[0] <= edges[-1]:
        return searchsorted(node_of(edges), x, side=side)
    found = searchsorted(node_of(edges[::-1].copy()), x, side=side)
    return elementwise.call(np.subtract, len(edges), found)


def isin(
    x: Node,
    test_elements: Any,
    /,
    assume_unique: bool = False,
    *,
    invert: bool = False,
    kind: Any = None,
) -> Node:
    """Which elements are among others.

    assume_unique, kind: are NumPy's, and change no result.
    """
    if kind is not None:
        ask(lambda: np.isin([0], [0], kind=kind), "isin")
    tests = manipulation.ravel(node_of(test_elements))
    axes = tuple(range(x.ndim))
    labels = [axes, (None,)]
    return call_kernel(
        kernels.is_in, [x, tests], x.chunks, np.bool_, labels=labels, invert=bool(invert)
    )


def take_along_axis(x: Node, indices: Any, /, axis: int | None = -1) -> Node:
    """The elements of an axis at an array of indices with the same other axes.

    Indices may be lazy: each block of them reads the blocks that hold its elements.
    Raises: IndexError, when computed, for an index beyond the ends.
    """
    wanted = node_of(indices)
    if wanted.dtype.kind not in "iu":
        raise NotAnIndex("`indices` must be an integer array")
    if axis is None:
        if wanted.ndim != 1:
            raise InvalidArgument("when axis=None, `indices` must have a single dimension.")
        x, axis = manipulation.ravel(x), 0
    if x.ndim != wanted.ndim:
        raise InvalidArgument("`indices` and `arr` must have the same number of dimensions")
    at = normalize_axis(axis, x.ndim)
    others = [(*node.shape[:at], *node.shape[at + 1 :]) for node in (x, wanted)]
    shape = list(grids.broadcast_shape(others, "take_along_axis"))
    shape.insert(at, wanted.shape[at])
    merged = grids.unify([_without(x, at), _without(wanted, at)], tuple(shape))
    grid = (*merged[:at], wanted.chunks[at], *merged[at + 1 :])
    wanted = on_grid(wanted, grids.fit(grid, wanted.shape))
    below = grids.fit((*grid[:at], x.chunks[at], *grid[at + 1 :]), x.shape)
    starts = grids.offsets(x.chunks[at])
    labels = [
        tuple(None if n == at else n for n in range(x.ndim)),
        tuple(range(x.ndim)),
    ]
    sources = [on_grid(x, below), wanted]
    return call_kernel(
        kernels.take_along_axis, sources, grid, x.dtype, labels=labels, axis=at, starts=starts
    )


def _without(x: Node, axis: int) -> grids.Chunks:
    """The grid with the axis in one block of length 1, so that it broadcasts."""
    return (*x.chunks[:axis], (1,), *x.chunks[axis + 1 :])


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Node:
    """Linear interpolation between points; these are read whole by each task.

    Raises: InvalidArgument as numpy.interp does.
    """
    node, places, values = (node_of(each) for each in (x, xp, fp))
    if places.ndim != 1 or values.ndim != 1 or places.shape != values.shape:
        raise ChunkMismatch("fp and xp are not of the same length.")
    if not places.shape[0]:
        raise InvalidArgument("array of sample points is empty")
    if period == 0:
        raise InvalidArgument("period must be a non-zero value")
    dtype = np.dtype(np.complex128 if values.dtype.kind == "c" else np.float64)
    whole = [on_grid(each, ((each.shape[0],),)) for each in (places, values)]
    axes = tuple(range(node.ndim))
    how = {"left": left, "right": right, "period": period}
    return call_kernel(
        calculus.interp, [node, *whole], node.chunks, dtype, labels=[axes, (None,), (None,)], **how
    )
