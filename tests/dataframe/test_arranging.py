"""Rows and columns dropped, renamed, in order, in place; and methods of series and indexes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does


def counted(d: Any) -> Any:
    return d.reset_index(drop=True)


def in_place(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A frame after it was changed in place."""

    def done(d: Any) -> Any:
        made = d.copy()
        returned = work(made)  # pandas returns the object of some methods, None of others
        return made if returned is None else returned

    return done


ARRANGED: dict[str, Callable[[Any], Any]] = {
    "drop columns": lambda d: d.drop(columns=["i", "s"]),
    "drop by axis": lambda d: d.drop("i", axis=1),
    "drop rows": lambda d: counted(d).drop([0, 1]),
    "drop a row": lambda d: counted(d).drop(index=0),
    "drop rows and columns": lambda d: counted(d).drop(index=[0], columns="i"),
    "drop what is not": lambda d: d.drop(columns=["nope", "i"], errors="ignore"),
    "drop rows that are not": lambda d: counted(d).drop([99], errors="ignore"),
    "rename": lambda d: d.rename(columns={"i": "j"}),
    "rename by a function": lambda d: d.rename(columns=str.upper),
    "rename by axis": lambda d: d.rename({"i": "j"}, axis="columns"),
    "rename rows": lambda d: counted(d).rename({0: 10}),
    "rename rows and columns": lambda d: counted(d).rename(index={1: 5}, columns={"f": "g"}),
    "dropna": lambda d: d.dropna(subset=["f"], ignore_index=True),
    "dropna with a threshold": lambda d: d.dropna(thresh=6),
    "dropna of all": lambda d: d[["f", "s"]].dropna(how="all"),
    "dropna of columns": lambda d: d.dropna(axis=1),
    "dropna of a series": lambda d: d.f.dropna(ignore_index=True),
    "sort by a key": lambda d: d.sort_values("s", key=lambda s: s.str.lower(), kind="stable"),
    "sort by a level": lambda d: d.set_index(["k", "i"]).sort_values("k", kind="stable"),
    "sort a series by a key": lambda d: d.i.sort_values(key=abs, kind="stable"),
    "sort_index of columns": lambda d: d.sort_index(axis=1),
    "sort_index of a level": lambda d: d.set_index(["k", "i"]).sort_index(level=0, kind="stable"),
    "sort_index and count": lambda d: d.set_index("i").sort_index(ignore_index=True, kind="stable"),
    "reset a level": lambda d: d.set_index(["k", "i"]).reset_index(level="k"),
    "reset a level and drop": lambda d: d.set_index(["k", "i"]).reset_index(level=0, drop=True),
    "reset with names": lambda d: d.set_index("k").reset_index(names="key"),
    "set_index by a series": lambda d: d.set_index(d.s.str.upper()),
    "set_index by several": lambda d: d.set_index(["k", d.i * 2], drop=False),
    "set_index by values": lambda d: d.set_index([list(range(len(d))), "c"]),
    "set_index by a series and append": lambda d: d.set_index(d.t.dt.month, append=True),
    "set_index by other rows": lambda d: d.set_index(d.i.sort_values(kind="stable")),
    "set_index by too many": lambda d: d.set_index(np.arange(len(d) + 1)),
    "set_index and append": lambda d: d.set_index("k", append=True),
    "head negative": lambda d: d.head(-2),
    "tail negative": lambda d: d.i.tail(-3),
    "fillna with a limit": lambda d: d.f.fillna(0.0, limit=1),
    "replace by a pattern": lambda d: d.s.replace("^a", "x", regex=True),
    "apply with arguments": lambda d: d.i.apply(lambda v, by, plus: v * by + plus, (2,), plus=1),
    "in place": in_place(lambda d: d.drop(columns="i", inplace=True)),
    "fillna in place": in_place(lambda d: d.fillna({"f": 0.0}, inplace=True)),
    "where in place": in_place(lambda d: d.where(d.notna(), None, inplace=True)),
    "distinct in place": in_place(lambda d: d.drop_duplicates("k", inplace=True)),
    "rename in place": in_place(lambda d: d.rename(columns={"i": "j"}, inplace=True)),
    "sort in place": in_place(lambda d: d.sort_values("i", inplace=True, kind="stable")),
    "reset in place": in_place(lambda d: d.reset_index(drop=True, inplace=True)),
    "update": in_place(lambda d: d.update(pd.DataFrame({"none": []}))),
    "align": lambda d: counted(d).i.align(counted(d).f.head(2), join="inner")[0],
    "filter": lambda d: d.filter(["i", "nope", "f"]),
    "filter by a pattern": lambda d: d.filter(regex="^[if]$"),
    "filter by a condition": lambda d: d.filter(cond=d.i > 0),
    "filter by a function": lambda d: d.filter(lambda e: e.b),
    "filter by an expression": lambda d: d.filter(pd.col("i") > 0),
    "filter columns by flags": lambda d: d[["i", "f"]].filter(
        cond=d[["i", "f"]].notna().all(), axis=1
    ),
    "filter labels of a series": lambda d: d.set_index("s").i.filter(regex="^a"),
    "filter and keep missing": lambda d: d.filter(cond=d.f.astype("Float64") > 0, na=True),
    "filter by nothing": lambda d: d.filter(),
    "select": lambda d: d.select("i", "f"),
    "select twice": lambda d: d.select(["i", "s", "i"]),
    "select expressions": lambda d: d.select("k", pd.col("i") * 2, g=pd.col("f") + pd.col("i")),
    "expressions": lambda d: d[pd.col("i") > 0].assign(z=pd.col("k") + pd.col("i").max()),
    "expressions of words": lambda d: d.loc[pd.col("s").str.upper() == "A", "i"],
    "rename and raise": lambda d: counted(d).rename(index={0: -1}, errors="raise"),
    "rename a series": lambda d: counted(d).i.rename({1: -1}, errors="raise"),
    "rename a level": lambda d: d.set_index(["k", "i"]).rename(index={1: 9}, level="k"),
    "astype and ignore": lambda d: d[["s", "i"]].astype("float64", errors="ignore"),
    "clip columns": lambda d: d[["i", "f"]].clip(pd.Series({"i": 0, "f": 1.0}), axis=1),
    "distinct and counted": lambda d: d.k.drop_duplicates(ignore_index=True),
    "filter rows": lambda d: d.set_index("s").filter(like="a", axis=0),
    "reindex": lambda d: counted(d).reindex([2, 0, 50]),
    "reindex columns": lambda d: d.reindex(columns=["i", "new"]),
}
COLUMNS: dict[str, Callable[[Any], Any]] = {
    "is_unique": lambda d: d.i.is_unique,
    "is_monotonic": lambda d: d.i.is_monotonic_increasing,
    "hasnans": lambda d: d.f.hasnans,
    "argmax": lambda d: d.i.argmax(),
    "corr": lambda d: d.i.corr(d.k),
    "cov": lambda d: d.i.cov(d.k),
    "autocorr": lambda d: counted(d).i.autocorr(),
    "argsort": lambda d: counted(d).i.argsort(kind="stable"),
    "sort_index": lambda d: d.set_index("i").k.sort_index(kind="stable"),
    "repeat": lambda d: d.i.repeat(2),
    "drop": lambda d: counted(d).i.drop([0]),
    "searchsorted": lambda d: d.i.sort_values().searchsorted(3),
    "case_when": lambda d: d.i.case_when([(d.i > 0, 1), (d.i < 0, -1)]),
    "names of an index": lambda d: d.index.rename(["a"] * d.index.nlevels),
    "unique words": lambda d: d.set_index("s").index.unique(),
    "unique categories": lambda d: d.set_index("c").index.unique(level=0),
    "unique flags": lambda d: d.set_index("b").index.unique(),
    "unique small integers": lambda d: d.set_index(d.k.astype("int8")).index.drop_duplicates(),
    "labels that are there once": lambda d: d.set_index("t").index.drop_duplicates(keep=False),
    "labels that are not missing": lambda d: d.set_index("s").index.dropna(),
    "times in order": lambda d: d.set_index("t").index.sort_values(ascending=False),
    "words in order": lambda d: d.set_index("s").index.sort_values(na_position="first"),
    "numbers of labels in order": lambda d: d.set_index("i").index.sort_values(return_indexer=True)[
        0
    ],
    "counts of words": lambda d: d.set_index("s").index.value_counts(sort=False, dropna=False),
    "counts of labels in intervals": lambda d: d.set_index("i").index.value_counts(bins=2),
    "number of the largest": lambda d: d.set_index("f").index.argmax(),
    "labels again": lambda d: d.set_index("c").index.repeat(3),
    "values again": lambda d: d.s.repeat(repeats=2),
    "values as often as told": lambda d: d.i.repeat([n % 3 for n in range(len(d))]),
    "unique labels": lambda d: d.set_index("k").index.unique(),
    "labels in order": lambda d: d.set_index("i").index.sort_values(),
    "counts of labels": lambda d: d.set_index("k").index.value_counts(),
    "mapped labels": lambda d: d.set_index("i").index.map(lambda label: label + 0.5),
    "a level": lambda d: d.set_index(["k", "i"]).index.get_level_values("i"),
    "labels of both": lambda d: d.set_index("i").index.union(d.set_index("k").index),
    "unique flag of labels": lambda d: d.index.is_unique,
    "largest label": lambda d: d.set_index("i").index.max(),
}


