"""What is found of partitions and put together: extremes and their places, orders, labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does


def _nullable(d: Any) -> Any:
    return d.assign(n=d.f.astype("Float64"), j=d.i.where(d.i > 0).astype("Int64"))


def _timed(d: Any) -> Any:
    return d[d.t.notna()].set_index("t")


def _rows(d: Any) -> Any:
    """Rows that are counted, so that a label is there once."""
    return d.reset_index(drop=True)


FOUND: dict[str, Callable[[Any], Any]] = {
    "min of times": lambda d: d.t.min(),
    "max of times": lambda d: d.t.max(skipna=False),
    "max of words": lambda d: d.s.max(),
    "min of words": lambda d: d.s.min(skipna=False),
    "min of categories": lambda d: d.c.cat.as_ordered().min(),
    "max of a nullable": lambda d: _nullable(d).j.max(),
    "min of a nullable": lambda d: _nullable(d).n.min(skipna=False),
    "max of columns": lambda d: d[["i", "f", "t"]].max(),
    "min of columns": lambda d: _nullable(d)[["j", "n"]].min(),
    "max of spans": lambda d: (d.t - pd.Timestamp("2000")).max(),
    "max of zoned": lambda d: d.t.dt.tz_localize("UTC").max(),
    "max of labels": lambda d: _timed(d).index.max(),
    "idxmin": lambda d: d.i.idxmin(),
    "idxmax": lambda d: d.f.idxmax(),
    "idxmax of rows": lambda d: _rows(d).f.idxmax(),
    "idxmin of times": lambda d: _rows(d).t.idxmin(),
    "idxmax with gaps": lambda d: d.f.idxmax(skipna=False),
    "idxmin of columns": lambda d: d[["i", "k"]].idxmin(),
    "idxmax of columns": lambda d: _rows(d)[["i", "f", "b"]].idxmax(),
    "argmin": lambda d: d.i.argmin(),
    "argmax": lambda d: d.f.argmax(),
    "argmax of times": lambda d: d.t.argmax(),
    "sem": lambda d: d.f.sem(),
    "sem of columns": lambda d: d[["i", "f"]].sem(ddof=0),
    "sem with gaps": lambda d: d.f.sem(skipna=False),
    "unique": lambda d: d.f.unique(),
    "unique words": lambda d: d.s.unique(),
    "unique times": lambda d: d.t.unique(),
    "unique categories": lambda d: d.c.unique(),
    "increasing": lambda d: d.i.is_monotonic_increasing,
    "increasing when sorted": lambda d: d.sort_values("k").k.is_monotonic_increasing,
    "decreasing": lambda d: d.sort_values("k", ascending=False).k.is_monotonic_decreasing,
    "labels increase": lambda d: d.index.is_monotonic_increasing,
    "labels decrease": lambda d: d.index.is_monotonic_decreasing,
    "gaps": lambda d: d.f.hasnans,
    "gaps of labels": lambda d: d.set_index("s").index.hasnans,
    "first valid": lambda d: _rows(d).f.first_valid_index(),
    "last valid": lambda d: d.f.last_valid_index(),
    "first valid row": lambda d: _rows(d)[["f", "t"]].first_valid_index(),
    "last valid of filtered": lambda d: _rows(d[d.f > 0]).s.last_valid_index(),
    "sort_index": lambda d: d.i.sort_index(kind="stable"),
    "sort_index down": lambda d: d.s.sort_index(ascending=False, ignore_index=True, kind="stable"),
    "sort_index of levels": lambda d: d.set_index(["k", "i"]).f.sort_index(),
    "sort_index by a key": lambda d: _rows(d).i.sort_index(key=lambda labels: -labels),
    "drop": lambda d: _rows(d).i.drop([0, 2], errors="ignore"),
    "drop what is not there": lambda d: _rows(d).i.drop(77),
    "drop by name": lambda d: _rows(d).i.drop(index=0),
    "tz_localize": lambda d: _timed(d).tz_localize("UTC"),
    "tz_localize and guess": lambda d: _timed(d).i.tz_localize(
        "Europe/Berlin", ambiguous="NaT", nonexistent="shift_forward"
    ),
    "tz_convert": lambda d: _timed(d).tz_localize("UTC").tz_convert("Asia/Tokyo").i,
    "to_period": lambda d: _timed(d).to_period("M"),
    "to_timestamp": lambda d: _timed(d).to_period("M").to_timestamp(how="end"),
    "reindex columns": lambda d: d.reindex(columns=["f", "new", "i"]),
    "reindex by axis": lambda d: d.reindex(["i", "f"], axis="columns"),
    "reindex and fill": lambda d: d.reindex(columns=["i", "new"], fill_value=0),
    "value_counts of rows": lambda d: d[["k", "b"]].value_counts(),
    "value_counts of some": lambda d: d.value_counts(["k"], sort=False),
    "value_counts of one": lambda d: d.value_counts("k"),
    "shares of rows": lambda d: d.value_counts(["b", "k"], normalize=True, ascending=True),
    "value_counts with gaps": lambda d: d.value_counts(["s", "k"], dropna=False, sort=False),
    "value_counts of categories": lambda d: d.value_counts(["c", "b"]),
    "get_group": lambda d: d.groupby("k").get_group(1),
    "get_group of two": lambda d: d.groupby(["k", "b"]).get_group((1, True)),
    "get_group of words": lambda d: d.groupby("s").i.get_group("a"),
    "get_group of none": lambda d: d.groupby("k").get_group(77),
    "get_group of a list": lambda d: d.groupby(["k"])[["i", "f"]].get_group((2,)),
    "combine_first": lambda d: _rows(d).f.combine_first(_rows(d).i),
    "combine_first of one dtype": lambda d: d.f.combine_first(d.f.abs() + d.i),
    "combine_first of frames": lambda d: d[["f", "i"]].combine_first(d[["i", "k"]] * 2),
    "combine_first of others": lambda d: _rows(d[d.b]).f.combine_first(_rows(d).f),
    "labels without some": lambda d: _rows(d).index.drop([0]),
    "labels by numbers": lambda d: _rows(d).index.take([0, -1]),
    "quantile of labels": lambda d: (
        d.set_index("i").index.quantile(0.5)
        if hasattr(d, "expr")
        else d.set_index("i").index.to_series().quantile(0.5)
    ),
    "parts of labels": lambda d: (
        _timed(d).index.dt.year if hasattr(d, "expr") else _timed(d).index.year
    ),
}


@FEW
@given(case=cases(), names=some(FOUND, 9))
def test_what_is_put_together(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(FOUND[name], lazy, case.frame, inexact=True)


def test_columns_of_one_frame_are_combined_row_by_row(session: Session) -> None:
    """Also under labels that are there twice, where pandas raises if the dtypes differ."""
    frame = pd.DataFrame({"f": [1.0, None, None, 4.0], "i": [5, 6, 7, 8]}, index=[0, 1, 0, 1])
    lazy = sf.from_pandas(frame, npartitions=3)
    with pytest.raises(ValueError, match="duplicate labels"):
        frame.f.combine_first(frame.i)
    same(lazy.f.combine_first(lazy.i).compute(), frame.f.fillna(frame.i))


def test_extremes_of_what_has_no_order_raise(session: Session) -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["x", "y", "x"]), "o": ["a", 1, None]})
    lazy = sf.from_pandas(frame, npartitions=3)
    with pytest.raises(TypeError, match="not ordered"):
        frame.c.min()
    with pytest.raises(TypeError, match="not ordered"):
        lazy.c.min()
    highest = lazy.o.max()
    with pytest.raises(TypeError, match="not supported between"):
        highest.compute()


def test_intervals_of_groups_by_a_column(session: Session) -> None:
    frame = pd.DataFrame({"k": [1, 2, 1, 2], "f": [1.0, 2.0, 3.0, 4.0], "g": 1})
    frame["t"] = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-02"])
    lazy = sf.from_pandas(frame, npartitions=3)
    for work in (
        lambda d: d.groupby("k").resample("D", on="t").f.mean(),
        lambda d: d.groupby("k").resample("2D", on="t").sum(),
        lambda d: d.groupby("k").resample("D", on="t")[["g"]].count(),
    ):
        as_pandas_does(work, lazy, frame)
    with pytest.raises(KeyError, match="gone"):
        lazy.groupby("k").resample("D", on="gone")
