"""Joining two partitions, whole or by hash, and bringing the rows back into pandas' order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels import join_rows, shuffle
from shframe.dataframe.kernels.group_rows import is_in_order, sorted_places
from shframe.dataframe.kernels.key_codes import one_array
from shframe.dataframe.kernels.key_table import KeyTable, Matches, build_table
from shframe.dataframe.kernels.row_order import Ordered, as_number, order_rows
from shframe.dataframe.kernels.rowwise import select_columns
from shframe.dataframe.kernels.stack_tables import stack_tables


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """What to join on, and the labels of the result.

    hashed: for each pair of keys the number type in which they are hashed; None: their own.
    alike: whether all pairs are of one dtype, where it is known before.
    by_parts: whether partitions of a side can be joined apart: else pandas must see all keys.
    movable: whether rows stay what a table can hold, whatever is missing.
    places: which columns of pandas' result are made; None: all of them.
    """

    how: str
    left_on: tuple[Any, ...]
    right_on: tuple[Any, ...]
    suffixes: tuple[str | None, str | None]
    labels: Any  # pd.Index
    hashed: tuple[Any, ...] = ()
    alike: bool = True
    by_parts: bool = True
    movable: bool = True
    places: tuple[int, ...] | None = None

    def makes(self, place: int) -> bool:
        """Whether the column at this place of pandas' result is made."""
        return self.places is None or place in self.places


def plan_of(node: Any) -> JoinPlan:
    """The plan of a Merge node."""
    pairs = [
        (node.left.dtype_of(a), node.right.dtype_of(b))
        for a, b in zip(node.left_on, node.right_on, strict=True)
    ]
    known = node.left.as_known and node.right.as_known
    return JoinPlan(
        node.how,
        node.left_on,
        node.right_on,
        node.suffixes,
        node.meta.columns,
        tuple(_hashed_as(a, b, known) for a, b in pairs),
        known and all(a == b for a, b in pairs),
        all(a == b or _common_number(a, b) is not None for a, b in pairs),
        all(side.as_known or not _may_be_objects(side.meta) for side in (node.left, node.right)),
        node.places,
    )


def _may_be_objects(meta: Any) -> bool:
    """Whether a column becomes one of objects where something is missing."""
    return any(isinstance(dtype, np.dtype) and dtype.kind == "b" for dtype in meta.dtypes)


def _common_number(left: Any, right: Any) -> Any:
    """The type in which pandas compares two number types; None where one is no number."""
    if not all(isinstance(one, np.dtype) and one.kind in "iuf" for one in (left, right)):
        return None
    return np.result_type(left, right)


def _hashed_as(left: Any, right: Any, known: bool) -> Any:
    """The type of numbers that may be equal; integers that may turn out floats go as floats."""
    number = _common_number(left, right)
    if number is None or (known and left == right):
        return None
    return number if known else np.dtype("f8")


def can_split(left: Any, right: Any, plan: JoinPlan) -> bool:
    """Whether sides with these metas can go by hash: rows keep their order, keys their dtype."""
    if plan.how == "outer" or not (plan.by_parts and plan.movable):
        return False
    if plan.how == "right" and not plan.alike:
        return False  # pandas' dtype of the key depends on which rows have a partner
    return shuffle.can_hash(left, plan.left_on) and shuffle.can_hash(right, plan.right_on)


def join_by_pandas(left: Any, right: Any, plan: JoinPlan) -> Any:
    """pandas' own merge of two pandas objects."""
    how: Any = plan.how
    if plan.left_on == plan.right_on:
        made = left.merge(right, how=how, on=list(plan.left_on), suffixes=plan.suffixes)
    else:
        made = left.merge(
            right,
            how=how,
            left_on=list(plan.left_on),
            right_on=list(plan.right_on),
            suffixes=plan.suffixes,
        )
    return made if plan.places is None else made.iloc[:, list(plan.places)]


def bring_together(*parts: Any) -> Any:
    """All partitions of a side as one; tables stay a table, whose rows are not copied."""
    tables = [partition.as_table(part) for part in parts]
    if any(table is None for table in tables) or not _alike(tables):
        return partition.concatenate(parts, partition.as_pandas(parts[0]), fresh=False)
    return stack_tables([partition.without_index(table) for table in tables])


