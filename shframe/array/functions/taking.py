"""Taking: the elements of an axis at an array of indices."""

from __future__ import annotations

import itertools

import numpy as np

from shframe import session
from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.functions.slicing import Advanced
from shframe.array.grid import chunks as grids


def take_along(x: Node, indices: Advanced, axis: int) -> Node:
    """The elements of one axis at indices of it, in blocks about as long as the old ones.

    indices: one axis, none negative, none beyond the end.
    """
    old = x.chunks[axis]
    new = grids.even(len(indices), -(-len(indices) // max(max(old), 1)))
    starts = grids.offsets(old)
    owners = np.searchsorted(starts, indices, side="right") - 1
    cuts = grids.offsets(new)
    blocks = tuple(tuple(np.unique(owners[a:b]).tolist()) for a, b in itertools.pairwise(cuts))
    ref = session.current().put(np.ascontiguousarray(indices))
    grid = (*x.chunks[:axis], new, *x.chunks[axis + 1 :])
    return nodes.Take(x, ref, blocks, axis, grid, x.dtype)
