"""Strings that mean a day or a month among labels that are times: which rows are in it.

pandas takes a string for all times in it where it is coarser than the labels are, and how fine
they are only the whole tells. So each partition is asked with two more labels that are as fine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels import extremes

FINENESS = {
    "day": "",
    "hour": " 01:00",
    "minute": " 00:01",
    "second": " 00:00:01",
    "millisecond": " 00:00:00.001",
    "microsecond": " 00:00:00.000001",
    "nanosecond": " 00:00:00.000000001",
}


def find_resolution(labels: Any) -> str:
    """How fine the labels of a partition are, in pandas' word."""
    return str(labels.resolution)


def finest(*found: str) -> str:
    """How fine the finest labels are."""
    order = list(FINENESS)
    return order[max(map(order.index, found), default=0)]


def _with_ends(labels: Any, fineness: str) -> Any:
    """The labels and two more, late and early, that are so fine: their order is no order."""
    ends = [f"{day}{FINENESS[fineness]}" for day in ("2200-01-01", "1700-01-01")]
    return labels.append(pd.DatetimeIndex(ends, tz=labels.tz).as_unit(labels.unit))


def is_span(labels: Any, key: str, fineness: str) -> bool:
    """Whether a string means all times in it, of labels that are so fine; labels: none of them."""
    try:
        found = pd.Series([0, 0], index=_with_ends(labels, fineness)).loc[key]
    except KeyError:
        return False
    return isinstance(found, pd.Series)


def are_within(part: Any, *, key: str, fineness: str) -> Any:
    """Which rows are in the time that a string means."""
    index = partition.as_pandas(part).index
    times = _with_ends(index, fineness)
    found = np.zeros(len(times), bool)
    found[pd.Series(np.arange(len(times)), index=times).loc[key].to_numpy()] = True
    return pd.Series(found[: len(index)], index=index)


def look_around(labels: Any, *, key: str, fineness: str) -> tuple[Any, ...]:
    """Whether labels of a partition are before the time, in it, and after it; and their order."""
    known = labels.dropna()
    times = pd.Series(0, index=_with_ends(known, fineness)).sort_index()
    before = len(times) - len(times.loc[key:]) - 1
    after = len(times) - len(times.loc[:key]) - 1
    inside = len(known) - before - after
    return before > 0, inside > 0, after > 0, extremes.find_order(labels, rising=True)


def check_span(*found: tuple[Any, ...], key: str, fineness: str) -> bool:
    """Raises KeyError, as pandas does, where labels in order end before the time or begin later."""
    before, inside, after, orders = zip(*found, strict=True)
    outside = any(before) != any(after) and not any(inside)
    if outside and any(extremes.join_order(*orders, rising=way) for way in (True, False)):
        raise KeyError(key)
    return True
