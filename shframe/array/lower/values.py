"""Lowering of what makes values: reads, creation, elementwise programs, products, functions.

What only moves values is lowered in layout.py, reductions in reduce.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from shframe.array.expr import nodes
from shframe.array.grid import chunks as grids
from shframe.array.grid import views
from shframe.array.grid.chunks import Shape
from shframe.array.kernels import blockwise
from shframe.array.lower.block_refs import (
    BlockRef,
    Layer,
    input_slots,
    layer_of,
    layer_of_tasks,
    operand_blocks,
    work,
)
from shframe.errors import ChunkMismatch
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.lazy.delayed_graph import tasks_of


def from_array(node: nodes.FromArray, sources: tuple[Layer, ...]) -> Layer:
    """A view of the one object for each block."""
    return read_ranges(node, [list(itertools.pairwise(grids.offsets(n))) for n in node.chunks])


def read_ranges(node: nodes.FromArray, ranges: Sequence[Sequence[tuple[int, int]]]) -> Layer:
    """A view of the one object for each combination of ranges of its axes."""
    key = Key(f"data-{node.ref.__shframe_token__()}")
    base = views.reshaped(node.stored_shape) if node.in_order else views.WHOLE
    axes = []
    for places, (start, step) in zip(ranges, node.strides, strict=True):
        axes.append([grids.run_of(start + a * step, b - a, step) for a, b in places])
    refs = (
        BlockRef(key, base + views.sliced(index), own=False) for index in itertools.product(*axes)
    )
    layer = layer_of(refs)
    layer.data[key] = node.ref
    return layer


def from_blocks(node: nodes.FromBlocks, sources: tuple[Layer, ...]) -> Layer:
    """An object for each block."""
    keys = [Key(f"data-{ref.__shframe_token__()}") for ref in node.refs]
    layer = layer_of(BlockRef(key, own=False) for key in keys)
    layer.data.update(zip(keys, node.refs, strict=True))
    return layer


def from_delayed(node: nodes.FromDelayed, sources: tuple[Layer, ...]) -> Layer:
    """The tasks of the call, and one that looks at what it returned."""
    graph = tasks_of(node.call)
    check = Function(blockwise.check_value, shape=node.shape, dtype=node.dtype)
    made = Task(Key(node.name, (0,)), check, graph.outputs)
    layer = layer_of([BlockRef(made.key)], [*graph.tasks.values(), made])
    layer.data.update(graph.data)
    return layer


def from_parts(node: nodes.FromParts, sources: tuple[Layer, ...]) -> Layer:
    """What is shown of each part of the other plan, whose tasks come along."""
    layer = node.parts.layer()
    if len(layer.keys) != len(node.chunks[0]):
        raise ChunkMismatch(
            f"there are {len(layer.keys)} partitions now, and {len(node.chunks[0])} were counted"
        )
    shapes = grids.block_shapes(node.chunks)
    layer.about = [
        BlockRef(key, views.shown(node.show, shape), own=False)
        for key, shape in zip(layer.keys, shapes, strict=True)
    ]
    return layer


def full(node: nodes.Full, sources: tuple[Layer, ...]) -> Layer:
    """A task for each shape of a block; equal blocks are the same value."""
    call = Function(blockwise.fill, value=node.value, dtype=node.dtype)
    tasks: dict[Shape, Task] = {}
    refs = []
    for shape in grids.block_shapes(node.chunks):
        if shape not in tasks:
            size = work(node, shape)
            tasks[shape] = Task(Key(node.name, shape), call, (), (shape,), nbytes=size)
        refs.append(BlockRef(tasks[shape].key))
    return layer_of(refs, tasks.values())


def arange(node: nodes.Arange, sources: tuple[Layer, ...]) -> Layer:
    """A task a block."""
    how = {"start": node.start, "step": node.step, "fixed": node.fixed}
    call = Function(blockwise.arange, **how, dtype=node.dtype)
    return layer_of_tasks(
        [
            Task(
                Key(node.name, (n,)),
                call,
                (),
                (low, high),
                nbytes=work(node, (high - low,)),
            )
            for n, (low, high) in enumerate(itertools.pairwise(grids.offsets(node.chunks[0])))
        ]
    )


def eye(node: nodes.Eye, sources: tuple[Layer, ...]) -> Layer:
    """A task a block."""
    call = Function(blockwise.eye, k=node.k, dtype=node.dtype)
    tasks = []
    for n, (rows, columns) in enumerate(grids.bounds(node.chunks)):
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        own = (rows.start, columns.start, shape)
        tasks.append(Task(Key(node.name, (n,)), call, (), own, nbytes=work(node, shape)))
    return layer_of_tasks(tasks)


def random(node: nodes.Random, sources: tuple[Layer, ...]) -> Layer:
    """A task a block, seeded by the block's number."""
    call = Function(
        blockwise.random,
        method=node.method,
        parameters=node.parameters,
        options=dict(node.options),
        seed=node.seed,
        stream=node.stream,
        dtype=node.dtype,
    )
    return layer_of_tasks(
        [
            Task(Key(node.name, (n,)), call, (), (n, shape), nbytes=work(node, shape))
            for n, shape in enumerate(grids.block_shapes(node.chunks))
        ]
    )


