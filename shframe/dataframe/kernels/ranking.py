"""Ranks and modes over partitions: each finds the different values of its own in order, ranges of
values are brought together, and what is found of them goes back to their rows.

Equal values end in one range, and count as one there: many equal values move as one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe import partition
from shframe.dataframe.kernels.by_column import columns_of, with_columns
from shframe.dataframe.kernels.quantiles import numbers_of
from shframe.dataframe.kernels.sorting import spread

SAMPLE = 256  # values of each partition that take part in choosing the ranges


class Runs(NamedTuple):
    """A column in order.

    order: the rows that have a value; values: the different ones; starts: where in the order
    those of each begin, and its end. missing: the rows without a value.
    """

    order: Any
    values: Any
    starts: Any
    missing: Any


class Ranges(NamedTuple):
    """Where the ranges begin among a column's different values, and in its order."""

    begins: Any  # (ranges + 1,) int64
    rows: Any  # (ranges + 1,) int64
    missing: int


class Found(NamedTuple):
    """What a range tells of each partition's different values in it.

    less: values of the range that are less, its different ones with "dense"; equal: equal ones.
    earlier: equal ones in partitions before. distinct: different values of the range.
    """

    less: list[Any]
    equal: list[Any]
    earlier: list[Any]
    distinct: int


