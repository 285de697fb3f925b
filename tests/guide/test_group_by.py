"""Group by: splitting, aggregation, transformation, filtration, and what else groups have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.guide.steps import Step, check

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    rng = np.random.default_rng(2)
    levels = pd.MultiIndex.from_arrays(
        [["bar", "bar", "baz", "baz", "foo", "foo", "qux", "qux"], ["one", "two"] * 4],
        names=["first", "second"],
    )
    days = pd.date_range("2020-01-01", periods=30, freq="D")
    return {
        "speeds": pd.DataFrame(
            {
                "class": ["bird", "bird", "mammal", "mammal", "mammal"],
                "order": ["Falco", "Psitta", "Carni", "Prima", "Carni"],
                "max_speed": [389.0, 24.0, 80.2, np.nan, 58],
            },
            index=["falcon", "parrot", "lion", "monkey", "leopard"],
        ),
        "df": pd.DataFrame(
            {
                "A": ["foo", "bar", "foo", "bar", "foo", "bar", "foo", "foo"],
                "B": ["one", "one", "two", "three", "two", "two", "one", "three"],
                "C": rng.standard_normal(8),
                "D": rng.standard_normal(8),
            }
        ),
        "levels": pd.Series(rng.standard_normal(8), index=levels, name="v"),
        "table": pd.DataFrame({"A": [1, 1, 1, 1, 2, 2, 3, 3], "B": np.arange(8)}, index=levels),
        "keys": pd.DataFrame({"a": [1, 2, 3, 1], "b": [1, 2, None, 1], "c": [4, 5, 6, 7]}),
        "twice": pd.Series([1, 2, 3, 10, 20, 30], index=[1, 2, 3, 1, 2, 3]),
        "animals": pd.DataFrame(
            {
                "kind": ["cat", "dog", "cat", "dog"],
                "height": [9.1, 6.0, 9.5, 34.0],
                "weight": [7.9, 7.5, 9.9, 198.0],
            }
        ),
        "daily": pd.Series(rng.standard_normal(30), index=days, name="x"),
        "dull": pd.DataFrame({"A": np.arange(8), "B": list("aabbbbcc")}),
        "sales": pd.DataFrame(
            {
                "Store": rng.choice(["S1", "S2"], 40),
                "Product": rng.choice(["P1", "P2"], 40),
                "Revenue": (rng.random(40) * 50 + 10).round(2),
                "Quantity": rng.integers(1, 10, 40),
            }
        ),
        "timed": pd.DataFrame(
            {
                "date": days.repeat(2),
                "group": [1, 2] * 30,
                "val": np.arange(60.0),
            }
        ),
        "cats": pd.DataFrame(
            {"c": pd.Categorical(list("aabc"), categories=list("abcd")), "v": [1, 2, 3, 4]}
        ),
        "roll": pd.DataFrame({"A": [1] * 10 + [5] * 10, "B": np.arange(20)}),
        "decimals": pd.DataFrame({"id": [1, 2, 1, 2], "x": [1.5, 2.5, 3.5, np.nan]}),
    }


def _letter(letter: str) -> str:
    return "vowel" if letter.lower() in "aeiou" else "consonant"


def _demean(pd: Any, d: Any) -> Any:
    d.df["E"] = d.df.C - d.df.groupby("A")["C"].transform("mean")
    return d.df


def _fill(pd: Any, d: Any) -> Any:
    return d.speeds.groupby("class")["max_speed"].transform(lambda x: x.fillna(x.mean()))


STEPS: dict[str, Step] = {
    "by a column": lambda pd, d: d.speeds.groupby("class")["max_speed"].mean(),
    "by columns": lambda pd, d: d.speeds.groupby(["class", "order"]).sum(),
    "sum of all": lambda pd, d: d.df.groupby("A").sum(),
    "numeric_only": lambda pd, d: d.df.groupby("A").mean(numeric_only=True),
    "without a column": lambda pd, d: d.df.set_index(["A", "B"]).groupby(level="A").sum(),
    "levels without one": lambda pd, d: (
        d.df.set_index(["A", "B"])
        .groupby(level=d.df.set_index(["A", "B"]).index.names.difference(["B"]))
        .sum()
    ),
    "columns by a function": lambda pd, d: d.df.T.groupby(_letter).count(),
    "of equal labels": lambda pd, d: [
        d.twice.groupby(level=0).first(),
        d.twice.groupby(level=0).last(),
        d.twice.groupby(level=0).sum(),
    ],
    "in order of appearance": lambda pd, d: d.df.groupby("B", sort=False)["C"].sum(),
    "get_group": lambda pd, d: d.df.groupby(["A"]).get_group(("bar",)),
    "get_group of two": lambda pd, d: d.df.groupby(["A", "B"]).get_group(("bar", "one")),
    "dropna": lambda pd, d: [
        d.keys.groupby(by=["b"], dropna=True).sum(),
        d.keys.groupby(by=["b"], dropna=False).sum(),
    ],
    "groups": lambda pd, d: {k: list(v) for k, v in d.df.groupby("A").groups.items()},
    "groups of two": lambda pd, d: len(d.df.groupby(["A", "B"]).groups),
    "length": lambda pd, d: len(d.df.groupby(["A", "B"])),
    "level": lambda pd, d: [
        d.levels.groupby(level=0).sum(),
        d.levels.groupby(level="second").sum(),
        d.levels.groupby(level=["first", "second"]).sum(),
        d.levels.groupby(["first", "second"]).sum(),
    ],
    "level and column": lambda pd, d: d.table.groupby([pd.Grouper(level=1), "A"]).sum(),
    "name of a level and column": lambda pd, d: d.table.groupby(["second", "A"]).sum(),
    "a column of groups": lambda pd, d: d.df.groupby(["A"])["C"].sum(),
    "by another series": lambda pd, d: d.df["C"].groupby(d.df["A"]).mean(),
    "iteration": lambda pd, d: [(name, part) for name, part in d.df.groupby("A")],
    "iteration by two": lambda pd, d: [name for name, _ in d.df.groupby(["A", "B"])],
    "as columns": lambda pd, d: d.df.groupby(["A", "B"], as_index=False)[["C", "D"]].sum(),
    "reset_index": lambda pd, d: d.df.groupby(["A", "B"])[["C", "D"]].sum().reset_index(),
    "size": lambda pd, d: d.df.groupby(["A", "B"]).size(),
    "describe": lambda pd, d: d.df.groupby("A")[["C", "D"]].describe(),
    "nunique": lambda pd, d: d.df.groupby("A")["B"].nunique(),
    "agg of names": lambda pd, d: d.df.groupby("A")["C"].agg(["sum", "mean", "std"]),
    "agg of functions": lambda pd, d: d.df.groupby("A")["C"].agg([lambda x: x.max(), np.mean]),
    "agg renamed": lambda pd, d: (
        d.df.groupby("A")["C"]
        .agg(["sum", "mean", "std"])
        .rename(columns={"sum": "foo", "mean": "bar"})
    ),
    "agg of columns": lambda pd, d: d.df.groupby("A")[["C", "D"]].agg(["sum", "mean"]),
    "agg of two functions": lambda pd, d: d.df.groupby("A")["C"].agg(
        [lambda x: x.max() - x.min(), lambda x: x.median() - x.mean()]
    ),
    "named aggregation": lambda pd, d: d.animals.groupby("kind").agg(
        min_height=pd.NamedAgg(column="height", aggfunc="min"),
        max_height=pd.NamedAgg(column="height", aggfunc="max"),
        average_weight=pd.NamedAgg(column="weight", aggfunc="mean"),
    ),
    "named by tuples": lambda pd, d: d.animals.groupby("kind").agg(
        low=("height", "min"), high=("height", "max"), spread=("weight", lambda x: x.std())
    ),
    "named with spaces": lambda pd, d: d.animals.groupby("kind").agg(
        **{"total weight": pd.NamedAgg(column="weight", aggfunc="sum")}
    ),
    "named of one column": lambda pd, d: d.animals.groupby("kind").height.agg(
        low="min", high="max"
    ),
    "different functions": lambda pd, d: d.df.groupby("A").agg(
        {"C": "sum", "D": lambda x: np.std(x, ddof=1)}
    ),
    "different names": lambda pd, d: d.df.groupby("A").agg({"C": "sum", "D": "std"}),
    "agg with arguments": lambda pd, d: d.df.groupby("A")[["C", "D"]].agg(
        lambda x, n: x.sum() + n, 3
    ),
    "agg with named arguments": lambda pd, d: d.df.groupby("A")["C"].agg("quantile", q=0.25),
    "agg ddof": lambda pd, d: d.df.groupby("A")["C"].agg("std", ddof=0),
    "cumsum": lambda pd, d: d.speeds.groupby("class")["max_speed"].cumsum(),
    "diff": lambda pd, d: d.speeds.groupby("class")[["max_speed"]].diff(),
    "transform of a name": lambda pd, d: d.df.groupby("A")[["C", "D"]].transform("sum"),
    "transform of a function": lambda pd, d: d.daily.groupby(lambda x: x.day % 3).transform(
        lambda x: (x - x.mean()) / x.std()
    ),
    "by a part of the labels": lambda pd, d: d.daily.groupby(d.daily.index.month).mean(),
    "by a function of times": lambda pd, d: d.daily.groupby(lambda x: x.year).agg(["mean", "std"]),
    "demean": _demean,
    "fill by the mean": _fill,
    "range": lambda pd, d: d.daily.groupby(lambda x: x.day % 4).transform(
        lambda x: x.max() - x.min()
    ),
    "rolling of groups": lambda pd, d: d.roll.groupby("A").rolling(4).B.mean(),
    "expanding of groups": lambda pd, d: d.roll.groupby("A").expanding().sum(),
    "resample of groups": lambda pd, d: (
        d.timed.set_index("date").groupby("group").resample("10D")["val"].mean()
    ),
    "resample and ffill": lambda pd, d: (
        d.timed.iloc[::7].set_index("date").groupby("group")[["val"]].resample("1D").ffill()
    ),
    "filter": lambda pd, d: d.dull.groupby("B").filter(lambda x: len(x) > 2),
    "filter of a column": lambda pd, d: d.dull.A.groupby(d.dull.B).filter(lambda x: x.sum() > 2),
    "filter keeps rows": lambda pd, d: d.dull.groupby("B").filter(
        lambda x: len(x) > 2, dropna=False
    ),
    "head and tail": lambda pd, d: [d.df.groupby("A").head(1), d.df.groupby("A").tail(1)],
    "nth": lambda pd, d: [d.df.groupby("A").nth(0), d.df.groupby("A").nth([0, 2])],
    "nth of slices": lambda pd, d: [
        d.df.groupby("A").nth(slice(1, 3)),
        d.df.groupby("A").nth(slice(None, 1)),
    ],
    "apply to a series": lambda pd, d: d.df.groupby("A")["C"].apply(lambda x: x.describe()),
    "apply to a frame": lambda pd, d: d.df.groupby("A")["C"].apply(lambda x: pandas_frame(x)),
    "apply to one value": lambda pd, d: d.df.groupby("A")[["C", "D"]].apply(
        lambda x: x.C.sum() - x.D.max()
    ),
    "apply without keys": lambda pd, d: d.df.groupby("A", group_keys=False)[["C"]].apply(
        lambda x: x.iloc[:1]
    ),
    "ngroup": lambda pd, d: [
        d.dull.groupby("B").ngroup(),
        d.dull.groupby("B").ngroup(ascending=False),
    ],
    "cumcount": lambda pd, d: [
        d.dull.groupby("B").cumcount(),
        d.dull.groupby("B").cumcount(ascending=False),
    ],
    "pipe": lambda pd, d: d.sales.groupby(["Store", "Product"]).pipe(
        lambda g: g.Revenue.sum() / g.Quantity.sum()
    ),
    "pipe and unstack": lambda pd, d: (
        d.sales.groupby(["Store", "Product"])
        .pipe(lambda g: g.Revenue.sum() / g.Quantity.sum())
        .unstack()
        .round(2)
    ),
    "grouper of times": lambda pd, d: d.timed.groupby(
        [pd.Grouper(freq="10D", key="date"), "group"]
    )["val"].sum(),
    "grouper alone": lambda pd, d: d.timed.groupby(pd.Grouper(key="date", freq="7D"))["val"].mean(),
    "observed": lambda pd, d: [
        d.cats.groupby("c", observed=True).v.sum(),
        d.cats.groupby("c", observed=False).v.sum(),
    ],
    "by cut": lambda pd, d: d.dull.groupby(pd.cut(d.dull.A, [0, 2, 5, 9]), observed=False).A.sum(),
    "by qcut": lambda pd, d: d.df.groupby(pd.qcut(d.df.C, [0, 0.5, 1]), observed=True).D.mean(),
    "by an array": lambda pd, d: d.dull.groupby(np.array([0, 0, 1, 1, 1, 0, 2, 2])).A.sum(),
    "by a list": lambda pd, d: d.dull.groupby([0, 0, 1, 1, 1, 0, 2, 2]).A.sum(),
    "by a dictionary": lambda pd, d: d.dull.groupby({0: "x", 1: "x", 2: "y"}).A.sum(),
    "by a lazy condition": lambda pd, d: d.dull.groupby(d.dull.A > 3).A.sum(),
    "value_counts": lambda pd, d: d.dull.groupby(d.dull.A % 2).B.value_counts(),
    "idxmax": lambda pd, d: d.df.groupby("A").C.idxmax(),
    "rows of the maximum": lambda pd, d: d.df.loc[d.df.groupby("A").C.idxmax()],
    "quantile": lambda pd, d: d.df.groupby("A").C.quantile([0.25, 0.5]),
    "corr": lambda pd, d: d.df.groupby("A")[["C", "D"]].corr(),
    "shift": lambda pd, d: d.dull.groupby("B").A.shift(1),
    "pct_change": lambda pd, d: d.sales.groupby("Store").Revenue.pct_change(),
    "rank": lambda pd, d: d.sales.groupby("Store").Revenue.rank(),
    "ohlc": lambda pd, d: d.sales.groupby("Store").Revenue.ohlc(),
    "sum of min_count": lambda pd, d: d.decimals.groupby("id").sum(min_count=2),
    "any and all": lambda pd, d: [
        (d.dull.set_index("B").A > 3).groupby("B").any(),
        (d.dull.set_index("B").A > 3).groupby("B").all(),
    ],
    "ewm": lambda pd, d: d.roll.groupby("A").B.ewm(span=3).mean(),
    "sample": lambda pd, d: d.roll.groupby("A").sample(n=2, random_state=1),
    "bfill": lambda pd, d: d.speeds.groupby("class").max_speed.bfill(),
    "nlargest": lambda pd, d: d.sales.groupby("Store").Revenue.nlargest(2),
    "unique": lambda pd, d: d.df.groupby("A").B.unique(),
    "skew and sem": lambda pd, d: [
        d.sales.groupby("Store").Revenue.skew(),
        d.sales.groupby("Store").Revenue.sem(),
    ],
    "all columns": lambda pd, d: d.df.groupby("A").agg("max"),
    "sum of strings": lambda pd, d: d.df.groupby("A").B.sum(),
}


def pandas_frame(values: Any) -> Any:
    return pd.DataFrame({"original": values, "demeaned": values - values.mean()})


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check(STEPS[name], _data())
