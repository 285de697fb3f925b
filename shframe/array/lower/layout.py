"""Lowering of what only moves values. Where a new block is part of one old block it is a view
and no task is made; else the task that owns the new block reads what it needs of the old ones.
"""

from __future__ import annotations

import itertools
import math

from shframe.array.expr import nodes
from shframe.array.grid import chunks as grids
from shframe.array.grid import views
from shframe.array.kernels import blockwise
from shframe.array.lower.block_refs import BlockRef, Layer, input_slots, layer_of, work
from shframe.array.lower.shared_output import fill_segment
from shframe.array.lower.values import read_ranges
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def slice_(node: nodes.Slice, sources: tuple[Layer, ...]) -> Layer:
    """Views of the blocks that the index meets."""
    (source,) = sources
    counts = node.source.numblocks
    axes = [
        grids.cut(lengths, want)
        for lengths, want in zip(node.source.chunks, node.index, strict=True)
    ]
    refs = []
    for place in itertools.product(*axes):
        block = grids.number([at for at, _ in place], counts)
        index = tuple(where for _, where in place)
        refs.append(source.about[block].through(views.sliced(index)))
    return layer_of(refs)


def transpose(node: nodes.Transpose, sources: tuple[Layer, ...]) -> Layer:
    """Views with the axes in another order."""
    (source,) = sources
    counts = node.source.numblocks
    view = views.transposed(node.axes)
    refs = []
    for position in grids.positions(node.chunks):
        old = [0] * len(position)
        for new, axis in enumerate(node.axes):
            old[axis] = position[new]
        refs.append(source.about[grids.number(old, counts)].through(view))
    return layer_of(refs)


def expand_dims(node: nodes.ExpandDims, sources: tuple[Layer, ...]) -> Layer:
    """Views with new axes; the order of the blocks stays."""
    index = tuple(None if axis in node.axes else slice(None) for axis in range(node.ndim))
    return layer_of(ref.through(views.sliced(index)) for ref in sources[0].about)


def broadcast_to(node: nodes.BroadcastTo, sources: tuple[Layer, ...]) -> Layer:
    """Views that repeat their block."""
    refs = []
    counts = node.source.numblocks
    blocks = zip(grids.positions(node.chunks), grids.block_shapes(node.chunks), strict=True)
    for position, shape in blocks:
        tail = position[len(position) - len(counts) :]
        old = [0 if n == 1 else at for at, n in zip(tail, counts, strict=True)]
        ref: BlockRef = sources[0].about[grids.number(old, counts)]
        refs.append(ref.through(views.broadcast(shape)))
    return layer_of(refs)


def concat(node: nodes.Concat, sources: tuple[Layer, ...]) -> Layer:
    """The blocks of all sources, in the order of the whole grid."""
    counts = [s.numblocks for s in node.sources if isinstance(s, nodes.Node)]
    owners = [(n, at) for n, c in enumerate(counts) for at in range(c[node.axis])]
    refs = []
    for position in grids.positions(node.chunks):
        n, at = owners[position[node.axis]]
        place = (*position[: node.axis], at, *position[node.axis + 1 :])
        refs.append(sources[n].about[grids.number(place, counts[n])])
    return layer_of(refs)


def rechunk(node: nodes.Rechunk, sources: tuple[Layer, ...]) -> Layer:
    """A view if a new block is part of one old block, else a task that reads parts of several."""
    axes = [
        grids.regroup(old, new) for old, new in zip(node.source.chunks, node.chunks, strict=True)
    ]
    return _assemble(node, node.source, axes, sources[0])


def overlap(node: nodes.Overlap, sources: tuple[Layer, ...]) -> Layer:
    """Views of a stored array; else tasks that read blocks and parts of their neighbours."""
    below = node.source
    if isinstance(below, nodes.FromArray):
        return read_ranges(below, node.ranges)
    axes = [grids.runs_of(old, r) for old, r in zip(below.chunks, node.ranges, strict=True)]
    return _assemble(node, below, axes, sources[0])


