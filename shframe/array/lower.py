"""From nodes to tasks, block by block."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from shframe.array import kernels, nodes
from shframe.array.chunks import Chunks, block_shape, grid, pieces, place
from shframe.graph.function import Function
from shframe.graph.planner import Layer
from shframe.graph.task import Key, Task

ARITY = 8

Block = tuple[int, ...]


def by_block(chunks: Chunks, layer: Layer) -> dict[Block, Key]:
    """The layer's keys by block number."""
    return dict(zip(grid(chunks), layer.keys, strict=True))


def nbytes_of(node: nodes.Node, block: Block) -> int:
    """Bytes of a block."""
    return math.prod(block_shape(node.chunks, block)) * node.numpy_dtype.itemsize


def lower_from_object(node: nodes.FromObject, sources: tuple[Layer, ...]) -> Layer:
    data = Key(f"object-{node.ref.ref.id:x}")
    if len(list(grid(node.chunks))) == 1:
        return Layer([data], [], {data: node.ref})
    tasks = [
        Task(
            Key(node.name, block),
            Function(kernels.block_of, place=place(node.chunks, block)),
            (data,),
            nbytes=0,
        )
        for block in grid(node.chunks)
    ]
    return Layer([t.key for t in tasks], tasks, {data: node.ref})


def lower_from_blocks(node: nodes.FromBlocks, sources: tuple[Layer, ...]) -> Layer:
    keys = [Key(node.name, block) for block in grid(node.chunks)]
    return Layer(keys, [], dict(zip(keys, node.refs, strict=True)))


def lower_made(node: nodes.Made, sources: tuple[Layer, ...]) -> Layer:
    tasks = []
    for n, block in enumerate(grid(node.chunks)):
        shape = block_shape(node.chunks, block)
        if node.kind == "full":
            function = Function(
                kernels.made_full, shape=shape, value=node.values[0], dtype=node.dtype
            )
        elif node.kind == "random":
            name, args, seeds = node.values
            function = Function(
                kernels.made_random, name=name, args=args, seed=seeds[n], shape=shape
            )
        else:
            first = place(node.chunks, block)[0].start
            common = {"first": first, "count": shape[0], "dtype": node.dtype}
            if node.kind == "arange":
                start, step = node.values
                function = Function(kernels.made_arange, start=start, step=step, **common)
            else:
                start, stop, num, endpoint = node.values
                function = Function(
                    kernels.made_linspace,
                    start=start,
                    stop=stop,
                    num=num,
                    endpoint=endpoint,
                    **common,
                )
        tasks.append(Task(Key(node.name, block), function, nbytes=nbytes_of(node, block)))
    return Layer([t.key for t in tasks], tasks)


def aligned_key(source: nodes.Node, keys: dict[Block, Key], block: Block) -> Key:
    """The source's block that meets the result's block under broadcasting."""
    offset = len(block) - len(source.chunks)
    return keys[
        tuple(
            0 if len(source.chunks[n]) == 1 else block[offset + n]
            for n in range(len(source.chunks))
        )
    ]


def lower_elementwise(node: nodes.Elementwise, sources: tuple[Layer, ...]) -> Layer:
    keys = [by_block(s.chunks, layer) for s, layer in zip(node.sources, sources, strict=True)]
    function = Function(kernels.elementwise, program=node.program)
    tasks = []
    for block in grid(node.chunks):
        inputs = tuple(aligned_key(s, k, block) for s, k in zip(node.sources, keys, strict=True))
        size = nbytes_of(node, block) * (len(inputs) + 1)
        tasks.append(Task(Key(node.name, block), function, inputs, nbytes=size, fan_in=True))
    return Layer([t.key for t in tasks], tasks)


