"""Exact quantiles without a place that has all values: each partition sorts its own, samples of
them bound what is looked for, and only the values within those bounds are brought together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.by_column import columns_of
from shframe.dataframe.kernels.sorting import spread

SAMPLE = 1024  # values of each partition that bound a quantile: twice its share are then moved


class Sorted(NamedTuple):
    """The values of a column that are not missing, in order, and whether any is missing."""

    values: Any
    missing: bool


class Sample(NamedTuple):
    """Evenly spaced values of a sorted column, their places in it, and how many there are."""

    values: Any
    places: Any
    rows: int
    missing: bool


class Bounds(NamedTuple):
    """Of each place that is looked for in a column: the values around it, both included."""

    rows: int
    missing: bool
    places: list[int]
    low: Any
    high: Any


class Within(NamedTuple):
    """Of each place: how many values are below its bounds, and the values within with counts."""

    below: list[int]
    values: list[Any]
    counts: list[Any]


def is_ordered(dtype: Any) -> bool:
    """Whether a column of this dtype is sorted as numbers."""
    plain = isinstance(dtype, np.dtype) and dtype.kind in "iufmM"
    return (plain and dtype != np.float16) or isinstance(dtype, pd.DatetimeTZDtype)


def numbers_of(column: Any) -> Any:
    """The values as NumPy has them, times without their zone."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return column.to_numpy()


def sort_columns(part: Any) -> list[Sorted]:
    """The columns of a partition, each in order."""
    return [_sort(numbers_of(one)) for one in columns_of(partition.as_pandas(part))]


def _sort(values: Any) -> Sorted:
    known = values[~pd.isna(values)] if values.dtype.kind in "fmM" else values
    times = known.dtype.kind in "mM"
    made = np.sort(known.view("i8") if times else known)
    return Sorted(made.view(known.dtype) if times else made, len(known) < len(values))


def take_sample(columns: list[Sorted]) -> list[Sample]:
    """Evenly spaced values of each column, the first and the last among them."""
    made = []
    for values, missing in columns:
        places = spread(len(values), SAMPLE)
        made.append(Sample(values[places], places, len(values), missing))
    return made


def find_bounds(*samples: list[Sample], quantiles: Any) -> list[Bounds]:
    """What bounds the quantiles of each column of all partitions; None: the median."""
    return [_bound(list(column), quantiles) for column in zip(*samples, strict=True)]


def _bound(samples: list[Sample], quantiles: Any) -> Bounds:
    rows = sum(one.rows for one in samples)
    missing = any(one.missing for one in samples)
    places = _places(quantiles, rows)
    known = [one for one in samples if one.rows]
    if not places:
        return Bounds(rows, missing, [], None, None)
    found = np.unique(np.concatenate([one.values for one in known]))
    below = np.zeros(len(found), np.int64)  # at most so many values are less
    within = np.zeros(len(found), np.int64)  # at least so many values are not greater
    for one in known:
        ends = np.append(one.places, one.rows)
        below += ends[np.searchsorted(one.values, found, "left")]
        within += np.append(0, one.places + 1)[np.searchsorted(one.values, found, "right")]
    low = np.searchsorted(below, places, "right") - 1
    high = np.searchsorted(within, np.asarray(places) + 1, "left")
    return Bounds(rows, missing, places, found[low], found[high])


def _places(quantiles: Any, rows: int) -> list[int]:
    if quantiles is None:
        return _middle(rows)
    return sorted({one for q in quantiles for one in places_of(q, rows)[:2]}) if rows else []


def places_of(q: float, rows: int) -> tuple[int, int, float]:
    """The places in order around a quantile, and how far it is from the first."""
    exact = (rows - 1) * (q * 100.0 / 100.0)  # as pandas hands it to NumPy
    first = min(max(int(np.floor(exact)), 0), rows - 1)
    return first, min(first + 1, rows - 1), exact - first


