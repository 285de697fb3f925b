"""What the order of all values tells: rank, mode, quantiles and medians."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation, Value, dtypes_of
from shframe.dataframe.expr.ordered import Modes, Quantiles, Ranks
from shframe.dataframe.expr.relations import unify_dtypes
from shframe.dataframe.expr.samples import sample_of
from shframe.dataframe.kernels.quantiles import is_ordered
from shframe.dataframe.kernels.ranking import is_ranked
from shframe.dataframe.methods import reductions
from shframe.dataframe.methods.delegating import call_in_one_task
from shframe.dataframe.methods.rowwise import call_method
from shframe.dataframe.methods.windows import numeric_columns


def rank_rows(
    source: Relation,
    axis: Any,
    method: str,
    numeric_only: bool,
    na_option: str,
    ascending: bool,
    pct: bool,
) -> Relation:
    """The rank of each value in its column, or in its row."""
    named: dict[str, Any] = {"method": method, "na_option": na_option}
    named |= {"ascending": ascending, "pct": pct}
    if axis in (1, "columns"):
        return call_method(source, "rank", (), {"axis": 1, "numeric_only": numeric_only, **named})
    if numeric_only and source.meta.ndim == 2:
        source = numeric_columns(source)
        numeric_only = False
    if numeric_only or not all(map(is_ranked, dtypes_of(source.meta))):
        named["numeric_only"] = numeric_only
        return call_in_one_task(source, "rank", (), {"axis": axis, **named})  # type: ignore[return-value]
    node = Ranks(unify_dtypes(source), Params(axis=axis, **named))
    _ = node.meta  # pandas reports at the call what is wrong with it
    return Ranks(node.source, Params(**named))


def find_modes(source: Relation, axis: Any, numeric_only: bool, dropna: bool) -> Relation:
    """The most frequent values of each column, or of each row."""
    if axis in (1, "columns"):
        named = {"axis": 1, "numeric_only": numeric_only, "dropna": dropna}
        return call_in_one_task(source, "mode", (), named)  # type: ignore[return-value]
    if numeric_only:
        source = numeric_columns(source)
    if not all(map(is_ranked, dtypes_of(source.meta))) or not dtypes_of(source.meta):
        return call_in_one_task(source, "mode", (), {"dropna": dropna})  # type: ignore[return-value]
    return Modes(unify_dtypes(source), dropna)


def find_medians(source: Relation, skipna: bool) -> Value:
    """The value in the middle of each column."""
    sample_of(source.meta).median()
    if not _is_sorted(source):
        return reductions.reduce_whole(source, "median", skipna=skipna)
    return Quantiles(unify_dtypes(source), None, True, skipna)


def find_quantiles(
    source: Relation, q: Any, axis: Any, numeric_only: bool, interpolation: str, method: str
) -> Relation | Value:
    """Exact quantiles of each column, or of each row."""
    if numeric_only:
        source = numeric_columns(source)
    series = source.meta.ndim == 1
    if not series and axis in (1, "columns"):
        named = {"axis": 1, "interpolation": interpolation, "method": method}
        return call_in_one_task(source, "quantile", (q,), named)
    small = np.dtype("f4") in dtypes_of(source.meta)  # whose results are of either size
    if small or not _is_sorted(source) or method != "single" or arguments.is_rows(q):
        more = {} if series else {"method": method}
        return reductions.reduce_whole(source, "quantile", q, interpolation=interpolation, **more)
    scalar = not isinstance(q, (list, tuple, np.ndarray, pd.Series, pd.Index))
    asked = tuple(map(float, [q] if scalar else q))
    node = Quantiles(unify_dtypes(source), asked, scalar, interpolation)
    _ = node.sample  # pandas reports at the call what is wrong with it
    return node


def _is_sorted(source: Relation) -> bool:
    kinds = dtypes_of(source.meta)
    return bool(kinds) and all(map(is_ordered, kinds))