def lower_reduce(node: nodes.Reduce, sources: tuple[Layer, ...]) -> Layer:
    source = node.source
    keys = by_block(source.chunks, sources[0])
    tasks: list[Task] = []
    parts: dict[Block, Key] = {}
    needs_place = node.name_ in ("argmin", "argmax")
    shared = {"name": node.name_, "axes": node.axes, "kwargs": dict(node.kwargs)}
    common = Function(kernels.partial, start=(), shape=(), **shared)
    for block, key in keys.items():
        function = common
        if needs_place:
            start = tuple(s.start for s in place(source.chunks, block))
            function = Function(kernels.partial, start=start, shape=source.shape, **shared)
        task = Task(
            Key(f"{node.name}-part", block), function, (key,), nbytes=nbytes_of(source, block)
        )
        tasks.append(task)
        parts[block] = task.key
    combine = Function(kernels.combined, name=node.name_)
    outputs = []
    for out in grid(tuple((1,) if n in node.axes else c for n, c in enumerate(source.chunks))):
        group = [
            parts[block]
            for block in itertools.product(
                *(
                    range(len(c)) if n in node.axes else (out[n],)
                    for n, c in enumerate(source.chunks)
                )
            )
        ]
        level = 0
        while len(group) > ARITY:
            made = [
                Task(
                    Key(f"{node.name}-combine", (level, *out, n)),
                    combine,
                    tuple(group[n : n + ARITY]),
                    nbytes=1000,
                )
                for n in range(0, len(group), ARITY)
            ]
            tasks.extend(made)
            group = [task.key for task in made]
            level += 1
        kept = tuple(n for n in range(len(out)) if n not in node.axes)
        shape = tuple(source.chunks[n][out[n]] if n in kept else 1 for n in range(len(out)))
        if not node.keepdims:
            shape = tuple(shape[n] for n in kept)
        final = Function(
            kernels.finished, name=node.name_, shape=shape, dtype=node.dtype, ddof=node.ddof
        )
        task = Task(Key(node.name, out), final, tuple(group), nbytes=1000)
        tasks.append(task)
        outputs.append(task.key)
    return Layer(outputs, tasks)


def lower_slice(node: nodes.Slice, sources: tuple[Layer, ...]) -> Layer:
    """Every block of the result comes from one block of the source."""
    keys = by_block(node.source.chunks, sources[0])
    axes = axis_slices(node.source.chunks, node.index)
    tasks: list[Task] = []
    for chosen in itertools.product(*axes):
        block = tuple(n for n, _ in chosen if n is not None)
        index = tuple(part for _, part in chosen)
        tasks.append(
            Task(
                Key(node.name, (len(tasks),)),
                Function(kernels.taken, index=index),
                (keys[block],),
                nbytes=0,
            )
        )
    return Layer([t.key for t in tasks], tasks)


def axis_slices(chunks: Chunks, index: tuple[Any, ...]) -> list[list[tuple[int | None, Any]]]:
    """For each entry of the index: (source block, index in it) of each block of the result."""
    found: list[list[tuple[int | None, Any]]] = []
    axis = 0
    for entry in index:
        if entry is None:
            found.append([(None, None)])
            continue
        found.append(_one_axis(chunks[axis], entry))
        axis += 1
    return found


def _one_axis(sizes: tuple[int, ...], entry: Any) -> list[tuple[int | None, Any]]:
    length = sum(sizes)
    edges = np.cumsum([0, *sizes]).tolist()
    if isinstance(entry, int):
        n = next(n for n in range(len(sizes)) if edges[n] <= entry < edges[n + 1])
        return [(n, entry - edges[n])]
    start, stop, step = entry.indices(length)
    parts: list[tuple[int | None, Any]] = []
    order = range(len(sizes)) if step > 0 else reversed(range(len(sizes)))
    for n in order:
        low, high = edges[n], edges[n + 1]
        places = range(start, stop, step)
        inside = _within(places, low, high)
        if inside:
            first, last = inside[0] - low, inside[-1] - low
            end = last + (1 if step > 0 else -1)
            parts.append((n, slice(first, end if end >= 0 else None, step)))
    return parts or [(0, slice(0, 0, 1))]