def _assemble(
    node: nodes.Node, below: nodes.Node, axes: list[list[list[grids.Run]]], source: Layer
) -> Layer:
    """Blocks put together from runs of others along each axis."""
    counts = below.numblocks
    call = Function(blockwise.assemble, dtype=node.dtype)
    tasks: list[Task] = []
    refs: list[BlockRef] = []
    blocks = zip(grids.positions(node.chunks), grids.block_shapes(node.chunks), strict=True)
    for position, shape in blocks:
        found: list[BlockRef] = []
        targets = []
        for runs in itertools.product(*(axes[n][at] for n, at in enumerate(position))):
            block = grids.number([run.block for run in runs], counts)
            index = tuple(run.source for run in runs)
            found.append(source.about[block].through(views.sliced(index)))
            targets.append(tuple(run.target for run in runs))
        if len(found) == 1:
            refs += found
            continue
        inputs, parts = input_slots(found)
        own = (parts, tuple(targets), shape)
        size = work(node, shape, 1)
        tasks.append(Task(Key(node.name, position), call, inputs, own, nbytes=size))
        refs.append(BlockRef(tasks[-1].key))
    return layer_of(refs, tasks)


def reshape(node: nodes.Reshape, sources: tuple[Layer, ...]) -> Layer:
    """A view where a block keeps its elements, else a task that reads runs of several."""
    (source,) = sources
    call = Function(blockwise.assemble_flat, dtype=node.dtype)
    old = tuple(math.prod(shape) for shape in grids.block_shapes(node.source.chunks))
    new = tuple(math.prod(shape) for shape in grids.block_shapes(node.chunks))
    tasks: list[Task] = []
    refs: list[BlockRef] = []
    shapes = grids.block_shapes(node.chunks)
    for n, (runs, shape) in enumerate(zip(grids.regroup(old, new), shapes, strict=True)):
        first = runs[0]
        if len(runs) == 1 and first.source == slice(0, old[first.block]):
            refs.append(source.about[first.block].through(views.reshaped(shape)))
            continue
        inputs, parts = input_slots(source.about[run.block] for run in runs)
        places = tuple((run.source, run.target) for run in runs)
        size = work(node, shape, 1)
        own = (parts, places, shape)
        tasks.append(Task(Key(node.name, (n,)), call, inputs, own, nbytes=size))
        refs.append(BlockRef(tasks[-1].key))
    return layer_of(refs, tasks)


def take(node: nodes.Take, sources: tuple[Layer, ...]) -> Layer:
    """A task a block, which reads the blocks that hold its elements."""
    (source,) = sources
    counts = node.source.numblocks
    starts = grids.offsets(node.source.chunks[node.axis])
    cuts = grids.offsets(node.chunks[node.axis])
    call = Function(blockwise.take, axis=node.axis, dtype=node.dtype)
    data = Key(f"data-{node.indices.__shframe_token__()}")
    tasks = []
    grid = zip(grids.positions(node.chunks), grids.block_shapes(node.chunks), strict=True)
    for position, shape in grid:
        at = position[node.axis]
        wanted = BlockRef(data, views.sliced((slice(cuts[at], cuts[at + 1]),)), own=False)
        blocks = [
            source.about[
                grids.number((*position[: node.axis], b, *position[node.axis + 1 :]), counts)
            ]
            for b in node.blocks[at]
        ]
        inputs, parts = input_slots([wanted, *blocks])
        own = (parts, tuple(starts[b] for b in node.blocks[at]), shape)
        size = work(node, shape, 1)
        tasks.append(Task(Key(node.name, position), call, inputs, own, nbytes=size))
    layer = layer_of((BlockRef(task.key) for task in tasks), tasks)
    layer.data[data] = node.indices
    return layer


def result(node: nodes.Result, sources: tuple[Layer, ...]) -> Layer:
    """Blocks that tasks made as they are; a task that copies each view and each repetition."""
    if node.final is not None:
        return fill_segment(node, node.final, sources[0])
    call = Function(blockwise.copy)
    seen: set[Key] = set()
    tasks: list[Task] = []
    refs: list[BlockRef] = []
    shapes = grids.block_shapes(node.chunks)
    for n, (ref, shape) in enumerate(zip(sources[0].about, shapes, strict=True)):
        if ref.own and not ref.view and ref.key not in seen:
            seen.add(ref.key)
            refs.append(ref)
            continue
        key = Key(node.name, (n,))
        size = work(node, shape, 1)
        tasks.append(Task(key, call, (ref.key,), (ref.view,), nbytes=size))
        refs.append(BlockRef(key))
    return layer_of(refs, tasks)
