"""pandas' own tables and classes, of a partition or of results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.arguments import as_written, fill_places


def pivot(part: Any, *, named: dict[str, Any], again: str | None) -> Any:
    """pandas' own pivot_table; again: how results of groups are aggregated once more."""
    frame = partition.as_pandas(part)
    how = as_written(dict(named))
    if again is not None:
        frame, how["aggfunc"] = frame.reset_index(), again
    return pd.pivot_table(frame, **how)


def order_counts(part: Any, *, listed: bool, normalize: bool, sort: bool, ascending: bool) -> Any:
    """Numbers of equal rows as pandas' value_counts() shows them."""
    counts = partition.as_pandas(part)
    if sort:
        counts = counts.sort_values(ascending=ascending, kind="stable")
    if normalize:
        counts = counts / counts.sum()
    if listed and counts.index.nlevels == 1:
        counts.index = pd.MultiIndex.from_arrays([counts.index], names=[counts.index.name])
    return counts.rename("proportion" if normalize else "count")


def name_levels(part: Any, *, index: list[Any], columns: list[Any]) -> Any:
    """A table with other names of the levels of its labels."""
    made = partition.as_pandas(part)
    return made.rename_axis(index=index, columns=columns)


def cross_tabulate(*columns: Any, args: Any, kwargs: Any) -> Any:
    """pandas' own crosstab; columns under the same labels get them in one object, as of a frame."""
    rows = columns[0].index
    alike = [one.set_axis(rows) if one.index.equals(rows) else one for one in columns]
    index, names = fill_places(args, alike)
    return pd.crosstab(index, names, **fill_places(kwargs, alike))


def cross_counts(counts: Any, *, rows: list[Any], columns: list[Any], named: dict[str, Any]) -> Any:
    """pandas' own crosstab of what was counted; rows, columns: the names of the values there."""
    found = partition.as_pandas(counts)
    levels = [found.index.get_level_values(n) for n in range(found.index.nlevels)]
    if not len(found):
        given: list[Any] = [pd.Series([], dtype=one.dtype) for one in levels]
        how = named
    else:
        given = [pd.Series(level.array) for level in levels]
        how = {**named, "values": pd.Series(found.to_numpy()), "aggfunc": "sum"}
    known = [one.rename(name) for one, name in zip(given, [*rows, *columns], strict=True)]
    made = pd.crosstab(known[: len(rows)], known[len(rows) :], **how)
    return made if named["normalize"] is not False else made.fillna(0).astype("int64")


def get_dummies(part: Any, *, named: dict[str, Any], labels: Any) -> Any:
    """pandas' own get_dummies; labels: of the columns, where they are not those of categories."""
    made = pd.get_dummies(partition.as_pandas(part), **named)
    return made if labels is None else made.set_axis(labels, axis=1)


def cut(part: Any, *, named: dict[str, Any]) -> Any:
    """pandas' own cut into known classes."""
    return pd.cut(partition.as_pandas(part), **named)


def order_classes(
    counts: Any,
    rows: int,
    *,
    intervals: Any,
    sort: bool,
    ascending: bool,
    normalize: bool,
    dropna: bool,
) -> Any:
    """Counts of intervals in the order that pandas' value_counts(bins=) has; rows: of all."""
    known = partition.as_pandas(counts).to_dict()
    numbers = np.array([known.get(one, 0) for one in intervals], dtype="int64")
    made = pd.Series(numbers, index=intervals, name="proportion" if normalize else "count")
    if dropna and not made.any():
        made = made.iloc[:0]
    if sort:
        made = made.sort_values(ascending=ascending, kind="stable")
    return made / rows if normalize else made


def cut_by_quantiles(part: Any, *, q: Any, named: dict[str, Any]) -> Any:
    """pandas' own qcut."""
    return pd.qcut(partition.as_pandas(part), q, **named)


def convert(part: Any, *given: Any, function: str, named: dict[str, Any]) -> Any:
    """pandas' own to_datetime, to_numeric or to_timedelta; given: the format that was found."""
    how = {**named, "format": given[0]} if given else named
    return getattr(pd, function)(partition.as_pandas(part), **how)


def find_first(part: Any, *, dayfirst: bool) -> Any:
    """The first value of a partition that is not missing; None where there is none."""
    values = partition.as_pandas(part)
    place = values.first_valid_index() if len(values) else None
    return None if place is None else values.dropna().iloc[0]


def guess_format(*found: Any, dayfirst: bool) -> Any:
    """The format of the first value of all, as pandas guesses it; None: each value has its own."""
    from pandas.tseries.api import guess_datetime_format

    first = next((one for one in found if one is not None), None)
    return guess_datetime_format(first, dayfirst) if isinstance(first, str) else None
