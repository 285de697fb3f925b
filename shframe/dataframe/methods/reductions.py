"""Reductions: by partial results where those are exact, else by pandas on the whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.dataframe.expr.base import Params, Relation, Value, dtypes_of
from shframe.dataframe.expr.samples import sample_of
from shframe.dataframe.expr.values import Computed, Reduction
from shframe.dataframe.kernels import reduce

_NUMERIC = ("sum", "prod", "mean", "var", "std", "median")


def reduce_rows(source: Relation, how: str, **options: Any) -> Value:
    """One value for a series, one for each column of a frame.

    Raises: what pandas raises for dtypes that it cannot reduce.
    """
    if how in _NUMERIC:
        getattr(sample_of(source.meta), how)()
    if how == "count" or all(_combines(dtype, how) for dtype in dtypes_of(source.meta)):
        return Reduction(source, how, tuple(options.items()))
    return reduce_whole(source, how, **({} if how in ("any", "all") else options))


def add_up(source: Relation, how: str, skipna: bool, min_count: int) -> Value:
    """sum or prod; min_count: with fewer values that are not missing the result is missing."""
    if min_count > 0:
        getattr(sample_of(source.meta), how)()
        return reduce_whole(source, how, skipna=skipna, min_count=min_count)
    return reduce_rows(source, how, skipna=skipna)


def reduce_whole(source: Relation, how: str, *args: Any, **kwargs: Any) -> Value:
    """pandas' own method on all rows in one task."""
    if how in _NUMERIC:
        getattr(sample_of(source.meta), how)()
    return Computed((source,), reduce.reduce_whole, Params(name=how, args=args, kwargs=kwargs))


def _combines(dtype: Any, how: str) -> bool:
    """Whether partial results can be combined without a difference."""
    if not isinstance(dtype, np.dtype) or dtype.kind not in "iufb":
        return False
    if dtype.kind == "f" and dtype.itemsize != 8:  # pandas adds them up in their own type
        return dtype == np.float32 and how not in ("sum", "prod", "mean")
    return True
