"""Columns of partitions as arrays, and blocks of arrays as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels import rowwise
from shframe.dataframe.kernels.positions import check_length
from shframe.errors import UnsupportedType


def show_values(part: Any, *, dtype: Any) -> Any:
    """The values of a partition as an array of a dtype; of one column without gaps a view."""
    if partition.is_table(part) and partition.layout_of(part).width == 1:
        seen = partition.series_values(part.column(0), partition.layout_of(part).dtypes[0])
        values = np.asarray(pd.Series(seen, copy=False).to_numpy())
        values = values.reshape(-1, 1)
    else:
        values = partition.as_pandas(part).to_numpy()
    if not np.can_cast(values.dtype, dtype, "same_kind"):
        raise UnsupportedType(
            f"to_array() has dtype {dtype}, which does not hold what is missing in a column\n"
            "  astype('float64') or fillna() before it"
        )
    return values.astype(dtype, copy=False)


def show_column(part: Any, *, dtype: Any) -> Any:
    """The values of a series' partition as an array of a dtype."""
    values = show_values(part, dtype=dtype)
    return values[:, 0] if values.ndim == 2 else values


def rows_of_block(
    block: Any, view: Any, start: int, *, show: Callable[..., Any], labels: Any, named: bool
) -> Any:
    """A block as the rows of a partition that begins at a row of the whole.

    labels: of the columns; with `named` the name of a series.
    """
    values = show(block, view)
    index = pd.RangeIndex(start, start + len(values))
    if named:
        return pd.Series(values, index=index, name=labels, copy=False)
    return pd.DataFrame(values, index=index, columns=labels, copy=False)


def take_block(part: Any, block: Any, view: Any, *, show: Callable[..., Any], name: Any) -> Any:
    """The values of one block beside the rows of its partition, under their labels."""
    index = partition.as_pandas(rowwise.get_index(part))
    return pd.Series(show(block, view), index=index, name=name, copy=False)


def take_blocks(
    part: Any,
    counts: list[int],
    *blocks: Any,
    place: int,
    show: Callable[..., Any],
    views: Sequence[Any],
    lengths: Sequence[int],
    name: Any,
) -> Any:
    """The values of a partition's rows, under their labels, from the blocks of an array."""
    check_length(sum(lengths), sum(counts))
    begin = sum(counts[:place])
    end = begin + counts[place]
    pieces: list[Any] = []
    start = 0
    for block, view, length in zip(blocks, views, lengths, strict=True):
        low, high = max(begin - start, 0), min(end - start, length)
        if low < high or not (pieces or begin < end):
            pieces.append(show(block, view)[low : max(low, high)])
        start += length
    values = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
    index = partition.as_pandas(rowwise.get_index(part))
    return pd.Series(values, index=index, name=name, copy=False)
