"""Reshaping: pivot, stack, melt, dummies, explode, cross tables and classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.guide.steps import Step, check

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    index = pd.MultiIndex.from_product(
        [["bar", "baz", "foo", "qux"], ["one", "two"]], names=["first", "second"]
    )
    columns = pd.MultiIndex.from_tuples(
        [("A", "cat"), ("B", "dog"), ("B", "cat"), ("A", "dog")], names=["exp", "animal"]
    )
    days = pd.to_datetime(["2020-01-03", "2020-01-04", "2020-01-05"] * 4)
    return {
        "long": pd.DataFrame(
            {
                "value": range(12),
                "variable": ["A"] * 3 + ["B"] * 3 + ["C"] * 3 + ["D"] * 3,
                "date": days,
            }
        ),
        "df": pd.DataFrame(
            {
                "A": ["one", "one", "two", "three"] * 6,
                "B": ["A", "B", "C"] * 8,
                "C": ["foo", "foo", "foo", "bar", "bar", "bar"] * 4,
                "D": np.random.default_rng(3).standard_normal(24),
                "E": np.random.default_rng(4).standard_normal(24),
                "F": [pd.Timestamp(2013, n, 1) for n in range(1, 13)]
                + [pd.Timestamp(2013, n, 15) for n in range(1, 13)],
            }
        ),
        "levels": pd.DataFrame(np.arange(16.0).reshape(8, 2), index=index, columns=["A", "B"]),
        "wide": pd.DataFrame(np.arange(32.0).reshape(8, 4), index=index, columns=columns),
        "cheese": pd.DataFrame(
            {
                "first": ["John", "Mary"],
                "last": ["Doe", "Bo"],
                "height": [5.5, 6.0],
                "weight": [130, 150],
            }
        ),
        "panel": pd.DataFrame(
            {
                "A1970": ["a", "b", "c"],
                "A1980": ["d", "e", "f"],
                "B1970": [2.5, 1.2, 0.7],
                "B1980": [3.2, 1.3, 0.1],
                "X": [0.1, 0.2, 0.3],
                "id": [0, 1, 2],
            }
        ),
        "keys": pd.DataFrame({"key": list("bbacab"), "data1": range(6)}),
        "mixed": pd.DataFrame({"A": list("aba"), "B": list("ccb"), "C": [1, 2, 3]}),
        "lists": pd.DataFrame(
            {"keys": ["panda1", "panda2", "panda3"], "values": [["eats", "shoots"], ["leaves"], []]}
        ),
        "texts": pd.DataFrame([{"var1": "a,b,c", "var2": 1}, {"var1": "d,e,f", "var2": 2}]),
        "a": pd.Series(["foo", "foo", "bar", "bar", "foo", "foo"], name="a"),
        "b": pd.Series(["one", "one", "two", "one", "two", "one"], name="b"),
        "c": pd.Series(["dull", "dull", "shiny", "dull", "dull", "shiny"], name="c"),
        "ages": pd.Series([10, 15, 13, 12, 23, 25, 28, 59, 60]),
        "x": pd.Series(["A", "A", np.nan, "B", 3.14, np.inf], dtype=object),
        "nums": pd.DataFrame(
            {"A": [1, 2, 2, 2, 2], "B": [3, 3, 4, 4, 4], "C": [1, 1, np.nan, 1, 1]}
        ),
    }


STEPS: dict[str, Step] = {
    "pivot": lambda pd, d: d.long.pivot(index="date", columns="variable", values="value"),
    "pivot of all": lambda pd, d: d.long.assign(value2=d.long["value"] * 2).pivot(
        index="date", columns="variable"
    ),
    "a column of pivot": lambda pd, d: d.long.assign(value2=d.long["value"] * 2).pivot(
        index="date", columns="variable"
    )["value2"],
    "pivot_table": lambda pd, d: pd.pivot_table(d.df, values="D", index=["A", "B"], columns=["C"]),
    "pivot_table sum": lambda pd, d: pd.pivot_table(
        d.df, values=["D", "E"], index=["B"], columns=["A", "C"], aggfunc="sum"
    ),
    "pivot_table of all values": lambda pd, d: pd.pivot_table(
        d.df[["A", "B", "C", "D", "E"]], index=["A", "B"], columns=["C"]
    ),
    "pivot_table by month": lambda pd, d: pd.pivot_table(
        d.df, values="D", index=pd.Grouper(freq="ME", key="F"), columns="C"
    ),
    "margins": lambda pd, d: d.df.pivot_table(
        values=["D", "E"], index=["A", "B"], columns="C", margins=True, aggfunc="std"
    ),
    "several functions": lambda pd, d: d.df.pivot_table(
        values="D", index="A", columns="C", aggfunc=["mean", "sum"]
    ),
    "functions by column": lambda pd, d: d.df.pivot_table(
        values=["D", "E"], index="A", aggfunc={"D": "mean", "E": ["min", "max"]}
    ),
    "fill_value": lambda pd, d: d.df.pivot_table(
        values="D", index="A", columns="B", aggfunc="sum", fill_value=0
    ),
    "stack": lambda pd, d: d.levels.stack(),
    "unstack": lambda pd, d: d.levels.stack().unstack(),
    "unstack by name": lambda pd, d: d.levels.stack().unstack("second"),
    "unstack first": lambda pd, d: d.levels.stack().unstack(0),
    "unstack of a frame": lambda pd, d: d.levels.unstack(),
    "unstack fill": lambda pd, d: d.levels.iloc[:5].unstack(fill_value=-1e9),
    "stack a level": lambda pd, d: d.wide.stack(level="exp"),
    "stack several levels": lambda pd, d: d.wide.stack(level=["animal", "exp"]),
    "stack a number": lambda pd, d: d.wide.stack(level=0),
    "unstack and group": lambda pd, d: (
        d.levels.stack().groupby(level=1).mean().unstack()
        if False
        else d.levels.groupby(level=1).mean()
    ),
    "mean by levels": lambda pd, d: d.wide.stack().mean(axis=1).unstack(),
    "melt": lambda pd, d: d.cheese.melt(id_vars=["first", "last"]),
    "melt named": lambda pd, d: d.cheese.melt(id_vars=["first", "last"], var_name="quantity"),
    "melt keeps labels": lambda pd, d: d.cheese.melt(id_vars=["first", "last"], ignore_index=False),
    "wide_to_long": lambda pd, d: pd.wide_to_long(d.panel, ["A", "B"], i="id", j="year"),
    "dummies": lambda pd, d: pd.get_dummies(d.keys["key"]),
    "dummies of a prefix": lambda pd, d: d.keys[["data1"]].join(
        pd.get_dummies(d.keys["key"], prefix="key")
    ),
    "dummies of classes": lambda pd, d: pd.get_dummies(pd.cut(d.ages, [0, 20, 40, 100])),
    "dummies of a frame": lambda pd, d: pd.get_dummies(d.mixed),
    "dummies of columns": lambda pd, d: pd.get_dummies(d.mixed, columns=["A"]),
    "dummies prefixes": lambda pd, d: [
        pd.get_dummies(d.mixed, prefix="new_prefix"),
        pd.get_dummies(d.mixed, prefix=["from_A", "from_B"]),
        pd.get_dummies(d.mixed, prefix={"B": "from_B", "A": "from_A"}),
    ],
    "dummies without the first": lambda pd, d: pd.get_dummies(d.mixed, drop_first=True),
    "dummies of a dtype": lambda pd, d: pd.get_dummies(d.mixed, dtype=np.float32),
    "from_dummies": lambda pd, d: (
        pd.from_dummies(pd.get_dummies(d.keys["key"]).compute())
        if pd.__name__ == "shframe"
        else pd.from_dummies(pd.get_dummies(d.keys["key"]))
    ),
    "explode": lambda pd, d: d.lists.explode("values"),
    "explode a series": lambda pd, d: d.lists["values"].explode(),
    "split and explode": lambda pd, d: d.texts.assign(var1=d.texts.var1.str.split(",")).explode(
        "var1"
    ),
    "crosstab": lambda pd, d: pd.crosstab(d.a, d.b),
    "crosstab of columns": lambda pd, d: pd.crosstab(d.nums["A"], d.nums["B"]),
    "crosstab of three": lambda pd, d: pd.crosstab(
        d.a, [d.b, d.c], rownames=["a"], colnames=["b", "c"]
    ),
    "crosstab normalised": lambda pd, d: [
        pd.crosstab(d.nums["A"], d.nums["B"], normalize=True),
        pd.crosstab(d.nums["A"], d.nums["B"], normalize="columns"),
    ],
    "crosstab of values": lambda pd, d: pd.crosstab(
        d.nums["A"], d.nums["B"], values=d.nums["C"], aggfunc="sum"
    ),
    "crosstab margins": lambda pd, d: pd.crosstab(d.nums["A"], d.nums["B"], margins=True),
    "cut": lambda pd, d: pd.cut(d.ages, bins=3),
    "cut at edges": lambda pd, d: pd.cut(d.ages, bins=[0, 18, 35, 70]),
    "cut labels": lambda pd, d: pd.cut(d.ages, [0, 18, 35, 70], labels=["young", "mid", "old"]),
    "cut codes": lambda pd, d: pd.cut(d.ages, 4, labels=False),
    "cut retbins": lambda pd, d: pd.cut(d.ages, 4, retbins=True),
    "qcut": lambda pd, d: pd.qcut(d.ages, 4),
    "factorize": lambda pd, d: list(pd.factorize(d.keys["key"])),
    "transpose": lambda pd, d: d.cheese.T,
    "value_counts": lambda pd, d: d.mixed.value_counts(),
    "swaplevel": lambda pd, d: d.levels.swaplevel(0, 1),
    "reorder": lambda pd, d: d.levels.reorder_levels(["second", "first"]).sort_index(),
    "levels of columns": lambda pd, d: d.wide["A"],
    "columns of a level": lambda pd, d: d.wide.xs("cat", axis=1, level="animal"),
    "flat columns": lambda pd, d: d.wide.sum(),
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check(STEPS[name], _data())