def _alike(tables: list[Any]) -> bool:
    """Whether all tables that have rows are of the same dtypes."""
    dtypes = [partition.layout_of(table).dtypes for table in tables if table.num_rows]
    return all(one == dtypes[0] for one in dtypes)


class Prepared(NamedTuple):
    """A whole side: its rows, whose columns are one piece each, and the look-up of its keys.

    keys: None where they have no look-up.
    """

    rows: Any
    keys: KeyTable | None


def prepare(*parts: Any, plan: JoinPlan, side: str, room: int = 0) -> Prepared:
    """All partitions of a side, ready to be joined with each of the other's.

    room: bytes that a quicker look-up may take.
    """
    rows = bring_together(*parts)
    if not partition.is_table(rows):
        return Prepared(rows, None)
    layout = partition.layout_of(rows)
    rows = partition.table_of([one_array(column) for column in rows.columns], layout)
    labels = plan.left_on if side == "left" else plan.right_on
    if plan.how == "outer" or not layout.labels.is_unique:
        return Prepared(rows, None)
    places = [layout.labels.get_loc(label) for label in labels]
    if any(_is_masked_float(layout.dtypes[n]) for n in places):
        return Prepared(rows, None)
    return Prepared(rows, build_table([rows.column(n) for n in places], room))


def _is_masked_float(dtype: Any) -> bool:
    """Whether a NaN of this dtype is not a missing value."""
    return not isinstance(dtype, np.dtype) and pd.api.types.is_float_dtype(dtype)


def join(part: Any, whole: Prepared, *, plan: JoinPlan) -> Any:
    """The joined rows of a partition of the driving side and all of the other, in pandas' order."""
    left, right = (whole.rows, part) if plan.how == "right" else (part, whole.rows)
    a, b = partition.as_table(left), partition.as_table(right)
    made = None
    if a is not None and b is not None:
        tables = partition.without_index(a), partition.without_index(b)
        made = _joined_tables(*tables, plan, whole.keys)
    if made is None:
        return join_by_pandas(partition.as_pandas(left), partition.as_pandas(right), plan)
    return made[0]


def join_other_way(
    part: Any, whole: Prepared, source: int, *, plan: JoinPlan, targets: int
) -> Ordered:
    """The joined rows of all of the left side and a partition of the right, by left rows.

    targets: into how many runs of left rows they are cut.
    """
    left, right = partition.as_table(whole.rows), partition.as_table(part)
    if left is None or right is None:
        raise AssertionError("sides that no table can hold are joined whole")
    tables = partition.without_index(left), partition.without_index(right)
    made = _joined_tables(*tables, plan, whole.keys, swapped=True)
    if made is None:
        raise AssertionError("sides whose keys differ in type are joined whole")
    table, found = made
    cuts = np.arange(targets + 1) * left.num_rows // targets
    return Ordered(table, np.searchsorted(found.left, cuts), found.left)


class PreparedKeys(NamedTuple):
    """The keys of the left side, whose rows stay where they are.

    rows: a table of the keys; keys: their look-up, if they have one; bounds: of the partitions.
    """

    rows: Any
    keys: KeyTable | None
    bounds: Any  # (partitions + 1,) int64


def prepare_keys(*parts: Any, plan: JoinPlan, room: int) -> PreparedKeys:
    """The keys of all partitions of the left side, ready to be looked up by the right one's."""
    labels = tuple(dict.fromkeys(plan.left_on))
    keys = [select_columns(one, labels=labels) for one in parts]
    ready = prepare(*keys, plan=plan, side="left", room=room)
    bounds = np.cumsum([0, *map(partition.rows_in, parts)])
    return PreparedKeys(ready.rows, ready.keys, bounds)


