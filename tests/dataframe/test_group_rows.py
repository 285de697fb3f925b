"""Methods of groups that return rows give what pandas gives, whichever partition they were in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does

KEYS = st.sampled_from(["k", "s", "b", "t", "c", ["k"], ["k", "s"], ["b", "t"], ["c", "k"]])
OPTIONS = st.fixed_dictionaries({"sort": st.booleans(), "dropna": st.booleans()})
ROWS: dict[str, Callable[[Any], Any]] = {
    "cumsum": lambda g: g[["i", "f"]].cumsum(),
    "cumsum of one": lambda g: g["i"].cumsum(),
    "cumprod": lambda g: g["b"].cumsum(),
    "cummax": lambda g: g[["i", "f"]].cummax(),
    "cummin": lambda g: g["f"].cummin(),
    "cumcount": lambda g: g.cumcount(),
    "cumcount of one": lambda g: g["i"].cumcount(ascending=False),
    "ngroup": lambda g: g.ngroup(),
    "shift": lambda g: g[["i", "s"]].shift(),
    "shift by two": lambda g: g["i"].shift(2, fill_value=0),
    "shift back": lambda g: g["t"].shift(-1),
    "shift by several": lambda g: g["i"].shift([0, 1]),
    "diff": lambda g: g["i"].diff(),
    "diff of times": lambda g: g[["t", "f"]].diff(2),
    "pct_change": lambda g: g["f"].pct_change(),
    "rank": lambda g: g[["i", "f"]].rank(),
    "rank of one": lambda g: g["f"].rank("dense", ascending=False, na_option="bottom", pct=True),
    "ffill": lambda g: g[["s", "f", "t"]].ffill(),
    "bfill": lambda g: g["f"].bfill(limit=1),
    "transform": lambda g: g[["i", "f"]].transform("mean"),
    "transform one": lambda g: g["i"].transform("sum"),
    "transform to text": lambda g: g["s"].transform("first"),
    "transform by a function": lambda g: g["i"].transform(lambda values: values - values.min()),
    "transform some by a function": lambda g: g[["i", "f"]].transform(lambda values: values.max()),
    "transform with arguments": lambda g: g["i"].transform(lambda v, by: v * by + len(v), by=2),
    "head": lambda g: g.head(1),
    "head of some": lambda g: g[["i", "s"]].head(2),
    "head of one": lambda g: g["i"].head(-1),
    "tail": lambda g: g.tail(2),
    "tail of one": lambda g: g["f"].tail(-2),
    "nth": lambda g: g.nth(0),
    "nth from the end": lambda g: g["i"].nth(-1),
    "nth of several": lambda g: g.nth([0, 2]),
    "nth of a slice": lambda g: g.nth(slice(1, 3)),
    "nth without gaps": lambda g: g["f"].nth(0, dropna="any"),
    "filter": lambda g: g.filter(lambda rows: len(rows) > 2),
    "filter one": lambda g: g["i"].filter(lambda values: values.sum() > 0),
    "filter and keep": lambda g: g["f"].filter(lambda values: values.max() > 1, dropna=False),
}


@FEW
@given(case=cases(), by=KEYS, options=OPTIONS, names=some(ROWS, 5))
def test_rows_of_groups(
    session: Session, case: Case, by: Any, options: dict[str, bool], names: list[str]
) -> None:
    lazy = case.lazy()
    if options["dropna"] and case.frame[by].dropna().empty:
        return  # pandas' transform() loses all rows where none has a group
    # where rows come in some orders pandas' filter() loses a group of which one key is missing
    loses = not options["dropna"] and isinstance(by, list) and len(by) > 1
    for name in names:
        if loses and name.startswith("filter"):
            continue
        note(name)
        as_pandas_does(
            lambda d, name=name: ROWS[name](d.groupby(by, **options)),
            lazy,
            case.frame,
            inexact=True,
        )


RESULTS: dict[str, Callable[[Any], Any]] = {
    "nlargest": lambda g: g["i"].nlargest(2),
    "nsmallest": lambda g: g["f"].nsmallest(1),
    "idxmax": lambda g: g["i"].idxmax(),
    "idxmin": lambda g: g[["i", "f"]].idxmin(),
    "corr": lambda g: g[["i", "f"]].corr(),
    "cov": lambda g: g[["i", "f"]].cov(),
    "describe": lambda g: g["i"].describe(),
    "describe all": lambda g: g[["i", "f"]].describe(percentiles=[0.1, 0.9]),
    "quantiles": lambda g: g["f"].quantile([0.25, 0.5]),
    "value_counts": lambda g: g["s"].value_counts(),
    "shares": lambda g: g["i"].value_counts(normalize=True, ascending=True),
    "unique": lambda g: g["i"].unique().map(list),
    "ohlc": lambda g: g["i"].ohlc(),
    "rolling": lambda g: g["i"].rolling(2, min_periods=1).sum(),
    "rolling of some": lambda g: g[["i", "f"]].rolling(2).max(),
    "expanding": lambda g: g["f"].expanding().mean(),
    "ewm": lambda g: g["f"].ewm(span=3).mean(),
    "sem of numbers": lambda g: g[["i", "f"]].sem(),
    "sum of enough": lambda g: g["f"].sum(min_count=2),
    "first of numbers": lambda g: g.first(numeric_only=True),
    "kurt": lambda g: g["i"].kurt(),
    "apply": lambda g: g.apply(lambda rows: rows["i"].sum()),
    "apply to rows": lambda g: g[["i", "f"]].apply(lambda rows: rows.head(1)),
    "apply to a column": lambda g: g["i"].apply(lambda values: values.max() - values.min()),
    "apply to many": lambda g: g["i"].apply(lambda v: pd.Series({"low": v.min(), "n": len(v)})),
    "apply to each": lambda g: g["i"].apply(lambda values: values + 1),
    "apply to a key": lambda g: g["k"].apply(len),
    "apply a flag": lambda g: g.apply(lambda rows: bool(len(rows) % 2)),
    "apply for a word": lambda g: g["s"].apply(lambda values: values.iloc[0]),
    "apply for some": lambda g: g["i"].apply(lambda v: len(v) if len(v) > 1 else None),
    "apply for a time": lambda g: g["i"].apply(lambda v: pd.Timestamp(len(v), unit="D")),
    "apply for a number": lambda g: g[["i", "f"]].apply(lambda rows: np.float32(len(rows))),
    "apply for a pair": lambda g: g["i"].apply(lambda values: (len(values), 1)),
    "apply a name": lambda g: g["i"].apply("sum"),
    "get_group": lambda g: g.get_group(g_of(g)),
    "pipe": lambda g: g.pipe(lambda groups, n: groups["i"].nlargest(n), n=1),
}


def g_of(groups: Any) -> Any:
    """The key of the first group; raises where there is none."""
    return next(key for key, _ in groups)


@FEW
@given(case=cases(), by=KEYS, options=OPTIONS, names=some(RESULTS, 5))
def test_results_of_groups(
    session: Session, case: Case, by: Any, options: dict[str, bool], names: list[str]
) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(
            lambda d, name=name: RESULTS[name](d.groupby(by, **options)),
            lazy,
            case.frame,
            inexact=True,
        )


KEY_FORMS: dict[str, Callable[[Any], Any]] = {
    "a level": lambda d: d.groupby(level=0).i.sum(),
    "a level of a column": lambda d: d.i.groupby(level=0).cumsum(),
    "a lazy column": lambda d: d.groupby(d.i % 3).f.head(1),
    "the column itself": lambda d: d.groupby(d.k)[["i"]].transform("max"),
    "a column under another name": lambda d: d.groupby(d.k.rename("other")).cumcount(),
    "a function": lambda d: d.reset_index(drop=True).groupby(lambda label: label % 2).i.sum(),
    "a mapping": lambda d: d.reset_index(drop=True).groupby({0: "a", 1: "b", 2: "a"}).i.max(),
    "keys as columns": lambda d: d.groupby("k", as_index=False).i.cumsum(),
    "no group keys": lambda d: d.groupby("k", group_keys=False)[["i"]].apply(
        lambda rows: rows.tail(1)
    ),
    "all groups": lambda d: d.groupby("k", observed=False).i.shift(),
    "back at the rows": lambda d: d.assign(share=d.i - d.groupby("k").i.transform("mean")),
    "a filter by a group": lambda d: d[d.i == d.groupby("k").i.transform("max")],
}


@FEW
@given(case=cases(), names=some(KEY_FORMS, 4))
def test_forms_of_keys(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(KEY_FORMS[name], lazy, case.frame, inexact=True)


def test_the_two_largest_of_each_group(session: Session) -> None:
    """Question 8 of db-benchmark."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"id6": draw.integers(0, 50, 2_000), "v3": draw.random(2_000)})
    frame.loc[::17, "v3"] = np.nan

    def work(df: Any) -> Any:
        ordered = df[~df.v3.isna()].sort_values("v3", ascending=False)
        return ordered[["id6", "v3"]].groupby("id6").head(2)

    same(work(sf.from_pandas(frame, npartitions=5)).compute(), work(frame))


