"""Lowering of a final array: tasks fill disjoint parts of one lent segment, so that nothing is
copied when they are done. Where the blocks are runs of the array an elementwise program writes
each tile from the cache to its place, and no block is ever held whole.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from shframe.array.expr import nodes
from shframe.array.grid import chunks as grids
from shframe.array.kernels import blockwise
from shframe.array.lower.block_refs import BlockRef, Layer, layer_of, work
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def fill_segment(node: nodes.Result, segment: int, source: Layer) -> Layer:
    """A task a block, which puts it where it belongs in the final array."""
    made = {task.key: task for task in source.tasks}
    whole = {"whole": node.shape, "dtype": node.dtype}
    put = Function(blockwise.put_in_place, **whole)
    streams: dict[Function, Function] = {}
    tasks: list[Task] = []
    places = places_of(node.chunks, node.dtype.itemsize)
    shapes = grids.block_shapes(node.chunks)
    for n, (ref, place, shape) in enumerate(zip(source.about, places, shapes, strict=True)):
        key = Key(f"{node.name}-final", (n,))
        size = work(node, shape, 1)
        task = made.get(ref.key)
        if task is None or ref.view or task.function.call is not blockwise.elementwise:
            own = (ref.view, place)
            tasks.append(Task(key, put, (ref.key,), own, nbytes=size, target=segment))
            continue
        if task.function not in streams:
            program = task.function.shared["program"]
            streams[task.function] = Function(blockwise.stream, program=program, **whole)
        own = (*task.args, place)
        stream = streams[task.function]
        tasks.append(Task(key, stream, task.inputs, own, task.nbytes, True, segment))
    return layer_of((BlockRef(task.key) for task in tasks), tasks)


def places_of(chunks: grids.Chunks, itemsize: int) -> Sequence[blockwise.Destination]:
    """Where each block goes in the final array: the byte at which it begins when blocks are
    runs of the array, else its bounds."""
    if not grids.contiguous(chunks):
        return list(grids.bounds(chunks))
    sizes = (math.prod(shape) * itemsize for shape in grids.block_shapes(chunks))
    return list(itertools.accumulate(sizes, initial=0))[:-1]
