"""Joins: every partition of one side with the whole of the other, or both by hash."""

from __future__ import annotations

from typing import Any

from shframe.dataframe.expr.relations import Join
from shframe.dataframe.kernels import join_partitions, row_order
from shframe.dataframe.kernels.join_partitions import JoinPlan
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    keys_of,
    partition_bytes,
    parts_for,
    per_partition,
    per_place,
    workers,
)
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task

MOST_SHARED = 4  # partitions as large as memory allows: with two workers an eighth of the budget
MOST_UNFILTERED = 16  # the same, were nothing filtered: half of the budget
ROOM = 4  # of a partition's memory, the share that a quicker look-up may take
UNKNOWN = 1 << 62  # bytes of a side of which nothing is known


def lower_join(node: Join, sources: tuple[Layer, ...]) -> Layer:
    """By whichever way the sizes and the kind of join allow.

    A side that every task may read whole is shared, not copied: it is made ready once, and looked
    up by the partitions of the other, which need not be moved for it.
    """
    left, right = sources
    plan = join_partitions.plan_of(node)
    about = About(True, _sum_of(left, right), _larger_of(left, right))
    if plan.by_parts and node.how in ("inner", "left", "right"):
        other_way = _can_turn(node, plan) and _is_smaller(left, right)
        whole = left if node.how == "right" or other_way else right
        if _is_shared(whole):
            side = "left" if whole is left else "right"
            return _join_shared(node, plan, whole, side, sources, about, other_way)
    if join_partitions.can_split(node.left.meta, node.right.meta, plan):
        return _join_by_hash(node, plan, left, right, about)
    side, other = ("left", right) if node.how == "right" else ("right", left)
    driving, first = _in_one_partition(f"{node.name}-all", other)
    ready, before = _prepare(f"{node.name}-{side}", plan, left if side == "left" else right, side)
    task = Task(Key(node.name, (0,)), Function(join_partitions.join, plan=plan), (driving, ready))
    return Layer([task.key], [*first, *before, task], about=about)


def _can_turn(node: Join, plan: JoinPlan) -> bool:
    """Whether partitions of the right side can look up the left one's rows."""
    return node.how == "inner" and join_partitions.can_split(node.left.meta, node.right.meta, plan)


def _is_smaller(left: Layer, right: Layer) -> bool:
    """Whether the left side is the one to make ready."""
    return _likely(left) < _likely(right)


def _likely(layer: Layer) -> int:
    """Bytes to be expected; of what nothing is known, many."""
    known = layer.about.likely if layer.about.likely is not None else layer.about.nbytes
    return UNKNOWN if known is None else known


def _is_shared(layer: Layer) -> bool:
    """Whether the side may be one object in the store."""
    most = layer.about.nbytes
    if len(layer.keys) == 1 or most is None:
        return len(layer.keys) == 1
    likely, partition = _likely(layer), partition_bytes()
    return likely <= MOST_SHARED * partition and most <= MOST_UNFILTERED * partition


def _join_shared(
    node: Join,
    plan: JoinPlan,
    whole: Layer,
    side: str,
    sources: tuple[Layer, ...],
    about: About,
    other_way: bool,
) -> Layer:
    """One side made ready once; a task for each partition of the other."""
    name = node.name
    driving = sources[1] if side == "left" else sources[0]
    if other_way and node.ordered and _has_enough_parts(whole, driving):
        return _join_in_place(node, plan, whole, driving, about)
    ready, before = _prepare(f"{name}-{side}", plan, whole, side)
    if not other_way:
        made = per_partition(name, Function(join_partitions.join, plan=plan), driving.keys, ready)
        return Layer(keys_of(made), [*before, *made], about=about)
    targets = len(driving.keys)
    join = Function(join_partitions.join_other_way, plan=plan, targets=targets)
    joined = [
        Task(Key(f"{name}-part", (n,)), join, (key, ready), (n,))
        for n, key in enumerate(driving.keys)
    ]
    made = _in_order(node, joined, targets)
    return Layer(keys_of(made), [*before, *joined, *made], about=about)


def _has_enough_parts(left: Layer, driving: Layer) -> bool:
    """Whether the left side's partitions are enough for the result."""
    return len(left.keys) >= min(len(driving.keys), 2 * workers())


def _join_in_place(node: Join, plan: JoinPlan, left: Layer, right: Layer, about: About) -> Layer:
    """The left side's keys made ready once; its rows stay in their partitions, to which those of
    the right side are brought."""
    name, width = node.name, len(node.left.meta.columns)
    prepare = Function(join_partitions.prepare_keys, plan=plan, room=_room())
    ready = Task(Key(f"{name}-keys"), prepare, tuple(left.keys))
    find = Function(join_partitions.find_partners, plan=plan, width=width)
    found = [
        Task(Key(f"{name}-part", (n,)), find, (key, ready.key), (n,))
        for n, key in enumerate(right.keys)
    ]
    made = [
        Task(
            Key(name, (n,)),
            Function(join_partitions.join_partners, plan=plan, place=n),
            (key, *keys_of(found)),
        )
        for n, key in enumerate(left.keys)
    ]
    return Layer(keys_of(made), [ready, *found, *made], about=about)


def _in_order(node: Join, joined: list[Task], targets: int) -> list[Task]:
    """The joined rows in pandas' order, or as they are where nothing needs it."""
    if not node.ordered:
        return per_partition(node.name, Function(row_order.as_found), keys_of(joined))
    order = [Function(row_order.restore_order, place=n) for n in range(targets)]
    return per_place(node.name, order, keys_of(joined))


def _prepare(name: str, plan: JoinPlan, layer: Layer, side: str) -> tuple[Key, list[Task]]:
    prepare = Function(join_partitions.prepare, plan=plan, side=side, room=_room())
    task = Task(Key(f"{name}-ready"), prepare, tuple(layer.keys))
    return task.key, [task]


def _room() -> int:
    return partition_bytes() // ROOM


def _sum_of(*layers: Layer) -> int | None:
    sizes = [layer.about.nbytes for layer in layers]
    return None if None in sizes else sum(size or 0 for size in sizes)


def _larger_of(*layers: Layer) -> int | None:
    sizes = [_likely(layer) for layer in layers]
    return None if UNKNOWN in sizes else max(sizes)


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
    shares = workers()
    shared: dict[str, Any] = {"lefts": len(lefts), "targets": targets, "shares": shares}
    join = [
        Function(join_partitions.join_parts, plan=plan, place=n, share=share, **shared)
        for n in range(count)
        for share in range(shares)
    ]
    joined = per_place(f"{name}-part", join, keys_of(lefts), *keys_of(rights))
    made = _in_order(node, joined, targets)
    return Layer(keys_of(made), [*lefts, *rights, *joined, *made], about=about)


def _split(
    name: str, plan: JoinPlan, layer: Layer, labels: tuple[Any, ...], count: int, *, marked: bool
) -> list[Task]:
    split = Function(row_order.split, labels=labels, hashed=plan.hashed, count=count, marked=marked)
    return [
        Task(Key(f"{name}-split", (n,)), split, (key,), (n,)) for n, key in enumerate(layer.keys)
    ]
