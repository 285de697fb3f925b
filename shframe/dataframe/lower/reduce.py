"""A partial result of each partition, and all of them combined."""

from __future__ import annotations

from shframe.dataframe.expr.relations import Limit, SmallResult
from shframe.dataframe.expr.values import Fold
from shframe.dataframe.kernels import rowwise
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    gather,
    keys_of,
    number_rows,
    per_partition,
)
from shframe.graph.plan.combine_tree import combine_tree
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def lower_fold(node: Fold, sources: tuple[Layer, ...]) -> Layer:
    """Partial results, all of which one task gets: each is a few numbers."""
    partial, final, params = node.kernels
    layer = sources[0]
    keys, before = number_rows(node.source.name, layer) if node.labels else (layer.keys, [])
    parts = per_partition(f"{node.name}-partial", Function(partial, **params), keys)
    last = Task(Key(node.name, (0,)), Function(final, **params), keys_of(parts))
    return Layer([last.key], [*before, *parts, last], about=About())


def lower_small_result(node: SmallResult, sources: tuple[Layer, ...]) -> Layer:
    """A few rows of each partition, combined in a tree."""
    partial, together, params = node.kernels
    layer = sources[0]
    keys, before = number_rows(node.source.name, layer) if node.labels else (layer.keys, [])
    parts = per_partition(f"{node.name}-partial", Function(partial, **params), keys)
    combine = Function(together, last=False, **params)
    final = Function(together, last=True, **params)
    tasks = combine_tree(Key(node.name, (0,)), keys_of(parts), combine, final)
    return Layer([tasks[-1].key], [*before, *parts, *tasks], about=About())


def lower_limit(node: Limit, sources: tuple[Layer, ...]) -> Layer:
    """So many rows of each partition, and of all those."""
    layer, name = sources[0], node.name
    fresh = layer.about.fresh and not node.last
    keys, before = (layer.keys, []) if fresh else number_rows(node.source.name, layer)
    kernel = rowwise.take_last if node.last else rowwise.take_first
    cut = Function(kernel, count=node.count)
    parts = per_partition(f"{name}-part", cut, keys)
    stack = Function(rowwise.stack_and_number if fresh else rowwise.stack)
    joined = gather(f"{name}-joined", stack, parts)
    final = Task(Key(name, (0,)), cut, (joined.key,))
    return Layer([final.key], [*before, *parts, joined, final], about=About())