def find_partners(
    part: Any, whole: PreparedKeys, source: int, *, plan: JoinPlan, width: int
) -> Ordered:
    """What a partition of the right side adds to left rows, and their places in their partitions.

    width: columns of the left side.
    """
    left, right = partition.as_table(whole.rows), partition.as_table(part)
    if left is None or right is None:
        raise AssertionError("sides that no table can hold are joined whole")
    right = partition.without_index(right)
    found = _match_tables(left, right, plan, whole.keys, swapped=True)
    if found is None:
        raise AssertionError("sides whose keys differ in type are joined whole")
    bounds = whole.bounds
    targets = np.searchsorted(bounds, found.left, side="right") - 1
    narrow = targets.astype(np.min_scalar_type(len(bounds)))  # of two bytes they go by radix
    order, offsets = shuffle.order_by_target(narrow, len(bounds) - 1)
    places = (found.left - bounds[targets])[order]
    columns, dtypes = _columns_of_right(right, plan, found.right[order], width)
    labels = pd.RangeIndex(len(columns))
    table = partition.table_of(columns, partition.Layout(labels, tuple(dtypes)))
    return Ordered(table, offsets, places)


def join_partners(part: Any, *found: Ordered, plan: JoinPlan, place: int) -> Any:
    """The joined rows of a partition of the left side, to which others found what belongs."""
    left = partition.as_table(part)
    layout = partition.layout_of(left)
    others, rows = order_rows(*found, place=place)
    every = len(rows) == left.num_rows and is_in_order(rows) and bool((np.diff(rows) > 0).all())
    taken = None if every else rows
    made = [n for n in range(layout.width) if plan.makes(n)]
    columns = join_rows.take_rows([left.column(n) for n in made], taken)
    dtypes = [*(layout.dtypes[n] for n in made), *partition.layout_of(others).dtypes]
    known = partition.Layout(plan.labels, tuple(dtypes))
    return partition.table_of([*columns, *others.columns], known)


def _joined_tables(
    left: Any, right: Any, plan: JoinPlan, keys: KeyTable | None = None, swapped: bool = False
) -> tuple[Any, Matches] | None:
    """The result, in the order of the left rows, and the row numbers it was made of; None where
    pandas must see the keys."""
    found = _match_tables(left, right, plan, keys, swapped)
    if found is None:
        return None
    found = _turn(found) if swapped else found
    a, b = partition.layout_of(left), partition.layout_of(right)
    shared = _shared_keys(plan)
    made = [n for n in range(a.width) if plan.makes(n)]
    keys_at = {n: b.labels.get_loc(a.labels[n]) for n in made if a.labels[n] in shared}
    others = [n for n in made if n not in keys_at]
    taken = dict(
        zip(others, join_rows.take_rows([left.column(n) for n in others], found.left), strict=True)
    )
    for n, place in keys_at.items():
        taken[n] = join_rows.coalesce(left.column(n), right.column(place), found)
    columns, dtypes = [taken[n] for n in made], [a.dtypes[n] for n in made]
    more, their_dtypes = _columns_of_right(right, plan, found.right, a.width)
    known = partition.Layout(plan.labels, (*dtypes, *their_dtypes))
    return partition.table_of([*columns, *more], known), found


def _columns_of_right(
    right: Any, plan: JoinPlan, rows: Any, width: int
) -> tuple[list[Any], list[Any]]:
    """(columns of the result, their dtypes) that come from the right side, after `width` others."""
    layout, shared = partition.layout_of(right), _shared_keys(plan)
    others = [n for n, label in enumerate(layout.labels) if label not in shared]
    made = [n for place, n in enumerate(others, width) if plan.makes(place)]
    columns = join_rows.take_rows([right.column(n) for n in made], rows)
    return columns, [layout.dtypes[n] for n in made]


def _shared_keys(plan: JoinPlan) -> set[Any]:
    """Labels of keys that both sides have: the result has one column of them."""
    return {one for one, other in zip(plan.left_on, plan.right_on, strict=True) if one == other}


