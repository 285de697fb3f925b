"""Indexing: by label, number and condition; queries, duplicates, labels, levels, assignment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.guide.steps import Step, check

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    rng = np.random.default_rng(6)
    arrays = [
        ["bar", "bar", "baz", "baz", "foo", "foo", "qux", "qux"],
        ["one", "two", "one", "two", "one", "two", "one", "two"],
    ]
    levels = pd.MultiIndex.from_arrays(arrays, names=["first", "second"])
    return {
        "df": pd.DataFrame(
            rng.standard_normal((8, 4)),
            index=pd.date_range("2000-01-01", periods=8),
            columns=list("ABCD"),
        ),
        "letters": pd.DataFrame(
            rng.standard_normal((6, 4)), index=list("abcdef"), columns=list("ABCD")
        ),
        "s": pd.Series(np.arange(5), index=np.arange(5)[::-1], dtype="int64"),
        "few": pd.Series(list("abcde"), index=[0, 3, 2, 5, 4]),
        "even": pd.DataFrame(
            rng.standard_normal((5, 4)), index=range(0, 10, 2), columns=range(0, 8, 2)
        ),
        "twice": pd.DataFrame(
            {
                "a": ["one", "one", "two", "two", "two", "three", "four"],
                "b": ["x", "y", "x", "y", "x", "x", "x"],
                "c": np.arange(7.0),
            }
        ),
        "abc": pd.DataFrame({"a": [4, 1, 2, 5, 0], "b": [3, 1, 6, 7, 9], "c": [5, 1, 8, 6, 9]}),
        "colours": pd.DataFrame(
            {"color": ["red", "red", "green", "blue"], "food": ["eggs", "ham"] * 2, "n": range(4)}
        ),
        "levels": pd.DataFrame(rng.standard_normal((8, 3)), index=levels, columns=["A", "B", "C"]),
        "level_series": pd.Series(np.arange(8), index=levels),
        "more": pd.DataFrame(
            {"bar": ["one", "two", "three"], "foo": [1, 2, 3], "baz": [0.5, 1.5, 2.5]}
        ),
    }


def _swap(pd: Any, d: Any) -> Any:
    d.df[["B", "A"]] = d.df[["A", "B"]]
    return d.df


def _set_cells(pd: Any, d: Any) -> Any:
    d.letters.loc["a", "A"] = 1.0
    d.letters.loc["b"] = 0.0
    d.letters.loc[:, "C"] = d.letters.loc[:, "A"]
    d.letters.loc[["c", "d"], ["A", "B"]] = -1.0
    d.letters.iloc[5, 3] = 9.0
    d.letters.at["e", "D"] = 7.0
    d.letters.loc[d.letters.A < 0, "B"] = 100.0
    return d.letters


def _enlarge(pd: Any, d: Any) -> Any:
    d.more.loc[5] = ["four", 4, 4.5]
    d.s[7] = 5
    return [d.more, d.s]


def _columns(pd: Any, d: Any) -> Any:
    d.more["new"] = [10, 20, 30]
    d.more["array"] = np.array([1.5, 2.5, 3.5])
    d.more["one"] = 1
    d.more["sum"] = d.more.foo + d.more.baz
    d.more.insert(1, "inserted", d.more.foo * 2)
    popped = d.more.pop("bar")
    del d.more["one"]
    d.more.foo = d.more.foo * 10
    return [d.more, popped]


def _labels(pd: Any, d: Any) -> Any:
    d.more.index = ["x", "y", "z"]
    d.more.columns = ["a", "b", "c"]
    d.more.index.name = "rows"
    return d.more


def _set_on_series(pd: Any, d: Any) -> Any:
    d.s[d.s > 2] = 0
    d.s.loc[4] = 100
    d.s.iloc[-1] = -1
    return d.s


STEPS: dict[str, Step] = {
    "a column": lambda pd, d: d.df["A"],
    "a label of a column": lambda pd, d: d.df["A"][d.df.index[5]],
    "swap columns": _swap,
    "attribute": lambda pd, d: [d.df.A, d.more.bar],
    "slices": lambda pd, d: [d.s[:3], d.s[::2], d.s[::-1], d.df[:3], d.df[::-1]],
    "loc of labels": lambda pd, d: [
        d.letters.loc[["a", "b", "d"], :],
        d.letters.loc["d":, "A":"C"],
        d.letters.loc["a"],
        d.letters.loc["a"] > 0,
        d.letters.loc[:, d.letters.loc["a"].compute() > 0]
        if pd.__name__ == "shframe"
        else d.letters.loc[:, d.letters.loc["a"] > 0],
        d.letters.loc["a", "A"],
    ],
    "slices of labels": lambda pd, d: [d.few.loc[3:5], d.few.sort_index().loc[1:6]],
    "iloc": lambda pd, d: [
        d.even.iloc[:3],
        d.even.iloc[1:5, 2:4],
        d.even.iloc[[1, 3, 4], [1, 3]],
        d.even.iloc[1:3, :],
        d.even.iloc[:, 1:3],
        d.even.iloc[1, 1],
        d.even.iloc[1],
        d.even.iloc[-2:],
        d.even.iloc[:, 10:13],
        d.even.iloc[4:6],
    ],
    "iloc of booleans": lambda pd, d: d.even.iloc[[True, False, True, False, False]],
    "callables": lambda pd, d: [
        d.letters.loc[lambda x: x["A"] > 0, :],
        d.letters.loc[:, lambda x: ["A", "B"]],
        d.letters.iloc[:, lambda x: [0, 1]],
        d.letters[lambda x: x.columns[0]],
        d.letters["A"].loc[lambda x: x > 0],
    ],
    "numbers and labels": lambda pd, d: [
        d.letters.loc[d.letters.index[[0, 2]], "A"],
        d.letters.iloc[[0, 2], d.letters.columns.get_loc("A")],
    ],
    "reindex": lambda pd, d: [
        d.few.reindex([1, 2, 3]),
        d.letters.reindex(["a", "z"], columns=["A", "Z"]),
        d.few.loc[d.few.index.intersection([1, 2, 3])],
    ],
    "sample": lambda pd, d: [
        d.few.sample(n=3, random_state=1),
        d.few.sample(frac=0.5, random_state=2),
        d.letters.sample(n=2, random_state=1, axis=1),
        d.few.sample(n=6, replace=True, random_state=0),
        d.few.sample(n=3, weights=[1, 1, 1, 1, 0.9], random_state=0),
        d.abc.sample(n=2, weights="b", random_state=0),
    ],
    "set cells": _set_cells,
    "enlarge": _enlarge,
    "columns": _columns,
    "labels": _labels,
    "set on a series": _set_on_series,
    "conditions": lambda pd, d: [
        d.s[d.s > 1],
        d.s[(d.s < 1) | (d.s > 2)],
        d.s[~(d.s < 3)],
        d.df[d.df["A"] > 0],
        d.twice[d.twice["a"].map(lambda x: x.startswith("t"))],
        d.twice[[x.startswith("t") for x in d.twice["a"]]],
        d.twice.loc[(d.twice.a == "two") & (d.twice["b"] == "x"), "b":"c"],
    ],
    "isin": lambda pd, d: [
        d.s.isin([2, 4, 6]),
        d.s[d.s.isin([2, 4, 6])],
        d.s[d.s.index.isin([2, 4, 6])],
        d.twice.isin(["one", "x", 3]),
        d.twice.isin({"a": ["one"], "c": [1, 3]}),
        d.twice[d.twice[["a", "b"]].isin({"a": ["one"], "b": ["x"]}).all(axis=1)],
    ],
    "where": lambda pd, d: [
        d.s.where(d.s > 2),
        d.df.where(d.df < 0),
        d.df.where(d.df < 0, -d.df),
        d.df.mask(d.df >= 0),
        d.df.where(d.df > 0, d.df["A"], axis="index"),
        d.s.where(d.s > 2, [10, 20, 30, 40, 50]),
        d.abc.where(lambda x: x > 4, lambda x: x + 10),
    ],
    "select": lambda pd, d: d.colours.assign(
        color2=np.where(d.colours["color"].compute() == "red", "x", "y")
        if pd.__name__ == "shframe"
        else np.where(d.colours["color"] == "red", "x", "y")
    ),
    "query": lambda pd, d: [
        d.abc.query("(a < b) & (b < c)"),
        d.abc.query("a < b < c"),
        d.abc.query("a < b and b < c"),
        d.abc.query("index < b"),
        d.colours.query('color == "red"'),
        d.colours.query("color in ['red', 'blue']"),
        d.colours.query("color not in ['red', 'blue'] and n > 1"),
        d.colours.query('color == ["red", "blue"]'),
        d.abc.query("not (a > 2)"),
        d.abc.query("a == [0, 2]"),
    ],
    "query of levels": lambda pd, d: [
        d.levels.query('first == "bar"'),
        d.levels.query('second == "one" and A > 0'),
    ],
    "eval": lambda pd, d: [d.abc.eval("a + b"), d.abc.eval("d = a * b")],
    "duplicated": lambda pd, d: [
        d.twice.duplicated("a"),
        d.twice.duplicated("a", keep="last"),
        d.twice.duplicated(["a", "b"], keep=False),
        d.twice.drop_duplicates("a"),
        d.twice.drop_duplicates(["a", "b"], keep=False),
        d.twice[~d.twice.index.duplicated()],
    ],
    "get": lambda pd, d: [d.more.get("bar"), d.more.get("zzz"), d.more.get("zzz", 5), d.few.get(3)],
    "lookup": lambda pd, d: d.few.loc[[0, 5]].to_list(),
    "set_index": lambda pd, d: [
        d.twice.set_index("c"),
        d.twice.set_index(["a", "b"]),
        d.twice.set_index("c", drop=False),
        d.twice.set_index(["a", "b"], append=True),
        d.twice.set_index("c").reset_index(),
    ],
    "set operations": lambda pd, d: [
        d.few.index.union(d.s.index),
        d.few.index.intersection(d.s.index),
        d.few.index.difference(d.s.index),
        d.few.index.symmetric_difference(d.s.index),
    ],
    "rename labels": lambda pd, d: [
        d.letters.rename(columns={"A": "x"}, index={"a": "y"}),
        d.letters.rename(str.lower, axis="columns"),
        d.letters.rename_axis("rows"),
        d.letters.rename_axis(columns="names"),
        d.letters.add_prefix("p_"),
    ],
    "levels": lambda pd, d: [
        d.levels.loc["bar"],
        d.levels.loc[("bar", "two")],
        d.levels.loc[("bar", "two"), "A"],
        d.levels.loc["baz":"foo"],
        d.levels.loc[("baz", "two") : ("qux", "one")],
        d.levels.loc[[("bar", "two"), ("qux", "one")]],
        d.levels.xs("one", level="second"),
        d.levels.xs("bar"),
    ],
    "slicers": lambda pd, d: [
        d.levels.loc[(slice(None), "one"), :],
        d.levels.loc[pd.IndexSlice[:, "two"], "A"],
        d.levels.loc[(slice("bar", "foo"), ["one"]), :],
    ],
    "levels of a series": lambda pd, d: [
        d.level_series["bar"],
        d.level_series.loc["baz", "one"],
        d.level_series.loc[["bar", "qux"]],
    ],
    "values of levels": lambda pd, d: [
        d.levels.index.get_level_values(0),
        d.levels.index.get_level_values("second"),
        d.levels.index.names,
        d.levels.index.nlevels,
    ],
    "change levels": lambda pd, d: [
        d.levels.swaplevel(),
        d.levels.reorder_levels([1, 0]),
        d.levels.droplevel("second"),
        d.levels.rename_axis(index=["abc", "def"]),
        d.levels.sort_index(level=1),
        d.levels.sort_index(ascending=False),
        d.levels.reset_index(level=1),
        d.levels.rename(index={"bar": "x"}, level=0),
    ],
    "groups of levels": lambda pd, d: [d.levels.groupby(level=0).sum(), d.levels["A"].unstack()],
    "labels by number": lambda pd, d: [
        d.few.index[1],
        d.few.index[-1],
        d.few.index[:3],
        d.few.index[[0, 2]],
        d.levels.index[0],
    ],
    "labels as values": lambda pd, d: [
        d.few.index.to_series(),
        d.few.index.to_list(),
        d.few.index.max(),
        d.few.index.is_unique,
        d.few.index.is_monotonic_increasing,
        d.few.index + 1,
        d.few.index * 2,
        d.few.index.map(lambda x: x * 2),
        d.few.index.isin([3]),
        d.few.index > 2,
    ],
    "drop": lambda pd, d: [
        d.letters.drop("a"),
        d.letters.drop(columns=["A", "B"]),
        d.letters.drop(["a", "c"], axis=0),
        d.letters.drop("A", axis=1),
        d.few.drop(3),
        d.few.drop([0, 5]),
    ],
    "select_dtypes": lambda pd, d: d.more.select_dtypes("number"),
    "filter": lambda pd, d: [d.letters.filter(items=["A"]), d.letters.filter(like="a", axis=0)],
    "nlargest": lambda pd, d: [d.abc.nlargest(2, "b"), d.abc.b.nsmallest(2)],
    "iteration": lambda pd, d: [
        list(d.more),
        [name for name, _ in d.more.items()],
        [tuple(row) for row in d.more.itertuples()],
        [label for label, _ in d.more.iterrows()],
    ],
    "apply": lambda pd, d: [
        d.abc.apply(lambda x: x.max() - x.min()),
        d.abc.apply(lambda row: row.a + row.b, axis=1),
        d.abc.map(lambda x: x * 2),
        d.abc.a.apply(lambda x: x + 1),
        d.abc.apply(np.sqrt),
    ],
    "arithmetic of lists": lambda pd, d: [
        d.abc.a - [1, 2, 3, 4, 5],
        d.abc.a * np.arange(5),
        np.arange(5) - d.abc.a,
        d.abc.a == [4, 1, 2, 5, 1],
        d.abc.a.add([1, 2, 3, 4, 5]),
    ],
    "row and frame": lambda pd, d: [
        d.abc - d.abc.iloc[0],
        d.abc / d.abc.max(),
        d.abc.sub(d.abc.a, axis=0),
    ],
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check(STEPS[name], _data())
