"""Lowering of assignment: a task for each block that is written into; the others stay."""

from __future__ import annotations

import itertools

from shframe.array.expr import nodes
from shframe.array.grid import chunks as grids
from shframe.array.grid import views
from shframe.array.kernels import blockwise
from shframe.array.lower.block_refs import BlockRef, Layer, input_slots, layer_of, work
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def assign(node: nodes.Assign, sources: tuple[Layer, ...]) -> Layer:
    """Blocks that the slices meet get their part of the value."""
    source, value = sources
    refs = list(source.about)
    counts = node.source.numblocks
    axes = [grids.cut(lengths, want) for lengths, want in zip(node.chunks, node.index, strict=True)]
    shapes = list(grids.block_shapes(node.chunks))
    call = Function(blockwise.assign, dtype=node.dtype)
    tasks = []
    for n, place in enumerate(itertools.product(*axes)):
        block = grids.number([at for at, _ in place], counts)
        where = tuple(part for _, part in place)
        inputs, parts = input_slots([refs[block], value.about[n]])
        key = Key(node.name, (block,))
        size = work(node, shapes[block], 1)
        tasks.append(Task(key, call, inputs, (parts, where), nbytes=size))
        refs[block] = BlockRef(key)
    return layer_of(refs, tasks)


def put(node: nodes.Put, sources: tuple[Layer, ...]) -> Layer:
    """Blocks that hold an index get their part of the value."""
    source, value = sources
    data = Key(f"data-{node.indices.__shframe_token__()}")
    call = Function(blockwise.put, axis=node.axis, ufunc=node.ufunc, dtype=node.dtype)
    starts = grids.offsets(node.chunks[node.axis])
    touched = [n for n, (a, b) in enumerate(itertools.pairwise(node.cuts)) if b > a]
    number = {block: n for n, block in enumerate(touched)}
    counts = node.value.numblocks
    tasks = []
    refs = []
    grid = zip(grids.positions(node.chunks), grids.block_shapes(node.chunks), strict=True)
    for (position, shape), ref in zip(grid, source.about, strict=True):
        at = position[node.axis]
        if at not in number:
            refs.append(ref)
            continue
        place = (*position[: node.axis], number[at], *position[node.axis + 1 :])
        wanted = views.sliced((slice(node.cuts[at], node.cuts[at + 1]),))
        found = [BlockRef(data, wanted, own=False), ref, value.about[grids.number(place, counts)]]
        inputs, parts = input_slots(found)
        key = Key(node.name, position)
        own = (parts, starts[at])
        tasks.append(Task(key, call, inputs, own, nbytes=work(node, shape, 1)))
        refs.append(BlockRef(key))
    layer = layer_of(refs, tasks)
    layer.data[data] = node.indices
    return layer
