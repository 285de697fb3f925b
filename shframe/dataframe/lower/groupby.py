"""Aggregations of groups: partial ones combined in a tree or by ranges, or whole groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.relations import Aggregate
from shframe.dataframe.kernels import (
    aggregate,
    custom_aggregation,
    group_results,
    row_order,
    shuffle,
    sorting,
)
from shframe.dataframe.kernels.aggregation import is_coded, is_decomposable, key_columns
from shframe.dataframe.kernels.custom_aggregation import CustomAggregation
from shframe.dataframe.lower.estimates import most_groups
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    keys_of,
    number_rows,
    partition_bytes,
    parts_for,
    per_partition,
    per_place,
    workers,
)
from shframe.dataframe.lower.shuffle import by_range, hash_shuffled, stays_a_table
from shframe.dataframe.lower.whole import run_whole
from shframe.graph.plan.combine_tree import combine_tree
from shframe.graph.tasks.function import Function, UserCode
from shframe.graph.tasks.task import Key, Task

AT_ONCE = 1 << 20  # bytes of one partition that pandas aggregates at once: it takes fewer steps
MOST_AT_ONCE = 4  # partitions, as large as memory allows, that one task may have all groups of
MANY_GROUPS = 1 << 20  # combined by all workers, not in a tree that ends in one task


def lower_aggregate(node: Aggregate, sources: tuple[Layer, ...]) -> Layer:
    """By partial results where the aggregations can be decomposed, else by whole groups."""
    plan, layer = node.plan, sources[0]
    if len(layer.keys) == 1 and (layer.about.nbytes or AT_ONCE) < AT_ONCE:
        answer = Function(aggregate.aggregate_by_pandas, plan=plan)
        made = per_partition(node.name, answer, layer.keys)
        return Layer(keys_of(made), made, about=About())
    if _is_custom(node):
        return _custom_in_parts(node, layer)
    if is_decomposable(node.source.meta, plan):
        partial = Function(aggregate.aggregate_partially, plan=plan)
        parts = per_partition(f"{node.name}-partial", partial, layer.keys)
        if _in_order(node) and (layer.about.nbytes or 0) > MOST_AT_ONCE * partition_bytes():
            return _groups_in_parts(node, parts, layer)
        if _by_appearance(node) and most_groups(node.source, plan.keys) > MANY_GROUPS:
            return _groups_by_hash(node, parts, layer)
        final = Function(aggregate.finish, plan=plan, expected=node.meta)
        combine = Function(aggregate.combine, plan=plan)
        tasks = [*parts, *combine_tree(Key(node.name, (0,)), keys_of(parts), combine, final)]
        return Layer([tasks[-1].key], tasks, about=About(not plan.as_index))
    if is_coded(node.source.meta, plan):
        if len(layer.keys) == 1:
            answer = Function(aggregate.aggregate_whole, plan=plan, expected=node.meta)
            made = per_partition(node.name, answer, layer.keys)
            return Layer(keys_of(made), made, about=About())
        if _in_order(node):
            return _whole_groups_in_order(node, layer)
        if _by_appearance(node):
            return _whole_groups_by_hash(node, layer)
    if not (_in_order(node) and plan.as_index and stays_a_table(node.source)):
        return run_whole(node, aggregate.aggregate_by_pandas, {"plan": plan}, sources)
    before: list[Task] = []
    looked_at = any(isinstance(output.how, UserCode) for output in plan.outputs)
    if looked_at:  # by a user's function, which sees the labels of rows
        keys, before = number_rows(node.source.name, layer)
        layer = replace(layer, keys=keys)
    shuffled = hash_shuffled(node.name, layer, plan.keys, keep_index=looked_at)
    answer = Function(aggregate.aggregate_by_pandas, plan=plan)
    made = per_partition(f"{node.name}-part", answer, shuffled.keys)
    last = Task(
        Key(node.name, (0,)), Function(group_results.order_groups, plan=plan), keys_of(made)
    )
    return Layer([last.key], [*before, *shuffled.tasks, *made, last], about=About())


def _custom_in_parts(node: Aggregate, layer: Layer) -> Layer:
    """What users' own aggregations find of each partition, combined in a tree."""
    name, plan = node.name, node.plan
    keys, before = number_rows(node.source.name, layer)
    find = Function(custom_aggregation.find_chunks, plan=plan)
    parts = per_partition(f"{name}-partial", find, keys)
    combine = Function(custom_aggregation.combine_chunks, plan=plan)
    final = Function(aggregate.finish_custom, plan=plan)
    steps = combine_tree(Key(name, (0,)), keys_of(parts), combine, final)
    tasks = [*before, *parts, *steps]
    return Layer([steps[-1].key], tasks, about=About(not plan.as_index))