def test_correlations_by_two_keys(session: Session) -> None:
    """Question 9 of db-benchmark."""
    draw = np.random.default_rng(0)
    columns = {name: draw.integers(0, 4, 900) for name in ("id2", "id4")}
    frame = pd.DataFrame({**columns, "v1": draw.random(900), "v2": draw.random(900)})

    def work(df: Any) -> Any:
        return df.groupby(["id2", "id4"])[["v1", "v2"]].apply(
            lambda rows: pd.Series({"r2": rows.corr()["v1"]["v2"] ** 2})
        )

    same(work(sf.from_pandas(frame, npartitions=5)).compute(), work(frame), inexact=True)


@pytest.mark.parametrize("by", ["k", ["k"], ["k", "v"]], ids=str)
def test_groups_are_gone_through(session: Session, by: Any) -> None:
    frame = pd.DataFrame({"k": [2, 1, 2, None], "v": range(4)})
    lazy = sf.from_pandas(frame, npartitions=3)
    found, expected = list(lazy.groupby(by)), list(frame.groupby(by))
    assert [key for key, _ in found] == [key for key, _ in expected]
    for (key, one), (_, other) in zip(found, expected, strict=True):
        same(one, other)
        same(lazy.groupby(by).get_group(key).compute(), other)
    assert lazy.groupby(by).ngroups == len(lazy.groupby(by)) == len(expected)


