"""Rows by chance, partitions, and objects of one row or column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation
from shframe.dataframe.expr.positions import ByPosition, Located, Rearranged
from shframe.dataframe.expr.relations import NumberRows, unify_dtypes
from shframe.dataframe.expr.values import RowCount
from shframe.dataframe.kernels import rowwise, sampling
from shframe.dataframe.methods.delegating import call_in_one_task, find_in_one_task
from shframe.dataframe.methods.indexing import take_rows
from shframe.dataframe.methods.storing import place_values
from shframe.dataframe.wrap import wrap
from shframe.errors import InvalidArgument

__all__ = ["find_in_one_task", "sample_rows", "squeezed", "take_partition"]


def sample_rows(
    source: Relation,
    n: Any,
    frac: Any,
    replace: bool,
    weights: Any,
    random_state: Any,
    axis: Any,
    ignore_index: bool,
) -> Relation:
    """The rows that pandas chooses: numbers of rows are drawn, those rows are taken."""
    how = {"n": n, "frac": frac, "replace": replace, "random_state": random_state}
    if axis in (1, "columns") or weights is not None or not _is_seed(random_state):
        if arguments.is_many(weights) and axis not in (1, "columns"):
            weights = weights if arguments.is_rows(weights) else wrap(place_values(source, weights))
        more = {"weights": weights, "axis": axis, "ignore_index": ignore_index}
        named = {**how, **more}
        if axis in (1, "columns"):
            return call_in_one_task(source, "sample", (), named)  # type: ignore[return-value]
        split = arguments.split_function((), named)
        params = Params(name="sample", args=(), kwargs=dict(split.arguments.kwargs))
        return Rearranged((source, *split.values), rowwise.call_method, params)
    if random_state is None:
        how["random_state"] = int(np.random.randint(0, 2**31 - 1))
    if n is not None and frac is not None:
        raise InvalidArgument("Please enter a value for `frac` OR `n`, not both")
    if frac is not None and frac > 1 and not replace:
        raise InvalidArgument(
            "Replace has to be set to `True` when upsampling the population `frac` > 1."
        )
    numbers = Located((RowCount(source),), sampling.draw, Params(**how), np.zeros(1, np.int64))
    made = take_rows(source, numbers)
    return NumberRows(made) if ignore_index else made


def _is_seed(value: Any) -> bool:
    return value is None or isinstance(value, (int, np.integer))


def take_partition(source: Relation, n: int, count: int) -> Relation:
    """The rows of one partition."""
    if not isinstance(n, (int, np.integer)) or not 0 <= n < count:
        raise InvalidArgument(f"n must be an integer of 0 to {count - 1}, got {n!r}")
    return ByPosition(unify_dtypes(source), sampling.take_partition, Params(number=int(n)))


def squeezed(obj: Any, axis: Any) -> Any:
    """pandas' squeeze: of one column a Series, of one row a value."""
    frame = isinstance(obj.expr.meta, pd.DataFrame)
    if frame and axis in (None, 1, "columns") and len(obj.columns) == 1:
        column = obj.iloc[:, 0]
        return column if axis is not None else squeezed(column, None)
    if axis in (1, "columns") or len(obj) != 1:
        return obj
    return obj.iloc[0]
