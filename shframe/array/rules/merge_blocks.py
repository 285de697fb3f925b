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
    if not isinstance(node, nodes.Reduce) or not _are_stored(node.sources):
        return node
    if isinstance(node.reducer, UserReduction):  # its functions are of the user's own blocks
        return node
    grid = _merged(node.over, node.axes, _bytes_of(node.sources))
    if grid == node.over:
        return node
    return replace(node, over=grid, sources=tuple(_on(each, grid) for each in node.sources))


def merge_result_blocks(plan: Expr) -> Expr:
    """The plan of a result whose blocks are put together anyway, with larger ones."""
    if not isinstance(plan, nodes.Result) or not isinstance(plan.source, nodes.Elementwise):
        return plan
    node = plan.source
    if not _are_stored(node.sources):
        return plan
    read = max(_bytes_of(node.sources), node.nbytes)
    grid = _merged(node.chunks, tuple(range(node.ndim)), read)
    sources = tuple(_on(each, grid) for each in node.sources)
    made = replace(node, chunks=grid, sources=sources)
    return replace(plan, source=made, chunks=grid)


def _are_stored(sources: tuple[Expr, ...]) -> bool:
    return bool(sources) and all(isinstance(each, nodes.FromArray) for each in sources)


def _bytes_of(sources: tuple[Expr, ...]) -> int:
    return sum(each.nbytes for each in sources if isinstance(each, nodes.Node))


def _on(source: Expr, grid: Chunks) -> Expr:
    assert isinstance(source, nodes.FromArray)
    return replace(source, chunks=grids.fit(grid, source.shape))


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