def test_groups_and_their_rows(session: Session) -> None:
    frame = pd.DataFrame({"k": [2, 1, 2, None], "v": range(4)})
    lazy = sf.from_pandas(frame, npartitions=3)
    assert {key: list(rows) for key, rows in lazy.groupby("k").groups.items()} == {
        key: list(rows) for key, rows in frame.groupby("k").groups.items()
    }


def test_rows_of_groups_stay_in_their_partitions(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"k": [1, 2] * 6, "v": range(12)}), npartitions=4)
    assert lazy.groupby("k").v.transform("sum").npartitions == 4
    assert lazy.assign(s=lazy.groupby("k").v.cumsum()).npartitions == 4
    assert lazy.groupby("k").head(1).npartitions == 4


def test_a_function_of_groups_sees_the_labels_of_the_whole(session: Session) -> None:
    frame = pd.DataFrame({"k": [1, 2] * 10, "v": range(20), "b": [True, None] * 10})
    lazy = sf.from_pandas(frame, npartitions=4)
    works: list[Callable[[Any], Any]] = [
        lambda d: d.groupby("k").v.agg(lambda values: values.index.max()),
        lambda d: d[d.v > 3].reset_index(drop=True).groupby("k").v.agg(lambda s: s.index.max()),
        lambda d: d.groupby("k").agg(m=pd.NamedAgg("v", "sum"), n=pd.NamedAgg("v", len)),
        lambda d: d.groupby("k").b.agg(lambda values: values.notna().sum()),
    ]
    for work in works:
        same(work(lazy).compute(), work(frame))


@pytest.mark.parametrize("name", ["describe", "rolling", "expanding", "ewm", "corr", "quantiles"])
def test_rows_without_a_group_may_be_all_that_a_task_has(session: Session, name: str) -> None:
    missing = [1.0, np.nan, 2.0, np.nan, np.nan]
    for keys in (missing, missing[:2]):
        frame = pd.DataFrame({"k": keys, "i": range(len(keys)), "f": 0.5})
        lazy = sf.from_pandas(frame, npartitions=min(3, len(keys)))
        made = RESULTS[name](lazy.groupby("k")).compute()
        same(made, RESULTS[name](frame.groupby("k")), inexact=True)


def test_where_no_row_has_a_group_pandas_error_is_raised(session: Session) -> None:
    frame = pd.DataFrame({"k": [np.nan, np.nan], "i": [1, 2]})
    with pytest.raises(ValueError, match="need at least one array") as expected:
        frame.groupby("k").i.rolling(2).sum()
    with pytest.raises(ValueError, match=str(expected.value)):
        sf.from_pandas(frame, npartitions=2).groupby("k").i.rolling(2).sum().compute()


@pytest.mark.parametrize("dropna", [True, False])
@pytest.mark.parametrize(
    "labels", [None, list("abcde"), [5, 5, 7, 7, 9]], ids=["counted", "letters", "twice"]
)
def test_rows_without_a_group_keep_their_labels(
    session: Session, dropna: bool, labels: Any
) -> None:
    kinds: list[Any] = [
        pd.Categorical(["x", None, None, "y", None]),
        [1.0, np.nan, np.nan, 2.0, np.nan],
        pd.to_datetime(["2020-01-01", None, None, "2021-01-01", None]),
    ]
    works: list[Callable[[Any], Any]] = [
        lambda g: g[["i", "f"]].transform("mean"),
        lambda g: g[["i", "f"]].transform(lambda values: values.max()),
        lambda g: g.i.cumsum(),
        lambda g: g.i.shift(),
    ]
    for keys in kinds:
        frame = pd.DataFrame({"c": keys, "i": range(5), "f": 0.5}, index=labels)
        lazy = sf.from_pandas(frame, npartitions=5)
        for work in works:
            expected = work(frame.groupby("c", dropna=dropna))
            same(work(lazy.groupby("c", dropna=dropna)).compute(), expected)
