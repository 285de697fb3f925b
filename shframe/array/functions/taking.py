"""Taking: the elements of an axis at an array of indices."""

from __future__ import annotations

import itertools
import math

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
        owners = np.searchsorted(grids.offsets(old), indices, side="right") - 1
        new = _blocks_of(x, owners, axis)
        cuts = itertools.pairwise(grids.offsets(new))
        blocks = tuple(tuple(np.unique(owners[a:b]).tolist()) for a, b in cuts)
    ref = session.current().put(np.ascontiguousarray(indices))
    grid = (*x.chunks[:axis], new, *x.chunks[axis + 1 :])
    return nodes.Take(x, ref, blocks, axis, grid, x.dtype)


def _blocks_of(x: Node, owners: Advanced, axis: int) -> tuple[int, ...]:
    """The lengths of the result's blocks along the axis.

    owners: of each index the block that has it. Where these ascend a block of the result is of one
        of the source, if that is work enough: months of years are then read year by year.
    """
    longest = max(*x.chunks[axis], 1)
    if len(owners) < 2 or (np.diff(owners) < 0).any():
        return grids.even(len(owners), -(-len(owners) // longest))
    others = (max(lengths, default=1) for n, lengths in enumerate(x.chunks) if n != axis)
    least = grids.LEAST_WORK // max(math.prod(others) * x.dtype.itemsize, 1)
    made: list[int] = []
    for run in np.unique(owners, return_counts=True)[1].tolist():
        if made and made[-1] < least and made[-1] + run <= longest:
            made[-1] += run
        else:
            made += grids.even(run, -(-run // longest))
    return tuple(made)
