"""Rows that may be among the first of their groups in the order of a column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.group_rows import number_rows
from shframe.dataframe.kernels.row_ranks import code_in_order
from shframe.dataframe.kernels.table_rows import code_rows, columns_at

LAST = np.uint64(2**64 - 1)  # a code that none is behind


def find_near_first(
    part: Any,
    *,
    keys: tuple[Any, ...],
    by: Any,
    ascending: bool,
    na_position: str,
    count: int,
    from_end: bool,
) -> Any:
    """For each row whether it has one of the `count` first different values of its group.

    Of each group the rows that are among its first are among these, whatever decides between equal
    values. Cost: three passes for each of `count`.
    """
    table = partition.as_table(part)
    of_table = partition.is_table(part)
    index = partition.index_of(part, partition.layout_of(part)) if of_table else part.index
    near = np.ones(len(index), bool)
    codes = None if table is None else code_rows(table, keys).codes
    if codes is not None:
        ((column,), (dtype,)) = columns_at(table, (by,))
        ranks = code_in_order(column, dtype, ascending, na_position)
        if ranks is not None:
            places = ~ranks.values if from_end else ranks.values.copy()
            near = _have_first_values(*number_rows(codes), places, count)
    return pd.Series(near, index=index)


def _have_first_values(numbers: Any, total: int, places: Any, count: int) -> Any:
    near = np.zeros(len(places), bool)
    for left in range(count - 1, -1, -1):
        first = np.full(total, LAST)
        np.minimum.at(first, numbers, places)
        found = places == first.take(numbers)
        near |= found
        if left:
            np.putmask(places, found, LAST)
    return near