@FEW
@given(case=cases(), names=some(ARRANGED, 8), columns=some(COLUMNS, 5))
def test_arranged(session: Session, case: Case, names: list[str], columns: list[str]) -> None:
    lazy = case.lazy()
    for name in [*names, *columns]:
        note(name)
        as_pandas_does({**ARRANGED, **COLUMNS}[name], lazy, case.frame, inexact=True)


BY_LEVELS: dict[str, Callable[[Any], Any]] = {
    "sort_values": lambda d: d.sort_values(("x", "i"), kind="stable"),
    "set_index": lambda d: d.set_index(("x", "k")),
    "drop_duplicates": lambda d: d.drop_duplicates(("x", "k")),
    "duplicated": lambda d: d.duplicated(("x", "k")),
    "nlargest": lambda d: d.nlargest(2, [("x", "i")]),
    "value_counts": lambda d: d.value_counts([("x", "k")], sort=False),
    "explode": lambda d: d.explode(("x", "s")),
}


@FEW
@given(case=cases(), names=some(BY_LEVELS, 3))
def test_a_tuple_is_a_label_of_columns_with_levels(
    session: Session, case: Case, names: list[str]
) -> None:
    def leveled(d: Any) -> Any:
        made = d[["k", "i", "s"]].copy()
        made.columns = pd.MultiIndex.from_product([["x"], ["k", "i", "s"]])
        return made

    lazy, frame = leveled(case.lazy()), leveled(case.frame)
    for name in names:
        note(name)
        as_pandas_does(BY_LEVELS[name], lazy, frame)


def test_in_place_changes_one_object(session: Session) -> None:
    frame = pd.DataFrame({"a": [3, 1, 2], "b": 1.0})
    lazy = sf.from_pandas(frame, npartitions=3)
    other = lazy[["a"]]
    lazy.sort_values("a", inplace=True)
    same(lazy.compute(), frame.sort_values("a"))
    same(other.compute(), frame[["a"]])
    assert lazy.fillna({"b": 0.0}, inplace=True) is lazy
    with pytest.raises(KeyError, match=r"\[9\] not found in axis"):
        lazy.drop([9]).compute()
    with pytest.raises(TypeError, match="must pass an index to rename"):
        lazy.rename()
    with pytest.raises(ValueError, match="Need to specify at least one of 'labels'"):
        lazy.drop()
    assert lazy.a.to_list() == lazy.a.tolist() == [1, 2, 3]
    assert lazy.index.to_list() == [1, 2, 0]
    assert lazy.index.shape == (3,)
    assert len(lazy.partitions) == 3
    assert lazy.a.nbytes.compute() == 24
    assert "Sort" in lazy.visualize()