def elementwise(node: nodes.Elementwise, sources: tuple[Layer, ...]) -> Layer:
    """A task a block, which runs the whole program."""
    call = Function(blockwise.elementwise, program=node.program, dtype=node.dtype)
    tasks = []
    for position, shape, refs in operand_blocks(node.chunks, node.sources, sources):
        inputs, parts = input_slots(refs)
        size = work(node, shape, len(refs))
        tasks.append(
            Task(Key(node.name, position), call, inputs, (parts, shape), size, fan_in=True)
        )
    return layer_of_tasks(tasks)


def matmul(node: nodes.MatMul, sources: tuple[Layer, ...]) -> Layer:
    """A task a block of the product, which reads a row of blocks and a column of blocks."""
    one, other = sources
    counts, counts2 = node.one.numblocks, node.other.numblocks
    call = Function(blockwise.matmul, dtype=node.dtype)
    tasks = []
    places = zip(grids.positions(node.chunks), grids.block_shapes(node.chunks), strict=True)
    for position, shape in places:
        *batch, i, j = position
        row = [_number((*batch, i, k), counts) for k in range(counts[-1])]
        column = [_number((*batch, k, j), counts2) for k in range(counts2[-2])]
        refs = [one.about[n] for n in row] + [other.about[n] for n in column]
        inputs, parts = input_slots(refs)
        tasks.append(Task(Key(node.name, position), call, inputs, (parts, shape)))
    return layer_of_tasks(tasks)


def _number(position: Shape, counts: Shape) -> int:
    """The number of the block that broadcasts to a position."""
    tail = position[len(position) - len(counts) :]
    return grids.number([0 if n == 1 else p for p, n in zip(tail, counts, strict=True)], counts)


def stored(node: nodes.Stored, sources: tuple[Layer, ...]) -> Layer:
    """The one value."""
    key = Key(f"data-{node.ref.__shframe_token__()}")
    layer = layer_of([BlockRef(key, own=False)])
    layer.data[key] = node.ref
    return layer


def map_blocks(node: nodes.MapBlocks, sources: tuple[Layer, ...]) -> Layer:
    """A task a block, which calls the user's function."""
    call = Function(
        blockwise.map_block,
        function=node.function,
        keywords=dict(node.keywords),
        words=node.words,
        dtype=node.dtype,
        writable=node.writable,
    )
    shapes = list(grids.block_shapes(node.chunks))
    count = len(node.sources) - len(node.words)
    whole = [layer.about[0] for layer in sources[count:]]
    tasks = []
    places = operand_blocks(node.over, node.sources[:count], sources[:count])
    for n, (position, _, refs) in enumerate(places):
        inputs, parts = input_slots([*refs, *whole])
        own = (parts, shapes[n], position if node.with_place else None)
        tasks.append(Task(Key(node.name, position), call, inputs, own))
    return layer_of_tasks(tasks)