def _match_tables(
    left: Any, right: Any, plan: JoinPlan, keys: KeyTable | None = None, swapped: bool = False
) -> Matches | None:
    """Which rows belong together; None where pandas must see the keys' dtypes.

    That is where they differ, and where outer rows are sorted by categories.
    keys: the look-up of the side that does not drive; swapped: it is the left one's, and the
        right rows of an inner join say in which order they are found.
    """
    a, b = partition.layout_of(left), partition.layout_of(right)
    if not (a.labels.is_unique and b.labels.is_unique):
        return None
    lefts = [a.labels.get_loc(key) for key in plan.left_on]
    rights = [b.labels.get_loc(key) for key in plan.right_on]
    pairs = [(a.dtypes[x], b.dtypes[y]) for x, y in zip(lefts, rights, strict=True)]
    common = [None if p == q else _common_number(p, q) for p, q in pairs]
    if any(p != q and number is None for (p, q), number in zip(pairs, common, strict=True)):
        return None
    if plan.how in ("right", "outer") and any(number is not None for number in common):
        return None
    if plan.how == "outer" and any(isinstance(a.dtypes[x], pd.CategoricalDtype) for x in lefts):
        return None
    left_keys: list[Any] = [
        as_number(left.column(n), one) for n, one in zip(lefts, common, strict=True)
    ]
    right_keys = [as_number(right.column(n), one) for n, one in zip(rights, common, strict=True)]
    if any(one is not None for one in common):
        keys = None  # it was built of keys as they are
    if not swapped:
        return join_rows.find_matches(left_keys, right_keys, plan.how, keys)
    found = join_rows.find_matches(right_keys, left_keys, plan.how, keys)
    driving = np.arange(right.num_rows) if found.left is None else found.left
    return Matches(found.right, driving)


def _turn(found: Matches) -> Matches:
    """What right rows have found, in the order of the left."""
    order = sorted_places(found.left)
    return Matches(found.left[order], found.right[order])


HOT = 2  # times the rows that a target has where all have as many
LEAST_HOT = 1 << 16  # rows of a target that are worth sharing


def join_parts(
    *splits: Any, plan: JoinPlan, lefts: int, place: int, targets: int, share: int, shares: int
) -> Ordered:
    """Join what both sides have for one hash target, or a share of it.

    share: which one, of `shares`, where a key that most rows have makes the target much larger than
        the others; else the first one is all of it.
    """
    both = splits[:lefts], splits[lefts:]
    hot = next((n for n in _may_be_shared(plan.how) if _is_hot(both[n], place)), None)
    sides = []
    for n, side in enumerate(both):
        pieces = [(s, int(s.offsets[place]), int(s.offsets[place + 1])) for s in side]
        if n == hot:
            pieces = _share_of(pieces, share, shares)
        elif hot is None and share and n in _may_be_shared(plan.how):
            pieces = [(s, a, a) for s, a, _ in pieces]
        table = stack_tables([s.table.slice(a, b - a) for s, a, b in pieces])
        sides.append((table, pieces))
    (left, left_pieces), (right, right_pieces) = sides
    driving = right_pieces if plan.how == "right" else left_pieces
    places = np.concatenate([s.places[a:b] for s, a, b in driving])
    sources = np.concatenate([np.full(b - a, s.source) for s, a, b in driving])
    made = _joined_tables(left, right, plan)
    if made is None:
        raise AssertionError("sides whose keys differ in type are joined whole")
    table, found = made
    rows = found.right if plan.how == "right" else found.left
    if rows is not None:
        places, sources = places[rows], sources[rows]
    offsets = np.searchsorted(sources, np.arange(targets + 1))
    return Ordered(table, offsets, places)


def _may_be_shared(how: str) -> tuple[int, ...]:
    """Sides, 0 for the left, of which each row finds its partners without the side's others."""
    return {"inner": (0, 1), "left": (0,), "right": (1,)}[how]


def _is_hot(side: Sequence[Any], place: int) -> bool:
    """Whether one target has many more rows than it would if all had as many."""
    sizes = np.sum([np.diff(one.offsets) for one in side], axis=0)
    rows = int(sizes[place])
    return rows >= LEAST_HOT and rows * len(sizes) > HOT * int(sizes.sum())


def _share_of(
    pieces: list[tuple[Any, int, int]], share: int, shares: int
) -> list[tuple[Any, int, int]]:
    """A run of all rows of the pieces, which are one after another."""
    rows = sum(b - a for _, a, b in pieces)
    low, high = rows * share // shares, rows * (share + 1) // shares
    made, passed = [], 0
    for split, a, b in pieces:
        begin, end = (min(max(cut - passed, 0), b - a) for cut in (low, high))
        made.append((split, a + begin, a + end))
        passed += b - a
    return made
