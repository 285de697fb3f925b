"""Columns of strings and numbers as times, durations and numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import Params, Relation
from shframe.dataframe.expr.relations import Map, Whole, unify_dtypes
from shframe.dataframe.expr.values import Find
from shframe.dataframe.kernels import tables


def to_datetime(source: Relation, named: dict[str, Any]) -> Relation:
    """Times; the format of strings is that of the first, unless it is told."""
    text = source.meta.ndim == 1 and pd.api.types.is_string_dtype(source.meta.dtype)
    if not (text and named["format"] is None):
        return _convert(source, "to_datetime", named)
    params = Params(dayfirst=bool(named["dayfirst"]))
    found = Find(source, tables.find_first, tables.guess_format, params)
    return _convert(source, "to_datetime", named, found)


def to_timedelta(source: Relation, named: dict[str, Any]) -> Relation:
    """Durations."""
    return _convert(source, "to_timedelta", named)


def to_numeric(source: Relation, named: dict[str, Any]) -> Relation:
    """Numbers. The smallest dtype, with downcast=, is found in one task."""
    if named["downcast"] is not None:
        return Whole((source,), tables.convert, Params(function="to_numeric", named=named))
    return _convert(source, "to_numeric", named)


def _convert(source: Relation, function: str, named: dict[str, Any], *given: Any) -> Relation:
    params = Params(function=function, named=named)
    node = Map((unify_dtypes(source),), tables.convert, params, "same", True, given)
    _ = node.meta
    return node
