"""Joining two partitions, whole or by hash, and bringing the rows back into pandas' order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from shframe.dataframe import chunks
from shframe.dataframe.kernels import join, shuffle


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """What to join on, and the labels of the result."""

    how: str
    left_on: tuple[Any, ...]
    right_on: tuple[Any, ...]
    suffixes: tuple[str | None, str | None]
    labels: Any  # pd.Index


def plan_of(node: Any) -> JoinPlan:
    """The plan of a Merge node."""
    return JoinPlan(node.how, node.left_on, node.right_on, node.suffixes, node.meta.columns)


def by_pandas(left: Any, right: Any, plan: JoinPlan) -> Any:
    """pandas' own merge of two pandas objects."""
    how: Any = plan.how
    if plan.left_on == plan.right_on:
        return left.merge(right, how=how, on=list(plan.left_on), suffixes=plan.suffixes)
    return left.merge(
        right,
        how=how,
        left_on=list(plan.left_on),
        right_on=list(plan.right_on),
        suffixes=plan.suffixes,
    )


def together(*parts: Any) -> Any:
    """All partitions of a side as one; tables stay a table, whose rows are not copied."""
    tables = [chunks.as_table(part) for part in parts]
    if any(table is None for table in tables):
        return pd.concat([chunks.as_pandas(part) for part in parts])
    return stacked_tables([without_index(table) for table in tables])


def without_index(table: Any) -> Any:
    """The table's columns alone: the result of a join counts its rows anew."""
    layout = chunks.layout_of(table)
    columns = table.columns[: layout.width]
    return chunks.table_of(columns, chunks.Layout(layout.labels, layout.dtypes))


def stacked_tables(tables: list[Any]) -> Any:
    """Tables of one layout one after another; dictionaries are made the same."""
    filled = [table for table in tables if table.num_rows] or tables[:1]
    if len(filled) == 1:
        return filled[0]
    first = filled[0].schema
    same = all(table.schema.equals(first) for table in filled)
    if not same:
        filled = _one_type(filled)
    whole = pa.concat_tables([table.replace_schema_metadata(None) for table in filled])
    return whole.unify_dictionaries().replace_schema_metadata(first.metadata)


def _one_type(tables: list[Any]) -> list[Any]:
    """Columns that are text in one table and a dictionary in another become text in all."""
    made = []
    for table in tables:
        columns = []
        for n, column in enumerate(table.columns):
            kinds = {other.schema.field(n).type for other in tables}
            if len(kinds) > 1 and any(pa.types.is_dictionary(k) for k in kinds):
                column = column.cast(pa.large_string())
            elif len(kinds) > 1:
                column = column.cast(tables[0].schema.field(n).type)
            columns.append(column)
        made.append(pa.Table.from_arrays(columns, names=table.schema.names))
    return made


def joined(left: Any, right: Any, *, plan: JoinPlan) -> Any:
    """The joined rows of two partitions, in pandas' order."""
    a, b = chunks.as_table(left), chunks.as_table(right)
    if a is None or b is None:
        return by_pandas(chunks.as_pandas(left), chunks.as_pandas(right), plan)
    made = _joined_tables(without_index(a), without_index(b), plan)
    if made is None:
        return by_pandas(chunks.as_pandas(a), chunks.as_pandas(b), plan)
    return made[0]


def _joined_tables(left: Any, right: Any, plan: JoinPlan) -> tuple[Any, join.Matches] | None:
    """The result and the row numbers it was made of; None where pandas must see the keys' dtypes.

    That is where they differ, and where outer rows are sorted by categories.
    """
    a, b = chunks.layout_of(left), chunks.layout_of(right)
    lefts = [a.labels.get_loc(key) for key in plan.left_on]
    rights = [b.labels.get_loc(key) for key in plan.right_on]
    if any(a.dtypes[x] != b.dtypes[y] for x, y in zip(lefts, rights, strict=True)):
        return None
    if plan.how == "outer" and any(isinstance(a.dtypes[x], pd.CategoricalDtype) for x in lefts):
        return None
    found = join.matches(
        [left.column(n) for n in lefts], [right.column(n) for n in rights], plan.how
    )
    shared = {
        x: y
        for x, y, p, q in zip(lefts, rights, plan.left_on, plan.right_on, strict=True)
        if p == q
    }
    columns, dtypes = [], []
    for n in range(a.width):
        if n in shared:
            columns.append(join.coalesced(left.column(n), right.column(shared[n]), found))
        else:
            columns.append(join.taken(left.column(n), found.left))
        dtypes.append(a.dtypes[n])
    for n in range(b.width):
        if n not in shared.values():
            columns.append(join.taken(right.column(n), found.right))
            dtypes.append(b.dtypes[n])
    return chunks.table_of(columns, chunks.Layout(plan.labels, tuple(dtypes))), found


class Marked(NamedTuple):
    """A split partition of the driving side; each row knows its place in its own partition."""

    table: Any
    offsets: Any
    places: Any  # (rows,) int64, or None on the other side
    source: int


def split(part: Any, source: int, *, labels: tuple[Any, ...], count: int, marked: bool) -> Marked:
    """Put a partition in the order of its hash targets."""
    table = without_index(chunks.as_table(part))
    layout = chunks.layout_of(table)
    keys = [table.column(layout.labels.get_loc(label)) for label in labels]
    codes = shuffle.hash_codes(keys, count) if table.num_rows else np.empty(0, np.uint8)
    order = np.argsort(codes, kind="stable")
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(codes, minlength=count), out=offsets[1:])
    moved = table.take(pa.array(order)) if table.num_rows else table
    return Marked(moved, offsets, order if marked else None, source)


class Ordered(NamedTuple):
    """Joined rows in the order of the driving side's partitions and places."""

    table: Any
    offsets: Any
    places: Any


def joined_parts(*splits: Any, plan: JoinPlan, lefts: int, place: int, targets: int) -> Ordered:
    """Join what both sides have for one hash target."""
    sides = []
    for side in (splits[:lefts], splits[lefts:]):
        pieces = [(s, int(s.offsets[place]), int(s.offsets[place + 1])) for s in side]
        table = stacked_tables([s.table.slice(a, b - a) for s, a, b in pieces])
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


def in_order(*parts: Any, place: int) -> Any:
    """The result's rows that belong to one partition of the driving side, in its order."""
    pieces = [(p, int(p.offsets[place]), int(p.offsets[place + 1])) for p in parts]
    table = stacked_tables([p.table.slice(a, b - a) for p, a, b in pieces])
    places = np.concatenate([p.places[a:b] for p, a, b in pieces])
    order = np.argsort(places, kind="stable")
    layout = chunks.layout_of(table)
    columns = [column.combine_chunks().take(pa.array(order)) for column in table.columns]
    return chunks.table_of(columns, layout)
