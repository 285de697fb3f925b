"""Intervals of time: the number of each row's interval, of those that the whole's first and last
time make; and results of intervals, those without rows among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition

OF_NONE = {"sum": 0, "count": 0, "size": 0, "nunique": 0, "prod": 1}  # results of no rows


def _times_of(rows: Any, on: Any) -> Any:
    return rows.index if on is None else pd.Index(rows[on])


def find_ends(part: Any, *, on: Any) -> Any:
    """The first and the last time of a partition, None without any, and whether one is missing."""
    times = _times_of(partition.as_pandas(part), on)
    known = times.dropna()
    ends = (known.min(), known.max()) if len(known) else None
    return ends, len(known) < len(times)


def join_ends(*found: Any, on: Any) -> Any:
    """The first and the last time of all partitions, and whether one is missing."""
    known = [ends for ends, _ in found if ends is not None]
    if not known:
        return None
    missing = any(missing for _, missing in found)
    return min(low for low, _ in known), max(high for _, high in known), missing


def number_rows(part: Any, ends: Any, *, on: Any, how: dict[str, Any]) -> Any:
    """The number of each row's interval, -1 without a time."""
    rows = partition.as_pandas(part)
    numbers = np.full(len(rows), -1, np.int64)
    times = _times_of(rows, on)
    known = np.flatnonzero(~np.asarray(times.isna()))
    if len(known) and ends is not None:
        times = times[known]
        order = np.argsort(times.asi8, kind="stable")
        low, high, _ = ends
        both = times[order].insert(0, low).insert(len(order) + 1, high)
        counts = pd.Series(0, index=both).resample(**how).size().to_numpy()
        numbers[known[order]] = np.repeat(np.arange(len(counts)), counts)[1:-1]
    return pd.Series(numbers, index=rows.index, name="__shframe_interval")


def label_rows(part: Any, ends: Any, *, on: Any, how: dict[str, Any], name: Any) -> Any:
    """The label of each row's interval, missing without a time."""
    rows = partition.as_pandas(part)
    if ends is None:
        times = _times_of(rows, on)
        return pd.Series(times, index=rows.index, name=name)
    numbers = number_rows(rows, ends, on=on, how=how).to_numpy()
    low, high, _ = ends
    both = pd.Index([low]).insert(1, high)
    labels = pd.Series(0, index=both).resample(**how).size().index
    made = pd.Series(labels.take(numbers), index=rows.index, name=name)
    return made.where(numbers >= 0) if (numbers < 0).any() else made


def label_intervals(
    found: Any, ends: Any, *, method: str, how: dict[str, Any], empty: Any, name: Any
) -> Any:
    """Results by the number of the interval under the labels of all intervals.

    empty: pandas' own result of no rows; name: of the index.
    """
    made = partition.as_pandas(found)
    if ends is None:
        return empty
    low, high, missing = ends
    times = pd.Index([low]).insert(1, high)
    labels: Any = pd.Series(0, index=times).resample(**how).size().index
    if missing:  # pandas then does not know the labels' frequency
        labels.freq = None
    fill = OF_NONE.get(method)
    numbers = pd.RangeIndex(len(labels))
    whole = made.reindex(numbers) if fill is None else made.reindex(numbers, fill_value=fill)
    whole.index = labels.rename(name)
    if whole.ndim == 1:
        return whole.rename(empty.name)
    whole.columns = empty.columns
    return whole


def label_times(times: Any, **how: Any) -> Any:
    """The label of the interval in which each time is, a series; missing where it is."""
    index = pd.Index(partition.as_pandas(times))
    rows = pd.Series(range(len(index)), index=index)
    groups = rows.groupby(pd.Grouper(**how))
    labels = groups.size().index
    numbers = groups.ngroup().to_numpy()
    return pd.Series(labels.take(numbers).where(numbers >= 0))
