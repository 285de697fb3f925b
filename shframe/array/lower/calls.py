"""Lowering of kernels: a task a position of a grid, which calls a function of ours on blocks."""

from __future__ import annotations

import itertools

from shframe.array.expr import nodes
from shframe.array.grid import chunks as grids
from shframe.array.grid.chunks import Shape
from shframe.array.kernels import blockwise
from shframe.array.lower.block_refs import BlockRef, Layer, input_slots, layer_of, layer_of_tasks
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def kernel(node: nodes.Kernel, sources: tuple[Layer, ...]) -> Layer:
    """A task a position, which reads the blocks there, and all along the axes without a label."""
    call = Function(
        blockwise.call_kernel,
        kernel=node.call,
        options=dict(node.options),
        gathered=tuple(None in labels for labels in node.labels),
    )
    counts = [source.numblocks for source in node.sources if isinstance(source, nodes.Node)]
    sizes = [source.nbytes for source in node.sources if isinstance(source, nodes.Node)]
    whole = max(sum(len(layer.about) for layer in sources), 1)
    tasks = []
    origins = itertools.product(*(grids.offsets(axis)[:-1] for axis in node.over))
    for position, origin in zip(grids.positions(node.over), origins, strict=True):
        refs: list[BlockRef] = []
        lengths = []
        for labels, count, layer in zip(node.labels, counts, sources, strict=True):
            found = _numbers(labels, count, position)
            refs += [layer.about[n] for n in found]
            lengths.append(len(found))
        inputs, parts = input_slots(refs)
        own = (parts, tuple(lengths), origin if node.with_origin else None)
        size = max(1, sum(sizes) * len(refs) // whole)
        # the blocks that are gathered are computed side by side, not in the task that reads them
        alone = all(length == 1 for length in lengths)
        tasks.append(Task(Key(node.name, position), call, inputs, own, nbytes=size, fan_in=alone))
    return layer_of_tasks(tasks)


def _numbers(labels: tuple[int | None, ...], counts: Shape, position: Shape) -> list[int]:
    """The numbers of a source's blocks that a position reads."""
    axes = [
        range(count) if label is None else [0 if count == 1 else position[label]]
        for label, count in zip(labels, counts, strict=True)
    ]
    return [grids.number(place, counts) for place in itertools.product(*axes)]


def computed(node: nodes.Computed, sources: tuple[Layer, ...]) -> Layer:
    """The kernel's own blocks, or a task a block that reads its item of a tuple."""
    (source,) = sources
    if node.number is None:
        return layer_of(source.about)
    call = Function(blockwise.item, number=node.number)
    return layer_of_tasks(
        [
            Task(Key(node.name, (n,)), call, (ref.key,), nbytes=1)
            for n, ref in enumerate(source.about)
        ]
    )