def _within(places: range, low: int, high: int) -> range:
    """The part of an arithmetic range that lies in [low, high)."""
    if not places:
        return places
    step = places.step
    if step > 0:
        first = max(0, -(-(low - places.start) // step))
        last = min(len(places), -(-(high - places.start) // step))
    else:
        first = max(0, -(-(high - 1 - places.start) // step))
        last = min(len(places), (low - places.start) // step + 1)
    return places[first:last] if first < last else range(0)


def lower_transpose(node: nodes.Transpose, sources: tuple[Layer, ...]) -> Layer:
    keys = by_block(node.source.chunks, sources[0])
    function = Function(kernels.transposed, axes=node.axes)
    tasks = []
    for block in grid(node.chunks):
        source = [0] * len(block)
        for n, axis in enumerate(node.axes):
            source[axis] = block[n]
        tasks.append(
            Task(
                Key(node.name, block),
                function,
                (keys[tuple(source)],),
                nbytes=2 * nbytes_of(node, block),
            )
        )
    return Layer([t.key for t in tasks], tasks)


def lower_rechunk(node: nodes.Rechunk, sources: tuple[Layer, ...]) -> Layer:
    """Each new block pulls the pieces that it needs from the old ones."""
    source = node.source
    keys = by_block(source.chunks, sources[0])
    axes = [pieces(old, new) for old, new in zip(source.chunks, node.chunks, strict=True)]
    tasks = []
    for block in grid(node.chunks):
        shape = block_shape(node.chunks, block)
        inputs, parts = [], []
        for combination in itertools.product(*(axes[n][b] for n, b in enumerate(block))):
            inputs.append(keys[tuple(n for n, _, _ in combination)])
            parts.append((tuple(p[1] for p in combination), tuple(p[2] for p in combination)))
        if not inputs:  # a block without elements
            inputs.append(next(iter(keys.values())))
            parts.append((tuple(slice(0, s) for s in shape), tuple(slice(0, s) for s in shape)))
        function = Function(kernels.assembled, shape=shape, parts=tuple(parts))
        tasks.append(
            Task(Key(node.name, block), function, tuple(inputs), nbytes=2 * nbytes_of(node, block))
        )
    return Layer([t.key for t in tasks], tasks)


def lower_reshape(node: nodes.Reshape, sources: tuple[Layer, ...]) -> Layer:
    tasks = [
        Task(
            Key(node.name, block),
            Function(kernels.reshaped, shape=block_shape(node.chunks, block)),
            (key,),
            nbytes=nbytes_of(node, block),
        )
        for block, key in zip(grid(node.chunks), sources[0].keys, strict=True)
    ]
    return Layer([t.key for t in tasks], tasks)


def lower_broadcast(node: nodes.Broadcast, sources: tuple[Layer, ...]) -> Layer:
    keys = by_block(node.source.chunks, sources[0])
    tasks = [
        Task(
            Key(node.name, block),
            Function(kernels.broadcast, shape=block_shape(node.chunks, block)),
            (aligned_key(node.source, keys, block),),
            nbytes=nbytes_of(node, block),
        )
        for block in grid(node.chunks)
    ]
    return Layer([t.key for t in tasks], tasks)


def lower_concat(node: nodes.Concat, sources: tuple[Layer, ...]) -> Layer:
    """No task: the blocks of all sources in one grid."""
    keys: dict[Block, Key] = {}
    offset = 0
    for source, layer in zip(node.sources, sources, strict=True):
        for block, key in by_block(source.chunks, layer).items():
            moved = (*block[: node.axis], block[node.axis] + offset, *block[node.axis + 1 :])
            keys[moved] = key
        offset += len(source.chunks[node.axis])
    return Layer([keys[block] for block in grid(node.chunks)])


def lower_matmul(node: nodes.MatMul, sources: tuple[Layer, ...]) -> Layer:
    a, b = (
        by_block(s.chunks, layer) for s, layer in zip((node.left, node.right), sources, strict=True)
    )
    inner = range(len(node.left.chunks[1]))
    function = Function(kernels.multiplied)
    tasks = []
    for i, j in grid(node.chunks):
        inputs = (*(a[i, k] for k in inner), *(b[k, j] for k in inner))
        tasks.append(Task(Key(node.name, (i, j)), function, inputs, nbytes=None))
    return Layer([t.key for t in tasks], tasks)


def lower_along(node: nodes.Along, sources: tuple[Layer, ...]) -> Layer:
    function = Function(kernels.along, name=node.name_, axis=node.axis, kwargs=dict(node.kwargs))
    tasks = [
        Task(Key(node.name, block), function, (key,), nbytes=2 * nbytes_of(node, block))
        for block, key in zip(grid(node.chunks), sources[0].keys, strict=True)
    ]
    return Layer([t.key for t in tasks], tasks)


def lower_map_blocks(node: nodes.MapBlocks, sources: tuple[Layer, ...]) -> Layer:
    keys = [by_block(s.chunks, layer) for s, layer in zip(node.sources, sources, strict=True)]
    function = Function(
        kernels.by_user, function=node.function, args=node.args, kwargs=dict(node.kwargs)
    )
    tasks = [
        Task(
            Key(node.name, block),
            function,
            tuple(aligned_key(s, k, block) for s, k in zip(node.sources, keys, strict=True)),
        )
        for block in grid(node.chunks)
    ]
    return Layer([t.key for t in tasks], tasks)


def lower_whole(node: nodes.Whole, sources: tuple[Layer, ...]) -> Layer:
    """Sources have one block each."""
    function = Function(
        kernels.of_whole, name=node.function, args=node.args, kwargs=dict(node.kwargs)
    )
    task = Task(Key(node.name), function, tuple(layer.keys[0] for layer in sources))
    return Layer([task.key], [task])
