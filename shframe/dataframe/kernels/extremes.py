"""Smallest and largest values, and where they are: of a partition a row, of those pandas' own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.by_column import columns_of


def _rows_of(part: Any) -> Any:
    """A frame or series; the labels of an index as a series."""
    rows = partition.as_pandas(part)
    return rows.to_series(index=pd.RangeIndex(len(rows))) if isinstance(rows, pd.Index) else rows


def find_extremes(part: Any, *, how: str, skipna: bool, **whole: Any) -> list[Any]:
    """The extreme of each column as a series of one value, of no rows of none."""
    found = []
    for column in columns_of(_rows_of(part)):
        values = [getattr(column, how)(skipna=skipna)] if len(column) else []
        found.append(pd.Series(values, dtype=column.dtype, name=column.name))
    return found


def join_extremes(*found: list[Any], how: str, skipna: bool, series: bool, labels: Any) -> Any:
    """The extremes of all partitions."""
    columns = [_stack(pieces) for pieces in zip(*found, strict=True)]
    if series:
        return getattr(columns[0], how)(skipna=skipna)
    frame = pd.concat([one.reset_index(drop=True) for one in columns], axis=1)
    frame.columns = labels
    return getattr(frame, how)(skipna=skipna)


def _stack(pieces: Any) -> Any:
    return partition.stack([one for one in pieces if len(one)] or [pieces[0]])


def find_places(part: Any, *, how: str, skipna: bool, **empty: Any) -> tuple[int, list[Any]]:
    """How many rows there are; of each column the row that decides where the extreme is, and its
    number."""
    rows = _rows_of(part)
    return len(rows), [_deciding_row(one, how, skipna) for one in columns_of(rows)]


def _deciding_row(column: Any, how: str, skipna: bool) -> tuple[Any, int]:
    missing = column.isna().to_numpy()
    if missing.all() or (missing.any() and not skipna):
        place = int(missing.argmax()) if len(missing) else 0
        return column.iloc[place : place + 1], place
    known = column[~missing].reset_index(drop=True)
    place = int(np.flatnonzero(~missing)[getattr(known, how)()])
    return column.iloc[place : place + 1], place


def join_labels(*found: Any, how: str, skipna: bool, empty: Any) -> Any:
    """The labels of the extremes: pandas' idxmin or idxmax of the rows that decide."""
    if empty.ndim == 1:
        return getattr(_deciding(found, 0), how)(skipna=skipna)
    if not any(rows for rows, _ in found) or not empty.shape[1]:
        return getattr(empty, how)(skipna=skipna)
    labels = []
    for n in range(empty.shape[1]):
        column = _deciding(found, n)
        place = getattr(column.reset_index(drop=True), how)(skipna=skipna)
        labels.append(column.index[[place]])
    whole = labels[0].append(labels[1:])
    values = whole.to_numpy() if isinstance(whole, pd.MultiIndex) else whole.array
    return pd.Series(values, index=empty.columns)


def _deciding(found: Any, n: int) -> Any:
    return _stack([rows[n][0] for _, rows in found])


def join_numbers(*found: Any, how: str, skipna: bool) -> Any:
    """The number of the row with the extreme: pandas' argmin or argmax of the rows that decide."""
    sizes = [rows for rows, _ in found]
    begins = np.cumsum([0, *sizes[:-1]])
    pairs = zip(found, begins, strict=True)
    numbers = [int(begin) + places[0][1] for (rows, places), begin in pairs if rows]
    made = getattr(_deciding(found, 0), how.replace("idx", "arg"))(skipna=skipna)
    return type(made)(numbers[made]) if numbers else made


def divide_by_root(deviation: Any, count: Any) -> Any:
    """The standard error of a mean by its deviation and the number of values."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return deviation / np.sqrt(count)


def find_valid(part: Any, *, last: bool) -> Any:
    """The first or last label of a partition that has a value, in a list, if there is one."""
    rows = partition.as_pandas(part)
    known = rows.notna().to_numpy()
    places = np.flatnonzero(known if known.ndim == 1 else known.any(axis=1))
    return rows.index[places[-1 if last else 0]] if len(places) else None, len(places)


def join_valid(*found: Any, last: bool) -> Any:
    """The first or last label of all that has a value; None without one."""
    known = [label for label, count in found if count]
    return known[-1 if last else 0] if known else None


def find_order(part: Any, *, rising: bool) -> Any:
    """(whether a partition increases, whether it decreases, its ends), of no rows None."""
    values = _rows_of(part)
    if not len(values):
        return None
    ends = values.iloc[[0, -1]]
    return values.is_monotonic_increasing, values.is_monotonic_decreasing, ends


def join_order(*found: Any, rising: bool) -> bool:
    """Whether the values of all partitions follow each other in order."""
    known = [one for one in found if one is not None]
    if not all(one[0 if rising else 1] for one in known):
        return False
    if not known:
        return True
    ends = pd.concat([one[2] for one in known], ignore_index=True)
    return bool(ends.is_monotonic_increasing if rising else ends.is_monotonic_decreasing)


def has_missing(part: Any) -> bool:
    """Whether a value of a partition is missing."""
    return bool(partition.as_pandas(part).hasnans)


def any_of(*found: bool) -> bool:
    """Whether it is so of any partition."""
    return any(found)


def find_distinct(part: Any) -> Any:
    """The different values of a partition, in the order in which they appear."""
    return partition.as_pandas(part).drop_duplicates()


def join_distinct(*found: Any) -> Any:
    """pandas' unique() of all."""
    return _stack(found).unique()
