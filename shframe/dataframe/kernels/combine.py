"""Results that stay small: each partition gives a few rows, which are combined in a tree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition


def _together(parts: tuple[Any, ...]) -> Any:
    filled = [part for part in parts if len(part)] or list(parts[:1])
    return partition.stack(filled)


def take_extreme(part: Any, *, name: str, args: tuple[Any, ...], keep: str) -> Any:
    """The partition's largest or smallest rows."""
    return getattr(partition.as_pandas(part), name)(*args, keep=keep)


def combine_extreme(*parts: Any, name: str, args: tuple[Any, ...], keep: str, last: bool) -> Any:
    """The largest or smallest rows of several partitions' ones."""
    return getattr(_together(parts), name)(*args, keep=keep)


def keep_distinct(part: Any, *, subset: Any, keep: str) -> Any:
    """The partition's rows that differ."""
    return _distinct(partition.as_pandas(part), subset, keep)


def _distinct(frame: Any, subset: Any, keep: Any) -> Any:
    if isinstance(frame, pd.DataFrame):
        return frame.drop_duplicates(subset, keep=keep)
    return frame.drop_duplicates(keep=keep)


def combine_distinct(*parts: Any, subset: Any, keep: str, last: bool) -> Any:
    """The rows that differ among several partitions' ones."""
    return _distinct(_together(parts), subset, keep)


def is_counted_alike(dtype: Any) -> bool:
    """Whether pandas lists values of this dtype in the order in which they appear."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iufbmM"
    return isinstance(dtype, pd.StringDtype) and dtype.na_value is not pd.NA


def count_values(part: Any, *, sort: bool, ascending: bool, normalize: bool, dropna: bool) -> Any:
    """How often each value is in the partition, in the order in which they appear."""
    return partition.as_pandas(part).value_counts(sort=False, dropna=dropna)


def combine_counts(
    *parts: Any, sort: bool, ascending: bool, normalize: bool, dropna: bool, last: bool
) -> Any:
    """How often each value is in several partitions."""
    whole = _together(parts)
    name = whole.name
    counts = whole.groupby(level=0, sort=False, dropna=dropna, observed=True).sum()
    counts.index.name = whole.index.name
    if last and sort:
        counts = counts.sort_values(ascending=ascending, kind="stable")
    if last and normalize:
        counts = (counts / counts.sum()).rename("proportion")
        name = "proportion"
    counts.name = name
    return counts