def take_within(columns: list[Sorted], bounds: list[Bounds]) -> list[Within]:
    """The values of a partition within the bounds."""
    made = []
    for (values, _), bound in zip(columns, bounds, strict=True):
        found = Within([], [], [])
        for low, high in zip(bound.low, bound.high, strict=True) if bound.places else ():
            begin, end = (
                np.searchsorted(values, low, "left"),
                np.searchsorted(values, high, "right"),
            )
            distinct, counts = np.unique(values[begin:end], return_counts=True)
            found.below.append(int(begin))
            found.values.append(distinct)
            found.counts.append(counts)
        made.append(found)
    return made


def _found(bound: Bounds, parts: list[Within]) -> dict[int, Any]:
    """The values at the places of a column, arrays of one."""
    made = {}
    for n, place in enumerate(bound.places):
        values = np.concatenate([one.values[n] for one in parts])
        counts = np.concatenate([one.counts[n] for one in parts])
        order = np.argsort(values, kind="stable")
        last = sum(one.below[n] for one in parts) + np.cumsum(counts[order])
        row = order[np.searchsorted(last, place, "right")]
        made[place] = values[row : row + 1]
    return made


def answer_quantiles(
    bounds: list[Bounds],
    *parts: list[Within],
    empty: Any,
    quantiles: Any,
    scalar: bool,
    interpolation: str,
) -> Any:
    """pandas' own quantiles of the few values that tell them."""
    made = []
    for n, column in enumerate(columns_of(empty)):
        found = _found(bounds[n], [one[n] for one in parts])
        pieces = [_one_quantile(column, found, bounds[n].rows, q, interpolation) for q in quantiles]
        made.append(pd.concat(pieces) if pieces else column.quantile([]))
    index = pd.Index(list(quantiles), dtype="float64")
    if empty.ndim == 1:
        series = made[0].set_axis(index).rename(empty.name)
        return made[0].iloc[0] if scalar else series
    frame = pd.DataFrame({n: one.set_axis(index) for n, one in enumerate(made)}, index=index)
    frame.columns = empty.columns
    return frame.iloc[0] if scalar else frame


def _one_quantile(column: Any, found: Any, rows: int, q: float, interpolation: str) -> Any:
    if not rows:
        return column.quantile([q], interpolation=interpolation)
    first, second, share = places_of(q, rows)
    if interpolation == "nearest" and share == 0.5:
        first = second = first if first % 2 == 0 else second
    pair = _series(column, [found[first], found[second]])
    return pair.quantile([share], interpolation=interpolation)


def _series(column: Any, values: list[Any]) -> Any:
    made = pd.Series(np.concatenate(values))
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return made.dt.tz_localize("UTC").dt.tz_convert(column.dtype.tz)
    return made


def answer_medians(
    bounds: list[Bounds], *parts: list[Within], empty: Any, quantiles: Any, skipna: bool
) -> Any:
    """pandas' own medians of the one or two values in the middle."""
    made = []
    for n, column in enumerate(columns_of(empty)):
        bound = bounds[n]
        found = _found(bound, [one[n] for one in parts])
        middle = _series(
            column, [found[one] for one in _middle(bound.rows)] or [numbers_of(column)]
        )
        if bound.missing and not skipna:
            middle = pd.concat([middle, middle.shift(1).iloc[:1]])
        made.append(middle.median(skipna=skipna))
    if empty.ndim == 1:
        return made[0]
    dtypes = [one.dtype if one.dtype.kind in "mM" else None for one in columns_of(empty)]
    pairs = zip(made, dtypes, strict=True)
    row = pd.DataFrame({n: pd.Series([v], dtype=kind) for n, (v, kind) in enumerate(pairs)}).iloc[0]
    row.index, row.name = empty.columns, None
    return row


def _middle(rows: int) -> list[int]:
    return sorted({(rows - 1) // 2, rows // 2}) if rows else []
