"""Rows in order, first rows, largest rows, rows that differ, and labels that count rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Params, Relation
from shframe.dataframe.expr.columns import Column, SteadyElementwise, SteadyRelabel
from shframe.dataframe.expr.relations import (
    Limit,
    Map,
    NumberRows,
    Sort,
    TopRows,
    ValueCounts,
    Whole,
    unify_dtypes,
)
from shframe.dataframe.expr.values import Find
from shframe.dataframe.kernels import combine, labelling, rowwise
from shframe.dataframe.methods.rowwise import call_method, rename_series
from shframe.dataframe.methods.selection import check_labels, select_column
from shframe.errors import InvalidArgument


def sort_rows(
    source: Relation, by: Any, ascending: Any, na_position: str, ignore_index: bool
) -> Relation:
    """Rows in the order of columns; rows with equal keys keep their order."""
    names = labels_of(source, by)
    check_labels(source, names, "sort_values")
    if not names:
        raise InvalidArgument("sort_values() needs at least one column")
    many = isinstance(ascending, (list, tuple))
    flags = tuple(ascending) if many else (ascending,) * len(names)
    if len(flags) != len(names):
        raise InvalidArgument(f"Length of ascending ({len(flags)}) != length of by ({len(names)})")
    check_na_position(na_position)
    node = Sort(source, tuple(names), tuple(map(bool, flags)), na_position, ignore_index)
    return NumberRows(node) if ignore_index else node


def sort_series(
    source: Relation, ascending: bool, na_position: str, ignore_index: bool
) -> Relation:
    """The values of a series in order."""
    label = source.meta.name
    column = 0 if label is None else label
    frame = to_frame(source, column)
    ordered = Column(sort_rows(frame, [column], ascending, na_position, ignore_index), column)
    return rename_series(ordered, None) if label is None else ordered


def to_frame(source: Relation, *name: Any) -> Relation:
    """A frame of one column, under its own name or another."""
    return call_method(source, "to_frame", name, kind=SteadyElementwise)


def sort_by_index(source: Relation, ascending: bool, na_position: str) -> Relation:
    """Rows in the order of their labels."""
    check_na_position(na_position)
    return Sort(source, None, (bool(ascending),), na_position, False)


def check_na_position(value: Any) -> None:
    """Raises: InvalidArgument."""
    if value not in ("first", "last"):
        raise InvalidArgument(f"invalid na_position: {value}; it must be 'first' or 'last'")


def first_rows(source: Relation, n: Any, *, last: bool = False) -> Relation:
    """The first `n` rows, or the last."""
    return Limit(unify_dtypes(source), row_count(n), last)


def row_count(n: Any) -> int:
    """A number of rows; raises InvalidArgument."""
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 0:
        raise InvalidArgument(f"n must be a non-negative integer, got {n!r}")
    return int(n)


def top_rows(
    source: Relation, n: Any, by: Sequence[Any] | None, largest: bool, keep: Any
) -> Relation:
    """The `n` rows with the largest or smallest values."""
    if by is not None:
        check_labels(source, by, "nlargest" if largest else "nsmallest")
    columns = None if by is None else tuple(by)
    return TopRows(unify_dtypes(source), row_count(n), columns, largest, keep)


def count_values(
    source: Relation, *, sort: bool, ascending: bool, normalize: bool, dropna: bool
) -> Relation:
    """How often each value is there."""
    if combine.is_counted_alike(source.meta.dtype):
        return ValueCounts(source, sort, ascending, normalize, dropna)
    how = {"sort": sort, "ascending": ascending, "normalize": normalize, "dropna": dropna}
    return Whole((source,), rowwise.call_method, Params(name="value_counts", args=(), kwargs=how))


def reset_index(source: Relation, drop: bool) -> Relation:
    """Labels that count rows; the old ones become columns, or go."""
    if drop:
        return NumberRows(source)
    return NumberRows(call_method(source, "reset_index", kind=SteadyRelabel, index_asked=True))


def set_index(source: Relation, keys: Any, drop: bool) -> Relation:
    """Columns as labels of rows, which keep their order."""
    names = labels_of(source, keys)
    check_labels(source, names, "set_index")
    dtypes = [source.meta[name].dtype for name in names]
    if np.dtype(object) in dtypes:  # of which pandas looks for a dtype for all
        params = Params(name="set_index", args=(keys,), kwargs={"drop": drop})
        return Whole((source,), rowwise.call_method, params)
    if len(dtypes) == 1 and str(dtypes[0]) in ("int8", "int16", "int32"):
        return _set_small_index(source, names[0], drop)
    kwargs = {"drop": drop}
    return call_method(source, "set_index", [keys], kwargs, kind=SteadyRelabel, index_asked=True)


def _set_small_index(source: Relation, label: Any, drop: bool) -> Relation:
    """A column of integers that may become int64 as an index."""
    spaced = Find(select_column(source, label), labelling.find_spacing, labelling.is_even)
    params = Params(label=label, drop=drop)
    return Map((source,), labelling.set_index, params, given=(spaced,))


def labels_of(source: Relation, given: Any) -> list[Any]:
    """One label of a column or several, as a list; a tuple may be one label."""
    one = isinstance(given, tuple) and given in source.meta.columns
    return [given] if one else as_list(given)


def as_list(labels: Any) -> list[Any]:
    """One label or several, as a list."""
    return list(labels) if isinstance(labels, (list, tuple, pd.Index)) else [labels]
