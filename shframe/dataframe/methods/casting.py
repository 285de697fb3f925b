"""Casts to other dtypes; where categories are to come from the values, from those of the whole."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe.base import wrap
from shframe.dataframe.expr import relations
from shframe.dataframe.expr.relations import Params
from shframe.dataframe.kernels import categories, rowwise
from shframe.errors import ColumnNotFound


def cast(collection: Any, dtype: Any) -> Any:
    """The frame or series in another dtype, or its columns in the dtypes of a dictionary.

    Raises: ColumnNotFound.
    """
    if collection._meta.ndim == 1:
        wanted = _settled(collection, dtype)
    else:
        wanted = _by_column(collection, dtype)
    if wanted is dtype and _is_of_whole(collection, dtype):
        given = Params(name="astype", args=(dtype,), kwargs={})
        return wrap(relations.Whole((collection.expr,), rowwise.method, given))
    if wanted is dtype:
        return _whole_dtypes(collection)._method("astype", dtype)
    meta = relations.Meta(collection._meta.astype(dtype))
    return _whole_dtypes(collection)._method("astype", wanted, known=meta)


def _whole_dtypes(collection: Any) -> Any:
    """A 5 beside a missing value is 5.0, in whichever partition it is."""
    return wrap(relations.agreed(collection.expr))


def _is_of_whole(collection: Any, dtype: Any) -> bool:
    """Whether times become text: pandas leaves the hours out where none of all has any."""
    meta = collection._meta
    asked = dtype if isinstance(dtype, (dict, pd.Series)) else None
    pairs = [
        (one, dtype if asked is None else asked.get(label))
        for label, one in ([(None, meta.dtype)] if meta.ndim == 1 else meta.dtypes.items())
    ]
    return any(getattr(a, "kind", "") in "mM" and _is_text(b) for a, b in pairs)


def _is_text(dtype: Any) -> bool:
    return dtype is not None and pd.api.types.is_string_dtype(dtype)


def _by_column(frame: Any, dtype: Any) -> Any:
    many = isinstance(dtype, (dict, pd.Series))
    asked = dict(dtype) if many else dict.fromkeys(frame.columns, dtype)
    for label in asked:
        if label not in frame.columns:
            raise ColumnNotFound.among(label, frame.columns, "astype")
    if not any(map(_is_open, asked.values())):
        return dtype
    return {label: _settled(frame[label], one) for label, one in asked.items()}


def _is_open(dtype: Any) -> bool:
    """Whether it is the dtype of categories which the values are to say."""
    if isinstance(dtype, str):
        return dtype == "category"
    if dtype is pd.CategoricalDtype:
        return True
    return isinstance(dtype, pd.CategoricalDtype) and dtype.categories is None


def _settled(series: Any, dtype: Any) -> Any:
    """The dtype, lazy where the values have to be looked at; a categorical one keeps its own."""
    if not _is_open(dtype) or isinstance(series._meta.dtype, pd.CategoricalDtype):
        return dtype
    params = Params(ordered=bool(getattr(dtype, "ordered", False)))
    return wrap(relations.Reduce(series.expr, categories.values, categories.found, params))
