"""Rows and their neighbours: shift, diff, cumulative results, filling, rolling windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation, dtypes_of
from shframe.dataframe.expr.columns import SteadyRelabel
from shframe.dataframe.expr.relations import Whole, unify_dtypes
from shframe.dataframe.expr.windows import Carried, Windowed
from shframe.dataframe.kernels import window
from shframe.dataframe.kernels.carrying import EXPANDING, CarryPlan
from shframe.dataframe.kernels.weighting import WEIGHTED, alpha_of
from shframe.dataframe.kernels.window import Reach, WindowPlan
from shframe.dataframe.methods.delegating import call_in_one_task
from shframe.dataframe.methods.grouping import captured
from shframe.dataframe.methods.rowwise import call_method
from shframe.dataframe.methods.selection import select_columns
from shframe.errors import InvalidArgument

_OF_LINES = {"method", "axis", "limit", "limit_direction", "limit_area"}
_APART = frozenset({"corr", "cov"})  # methods that may make several rows of each


def shift_rows(
    source: Relation, periods: Any, freq: Any, axis: Any, more: dict[str, Any]
) -> Relation:
    """Values of the row that is `periods` before; freq: the labels are moved instead."""
    named = {"axis": axis, **more}
    if axis in (1, "columns"):
        return call_method(source, "shift", [periods, freq], named)
    if freq is not None:
        how: dict[str, Any] = {"kind": SteadyRelabel, "index_asked": True}
        return call_method(source, "shift", [periods], {"freq": freq, **named}, **how)
    reaches = [int(one) for one in (periods if arguments.is_many(periods) else [periods])]
    before, after = max([0, *reaches]), max([0, *(-one for one in reaches)])
    return _windowed(source, "shift", (periods,), named, before, after)


def compare_rows(source: Relation, method: str, periods: Any, kwargs: dict[str, Any]) -> Relation:
    """diff or pct_change: each row beside that which is `periods` before it."""
    if kwargs.get("axis") in (1, "columns"):
        return call_method(source, method, [periods], kwargs)
    if not isinstance(periods, (int, np.integer)):
        if not (isinstance(periods, float) and periods.is_integer()):
            raise InvalidArgument(f"periods must be an integer, got {periods!r}")
        periods = int(periods)
    before, after = max(int(periods), 0), max(-int(periods), 0)
    return _windowed(unify_dtypes(source), method, (periods,), kwargs, before, after)


def change_of_rows(source: Relation, periods: Any, kwargs: dict[str, Any]) -> Relation:
    """pct_change; freq: the labels are moved, which only all rows tell."""
    if kwargs.get("freq") is not None:
        return call_in_one_task(source, "pct_change", (periods,), kwargs)  # type: ignore[return-value]
    return compare_rows(source, "pct_change", periods, kwargs)


def accumulate(source: Relation, method: str, axis: Any, skipna: bool, only: bool) -> Relation:
    """cumsum, cumprod, cummax or cummin."""
    arguments.check_axis(source, axis)
    if only:
        source = numeric_columns(source)
    kwargs = {"skipna": skipna} if source.meta.ndim == 1 else {"axis": axis, "skipna": skipna}
    if axis in (1, "columns"):
        return call_method(source, method, (), kwargs)
    numbers = all(
        isinstance(one, np.dtype) and one.kind in ("iuf" if method != "cumprod" else "if")
        for one in dtypes_of(source.meta)
    )
    if not numbers or any(str(one) == "float16" for one in dtypes_of(source.meta)):
        return call_in_one_task(source, method, (), kwargs)  # type: ignore[return-value]
    if all(one.itemsize == 8 for one in dtypes_of(source.meta)):
        plan = CarryPlan("cumulative", method, tuple(kwargs.items()))
        return _checked(Carried(unify_dtypes(source), plan))
    reach: Reach = "filled result" if skipna else "result"
    return _windowed(unify_dtypes(source), method, (), kwargs, reach)


def numeric_columns(source: Relation) -> Relation:
    if source.meta.ndim == 1:
        return source
    is_numeric = pd.api.types.is_numeric_dtype  # of booleans too, and not of durations
    return select_columns(
        source, [k for k, dtype in source.meta.dtypes.items() if is_numeric(dtype)]
    )


def fill_along(source: Relation, method: str, axis: Any, limit: int | None, area: Any) -> Relation:
    """ffill or bfill."""
    kwargs = {"axis": axis, "limit": limit, "limit_area": area}
    if axis in (1, "columns"):
        return call_method(source, method, (), kwargs)
    if area is not None:
        return call_in_one_task(source, method, (), kwargs)  # type: ignore[return-value]
    reach: Reach = "result" if limit is None else limit
    if method == "ffill":
        return _windowed(source, method, (), kwargs, reach)
    return _windowed(source, method, (), kwargs, 0, reach)


def roll(
    source: Relation,
    how: dict[str, Any],
    columns: Any,
    method: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Relation:
    """A method of windows of rows, or of a time, before each row."""
    split = arguments.split_function(captured(args), captured(kwargs))
    asked = split.arguments
    reach = _reach_of(how)
    around = bool(how.get("center"))
    plan = WindowPlan(
        method, asked.args, asked.kwargs, ("rolling", tuple(how.items())), reach,
        reach if around else 0, how.get("on"), _packed(columns),
    )  # fmt: skip
    if how.get("step") not in (None, 1) or method in _APART or _is_indexer(how["window"]):
        node: Relation = Whole((source, *split.values), window.call_windows, Params(plan=plan))
    else:
        node = Windowed(unify_dtypes(source), plan, split.values)
    _ = node.meta
    return node


def expand(
    source: Relation,
    windows: str,
    how: dict[str, Any],
    columns: Any,
    method: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Relation:
    """A method of windows that begin with the first row, or of intervals of time.

    Of all rows up to each most statistics carry a few numbers; everything else is one task.
    """
    if windows == "expanding" and method in EXPANDING and not args and how["min_periods"] >= 1:
        options = {**kwargs, "min_periods": how["min_periods"]}
        plain = set(kwargs) <= {"ddof"} and how["method"] == "single"
        chosen = source.meta if columns is None else source.meta[columns]
        if plain and all(map(_is_number, dtypes_of(chosen))):
            carry = CarryPlan(windows, method, tuple(options.items()), _packed(columns))
            return _checked(Carried(unify_dtypes(source), carry))
    if windows == "ewm" and method in WEIGHTED and not args and set(kwargs) <= {"bias"}:
        chosen = source.meta if columns is None else source.meta[columns]
        numbers = bool(dtypes_of(chosen)) and all(map(_is_number, dtypes_of(chosen)))
        if alpha_of(how) is not None and numbers:
            given = tuple({**how, **kwargs}.items())
            return _checked(
                Carried(unify_dtypes(source), CarryPlan(windows, method, given, _packed(columns)))
            )
    split = arguments.split_function(captured(args), captured(kwargs))
    asked = split.arguments
    cut = (windows, tuple(how.items()))
    plan = WindowPlan(method, asked.args, asked.kwargs, cut, columns=_packed(columns))
    node = Whole((source, *split.values), window.call_windows, Params(plan=plan))
    _ = node.meta
    return node


def interpolate(source: Relation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Relation:
    """Missing values between their neighbours; along a straight line by rows, or in one task."""
    named = dict(zip(("method", "axis", "limit"), args, strict=False)) | kwargs
    lines = named.get("method", "linear") == "linear" and named.get("axis", 0) in (0, "index")
    areas = named.get("limit") is None and not set(named) - _OF_LINES
    kinds = [getattr(one, "kind", "O") for one in dtypes_of(source.meta)]
    numbers = all(isinstance(one, np.dtype) for one in dtypes_of(source.meta))
    if not (lines and areas and numbers and set(kinds) <= set("iuf")):
        return call_in_one_task(source, "interpolate", args, kwargs)  # type: ignore[return-value]
    plan = CarryPlan("interpolate", "interpolate", tuple(named.items()))
    return _checked(Carried(unify_dtypes(source), plan))


def _is_number(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "iufb"


def _checked(node: Carried) -> Carried:
    """The node; pandas reports at the call what is wrong with it."""
    _ = node.meta
    return node


def _packed(columns: Any) -> Any:
    return tuple(columns) if isinstance(columns, list) else columns


def _is_indexer(value: Any) -> bool:
    return isinstance(value, pd.api.indexers.BaseIndexer)


def _reach_of(how: dict[str, Any]) -> Reach:
    """How far windows reach: rows, or a time."""
    size = how["window"]
    if _is_indexer(size):
        return 0
    if isinstance(size, (int, np.integer)):
        return int(size)  # with closed="both" a row more than the window has
    try:
        return pd.Timedelta(size)
    except (ValueError, TypeError):
        return 0  # pandas reports at the call what is wrong with it


def _windowed(
    source: Relation,
    method: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    before: Reach = 0,
    after: Reach = 0,
) -> Relation:
    split = arguments.split_function(args, kwargs)
    asked = split.arguments
    plan = WindowPlan(method, asked.args, asked.kwargs, None, before, after)
    node = Windowed(source, plan, split.values)
    _ = node.meta
    return node
