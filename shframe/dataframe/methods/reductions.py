"""Reductions: by partial results where those are exact, else by pandas on the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Params, Relation, Value, dtypes_of
from shframe.dataframe.expr.relations import unify_dtypes
from shframe.dataframe.expr.samples import sample_of
from shframe.dataframe.expr.values import Computed, Find, FindLabels, Reduction
from shframe.dataframe.kernels import extremes, reduce, rowwise, skewness

_NUMERIC = ("sum", "prod", "mean", "var", "std", "median")


def reduce_rows(source: Relation, how: str, **options: Any) -> Value:
    """One value for a series, one for each column of a frame.

    Raises: what pandas raises for dtypes that it cannot reduce.
    """
    if how in _NUMERIC:
        getattr(sample_of(source.meta), how)()
    kinds = dtypes_of(source.meta)
    plain = all(_combines(one, how) for one in kinds)
    if how in ("min", "max") and kinds and not plain and all(map(_keeps_extremes, kinds)):
        return _find_extremes(source, how, options.get("skipna", True))
    if how in ("skew", "kurt"):
        if not kinds or not all(map(_is_plain_number, kinds)):
            return reduce_whole(source, how, **options)
        labels = source.meta.columns if source.meta.ndim == 2 else None
        params = Params(name=how, labels=labels, skipna=options.get("skipna", True))
        return Find(source, skewness.find_powers, skewness.shape_of, params)
    if how == "count" or plain:
        return Reduction(source, how, tuple(options.items()))
    return reduce_whole(source, how, **({} if how in ("any", "all") else options))


def _is_plain_number(dtype: Any) -> bool:
    """Whether values are NumPy's integers or float64, of which results are float64."""
    return isinstance(dtype, np.dtype) and (dtype.kind in "iu" or dtype == np.float64)


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


def _find_extremes(source: Relation, how: str, skipna: bool) -> Value:
    meta = source.meta
    more = {"series": meta.ndim == 1, "labels": meta.columns if meta.ndim == 2 else None}
    getattr(sample_of(meta), how)(skipna=skipna)  # pandas says what has no order
    asked = {"how": how, "skipna": skipna}
    return Find(source, extremes.find_extremes, extremes.join_extremes, Params(**asked, **more))


def find_labels(source: Relation, how: str, skipna: bool) -> Value:
    """idxmin or idxmax: the labels of the extremes of each column."""
    getattr(sample_of(source.meta), how)(skipna=skipna)
    params = Params(how=how, skipna=skipna, empty=source.meta)
    return FindLabels(source, extremes.find_places, extremes.join_labels, params)


def find_number(source: Relation, how: str, skipna: bool) -> Value:
    """argmin or argmax: the number of the row with the extreme of a series."""
    params = Params(how=how.replace("arg", "idx"), skipna=skipna)
    return Find(source, extremes.find_places, extremes.join_numbers, params)


def find_distinct(source: Relation) -> Value:
    """unique: the different values of a series, those of each partition first."""
    return Find(unify_dtypes(source), extremes.find_distinct, extremes.join_distinct)


def find_order(source: Relation, *, rising: bool) -> Value:
    """Whether the values of a series, or the labels of an index, are in order."""
    if isinstance(source.meta, pd.MultiIndex):
        name = f"is_monotonic_{'increasing' if rising else 'decreasing'}"
        return Computed((source,), rowwise.get_attribute, Params(name=name))
    params = Params(rising=rising)
    return Find(source, extremes.find_order, extremes.join_order, params)


def find_missing(source: Relation) -> Value:
    """Whether any value of a series is missing, or any label of an index."""
    return Find(source, extremes.has_missing, extremes.any_of)


def find_valid(source: Relation, *, last: bool) -> Value:
    """first_valid_index or last_valid_index."""
    return FindLabels(source, extremes.find_valid, extremes.join_valid, Params(last=last))


def divide_deviation(source: Relation, ddof: int, skipna: bool) -> Value:
    """sem: the standard errors of the means."""
    if not all(_combines(one, "std") for one in dtypes_of(source.meta)):
        return reduce_whole(source, "sem", ddof=ddof, skipna=skipna)
    deviation = reduce_rows(source, "std", ddof=ddof, skipna=skipna)
    count = reduce_rows(source, "count")
    return Computed((deviation, count), extremes.divide_by_root, Params())


def _keeps_extremes(dtype: Any) -> bool:
    """Whether the extremes of partitions have the dtype of the column, and its order."""
    if isinstance(dtype, pd.CategoricalDtype):
        return len(dtype.categories) > 0
    return isinstance(dtype, pd.api.extensions.ExtensionDtype) or dtype.kind in "iufbmM"


def _combines(dtype: Any, how: str) -> bool:
    """Whether partial results can be combined without a difference."""
    if not isinstance(dtype, np.dtype) or dtype.kind not in "iufb":
        return False
    if dtype.kind == "f" and dtype.itemsize != 8:  # pandas adds them up in their own type
        return dtype == np.float32 and how not in ("sum", "prod", "mean")
    return True
