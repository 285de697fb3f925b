"""Lowering of reductions and running results: a partial result a block, then a tree or a chain
whose shape depends on the grid alone, so that two runs return the same bits.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

from shframe.array.expr import nodes
from shframe.array.expr.reducers import is_associative, own_dtype
from shframe.array.grid import chunks as grids
from shframe.array.grid.chunks import Shape
from shframe.array.kernels import reducing
from shframe.array.lower.block_refs import (
    BlockRef,
    Layer,
    input_slots,
    layer_of,
    layer_of_tasks,
    operand_blocks,
    work,
)
from shframe.graph.plan.combine_tree import ARITY, combine_tree
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task

Reduction = nodes.Reduce | nodes.Reductions


def reduce(node: Reduction, sources: tuple[Layer, ...]) -> Layer:
    """A partial result a block, and a tree that combines those of the reduced axes."""
    call = Function(
        reducing.partial,
        program=node.program,
        reducer=node.reducer,
        axes=node.axes,
        whole=grids.shape_of(node.over),
    )
    name = f"{node.name}-part"
    several = _blocks_a_task(node)
    if several > 1:
        return _by_groups(node, sources, call, several)
    placed = not node.reducer.tiled
    own: tuple[Any, ...] = ()
    tasks: list[Task] = []
    groups: dict[Shape, list[Task]] = {}
    origins = itertools.product(*(grids.offsets(axis)[:-1] for axis in node.over))
    places = operand_blocks(node.over, node.sources, sources)
    for (position, shape, refs), origin in zip(places, origins, strict=True):
        inputs, parts = input_slots(refs)
        if (parts, shape, origin if placed else ()) != own:  # else the block before has the same
            own = (parts, shape, origin if placed else ())
        size = work(node, shape, len(refs))
        key = Key(name, position)
        tasks.append(Task(key, call, inputs, own, nbytes=size, fan_in=True))
        kept = tuple(0 if n in node.axes else at for n, at in enumerate(position))
        groups.setdefault(kept, []).append(tasks[-1])
    return layer_of(_combine(node, groups, tasks), tasks)


MOST_BLOCKS = 256  # so that the arguments of a task stay short


def _blocks_a_task(node: Reduction) -> int:
    """How many neighbouring blocks of a fine grid one task reduces; depends on the grid alone."""
    blocks = math.prod(map(len, node.over))
    read = sum(each.nbytes for each in node.sources if isinstance(each, nodes.Node))
    fit = grids.LEAST_WORK * blocks // max(read, 1)
    return max(1, min(fit, blocks // grids.LEAST_BLOCKS, MOST_BLOCKS))


def _by_groups(node: Reduction, sources: tuple[Layer, ...], call: Function, several: int) -> Layer:
    """A partial result for so many blocks that are combined anyway, in their order."""
    placed = not node.reducer.tiled
    found: dict[Shape, list[Any]] = {}
    origins = itertools.product(*(grids.offsets(axis)[:-1] for axis in node.over))
    places = operand_blocks(node.over, node.sources, sources)
    for (position, shape, refs), origin in zip(places, origins, strict=True):
        kept = tuple(0 if n in node.axes else at for n, at in enumerate(position))
        found.setdefault(kept, []).append((refs, shape, origin if placed else ()))
    call = Function(reducing.partials, **call.shared)
    tasks: list[Task] = []
    groups: dict[Shape, list[Task]] = {}
    for kept, blocks in found.items():
        for number in range(0, len(blocks), several):
            group = blocks[number : number + several]
            inputs, parts = input_slots(ref for refs, _, _ in group for ref in refs)
            own = (parts, tuple((len(refs), shape, origin) for refs, shape, origin in group))
            size = sum(work(node, shape, len(refs)) for refs, shape, _ in group)
            key = Key(f"{node.name}-part", (*kept, number))
            tasks.append(Task(key, call, inputs, own, nbytes=size, fan_in=True))
            groups.setdefault(kept, []).append(tasks[-1])
    return layer_of(_combine(node, groups, tasks), tasks)


def _combine(node: Reduction, groups: dict[Shape, list[Task]], tasks: list[Task]) -> list[BlockRef]:
    """The refs of the result; the tasks of the tree are added to `tasks`."""
    combine = Function(reducing.combine, reducer=node.reducer)
    finish = Function(
        reducing.finish, reducer=node.reducer, drop=() if node.keepdims else node.axes
    )
    refs = []
    for place, parts in groups.items():
        kept = tuple(1 if n in node.axes else node.over[n][at] for n, at in enumerate(place))
        size = work(node, kept, ARITY)
        result = Key(node.name, place)
        tasks += combine_tree(result, [task.key for task in parts], combine, finish, size)
        refs.append(BlockRef(result))
    return refs


def scan(node: nodes.Scan, sources: tuple[Layer, ...]) -> Layer:
    """The running result of each block, and a chain of what is carried from block to block.

    For an associative ufunc the totals of the blocks are made side by side, and only joined
    in the chain; for another one each running result goes on from the last of the one before it.
    """
    dtype = own_dtype(node.ufunc, node.dtype)
    how = {"ufunc": node.ufunc, "axis": node.axis, "dtype": dtype}
    free = is_associative(node.ufunc, node.dtype)
    run = Function(reducing.scan if free else reducing.scan_on, **how, result=node.dtype)
    total, join = (
        Function(reducing.total, **how),
        Function(reducing.join_totals, ufunc=node.ufunc),
    )
    last = Function(reducing.take_last, axis=node.axis)
    before: dict[Shape, Key] = {}
    tasks: list[Task] = []
    ends: list[Task] = []
    for position, shape, (ref,) in operand_blocks(node.chunks, (node.source,), sources):
        line = (*position[: node.axis], 0, *position[node.axis + 1 :])
        ahead = (before[line],) if line in before else ()
        size = work(node, shape, 1)
        keys, own = (ref.key, *ahead), (ref.view,)
        ends.append(Task(Key(node.name, position), run, keys, own, nbytes=size))
        if position[node.axis] == node.numblocks[node.axis] - 1:
            continue
        key = Key(f"{node.name}-total", position)
        if free:
            tasks.append(Task(key, total, (ref.key,), own, nbytes=size))
        else:
            tasks.append(Task(key, last, (ends[-1].key,), nbytes=size))
        if free and ahead:
            key = Key(f"{node.name}-before", position)
            tasks.append(Task(key, join, (*ahead, tasks[-1].key), nbytes=size))
        before[line] = key
    layer = layer_of_tasks(ends)
    layer.tasks += tasks
    return layer
