"""Correlations and covariances, by moments of each partition."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.dataframe.expr.base import Params, Relation, Value, dtypes_of
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.lineage import same_rows
from shframe.dataframe.expr.relations import Map, Whole
from shframe.dataframe.expr.values import Find
from shframe.dataframe.kernels import moments, reduce, reshape, rowwise
from shframe.dataframe.methods.delegating import call_in_one_task, find_in_one_task
from shframe.dataframe.methods.windows import numeric_columns, shift_rows
from shframe.dataframe.wrap import wrap


def correlate_columns(
    source: Relation, method: Any, least: int | None, numeric_only: bool
) -> Relation:
    """Correlations of all pairs of columns."""
    if numeric_only:
        source = numeric_columns(source)
    if method != "pearson" or not _is_numeric(source):
        named = {"method": method, "min_periods": least}
        return call_in_one_task(source, "corr", (), named)  # type: ignore[return-value]
    return _as_table(source, moments.correlate, least)


def covary_columns(source: Relation, least: int | None, ddof: int, numeric_only: bool) -> Relation:
    """Covariances of all pairs of columns."""
    if numeric_only:
        source = numeric_columns(source)
    if not _is_numeric(source):
        named = {"min_periods": least, "ddof": ddof}
        return call_in_one_task(source, "cov", (), named)  # type: ignore[return-value]
    return _as_table(source, moments.covary, least, ddof=ddof)


def correlate_with(
    source: Relation, other: Any, axis: Any, method: Any, least: int | None, more: dict[str, Any]
) -> Relation | Value:
    """Correlations of all columns with a series, or of two frames' columns in one task."""
    series = hasattr(other, "expr") and other.expr.meta.ndim == 1 and axis in (0, "index")
    if more.get("numeric_only"):
        source = numeric_columns(source)
    if not series or not source.meta.columns.is_unique:
        named = {"axis": axis, "method": method, "min_periods": least, **more}
        return find_in_one_task(source, "corrwith", (other,), named)
    labels = list(source.meta.columns)
    cells = (correlate_pair(Column(source, one), other, method, least) for one in labels)
    return Whole(tuple(cells), reduce.series_of, Params(labels=labels, name=None))


def correlate_pair(source: Relation, other: Any, method: Any, least: int | None) -> Value:
    """The correlation of two series, by label."""
    named = {"method": method, "min_periods": least}
    return _of_pair(source, other, "corr", moments.correlate, named, method == "pearson")


def covary_pair(source: Relation, other: Any, least: int | None, ddof: int) -> Value:
    """The covariance of two series, by label."""
    named = {"min_periods": least, "ddof": ddof}
    return _of_pair(source, other, "cov", moments.covary, named, True, ddof=ddof)


def correlate_with_shifted(source: Relation, lag: int) -> Value:
    """The correlation of a series with its values some rows before."""
    before = shift_rows(source, lag, None, 0, {})
    return correlate_pair(source, wrap(before), "pearson", None)


def _of_pair(
    source: Relation,
    other: Any,
    name: str,
    kernel: Any,
    named: dict[str, Any],
    by_moments: bool,
    **more: Any,
) -> Value:
    beside = getattr(other, "expr", None)
    rows = isinstance(beside, Relation) and beside.meta.ndim == 1
    if not (rows and by_moments and same_rows([source.lineage, beside.lineage])):  # type: ignore[union-attr]
        return find_in_one_task(source, name, (other,), named)
    if not (_is_numeric(source) and _is_numeric(beside)):  # type: ignore[arg-type]
        return find_in_one_task(source, name, (other,), named)
    how = Params(axis=1, keys=[0, 1])
    both = Map((source, beside), reshape.concatenate, how, "same")  # type: ignore[arg-type]
    params = Params(least=named["min_periods"] or 1, series=True, **more)
    return Find(both, moments.find_moments, kernel, params)


def _as_table(source: Relation, kernel: Any, least: int | None, **more: Any) -> Relation:
    columns = source.meta.columns
    params = Params(least=least or 1, series=False, columns=columns, **more)
    found = Find(source, moments.find_moments, kernel, params)
    return Whole((found,), rowwise.pass_through, Params())


def _is_numeric(source: Relation) -> bool:
    """Whether pandas takes all values for numbers."""
    kinds = (getattr(one, "kind", "O") for one in dtypes_of(source.meta))
    plain = all(
        isinstance(one, np.dtype) or hasattr(one, "numpy_dtype") for one in dtypes_of(source.meta)
    )
    return plain and all(kind in "iufb" for kind in kinds)
