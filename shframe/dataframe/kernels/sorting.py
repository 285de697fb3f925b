"""Sorting over partitions: each is sorted, all are sampled, cut at common rows, and merged.

Rows with equal keys end in one partition and keep the order that they had: the sort is stable.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition

SAMPLE = 256  # rows of each partition that take part in choosing the cuts


def sort(part: Any, *, by: Any, ascending: Any, na_position: str) -> Any:
    """One partition in order, by columns or by its index."""
    frame = partition.as_pandas(part)
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


def _order(keys: Any, ascending: Any, na_position: str) -> Any:
    by = list(keys.columns)
    flags = list(ascending) if len(ascending) == len(by) else list(ascending) * len(by)
    return keys.sort_values(by, ascending=flags, na_position=na_position, kind="stable")


def take_sample(part: Any, *, by: Any, ascending: Any, na_position: str) -> Any:
    """Keys of evenly spaced rows of a sorted partition."""
    if not len(part):
        return _keys(part, by)
    places = np.unique(np.linspace(0, len(part) - 1, min(len(part), SAMPLE)).astype(int))
    return _keys(part.iloc[places], by)


def find_cuts(*samples: Any, count: int, by: Any, ascending: Any, na_position: str) -> Any:
    """The keys at which partitions begin, but for the first."""
    filled = [one for one in samples if len(one)] or list(samples[:1])
    keys = _order(pd.concat(filled, ignore_index=True), ascending, na_position)
    if not len(keys):
        return keys
    places = (np.arange(1, count) * len(keys)) // count
    return keys.iloc[places].reset_index(drop=True)


def find_begins(part: Any, cut: Any, *, by: Any, ascending: Any, na_position: str) -> Any:
    """Where each target's rows begin in a sorted partition, and its length, int64."""
    keys = _keys(part, by)
    both = _order(
        pd.concat([cut, keys], ignore_index=True) if len(keys) else cut, ascending, na_position
    )
    rows = both.index.to_numpy()
    places = np.empty(len(rows), np.int64)
    places[rows] = np.arange(len(rows))
    begin = np.sort(places[: len(cut)]) - np.arange(len(cut))
    return np.concatenate([[0], begin, [len(part)]]).astype(np.int64)


def ranges(offsets: Any, parts: Any, place: int) -> list[Any]:
    """The rows of one target in each sorted partition; without cuts the first target has all."""
    return [
        part.iloc[begin[place] : begin[place + 1]] if place + 1 < len(begin) else part.iloc[:0]
        for part, begin in zip(parts, offsets, strict=True)
    ]


def merge(offsets: Any, *values: Any, by: Any, ascending: Any, na_position: str) -> Any:
    """One target: its rows of every sorted partition, in order.

    offsets: what `begins` has found in each partition; values: the partitions, then the target.
    """
    *parts, place = values
    filled = [one for one in ranges(offsets, parts, place) if len(one)] or [parts[0].iloc[:0]]
    whole = partition.stack(filled)
    return sort(whole, by=by, ascending=ascending, na_position=na_position)
