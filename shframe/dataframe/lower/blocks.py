"""Blocks of arrays as partitions, and beside the rows of partitions."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pandas as pd

from shframe.dataframe.expr.blocks import FromBlocks, PlacedBlocks
from shframe.dataframe.kernels import array_blocks
from shframe.dataframe.lower.layer import About, Layer, count_rows, keys_of, number_rows
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def lower_from_blocks(node: FromBlocks, sources: tuple[Layer, ...]) -> Layer:
    """The array's blocks, each looked at as the rows of a partition."""
    from shframe.array.grid.views import apply_view

    named = isinstance(node.meta, pd.Series)
    how = {"show": Function(apply_view), "labels": node.labels, "named": named}
    make = Function(array_blocks.rows_of_block, **how)
    layer = node.array.layer()
    starts = itertools.accumulate((0, *node.lengths[:-1]))
    tasks = [
        Task(Key(node.name, (n,)), make, (ref.key,), (ref.view, start))
        for n, (ref, start) in enumerate(zip(layer.about, starts, strict=True))
    ]
    return _on_top(layer, tasks, tasks, node.nbytes)


def lower_placed_blocks(node: PlacedBlocks, sources: tuple[Layer, ...]) -> Layer:
    """Each partition reads its block; else rows are counted, to find them in the blocks."""
    from shframe.array.grid.views import apply_view

    name, layer = node.name, node.array.layer()
    keys, tasks = number_rows(node.source.name, sources[0])
    how: dict[str, Any] = {"show": Function(apply_view), "name": node.meta.name}
    if node.paired and len(keys) == len(layer.about):
        take = Function(array_blocks.take_block, **how)
        pairs = enumerate(zip(keys, layer.about, strict=True))
        made = [Task(Key(name, (n,)), take, (key, ref.key), (ref.view,)) for n, (key, ref) in pairs]
    else:
        how |= {"views": tuple(ref.view for ref in layer.about), "lengths": node.lengths}
        counts, counting = count_rows(name, keys)
        tasks += counting
        read = (counts, *(ref.key for ref in layer.about))
        takes = [Function(array_blocks.take_blocks, place=n, **how) for n in range(len(keys))]
        made = [
            Task(Key(name, (n,)), take, (key, *read))
            for n, (key, take) in enumerate(zip(keys, takes, strict=True))
        ]
    return _on_top(layer, [*tasks, *made], made, sources[0].about.nbytes)


def _on_top(layer: Any, tasks: list[Task], made: list[Task], nbytes: int | None) -> Layer:
    """The array's tasks and those that read its blocks; made: the partitions among these."""
    about = About(nbytes=nbytes)
    return replace(layer, keys=keys_of(made), tasks=[*layer.tasks, *tasks], about=about)
