"""Results that stay small: each partition gives a few rows, which are combined in a tree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels import rowwise, sorting
from shframe.dataframe.kernels.group_rows import group_rows
from shframe.dataframe.kernels.stack_tables import stack_parts
from shframe.dataframe.kernels.table_rows import code_rows, pick_rows


def _together(parts: tuple[Any, ...]) -> Any:
    return partition.as_pandas(stack_parts(list(parts)))


def take_extreme(part: Any, *, name: str, args: tuple[Any, ...], keep: str) -> Any:
    """The partition's largest or smallest rows."""
    return getattr(partition.as_pandas(part), name)(*args, keep=keep)


def combine_extreme(*parts: Any, name: str, args: tuple[Any, ...], keep: str, last: bool) -> Any:
    """The largest or smallest rows of several partitions' ones."""
    return getattr(_together(parts), name)(*args, keep=keep)


def take_sorted(part: Any, *, by: Any, ascending: Any, na_position: str, count: int) -> Any:
    """The partition's first rows in the order of some columns."""
    rows = _candidates(part, by[0], ascending[0], count)
    how = {"by": by, "ascending": ascending, "na_position": na_position}
    return partition.slice_rows(sorting.sort(rows, **how), 0, count)


def combine_sorted(
    *parts: Any, by: Any, ascending: Any, na_position: str, count: int, last: bool
) -> Any:
    """The first rows of several partitions' ones."""
    if len(parts) == 1:
        return parts[0]
    how = {"by": by, "ascending": ascending, "na_position": na_position}
    return partition.slice_rows(sorting.sort(stack_parts(list(parts)), **how), 0, count)


def _candidates(part: Any, label: Any, ascending: bool, count: int) -> Any:
    """The rows that may be among the first: none comes after the last of so many by the first key.

    All of them where a value is missing, or where values are not plain numbers or times.
    """
    column = rowwise.select_column(part, label=label)
    rows = len(column)
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufmM"
    if not 0 < count < rows // 4 or not plain or column.isna().any():
        return part
    values = column.to_numpy()
    place = count - 1 if ascending else rows - count
    bound = np.partition(values, place)[place]
    keep = values <= bound if ascending else values >= bound
    return partition.filter_rows(part, keep) if partition.is_table(part) else part[keep]


def keep_distinct(part: Any, *, subset: Any, keep: Any) -> Any:
    """The partition's rows that differ."""
    made = _distinct_by_codes(part, subset, keep)
    if made is not None:
        return made
    frame = partition.as_pandas(part)
    if isinstance(frame, pd.DataFrame):
        return frame.drop_duplicates(subset, keep=keep)
    return frame.drop_duplicates(keep=keep)


def _distinct_by_codes(part: Any, subset: Any, keep: str) -> Any:
    """The same by the codes of rows; None where they have none."""
    if not partition.rows_in(part) or isinstance(part, pd.Series | pd.Index):
        return None
    table = partition.as_table(part)
    if table is None:
        return None
    labels = partition.layout_of(table).labels
    if not len(labels) or isinstance(labels, pd.MultiIndex) or not labels.is_unique:
        return None
    codes = code_rows(table, list(labels) if subset is None else subset).codes
    if codes is None:
        return None
    if keep == "first":
        rows = group_rows(codes).first
    else:
        proofs = tuple(proof[::-1] for proof in codes.proofs)
        backwards = codes._replace(values=codes.values[::-1], proofs=proofs)
        rows = table.num_rows - 1 - group_rows(backwards).first[::-1]
    table = partition.with_labels(table)
    return table if len(rows) == table.num_rows else pick_rows(table, rows)


def combine_distinct(*parts: Any, subset: Any, keep: str, last: bool) -> Any:
    """The rows that differ among several partitions' ones."""
    return keep_distinct(stack_parts(list(parts)), subset=subset, keep=keep)


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