def _groups_in_parts(node: Aggregate, partials: list[Task], layer: Layer) -> Layer:
    """Partial results in the order of their keys, cut at the same keys, and combined.

    There may be as many groups as rows, so no task has all of them.
    """
    plan, name = node.plan, node.name
    labels = key_columns(plan)
    how = {"by": labels, "ascending": (True,) * len(labels), "na_position": "last"}
    local = per_partition(f"{name}-local", Function(sorting.sort, **how), keys_of(partials))
    finish = Function(aggregate.finish_range, plan=plan, expected=node.meta)
    keys, tasks = by_range(name, local, parts_for(layer, 2 * workers()), how, finish)
    return Layer(keys, [*partials, *tasks], about=About(not plan.as_index, layer.about.nbytes))


def _groups_by_hash(node: Aggregate, partials: list[Task], layer: Layer) -> Layer:
    """Partial results moved by a hash of their keys, combined, put where each group was first."""
    labels = key_columns(node.plan)
    made = _by_hash(node, keys_of(partials), labels, aggregate.combine_part, layer)
    return replace(made, tasks=[*partials, *made.tasks])


def _whole_groups_by_hash(node: Aggregate, layer: Layer) -> Layer:
    """Rows moved by a hash of their keys; groups are put where each was first."""
    return _by_hash(node, layer.keys, node.plan.keys, aggregate.aggregate_whole_part, layer)


def _by_hash(
    node: Aggregate, keys: Sequence[Key], labels: tuple[Any, ...], kernel: Any, layer: Layer
) -> Layer:
    plan, name = node.plan, node.name
    count, targets = parts_for(layer, 2 * workers()), len(keys)
    split = Function(
        row_order.split, labels=labels, hashed=(None,) * len(labels), count=count, marked=True
    )
    splits = [Task(Key(f"{name}-split", (n,)), split, (key,), (n,)) for n, key in enumerate(keys)]
    parts = [Function(kernel, plan=plan, place=n, targets=targets) for n in range(count)]
    combined = per_place(f"{name}-part", parts, keys_of(splits))
    finish = [
        Function(aggregate.finish_part, plan=plan, expected=node.meta, place=n)
        for n in range(targets)
    ]
    made = per_place(name, finish, keys_of(combined))
    about = About(not plan.as_index, layer.about.nbytes)
    return Layer(keys_of(made), [*splits, *combined, *made], about=about)


def _whole_groups_in_order(node: Aggregate, layer: Layer) -> Layer:
    """Rows in the order of their keys, cut at the same keys, so that groups are whole."""
    plan, name = node.plan, node.name
    how = {"by": plan.keys, "ascending": (True,) * len(plan.keys), "na_position": "last"}
    take = Function(aggregate.take_in_order, plan=plan, **how)
    local = per_partition(f"{name}-local", take, layer.keys)
    finish = Function(aggregate.aggregate_whole_range, plan=plan, expected=node.meta)
    keys, tasks = by_range(name, local, parts_for(layer, 2 * workers()), how, finish)
    return Layer(keys, tasks, about=About(not plan.as_index, layer.about.nbytes))


def _is_custom(node: Aggregate) -> bool:
    """Whether all is users' own aggregations, by keys whose dtype is the same in partitions."""
    keys = [node.source.dtype_of(key) for key in node.plan.keys]
    plain = not any(isinstance(one, pd.CategoricalDtype) or one.kind == "O" for one in keys)
    custom = [isinstance(output.how, CustomAggregation) for output in node.plan.outputs]
    return plain and bool(custom) and all(custom)


def _by_appearance(node: Aggregate) -> bool:
    """Whether groups in the order in which they appear can be made apart and put in that order."""
    plan, meta = node.plan, node.source.meta
    coded = all(_has_code(node.source.dtype_of(key)) for key in plan.keys)
    return not plan.sort and coded and node.source.settled and shuffle.can_hash(meta, plan.keys)


def _has_code(dtype: Any) -> bool:
    """Whether every value of a dtype, and a missing one, has a code (key_codes.py)."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iufmM" and dtype != np.float16
    return isinstance(dtype, pd.StringDtype)


def _in_order(node: Aggregate) -> bool:
    """Whether parts of the groups can be made apart and put in order afterwards."""
    plan, meta = node.plan, node.source.meta
    categorical = any(isinstance(meta[key].dtype, pd.CategoricalDtype) for key in plan.keys)
    return plan.sort and not categorical and shuffle.can_hash(meta, plan.keys)
