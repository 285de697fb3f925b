"""Joins: every partition of one side with the whole of the other, or both by hash."""

from __future__ import annotations

from typing import Any

from shframe.dataframe.expr.relations import Join
from shframe.dataframe.kernels import join_partitions
from shframe.dataframe.kernels.join_partitions import JoinPlan
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    keys_of,
    parts_for,
    per_partition,
    per_place,
    workers,
)
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task

SMALL_SIDE = 64 << 20  # bytes of a side that every task may read whole: it is shared, not copied


def lower_join(node: Join, sources: tuple[Layer, ...]) -> Layer:
    """By whichever way the sizes and the kind of join allow."""
    left, right = sources
    plan = join_partitions.plan_of(node)
    about = About(fresh=True, nbytes=_nbytes_of(left, right))
    if plan.by_parts and node.how in ("inner", "left") and _is_small(right):
        whole, before = _in_one_partition(f"{node.name}-right", right)
        made = per_partition(node.name, _joining(plan), left.keys, whole)
        return Layer(keys_of(made), [*before, *made], about=about)
    if plan.by_parts and node.how == "right" and _is_small(left):
        whole, before = _in_one_partition(f"{node.name}-left", left)
        made = [
            Task(Key(node.name, (n,)), _joining(plan), (whole, key))
            for n, key in enumerate(right.keys)
        ]
        return Layer(keys_of(made), [*before, *made], about=about)
    if join_partitions.can_split(node.left.meta, node.right.meta, plan):
        return _join_by_hash(node, plan, left, right, about)
    a, first = _in_one_partition(f"{node.name}-left", left)
    b, second = _in_one_partition(f"{node.name}-right", right)
    task = Task(Key(node.name, (0,)), _joining(plan), (a, b))
    return Layer([task.key], [*first, *second, task], about=about)


def _joining(plan: JoinPlan) -> Function:
    return Function(join_partitions.join, plan=plan)


def _is_small(layer: Layer) -> bool:
    nbytes = layer.about.nbytes
    return len(layer.keys) == 1 or (nbytes is not None and nbytes <= SMALL_SIDE)


def _nbytes_of(*layers: Layer) -> int | None:
    sizes = [layer.about.nbytes for layer in layers]
    return None if None in sizes else sum(size or 0 for size in sizes)


def _in_one_partition(name: str, layer: Layer) -> tuple[Key, list[Task]]:
    if len(layer.keys) == 1:
        return layer.keys[0], []
    task = Task(Key(name), Function(join_partitions.bring_together), tuple(layer.keys))
    return task.key, [task]


def _join_by_hash(node: Join, plan: JoinPlan, left: Layer, right: Layer, about: About) -> Layer:
    """Both sides by hash, joined, and brought back into the order of the driving side.

    A row of the driving side carries its partition and place; after the join those say to
    which partition of the result it goes and where.
    """
    name = node.name
    drives = right if node.how == "right" else left
    count = max(parts_for(left, len(left.keys)), parts_for(right, len(right.keys)), 2 * workers())
    lefts = _split(f"{name}-left", plan, left, node.left_on, count, marked=left is drives)
    rights = _split(f"{name}-right", plan, right, node.right_on, count, marked=right is drives)
    targets = len(drives.keys)
    shared: dict[str, Any] = {"plan": plan, "lefts": len(lefts), "targets": targets}
    join = [Function(join_partitions.join_parts, place=n, **shared) for n in range(count)]
    joined = per_place(f"{name}-part", join, keys_of(lefts), *keys_of(rights))
    order = [Function(join_partitions.restore_order, place=n) for n in range(targets)]
    made = per_place(name, order, keys_of(joined))
    return Layer(keys_of(made), [*lefts, *rights, *joined, *made], about=about)


def _split(
    name: str, plan: JoinPlan, layer: Layer, labels: tuple[Any, ...], count: int, *, marked: bool
) -> list[Task]:
    split = Function(
        join_partitions.split, labels=labels, hashed=plan.hashed, count=count, marked=marked
    )
    return [
        Task(Key(f"{name}-split", (n,)), split, (key,), (n,)) for n, key in enumerate(layer.keys)
    ]
