"""Rows moved by a hash of their keys, and brought back into the order that they had."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from shframe.dataframe import partition
from shframe.dataframe.kernels import shuffle
from shframe.dataframe.kernels.group_rows import sorted_places
from shframe.dataframe.kernels.stack_tables import stack_tables
from shframe.dataframe.kernels.table_rows import pick_rows


class Marked(NamedTuple):
    """A split partition of the driving side; each row knows its place in its own partition."""

    table: Any
    offsets: Any
    places: Any  # (rows,) int64, or None on the other side
    source: int


def split(
    part: Any,
    source: int,
    *,
    labels: tuple[Any, ...],
    hashed: tuple[Any, ...],
    count: int,
    marked: bool,
) -> Marked:
    """Put a partition in the order of its hash targets."""
    table = partition.without_index(partition.as_table(part))
    layout = partition.layout_of(table)
    keys = [
        as_number(table.column(layout.labels.get_loc(label)), number)
        for label, number in zip(labels, hashed, strict=True)
    ]
    codes = shuffle.hash_codes(keys, count) if table.num_rows else np.empty(0, np.uint8)
    order, offsets = shuffle.order_by_target(codes, count)
    moved = table.take(pa.array(order)) if table.num_rows else table
    return Marked(moved, offsets, order if marked else None, source)


def as_number(column: Any, number: Any) -> Any:
    """A key column in the type in which it is compared; rounds where pandas rounds."""
    return column if number is None else column.cast(pa.from_numpy_dtype(number), safe=False)


class Ordered(NamedTuple):
    """Joined rows in the order of the driving side's partitions and places."""

    table: Any
    offsets: Any
    places: Any


def restore_order(*parts: Any, place: int) -> Any:
    """The result's rows that belong to one partition of the driving side, in its order."""
    return order_rows(*parts, place=place)[0]


def order_rows(*parts: Any, place: int) -> tuple[Any, Any]:
    """The same, and the places of the driving rows."""
    pieces = [(p, int(p.offsets[place]), int(p.offsets[place + 1])) for p in parts]
    table = stack_tables([p.table.slice(a, b - a) for p, a, b in pieces])
    places = np.concatenate([p.places[a:b] for p, a, b in pieces])
    order = sorted_places(places)
    return pick_rows(table, order), places[order]


def as_found(part: Ordered) -> Any:
    """Joined rows where nothing needs their order."""
    return part.table
