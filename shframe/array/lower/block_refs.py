"""Block references: how a layer of an array's plan is described to the layers above it.

A reference is one block, in C order of the grid: the key of a value and what to see of it
(views.py), so that reading, slicing, transposing, broadcasting and concatenating make no task.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shframe.array.expr.nodes import Node, Reductions
from shframe.array.grid import chunks as grids
from shframe.array.grid import views
from shframe.array.grid.chunks import Chunks, Shape
from shframe.array.grid.views import View
from shframe.graph.plan import planner
from shframe.graph.tasks.task import Key, Task


@dataclass(frozen=True, slots=True)
class BlockRef:
    """One block: the key of a task's or an object's value, and the view that the block is."""

    key: Key
    view: View = views.WHOLE
    own: bool = True  # whether a task made the value for this plan

    def through(self, view: View) -> BlockRef:
        """What a view shows of the block."""
        return BlockRef(self.key, self.view + view, self.own)


Layer = planner.Layer[list[BlockRef]]


def layer_of(refs: Iterable[BlockRef], tasks: Iterable[Task] = ()) -> Layer:
    """A layer of these blocks."""
    found = list(refs)
    return Layer([ref.key for ref in found], list(tasks), about=found)


def layer_of_tasks(tasks: list[Task]) -> Layer:
    """A layer of a task a block."""
    return layer_of((BlockRef(task.key) for task in tasks), tasks)


def input_slots(refs: Iterable[BlockRef]) -> tuple[tuple[Key, ...], tuple[tuple[int, View], ...]]:
    """The keys that references need, each once; of each reference the key's slot and the view."""
    slots: dict[Key, int] = {}
    parts = tuple((slots.setdefault(p.key, len(slots)), p.view) for p in refs)
    return tuple(slots), parts


def work(node: Node | Reductions, shape: Shape, n_reads: int = 0) -> int:
    """Bytes that a task reads and writes for a block of this shape."""
    return math.prod(shape) * node.dtype.itemsize * (1 + n_reads)


def operand_blocks(
    chunks: Chunks, sources: Sequence[Any], layers: Sequence[Layer]
) -> Iterable[tuple[Shape, Shape, list[BlockRef]]]:
    """For each position of a grid its block's shape and the blocks of sources that broadcast."""
    counts = [source.numblocks for source in sources]
    shapes = grids.block_shapes(chunks)
    known: dict[Shape, Shape] = {}  # tasks keep their shape: one object for all of a million
    for position, shape in zip(grids.positions(chunks), shapes, strict=True):
        refs = []
        for count, layer in zip(counts, layers, strict=True):
            tail = position[len(position) - len(count) :]
            place = [0 if n == 1 else at for at, n in zip(tail, count, strict=True)]
            refs.append(layer.about[grids.number(place, count)])
        yield position, known.setdefault(shape, shape), refs
