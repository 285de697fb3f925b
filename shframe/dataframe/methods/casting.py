"""Casts to other dtypes; categories that are to come from values come from those of the whole."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import Meta, Params, Relation
from shframe.dataframe.expr.columns import Arguments, Cast, Column
from shframe.dataframe.expr.relations import Whole, unify_dtypes
from shframe.dataframe.expr.values import Find
from shframe.dataframe.kernels import categories, rowwise
from shframe.dataframe.kernels.arguments import Place
from shframe.errors import ColumnNotFound
from shframe.graph.plan.expr import Expr


def cast(source: Relation, dtype: Any) -> Relation:
    """The frame or series in another dtype, or its columns in the dtypes of a dictionary.

    Raises: ColumnNotFound.
    """
    given: list[Expr] = []
    wanted = _settle(source, dtype, given) if source.meta.ndim == 1 else None
    if source.meta.ndim == 2:
        wanted = _by_column(source, dtype, given)
    if not given and _is_of_whole(source, dtype):
        params = Params(name="astype", args=(dtype,), kwargs={})
        return Whole((source,), rowwise.call_method, params)
    known = Meta(source.meta.astype(dtype)) if wanted is not dtype else None
    # a 5 beside a missing value is 5.0, in whichever partition it is
    settled = unify_dtypes(source)
    asked = Arguments((wanted,))
    node = Cast(settled, "astype", asked, (), tuple(given), False, known)
    _ = node.meta
    return node


def _is_of_whole(source: Relation, dtype: Any) -> bool:
    """Whether times become strings: pandas leaves the hours out where none of all has any."""
    meta = source.meta
    asked = dtype if isinstance(dtype, (dict, pd.Series)) else None
    pairs = [
        (one, dtype if asked is None else asked.get(label))
        for label, one in ([(None, meta.dtype)] if meta.ndim == 1 else meta.dtypes.items())
    ]
    return any(getattr(a, "kind", "") in "mM" and _is_string(b) for a, b in pairs)


def _is_string(dtype: Any) -> bool:
    return dtype is not None and pd.api.types.is_string_dtype(dtype)


def _by_column(source: Relation, dtype: Any, given: list[Expr]) -> Any:
    """The dtypes by column where some are to be found first; else what was asked for."""
    columns = source.meta.columns
    many = isinstance(dtype, (dict, pd.Series))
    asked = dict(dtype) if many else dict.fromkeys(columns, dtype)
    for label in asked:
        if label not in columns:
            raise ColumnNotFound.among(label, columns, "astype")
    if not any(map(_is_open, asked.values())):
        return dtype
    return {label: _settle(Column(source, label), one, given) for label, one in asked.items()}


def _is_open(dtype: Any) -> bool:
    """Whether it is the dtype of categories which the values are to say."""
    if isinstance(dtype, str):
        return dtype == "category"
    if dtype is pd.CategoricalDtype:
        return True
    return isinstance(dtype, pd.CategoricalDtype) and dtype.categories is None


def _settle(series: Relation, dtype: Any, given: list[Expr]) -> Any:
    """The dtype; a Place for one that the values are to say, whose finding is added to `given`.

    A series that is categorical already keeps its categories.
    """
    if not _is_open(dtype) or isinstance(series.meta.dtype, pd.CategoricalDtype):
        return dtype
    params = Params(ordered=bool(getattr(dtype, "ordered", False)))
    given.append(Find(series, categories.find_values, categories.infer_dtype, params))
    return Place(len(given) - 1)