def is_ranked(dtype: Any) -> bool:
    """Whether a column of this dtype is put in order here."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iufbmM" and dtype != np.float16
    text = isinstance(dtype, pd.StringDtype) and dtype.storage == "pyarrow"
    return (text and dtype.na_value is not pd.NA) or isinstance(dtype, pd.DatetimeTZDtype)


def find_runs(part: Any) -> list[Runs]:
    """The columns of a partition in order."""
    return [_runs_of(one) for one in columns_of(partition.as_pandas(part))]


def find_counts(part: Any) -> list[Runs]:
    """The different values of the columns of a partition and how often each is there, no rows."""
    return [_counts_of(one) for one in columns_of(partition.as_pandas(part))]


def _counts_of(column: Any) -> Runs:
    values, missing = _known_values(column)
    counts: Any
    if isinstance(values, pa.Array):
        distinct, codes = _distinct_text(values)
        counts = np.bincount(codes, minlength=len(distinct))
    else:
        found = pd.Series(values).value_counts(sort=False)
        order = np.argsort(found.index.to_numpy())
        distinct, counts = found.index.to_numpy()[order], found.to_numpy()[order]
    return Runs(None, distinct, np.append(0, np.cumsum(counts)).astype(np.int64), missing)


def _known_values(column: Any) -> tuple[Any, Any]:
    """The values that are not missing, and the rows without one."""
    absent = column.isna().to_numpy()
    values = _values_of(column)
    if absent.any():
        known = np.flatnonzero(~absent)
        values = values.take(pa.array(known)) if isinstance(values, pa.Array) else values[known]
    return values, np.flatnonzero(absent)


def _runs_of(column: Any) -> Runs:
    values, missing = _known_values(column)
    if isinstance(values, pa.Array):
        distinct, codes = _distinct_text(values)
        order = np.argsort(codes, kind="stable")
        counts = np.bincount(codes, minlength=len(distinct))
        starts = np.append(0, np.cumsum(counts))
    else:
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
        distinct, starts = ordered[first], np.append(first, len(ordered))
    if len(missing):
        order = np.delete(np.arange(len(column)), missing)[order]
    return Runs(order, distinct, starts.astype(np.int64), missing)


def _values_of(column: Any) -> Any:
    """A column as numbers, or as an array of Arrow where it is text."""
    if isinstance(column.dtype, pd.StringDtype):
        found = column.array.__arrow_array__()
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    values = numbers_of(column)
    return values.view("i8") if values.dtype.kind in "mM" else values


def _distinct_text(values: Any) -> tuple[Any, Any]:
    """The different strings in order, and which of them each is."""
    coded = values.dictionary_encode()
    words = coded.dictionary
    order = pc.sort_indices(words)
    places = np.empty(len(words), np.int64)
    places[order.to_numpy()] = np.arange(len(words))
    return words.take(order), places[coded.indices.to_numpy()]


def take_sample(runs: list[Runs]) -> list[Any]:
    """Values of evenly spaced rows of each column."""
    made = []
    for run in runs:
        places = spread(int(run.starts[-1]), SAMPLE)
        which = np.searchsorted(run.starts, places, "right") - 1
        made.append(_take(run.values, which))
    return made


def _take(values: Any, places: Any) -> Any:
    return values.take(pa.array(places)) if isinstance(values, pa.Array) else values[places]


def find_cuts(*samples: list[Any], count: int) -> list[Any]:
    """The values at which the ranges of each column begin, but for the first."""
    made = []
    for pieces in zip(*samples, strict=True):
        whole = _concatenate(list(pieces))
        if isinstance(whole, pa.Array):
            whole = whole.take(pc.sort_indices(whole))
        else:
            whole = np.sort(whole)
        inner = np.arange(1, count if len(whole) else 1)
        made.append(_take(whole, (inner * len(whole)) // count))
    return made


def _concatenate(pieces: list[Any]) -> Any:
    text = isinstance(pieces[0], pa.Array)
    return pa.concat_arrays(pieces) if text else np.concatenate(pieces)


def find_ranges(runs: list[Runs], cuts: list[Any], *, count: int) -> list[Ranges]:
    """Where the ranges begin in a partition."""
    made = []
    for run, cut in zip(runs, cuts, strict=True):
        inner = [_place_of(run.values, one) for one in cut]
        begins = np.array([0, *inner, *[len(run.values)] * (count - len(inner))], np.int64)
        made.append(Ranges(begins, run.starts[begins], len(run.missing)))
    return made


def _place_of(values: Any, cut: Any) -> int:
    """Where a value would stand among different ones in order."""
    if not isinstance(values, pa.Array):
        return int(np.searchsorted(values, cut, "left"))
    low, high, word = 0, len(values), cut.as_py()
    while low < high:
        middle = (low + high) // 2
        if values[middle].as_py() < word:
            low = middle + 1
        else:
            high = middle
    return low


class _Merged(NamedTuple):
    """The different values of a range, how often each is there, and those of each partition."""

    values: Any
    counts: Any
    codes: list[Any]  # which of them each different value of a partition is
    of_parts: list[Any]  # how often it is there


def _merge(ranges: Any, parts: Any, column: int, place: int) -> _Merged:
    slices, counts = [], []
    for found, runs in zip(ranges, parts, strict=True):
        run, edges = runs[column], found[column].begins
        begin, end = int(edges[place]), int(edges[place + 1])
        slices.append(run.values[begin:end])
        counts.append(np.diff(run.starts[begin : end + 1]))
    whole = _concatenate(slices)
    if isinstance(whole, pa.Array):
        values, codes = _distinct_text(whole)
    else:
        values, codes = np.unique(whole, return_inverse=True)
    total = np.zeros(len(values), np.int64)
    np.add.at(total, codes, np.concatenate(counts))
    ends = np.cumsum([len(one) for one in slices])[:-1]
    return _Merged(values, total, np.split(codes, ends), counts)


def rank_range(ranges: Any, *parts: Any, place: int, method: str) -> list[Found]:
    """What one range tells of each column."""
    made = []
    for column in range(len(parts[0])):
        merged = _merge(ranges, parts, column, place)
        less = np.cumsum(merged.counts) - merged.counts
        if method == "dense":
            less = np.arange(len(merged.counts))
        found = Found([], [], [], len(merged.counts))
        passed = np.zeros(len(merged.counts), np.int64)
        for codes, counts in zip(merged.codes, merged.of_parts, strict=True):
            found.less.append(less[codes])
            found.equal.append(merged.counts[codes])
            if method == "first":
                found.earlier.append(passed[codes])
                passed[codes] += counts
        made.append(found)
    return made


def rank_rows(
    part: Any, runs: list[Runs], ranges: Any, *found: Any, place: int, how: dict[str, Any]
) -> Any:
    """The ranks of the rows of a partition."""
    rows = partition.as_pandas(part)
    made = [
        _rank_column(run, [one[n] for one in ranges], [one[n] for one in found], place, **how)
        for n, run in enumerate(runs)
    ]
    return with_columns(rows, made)


def _rank_column(
    run: Runs,
    ranges: list[Ranges],
    found: list[Found],
    place: int,
    *,
    method: str,
    ascending: bool,
    na_option: str,
    pct: bool,
) -> Any:
    sizes = _sizes(ranges, found, dense=method == "dense")
    before = np.cumsum([0, *sizes])
    total, missing = int(before[-1]), sum(one.missing for one in ranges)
    offsets = before[:-1]
    less = np.concatenate([one.less[place] + n for one, n in zip(found, offsets, strict=True)])
    equal = np.concatenate([one.equal[place] for one in found])
    if not ascending:
        less = total - less - (1 if method == "dense" else equal)
    counts = np.diff(run.starts)
    if method == "first":
        earlier = np.concatenate([one.earlier[place] for one in found])
        within = np.arange(len(run.order)) - np.repeat(run.starts[:-1], counts)
        ranks = np.repeat(less + earlier, counts) + within + 1.0
    else:
        ranks = np.repeat(less + _step(method, equal), counts)
    absent = np.full(len(run.missing), np.nan)
    if na_option != "keep" and missing:  # missing values are equal to each other
        size = 1 if method == "dense" else missing
        ranks = ranks + size if na_option == "top" else ranks
        absent = np.full(len(run.missing), (0 if na_option == "top" else total) + 0.0)
        absent += _step(method, missing)
        if method == "first":
            absent += sum(one.missing for one in ranges[:place]) + np.arange(len(absent))
        total += size
    made = np.empty(len(run.order) + len(run.missing))
    made[run.order], made[run.missing] = ranks, absent
    return made / total if pct else made


def _sizes(ranges: list[Ranges], found: list[Found], *, dense: bool) -> list[int]:
    """How many values each range has, or how many different ones."""
    if dense:
        return [one.distinct for one in found]
    return [sum(int(one.rows[n + 1] - one.rows[n]) for one in ranges) for n in range(len(found))]


def _step(method: str, equal: Any) -> Any:
    """How far the rank of equal values is from the number of those that are less."""
    return {"average": (equal + 1) / 2, "max": equal}.get(method, 1.0)


class Modes(NamedTuple):
    """The most frequent values of a range of a column, and how often they are there."""

    values: Any
    often: int


def find_modes(ranges: Any, *parts: Any, place: int) -> list[Modes]:
    """The most frequent values of one range of each column."""
    made = []
    for column in range(len(parts[0])):
        merged = _merge(ranges, parts, column, place)
        most = int(merged.counts.max()) if len(merged.counts) else 0
        made.append(Modes(_take(merged.values, np.flatnonzero(merged.counts == most)), most))
    return made


def answer_modes(ranges: Any, *found: list[Modes], empty: Any, dropna: bool) -> Any:
    """The most frequent values of the whole, in order."""
    made = []
    for n, column in enumerate(columns_of(empty)):
        modes = [one[n] for one in found]
        missing = 0 if dropna else sum(one[n].missing for one in ranges)
        most = max(missing, *(one.often for one in modes))
        kept = [one.values for one in modes if one.often == most and most]
        values = _series_of(_concatenate(kept), column) if kept else column
        if missing == most and most:
            dtype = None if column.dtype.kind in "iub" else column.dtype
            parts = [values, pd.Series([None], dtype=dtype)]
            values = pd.concat(parts[::-1] if column.dtype.kind in "mM" else parts)
        made.append(values.reset_index(drop=True).rename(column.name))
    if empty.ndim == 1:
        return made[0]
    frame = pd.concat(dict(enumerate(made)), axis=1) if made else empty
    frame.columns = empty.columns
    return frame


def _series_of(values: Any, column: Any) -> Any:
    if isinstance(values, pa.Array):
        return pd.Series(column.array._from_sequence(values.to_pylist(), dtype=column.dtype))
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        moments = pd.Series(values.view(f"M8[{column.dtype.unit}]"))
        return moments.dt.tz_localize("UTC").dt.tz_convert(column.dtype.tz)
    return pd.Series(values.view(column.dtype) if column.dtype.kind in "mM" else values)
