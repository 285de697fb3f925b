"""resample(): rows by intervals of time as groups, whose numbers the first and last time tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Params, Relation
from shframe.dataframe.expr.relations import Map, Sort, Whole
from shframe.dataframe.expr.values import FindEnds
from shframe.dataframe.kernels import intervals, window
from shframe.dataframe.kernels.aggregation import Output
from shframe.dataframe.kernels.window import WindowPlan
from shframe.dataframe.methods import grouping
from shframe.dataframe.methods.sorting import as_list, to_frame

_OF_NUMBERS = frozenset({"sum", "mean", "min", "max", "std", "var", "median", "prod", "sem"})
_OF_ALL = frozenset({"count", "nunique", "size"})
_OF_ORDER = {"first": ("first",), "last": ("last",), "ohlc": ("first", "max", "min", "last")}


def resample(source: Relation, how: dict[str, Any], columns: Any, method: str) -> Relation | None:
    """A statistic of intervals by groups; None where one task is to have all rows.

    Statistics that ask which row comes first put the rows in the order of their times before.
    """
    asked = {name: value for name, value in how.items() if name not in ("on", "level")}
    on, series = how.get("on"), source.meta.ndim == 1
    times = source.meta.index if on is None else pd.Index(source.meta[on])
    if how.get("level") is not None or not isinstance(times, (pd.DatetimeIndex, pd.TimedeltaIndex)):
        return None
    frame = to_frame(source, 0) if series else source
    if not frame.meta.columns.is_unique:
        return None
    rest = [one for one in frame.meta.columns if on is None or one != on]
    chosen = rest if columns is None else as_list(columns)
    if not _can_be_grouped(frame.meta[chosen], method) or not (chosen or method == "size"):
        return None
    if method == "ohlc" and not (series or isinstance(columns, str)):
        return None  # of several columns: each has four
    plan = WindowPlan(method, windows=("resample", tuple(how.items())), columns=_packed(columns))
    empty = window.call_windows(source.meta, plan=plan)
    if method in _OF_ORDER and not (on is None and source.lineage.increasing):
        frame = source = Sort(frame, None if on is None else (on,), (True,), "last", False)
    ends = FindEnds(source, intervals.find_ends, intervals.join_ends, Params(on=on))
    params = Params(on=on, how=asked)
    numbers = Map((source,), intervals.number_rows, params, "same", given=(ends,))
    options = {"sort": True, "dropna": True, "observed": True, "as_index": True}
    groups = grouping.group_rows(frame, numbers, None, True, options)
    outputs = [Output(one, one, method) for one in chosen]
    labels: Any = pd.Index(chosen)
    if method == "ohlc":
        labels = empty.columns
        outputs = [
            Output(label, chosen[0], how)
            for label, how in zip(labels, _OF_ORDER[method], strict=True)
        ]
    elif empty.ndim == 1:
        outputs, labels = [Output(None, None if method == "size" else chosen[0], method)], None
    found = grouping.aggregate_groups(groups, outputs, labels)
    more = Params(method=method, how=asked, empty=empty, name=times.name)
    return Whole((found, ends), intervals.label_intervals, more)


def _can_be_grouped(columns: Any, method: str) -> bool:
    if method in _OF_ALL:
        return True
    kinds = [one.kind if isinstance(one, np.dtype) else "" for one in columns.dtypes]
    if method in ("first", "last"):
        texts = [isinstance(one, pd.StringDtype) for one in columns.dtypes]
        pairs = zip(kinds, texts, strict=True)
        return all(text or (kind and kind in "iufmM") for kind, text in pairs)
    plain = all(kind and kind in "iuf" for kind in kinds)
    return plain and (method in _OF_NUMBERS or method == "ohlc")


def _packed(columns: Any) -> Any:
    return tuple(columns) if isinstance(columns, list) else columns
