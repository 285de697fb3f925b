"""Rows and their neighbours, whichever partitions those are in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import ColumnNotFound
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does

NEIGHBOURS: dict[str, Callable[[Any], Any]] = {
    "shift": lambda d: d.shift(),
    "shift a column": lambda d: d.i.shift(-2),
    "shift far": lambda d: d.i.shift(9),
    "shift and fill": lambda d: d.i.shift(2, fill_value=0),
    "shift by several": lambda d: d.f.shift([0, 1, -1]),
    "shift columns": lambda d: d[["i", "k"]].shift(axis=1),
    "shift text": lambda d: d[["s", "c"]].shift(1),
    "diff": lambda d: d[["i", "f", "t"]].diff(),
    "diff back": lambda d: d.i.diff(-3),
    "diff of booleans": lambda d: d.b.diff(),
    "pct_change": lambda d: d.f.pct_change(2),
    "cumsum": lambda d: d[["i", "f"]].cumsum(),
    "cumsum with gaps": lambda d: d.f.cumsum(skipna=False),
    "cumsum of numbers": lambda d: d.cumsum(numeric_only=True),
    "cumsum of booleans": lambda d: d.b.cumsum(),
    "cumprod": lambda d: (d.f / 50).cumprod(),
    "cummax": lambda d: d[["i", "f"]].cummax(),
    "cummin": lambda d: d.f.cummin(skipna=False),
    "cummax of times": lambda d: d.t.cummax(),
    "cumsum of rows": lambda d: d[["i", "f"]].cumsum(axis=1),
    "ffill": lambda d: d.ffill(),
    "ffill a little": lambda d: d.f.ffill(limit=1),
    "bfill": lambda d: d[["s", "t", "c"]].bfill(),
    "bfill a little": lambda d: d.s.bfill(limit=2),
    "ffill inside": lambda d: d.f.ffill(limit_area="inside"),
    "rolling": lambda d: d[["i", "f"]].rolling(3).sum(),
    "rolling of a column": lambda d: d.i.rolling(4, min_periods=1).mean(),
    "rolling centre": lambda d: d.i.rolling(3, center=True).max(),
    "rolling closed": lambda d: d.f.rolling(2, closed="both").min(),
    "rolling a column of them": lambda d: d.rolling(2, min_periods=1)["i"].median(),
    "rolling some of them": lambda d: d.rolling(2, min_periods=1)[["i", "f"]].std(),
    "rolling by name": lambda d: d.rolling(2).i.count(),
    "rolling agg": lambda d: d[["i", "f"]].rolling(2).agg(["sum", "max"]),
    "rolling agg by column": lambda d: d.rolling(2).agg({"i": "sum", "f": "mean"}),
    "rolling apply": lambda d: d.i.rolling(3).apply(lambda w: w.max() - w.min(), raw=False),
    "rolling quantile": lambda d: d.i.rolling(5).quantile(0.3),
    "rolling rank": lambda d: d.i.rolling(5).rank(),
    "rolling step": lambda d: d.i.rolling(3, step=2).sum(),
    "rolling cov": lambda d: d[["i", "f"]].rolling(3).cov(),
    "expanding": lambda d: d[["i", "f", "b"]].expanding().sum(),
    "expanding column": lambda d: d.i.expanding(2).max(),
    "expanding mean": lambda d: (1 / d.k).expanding().mean(),
    "expanding count": lambda d: d[["f", "i"]].expanding(3).count(),
    "expanding var": lambda d: d.expanding(2)[["i", "f"]].var(ddof=0),
    "expanding std": lambda d: d.f.expanding().std(),
    "expanding median": lambda d: d.i.expanding().median(),
    "ewm": lambda d: d.f.ewm(span=3).mean(),
    "ewm of columns": lambda d: d[["i", "f"]].ewm(alpha=0.3, min_periods=2).mean(),
    "ewm sum": lambda d: d.ewm(com=1.5, ignore_na=True)[["f", "i"]].sum(),
    "ewm var": lambda d: d.f.ewm(halflife=2).var(),
    "ewm std": lambda d: d[["i", "f"]].ewm(span=5, ignore_na=True).std(bias=True),
    "ewm of one weight": lambda d: d.f.ewm(alpha=1.0).std(),
    "ewm not adjusted": lambda d: d.f.ewm(span=3, adjust=False).mean(),
    "ewm cov": lambda d: d[["i", "f"]].ewm(span=3).cov(),
    "ewm without a weight": lambda d: d.f.ewm(span=0.5).mean(),
    "beside it": lambda d: d.assign(step=d.i - d.i.shift(1, fill_value=0)),
    "the filter of it": lambda d: d[d.i.diff() > 0],
    "of a filter": lambda d: d[d.i > 0].i.shift(),
}


@FEW
@given(case=cases(), names=some(NEIGHBOURS, 8))
def test_neighbours(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(NEIGHBOURS[name], lazy, case.frame, inexact=True)


TIMED: dict[str, Callable[[Any], Any]] = {
    "sum": lambda d: d.v.rolling("3h").sum(),
    "closed": lambda d: d.v.rolling("2h", closed="both").count(),
    "frame": lambda d: d[["v", "w"]].rolling("10h", min_periods=2).mean(),
    "on": lambda d: d.reset_index().rolling("4h", on="at")[["v"]].sum(),
    "centre": lambda d: d.v.rolling("3h", center=True).max(),
    "days": lambda d: d.v.rolling(pd.Timedelta("1D")).min(),
    "resample": lambda d: d.resample("D").sum(),
    "resample from the first": lambda d: d.resample("5h", origin="start", label="right").min(),
    "resample from the end": lambda d: d.v.resample("7h", origin="end").std(),
    "resample months": lambda d: d.resample("2ME")["w"].median(),
    "resample gaps": lambda d: d.resample("3h").agg("prod"),
    "resample one": lambda d: d.v.resample("6h", closed="right").mean(),
    "resample some": lambda d: d.resample("2h")[["v"]].max(),
    "resample agg": lambda d: d.resample("D").agg({"v": "sum", "w": "mean"}),
    "resample count": lambda d: d.resample("D").v.count(),
    "resample size": lambda d: d.v.resample("8h").size(),
    "ohlc": lambda d: d.v.resample("D").ohlc(),
    "ohlc of a column": lambda d: d.resample("9h")["w"].ohlc(),
    "ohlc of rows in no order": lambda d: d.sort_values("v", kind="stable").w.resample("D").ohlc(),
    "first": lambda d: d.resample("D").first(),
    "last": lambda d: d.w.resample("7h").last(),
    "first of rows in no order": lambda d: d.sort_values("v", kind="stable").resample("D").first(),
    "last on a column": lambda d: d.reset_index().resample("D", on="at")[["w", "v"]].last(),
    "first of words": lambda d: d.assign(s=d.v.astype("str")).resample("2h").first(),
    "by a grouper and a key": lambda d: (
        d.groupby([pd.Grouper(freq="D"), "v"]).w.sum().reset_index()
    ),
    "by a key and a grouper": lambda d: (
        d.reset_index()
        .groupby(["v", pd.Grouper(key="at", freq="6h", label="right")])
        .w.count()
        .reset_index()
    ),
    "by a grouper of rows in no order": lambda d: (
        d.sort_values("v").groupby(["v", pd.Grouper(freq="W")]).size().reset_index()
    ),
    "resample on": lambda d: d.reset_index().resample("D", on="at").v.sum(),
    "upsample": lambda d: d.v.resample("30min").ffill(),
    "shift freq": lambda d: d.shift(1, freq="D"),
}


@FEW
@given(
    hours=st.lists(st.integers(1, 30), max_size=12),
    npartitions=st.integers(1, 4),
    names=some(TIMED, 5),
)
def test_windows_of_time(
    session: Session, hours: list[int], npartitions: int, names: list[str]
) -> None:
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum([0, *hours]), unit="h")
    frame = pd.DataFrame({"v": np.arange(len(at)) * 7 % 5, "w": 1.5}, index=at.rename("at"))
    frame.loc[frame.v == 3, "w"] = np.nan
    lazy = sf.from_pandas(frame, npartitions=npartitions)
    for name in names:
        note(name)
        as_pandas_does(TIMED[name], lazy, frame, inexact=True)


def test_a_partition_reads_only_what_its_windows_reach(session: Session) -> None:
    frame = pd.DataFrame({"v": np.arange(1_000.0)})
    lazy = sf.from_pandas(frame, npartitions=5)
    for work in (
        lambda d: d.v.rolling(300).sum(),  # longer than a partition
        lambda d: d.v.shift(450),
        lambda d: d.v.cumsum(),
        lambda d: d.v.expanding().std(),
        lambda d: d.v.ewm(span=300).mean(),
        lambda d: (d.v % 7).ewm(halflife=20).var(),
        lambda d: d.v.where(d.v % 400 == 0).interpolate(),
        lambda d: d.v.rank(),
        lambda d: (d.v % 7).duplicated(),
        lambda d: d.v.where(d.v % 400 == 0).ffill(),
    ):
        made = work(lazy)
        assert made.npartitions == 5
        same(made.compute(), work(frame), inexact=True)
        assert not any("all of its" in one for one in session.last_trace.notes)


def test_mistakes_of_windows(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"v": [1, 2]}), npartitions=2)
    with pytest.raises(ValueError, match="min_periods 3 must be <= window 2"):
        lazy.rolling(2, min_periods=3)
    with pytest.raises(ColumnNotFound, match="Column not found: w"):
        lazy.rolling(2)["w"]
    with pytest.raises(AttributeError, match="rolling"):
        _ = lazy.rolling(2).nothing
