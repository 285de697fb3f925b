"""Rows moved between partitions: by hash, or by ranges of sorted keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.relations import Shuffled
from shframe.dataframe.kernels import rowwise, shuffle, sorting
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    gather,
    keys_of,
    number_rows,
    parts_for,
    per_partition,
    per_place,
    workers,
)
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task

FEW_ROWS = 1 << 17  # that one task puts in order in less time than it takes to share them


def lower_shuffled(node: Shuffled, sources: tuple[Layer, ...]) -> Layer:
    """Rows with their labels, moved by the hash of their keys."""
    keys, before = number_rows(node.source.name, sources[0])
    layer = replace(sources[0], keys=keys, about=replace(sources[0].about, fresh=False))
    if len(keys) == 1 and node.count in (None, 1):
        return replace(layer, tasks=before)
    made = hash_shuffled(node.name, layer, node.keys, keep_index=True, count=node.count)
    return replace(made, tasks=[*before, *made.tasks])


def hash_shuffled(
    name: str,
    layer: Layer,
    keys: tuple[Any, ...],
    *,
    keep_index: bool,
    count: int | None = None,
) -> Layer:
    """Rows with equal keys brought into one partition; order within a partition is kept.

    keep_index: whether rows keep labels that are a range. count: of partitions; None: as fits.
    """
    count = count or parts_for(layer, max(len(layer.keys), 2 * workers()))
    split = Function(shuffle.split_frame, labels=keys, count=count, keep_index=keep_index)
    splits = per_partition(f"{name}-split", split, layer.keys)
    gathered = [Function(shuffle.gather_frame, place=n) for n in range(count)]
    made = per_place(f"{name}-gather", gathered, keys_of(splits))
    return Layer(keys_of(made), [*splits, *made], about=About(nbytes=layer.about.nbytes))


def stays_a_table(source: Relation) -> bool:
    """Whether no partition has a column of objects where booleans are missing."""
    booleans = any(isinstance(one, np.dtype) and one.kind == "b" for one in source.meta.dtypes)
    return source.settled or not booleans


def by_range(
    name: str, local: list[Task], count: int, how: dict[str, Any], finish: Function
) -> tuple[tuple[Key, ...], list[Task]]:
    """Sorted partitions cut at the same `count - 1` keys; `finish` makes each range of them all.

    how: by, ascending and na_position of the kernels in sorting.py.
    finish: called with what `sorting.begins` found, all partitions, and the range's place.
    """
    keys = keys_of(local)
    samples = per_partition(f"{name}-sample", Function(sorting.take_sample, **how), keys)
    cut = gather(
        f"{name}-cuts", Function(sorting.find_cuts, count=count, few=FEW_ROWS, **how), samples
    )
    begins = per_partition(f"{name}-begins", Function(sorting.find_begins, **how), keys, cut.key)
    offsets = gather(f"{name}-offsets", Function(rowwise.collect), begins)
    sources = (offsets.key, *keys)
    made = [Task(Key(name, (n,)), finish, sources, (n,)) for n in range(count)]
    return keys_of(made), [*local, *samples, cut, *begins, offsets, *made]
