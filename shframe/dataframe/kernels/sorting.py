"""Sorting over partitions: each is sorted, all are sampled, cut at common rows, and merged.

Rows with equal keys end in one partition and keep the order that they had: the sort is stable.
The order comes from the keys' codes (row_ranks.py); what has none is put in order by pandas.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.group_rows import is_in_order
from shframe.dataframe.kernels.row_ranks import order_by_keys
from shframe.dataframe.kernels.stack_tables import stack_parts
from shframe.dataframe.kernels.table_rows import pick_rows

SAMPLE = 256  # rows of each partition that take part in choosing the cuts
FEW = 1 << 12  # rows of a pandas object that pandas has in order before they were a table
STEPS = 1024  # rows of a sorted partition by which the place of a cut is narrowed down


def sort(part: Any, *, by: Any, ascending: Any, na_position: str, keep_labels: bool = True) -> Any:
    """One partition in order, by columns or by its index.

    keep_labels: whether rows are asked for their labels afterwards.
    """
    few = not partition.is_table(part) and len(part) <= FEW
    table = None if few else _sortable_table(part, by, keep_labels)
    if table is not None:
        order = _order_table(table, by, ascending, na_position)
        if order is not None:
            return table if is_in_order(order) else pick_rows(table, order)
    return _sort_frame(partition.as_pandas(part), by, ascending, na_position)


def _sortable_table(part: Any, by: Any, keep_labels: bool) -> Any:
    """The partition as a table whose rows can be moved; None where a table does not hold its keys
    in columns of their own."""
    table = partition.as_table(part)
    if table is None:
        return None
    layout = partition.layout_of(table)
    if by is None:
        return table if len(layout.levels) == 1 else None
    if isinstance(layout.labels, pd.MultiIndex) or not layout.labels.is_unique:
        return None
    return partition.with_labels(table) if keep_labels else partition.without_index(table)


def _order_table(table: Any, by: Any, ascending: Any, na_position: str) -> Any:
    """The rows in order; None where a key has no codes."""
    layout = partition.layout_of(table)
    places = [layout.width] if by is None else [layout.labels.get_loc(label) for label in by]
    dtypes = (*layout.dtypes, *layout.levels)
    keys = [table.column(n) for n in places]
    flags = ascending if len(ascending) == len(keys) else ascending * len(keys)
    return order_by_keys(keys, [dtypes[n] for n in places], flags, na_position)


def _sort_frame(frame: Any, by: Any, ascending: Any, na_position: str) -> Any:
    if by is None and isinstance(frame.index, pd.CategoricalIndex):
        # pandas takes one that begins with missing labels for sorted
        return frame.iloc[_order(_keys(frame, None), ascending, na_position).index]
    if by is None:
        return frame.sort_index(
            ascending=ascending[0],
            na_position=na_position,
            kind="stable",
        )
    return frame.sort_values(
        list(by) if len(by) > 1 else by[0],
        ascending=list(ascending) if len(by) > 1 else ascending[0],
        na_position=na_position,
        kind="stable",
    )


def _keys(frame: Any, by: Any) -> Any:
    """The sort keys as a frame of columns 0, 1 ..."""
    keys = (
        frame.index.to_frame(index=False) if by is None else frame[list(by)].reset_index(drop=True)
    )
    keys.columns = range(keys.shape[1])
    return keys


def _keys_at(part: Any, rows: Any, by: Any) -> Any:
    """The sort keys of some rows."""
    if not partition.is_table(part):
        return _keys(part.iloc[rows], by)
    layout = partition.layout_of(part)
    if by is not None:
        places = [layout.labels.get_loc(label) for label in by]
        part = partition.select(part, places, layout.labels.take(places))
    return _keys(partition.as_pandas(pick_rows(part, rows)), by)


def _order(keys: Any, ascending: Any, na_position: str) -> Any:
    by = list(keys.columns)
    flags = list(ascending) if len(ascending) == len(by) else list(ascending) * len(by)
    return keys.sort_values(by, ascending=flags, na_position=na_position, kind="stable")


def take_sample(part: Any, *, by: Any, ascending: Any, na_position: str) -> tuple[int, Any]:
    """How many rows a sorted partition has, and the keys of evenly spaced ones."""
    rows = partition.rows_in(part)
    return rows, _keys_at(part, spread(rows, SAMPLE), by)


def spread(rows: int, count: int) -> Any:
    """So many places, evenly spaced, the first and the last among them."""
    if not rows:
        return np.empty(0, np.int64)
    return np.unique(np.linspace(0, rows - 1, min(rows, count)).astype(np.int64))


def find_cuts(
    *samples: tuple[int, Any], count: int, few: int, by: Any, ascending: Any, na_position: str
) -> Any:
    """The keys at which partitions begin, but for the first.

    few: of no more rows than these no other partition is made.
    """
    filled = [keys for rows, keys in samples if rows] or [samples[0][1]]
    if sum(rows for rows, _ in samples) <= few:
        return filled[0].iloc[:0]
    keys = _order(pd.concat(filled, ignore_index=True), ascending, na_position)
    if not len(keys):
        return keys
    places = (np.arange(1, count) * len(keys)) // count
    return keys.iloc[places].reset_index(drop=True)


def find_begins(part: Any, cut: Any, *, by: Any, ascending: Any, na_position: str) -> Any:
    """Where each target's rows begin in a sorted partition, and its length, int64.

    Few rows are looked at: some of all, then those between the two that enclose a cut.
    """
    rows = partition.rows_in(part)
    if not len(cut):
        return np.array([0, rows], np.int64)
    steps = spread(rows, STEPS)
    passed = _count_before(_keys_at(part, steps, by), cut, ascending, na_position)
    low = np.append(0, steps + 1)[passed]
    high = np.append(steps, rows)[passed]
    near = np.unique(np.concatenate([np.empty(0, np.int64), *map(np.arange, low, high)]))
    found = _count_before(_keys_at(part, near, by), cut, ascending, na_position)
    begins = low + found - np.searchsorted(near, low)
    return np.concatenate([[0], begins, [rows]]).astype(np.int64)


def _count_before(keys: Any, cut: Any, ascending: Any, na_position: str) -> Any:
    """How many of these rows come before each cut; a row that equals it does not."""
    both = pd.concat([cut, keys], ignore_index=True) if len(keys) else cut
    rows = _order(both, ascending, na_position).index.to_numpy()
    places = np.empty(len(rows), np.int64)
    places[rows] = np.arange(len(rows))
    return np.sort(places[: len(cut)]) - np.arange(len(cut))


def ranges(offsets: Any, parts: Any, place: int) -> list[Any]:
    """The rows of one target in each sorted partition; without cuts the first target has all."""
    bounds = [
        (begin[place], begin[place + 1]) if place + 1 < len(begin) else (0, 0) for begin in offsets
    ]
    return [
        partition.slice_rows(part, int(start), int(stop))
        for part, (start, stop) in zip(parts, bounds, strict=True)
    ]


def merge(offsets: Any, *values: Any, by: Any, ascending: Any, na_position: str) -> Any:
    """One target: its rows of every sorted partition, in order.

    offsets: what `find_begins` has found in each; values: the partitions, then the target.
    """
    *parts, place = values
    whole = stack_parts(ranges(offsets, parts, place))
    return sort(whole, by=by, ascending=ascending, na_position=na_position)
