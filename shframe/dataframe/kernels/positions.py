"""Rows by their numbers in the whole, and partitions of several frames brought to one schema."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels import rowwise


def take_slice(
    part: Any, counts: list[int], *given: Any, place: int, start: Any, stop: Any, step: Any
) -> Any:
    """The rows of a partition that a slice of the whole, with a step of at least 1, has.

    given: the slice itself where only a value tells it.
    """
    if given:
        start, stop, step = given[0].start, given[0].stop, given[0].step
    first, last, stride = slice(start, stop, step).indices(sum(counts))
    begin = sum(counts[:place])
    low = max(first - begin, 0)
    if first < begin:  # the first row of the slice that is not before this partition
        low = -(begin - first) % stride
    high = min(last - begin, counts[place])
    if low >= high:
        return partition.slice_rows(part, 0, 0)
    if stride == 1:
        return partition.slice_rows(part, low, high)
    return rows_of(partition.as_pandas(part), slice(low, high, stride))


def take_values(part: Any, counts: list[int], values: Any, *, place: int, name: Any) -> Any:
    """The values of a partition's rows, under their labels; values: of all rows."""
    total, begin = sum(counts), sum(counts[:place])
    check_length(len(values), total)
    index = partition.as_pandas(rowwise.get_index(part))
    whole = values.array if isinstance(values, pd.Series) else values
    return pd.Series(whole[begin : begin + counts[place]], index=index, name=name)


def check_length(length: int, rows: int) -> None:
    """Raises: ValueError, in pandas' sentence, for another number of values than rows."""
    if length != rows:
        raise ValueError(f"Length of values ({length}) does not match length of index ({rows})")


def rows_of(obj: Any, numbers: Any) -> Any:
    """Rows of a pandas object by their numbers in it."""
    return obj[numbers] if isinstance(obj, pd.Index) else obj.iloc[numbers]


def concatenate(pieces: list[Any], join: Any, keys: Any, names: Any) -> Any:
    """pandas' own concat; keys and names as it wants them."""
    labels: Any = {} if keys is None else {"keys": list(keys)}
    known: Any = {} if names is None else {"names": list(names)}
    return pd.concat(pieces, join=join, **labels, **known)


def conform(part: Any, *, empty: Any, join: str, key: Any, names: Any) -> Any:
    """A partition with the columns and dtypes of the whole.

    key: a tuple with the label of a further level of the index, or nothing.
    """
    rows = partition.as_pandas(part)
    if join == "inner" and rows.ndim == 2:
        rows = rows[[label for label in empty.columns]]
    if key:
        rows = concatenate([rows], "outer", key, names)
    if rows.ndim == 1:
        rows = rows.rename(empty.name)
    whole = pd.concat([empty, rows]) if len(empty.index.names) == rows.index.nlevels else rows
    whole.index = rows.index.set_names(list(empty.index.names))
    return whole
