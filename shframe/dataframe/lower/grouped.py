"""Methods of groups: rows by the hash of their keys, the method on each part, and the way back."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe.expr.grouped import GroupedApply, GroupedResult, GroupedRows, GroupNode
from shframe.dataframe.kernels import grouped, rowwise, shuffle
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    count_rows,
    keys_of,
    number_rows,
    parts_for,
    per_partition,
    per_place,
    workers,
)
from shframe.dataframe.lower.shuffle import stays_a_table
from shframe.dataframe.lower.whole import run_whole
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def lower_grouped_rows(node: GroupedRows, sources: tuple[Layer, ...]) -> Layer:
    """The method on rows that came by hash; each result goes back to its row's partition."""
    name, plan = node.name, node.call
    keys, before = number_rows(node.source.name, sources[0])
    given = [layer.keys[0] for layer in sources[1:]]
    about = About(nbytes=sources[0].about.nbytes)
    if len(keys) == 1:
        made = per_partition(name, Function(node.kernel, plan=plan), keys, *given)
        return Layer(keys_of(made), [*before, *made], about=about)
    if not can_move(node):
        made, tasks = _in_one_task(node, keys, given)
        return Layer(keys_of(made), [*before, *tasks, *made], about=about)
    splits, count = _split(node, keys, sources[0])
    shared = {"sources": len(keys), "kernel": node.kernel, "plan": plan}
    calls = [Function(grouped.call_marked, place=n, **shared) for n in range(count)]
    parts = per_place(f"{name}-part", calls, keys_of(splits), *given)
    back = [Function(grouped.restore, place=n) for n in range(len(keys))]
    made = per_place(name, back, keys_of(parts))
    return Layer(keys_of(made), [*before, *splits, *parts, *made], about=about)


def lower_grouped_result(node: GroupedResult, sources: tuple[Layer, ...]) -> Layer:
    """The method on rows that came by hash, then all results in the order of their keys."""
    name, plan = node.name, node.call
    options = dict(plan.options)
    in_order = options["sort"] and options["as_index"] and options["dropna"]
    keys, before = number_rows(node.source.name, sources[0])
    if len(keys) == 1 or not (in_order and can_move(node)):
        return run_whole(node, grouped.call_groups, {"plan": plan}, sources)
    given = [layer.keys[0] for layer in sources[1:]]
    splits, count = _split(node, keys, sources[0])
    shared = {"sources": len(keys), "plan": plan}
    calls = [Function(grouped.call_on_target, place=n, **shared) for n in range(count)]
    parts = per_place(f"{name}-part", calls, keys_of(splits), *given)
    order = Function(grouped.order_results, levels=len(plan.keys))
    last = Task(Key(name, (0,)), order, keys_of(parts))
    return Layer([last.key], [*before, *splits, *parts, last], about=About())


def lower_grouped_apply(node: GroupedApply, sources: tuple[Layer, ...]) -> Layer:
    """The function on rows that came by hash; pandas puts its results together in one task."""
    name, plan = node.name, node.call
    keys, before = number_rows(node.source.name, sources[0])
    if len(keys) == 1 or not can_move(node):
        return run_whole(node, grouped.call_groups, {"plan": plan}, sources)
    given = [layer.keys[0] for layer in sources[1:]]
    splits, count = _split(node, keys, sources[0])
    shared = {"sources": len(keys), "plan": plan}
    calls = [Function(grouped.apply_marked, place=n, **shared) for n in range(count)]
    parts = per_place(f"{name}-part", calls, keys_of(splits), *given)
    numbers = [
        Task(Key(f"{name}-keys", (n,)), Function(grouped.number_keys, plan=plan, place=n), (key,))
        for n, key in enumerate(keys)
    ]
    assemble = Function(grouped.assemble, keys=len(keys), empty=node.source.meta, plan=plan)
    last = Task(Key(name, (0,)), assemble, (*keys_of(numbers), *keys_of(parts)))
    return Layer([last.key], [*before, *splits, *parts, *numbers, last], about=About())


def _in_one_task(
    node: GroupedRows, keys: list[Key], given: list[Key]
) -> tuple[list[Task], list[Task]]:
    """The method on all rows, cut where the partitions of the source end; the tasks before that."""
    name = node.name
    whole = Task(Key(f"{name}-rows"), Function(rowwise.stack), tuple(keys))
    call = Function(node.kernel, plan=node.call)
    answer = Task(Key(f"{name}-answer"), call, (whole.key, *given))
    counts, counting = count_rows(name, keys)
    cuts = [Function(rowwise.take_place, place=n) for n in range(len(keys))]
    made = per_place(name, cuts, (answer.key, counts))
    return made, [whole, answer, *counting]


def _split(node: GroupNode, keys: list[Key], layer: Layer) -> tuple[list[Task], int]:
    count = parts_for(layer, max(len(keys), 2 * workers()))
    split = Function(grouped.split_marked, labels=node.call.keys, count=count)
    return per_partition(f"{node.name}-split", split, keys), count


def _has_plain_index(meta: Any, keys: tuple[Any, ...]) -> bool:
    """Whether results of partitions can be put in order by an index of these keys."""
    categories = [one for one in meta[list(keys)].dtypes if isinstance(one, pd.CategoricalDtype)]
    return not categories or (len(keys) == 1 and len(categories[0].categories) > 0)


def can_move(node: GroupNode) -> bool:
    """Whether rows can go by the hash of their keys, and each group is one of single rows."""
    meta, options = node.source.meta, dict(node.call.options)
    keys = node.call.keys
    if not options.get("observed", True):
        return False  # groups without rows
    if isinstance(node, GroupedResult) and not _has_plain_index(meta, keys):
        return False
    return shuffle.can_hash(meta, keys) and stays_a_table(node.source)
