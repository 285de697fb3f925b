"""Taking: the elements of an axis at an array of indices."""

from __future__ import annotations

import itertools

import numpy as np

from shframe import session
from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.functions.slicing import Advanced
from shframe.array.grid import chunks as grids
from shframe.array.grid.defaults import choose_grid


def take_along(x: Node, indices: Advanced, axis: int) -> Node:
    """The elements of one axis at indices of it.

    indices: one axis, none negative, none beyond the end.
    """
    if isinstance(x, nodes.FromArray):  # any grid of it is free: a task sees the whole axis
        grid = (*x.chunks[:axis], (x.shape[axis],), *x.chunks[axis + 1 :])
        shape = tuple(len(indices) if n == axis else k for n, k in enumerate(x.shape))
        others = {n: lengths for n, lengths in enumerate(x.chunks) if n != axis}
        new = choose_grid({**others, axis: "auto"}, shape, x.dtype)[axis]
        x = nodes.on_grid(x, grid)
        blocks = ((0,),) * len(new)
    else:
        old = x.chunks[axis]
        new = grids.even(len(indices), -(-len(indices) // max(max(old), 1)))
        owners = np.searchsorted(grids.offsets(old), indices, side="right") - 1
        cuts = itertools.pairwise(grids.offsets(new))
        blocks = tuple(tuple(np.unique(owners[a:b]).tolist()) for a, b in cuts)
    ref = session.current().put(np.ascontiguousarray(indices))
    grid = (*x.chunks[:axis], new, *x.chunks[axis + 1 :])
    return nodes.Take(x, ref, blocks, axis, grid, x.dtype)
