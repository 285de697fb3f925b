"""agg, reductions along any axis, and what is computed with their results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note

import shframe as sf
from shframe.errors import ColumnNotFound
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does

SUMMARIES: dict[str, Callable[[Any], Any]] = {
    "skew": lambda d: d.f.skew(),
    "skew of columns": lambda d: d[["i", "f", "k"]].skew(skipna=False),
    "kurt": lambda d: d.i.kurt(),
    "kurt of columns": lambda d: d[["i", "f"]].kurtosis(),
    "skew of small floats": lambda d: d[["i"]].assign(g=d.f.astype("float32")).skew(),
    "skew of others": lambda d: d.drop(columns="t").skew(numeric_only=True),
    "numbers without durations": lambda d: d.assign(e=d.t - pd.Timestamp("2020")).cumsum(
        numeric_only=True
    ),
    "shapes": lambda d: d[["i", "f"]].agg(["skew", "kurt"]),
    "counts of intervals": lambda d: d.i.value_counts(bins=3),
    "shares of intervals": lambda d: d.f.value_counts(bins=[-9, 0, 1.5, 1e9], normalize=True),
    "counts of intervals in order": lambda d: d.i.value_counts(bins=2, sort=False, dropna=False),
    "agg by name": lambda d: d[["i", "f"]].agg("sum"),
    "agg of several": lambda d: d[["i", "f"]].agg(["sum", "max", "mean"]),
    "agg by column": lambda d: d.agg({"i": "sum", "f": "mean"}),
    "agg several by column": lambda d: d.agg({"i": ["sum", "min"], "f": ["max"]}),
    "agg of text too": lambda d: d.agg({"s": "count", "i": "max"}),
    "agg under names": lambda d: d.agg(low=("i", "min"), high=("f", "max")),
    "agg of a function": lambda d: d[["i", "f"]].agg(lambda column: column.max() - column.min()),
    "agg of functions": lambda d: d.agg({"i": lambda column: column.sum() * 2, "k": "median"}),
    "agg of a column": lambda d: d.i.agg("std"),
    "agg several of a column": lambda d: d.i.agg(["min", "max"]),
    "agg of a column under names": lambda d: d.i.agg(low="min", mid="mean"),
    "agg of a column by a function": lambda d: d.f.agg(lambda column: column.count() + 1),
    "agg of rows": lambda d: d[["i", "k"]].agg("sum", axis=1),
    "aggregate": lambda d: d[["i"]].aggregate("median"),
    "sum of rows": lambda d: d[["i", "f"]].sum(axis=1),
    "mean of rows": lambda d: d[["i", "f"]].mean(axis="columns", skipna=False),
    "max of rows": lambda d: d[["i", "k"]].max(axis=1),
    "count of rows": lambda d: d.count(axis=1),
    "nunique of rows": lambda d: d[["i", "k"]].nunique(axis=1),
    "quantile of rows": lambda d: d[["i", "f"]].quantile(0.5, axis=1),
    "all of rows": lambda d: (d[["i", "f"]] > 0).all(axis=1),
    "any of all": lambda d: (d[["i", "f"]] > 0).any(axis=None),
    "max of all": lambda d: d[["i", "k"]].max(axis=None),
    "sum of numbers": lambda d: d.sum(numeric_only=True),
    "mean of numbers": lambda d: d.mean(numeric_only=True),
    "std of numbers": lambda d: d.std(numeric_only=True, ddof=0),
    "median of numbers": lambda d: d.median(numeric_only=True),
    "quantiles of numbers": lambda d: d.drop(columns="b").quantile([0.1, 0.9], numeric_only=True),
    "a quantile": lambda d: d.i.quantile(0.3, interpolation="lower"),
    "nearest quantiles": lambda d: d[["i", "f"]].quantile([0, 0.5, 1], interpolation="nearest"),
    "quantiles of times": lambda d: d.t.quantile([0.2, 0.77]),
    "median of times": lambda d: d.t.median(),
    "median with gaps": lambda d: d[["i", "f"]].median(skipna=False),
    "any of booleans": lambda d: d.any(bool_only=True),
    "nunique": lambda d: d.nunique(),
    "nunique with gaps": lambda d: d.nunique(dropna=False),
    "nunique of a column": lambda d: d.s.nunique(dropna=False),
    "nunique of categories": lambda d: d.c.nunique(),
    "idxmax": lambda d: d[["i", "k"]].reset_index(drop=True).idxmax(),
    "idxmin of a column": lambda d: d.i.idxmin(),
    "product": lambda d: d.k.product(),
    "then in order": lambda d: d.isna().sum().sort_values(ascending=False, kind="stable"),
    "then largest": lambda d: d[["i", "k"]].max().nlargest(1),
    "then a frame": lambda d: d[["i", "k"]].mean().to_frame("mean"),
    "then one of them": lambda d: d[["i", "k"]].sum().loc["i"],
    "share": lambda d: d.f.sum() / d.f.count() * 100,
    "above the mean": lambda d: d[d.i > d.i.mean()],
    "between means": lambda d: d[(d.i > d.i.mean()) & (d.k <= d.k.max())].i.sum(),
    "apply to columns": lambda d: d[["i", "k"]].apply(lambda column: column.sum()),
    "apply and keep": lambda d: d[["i", "k"]].apply(lambda column: column - column.min()),
    "apply to rows": lambda d: d.apply(lambda row, by: row.i * by, axis=1, by=2),
    "map": lambda d: d[["i", "k"]].map(lambda value: value + 0.5),
}


@FEW
@given(case=cases(), names=some(SUMMARIES, 9))
def test_summaries(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(SUMMARIES[name], lazy, case.frame, inexact=True)


def test_several_aggregations_read_the_frame_once(session: Session) -> None:
    frame = pd.DataFrame({"a": range(9), "b": 1.5})
    lazy = sf.from_pandas(frame, npartitions=3)
    same(lazy.agg(["sum", "mean"]).compute(), frame.agg(["sum", "mean"]), inexact=True)
    assert not any("partial" in note and "all of its" in note for note in session.last_trace.notes)
    for work in (lambda d: d.median(), lambda d: d.quantile([0.1, 0.5]), lambda d: d.corr()):
        same(work(lazy).compute(), work(frame), inexact=True)
        assert not any("all of its 3" in note for note in session.last_trace.notes)
    assert int(lazy.a.max()) == 8
    assert [*range(lazy.a.max())] == [*range(8)]
    assert lazy.a.max().item() == 8


def test_mistakes_of_summaries(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": [1, 2], "s": ["x", "y"]}), npartitions=2)
    with pytest.raises(ColumnNotFound, match=r"Label\(s\) \['c'\] do not exist"):
        lazy.agg({"c": "sum"})
    with pytest.raises(TypeError):
        lazy.mean()
    with pytest.raises(ValueError, match="No axis named 2"):
        lazy.sum(axis=2)
    with pytest.raises(TypeError, match="numeric_only"):
        lazy.s.sum(numeric_only=True)
    with pytest.raises(AttributeError, match="nor has a int64"):
        lazy.a.sum().sort_values()
