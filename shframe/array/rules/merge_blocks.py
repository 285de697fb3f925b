"""Small neighbouring blocks of stored arrays become larger ones, where the grid is not seen: along
the axes of a reduction, and of a whole result."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from shframe.array.expr import nodes
from shframe.array.expr.reducers import UserReduction
from shframe.array.grid import chunks as grids
from shframe.array.grid.chunks import Axis, Chunks
from shframe.graph.plan.expr import Expr, rebuild


def merge_reduced_blocks(plan: Expr) -> Expr:
    """Reductions of stored arrays read larger blocks along the axes that they reduce."""
    return rebuild(plan, _merge_reduced)


def _merge_reduced(node: Expr) -> Expr:
    if not isinstance(node, nodes.Reduce) or not node.sources:
        return node
    if not all(map(_is_read, node.sources)):
        return node
    if isinstance(node.reducer, UserReduction):  # its functions are of the user's own blocks
        return node
    grid = _merged(node.over, node.axes, _bytes_of(node.sources))
    if grid == node.over:
        return node
    return replace(node, over=grid, sources=_sources_on(node.sources, grid))


def merge_result_blocks(plan: Expr) -> Expr:
    """The plan of a result whose blocks are put together anyway, with larger ones; and with blocks
    that are runs of the result, which are put into it at once."""
    if not isinstance(plan, nodes.Result):
        return plan
    node = plan.source
    sources = node.sources if isinstance(node, nodes.Elementwise) else (node,)
    if not sources or not all(map(_is_read, sources)):
        return plan
    read = max(_bytes_of(sources), node.nbytes)
    grid = node.chunks
    if not grids.contiguous(grid):
        grid = grids.cut_runs(node.shape, math.prod(node.numblocks))
    grid = _merged(grid, tuple(range(node.ndim)), read)
    if grid == node.chunks:
        return plan
    made = _read_on(node, grid)
    return replace(plan, source=made, chunks=grid)


def _is_read(node: Expr) -> bool:
    """Whether a node is what is stored, in whatever order of axes: any grid of it is free."""
    while isinstance(node, nodes.Transpose):
        node = node.source
    return isinstance(node, nodes.FromArray)


def _read_on(node: nodes.Node, grid: Chunks) -> nodes.Node:
    """A node, or elementwise work, on what is stored, on another grid."""
    if isinstance(node, nodes.FromArray):
        return replace(node, chunks=grid)
    if isinstance(node, nodes.Transpose):
        below = {axis: grid[n] for n, axis in enumerate(node.axes)}
        source = _read_on(node.source, tuple(below[n] for n in range(node.ndim)))
        return replace(node, source=source, chunks=grid)
    assert isinstance(node, nodes.Elementwise)
    return replace(node, sources=_sources_on(node.sources, grid), chunks=grid)


def _sources_on(sources: tuple[Expr, ...], grid: Chunks) -> tuple[Expr, ...]:
    """Sources on the part of a grid that they have when they broadcast to it."""
    arrays = [each for each in sources if isinstance(each, nodes.Node)]
    return tuple(_read_on(each, grids.fit(grid, each.shape)) for each in arrays)


def _bytes_of(sources: tuple[Expr, ...]) -> int:
    return sum(each.nbytes for each in sources if isinstance(each, nodes.Node))


def _merged(chunks: Chunks, axes: tuple[int, ...], nbytes: int) -> Chunks:
    """The grid with neighbours along axes joined, the last axis first, while blocks are small
    and many."""
    made = list(chunks)
    for axis in sorted(axes, reverse=True):
        blocks = math.prod(map(len, made))
        room = min(grids.LEAST_WORK * blocks // max(nbytes, 1), blocks // grids.LEAST_BLOCKS)
        if room > 1:
            made[axis] = _joined(made[axis], room)
    return tuple(made)


def _joined(lengths: Axis, count: int) -> Axis:
    """Runs of so many neighbours as one block each, nearly all of one length."""
    runs = -(-len(lengths) // count)
    each, more = divmod(len(lengths), runs)
    cuts = [0, *itertools.accumulate([each + 1] * more + [each] * (runs - more))]
    ends = grids.offsets(lengths)
    return tuple(ends[b] - ends[a] for a, b in itertools.pairwise(cuts))
