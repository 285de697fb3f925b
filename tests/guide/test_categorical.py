"""Categorical data: making it, its categories and order, comparing, grouping, combining."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.api.types import CategoricalDtype

from tests.guide.steps import Step, check

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    sizes = CategoricalDtype(["small", "medium", "large"], ordered=True)
    words = ["medium", "small", None, "large", "small", "medium", "small"]
    return {
        "plain": pd.Series(list("abcaabd")),
        "s": pd.Series(list("abca"), dtype="category"),
        "sized": pd.Series(words).astype(sizes),
        "other": pd.Series(words[::-1]).astype(sizes),
        "frame": pd.DataFrame({"A": list("bbaca"), "B": list("bccda"), "n": range(5)}),
        "cats": pd.DataFrame(
            {
                "cats": pd.Categorical(list("aabbbb"), categories=list("abc")),
                "values": [1, 2, 2, 2, 3, 4],
            },
            index=list("hijklm"),
        ),
        "two": pd.DataFrame(
            {
                "cats": pd.Categorical(list("aabb"), categories=list("abc")),
                "B": list("cdcd"),
                "values": [1, 2, 3, 4],
            }
        ),
        "numbers": pd.Series([1, 2, 3, 1], dtype="category"),
        "values": pd.DataFrame({"value": [5, 45, 75, 99, 0, 31]}),
        "left": pd.DataFrame({"k": pd.Categorical(["a", "b"]), "v": [1, 2]}),
        "right": pd.DataFrame({"k": pd.Categorical(["b", "a", "b"]), "w": [3, 4, 5]}),
    }


def _labels(pd: Any, d: Any) -> Any:
    labels = [f"{n} - {n + 9}" for n in range(0, 100, 10)]
    d.values["group"] = pd.cut(d.values.value, range(0, 105, 10), right=False, labels=labels)
    return [d.values, d.values.group.value_counts()]


STEPS: dict[str, Step] = {
    "astype": lambda pd, d: d.plain.astype("category"),
    "a new column": lambda pd, d: d.frame.assign(C=d.frame.A.astype("category")),
    "cut": _labels,
    "a frame": lambda pd, d: d.frame[["A", "B"]].astype("category"),
    "of a dtype": lambda pd, d: d.plain.astype(
        pd.CategoricalDtype(categories=["d", "c", "b", "a"], ordered=True)
    ),
    "of one dtype for columns": lambda pd, d: d.frame[["A", "B"]].astype(
        pd.CategoricalDtype(categories=list("abcd"), ordered=True)
    ),
    "back to strings": lambda pd, d: d.s.astype(str),
    "to numbers": lambda pd, d: d.numbers.astype(int),
    "describe": lambda pd, d: [d.s.describe(), d.sized.describe()],
    "describe a frame": lambda pd, d: d.cats.describe(include="all"),
    "categories": lambda pd, d: [d.s.cat.categories, d.s.cat.ordered, d.sized.cat.categories],
    "codes": lambda pd, d: [d.s.cat.codes, d.sized.cat.codes],
    "unique": lambda pd, d: [d.s.unique(), d.sized.unique()],
    "rename": lambda pd, d: [
        d.s.cat.rename_categories([f"Group {c}" for c in "abc"]),
        d.s.cat.rename_categories({"a": "x"}),
        d.s.cat.rename_categories(str.upper),
    ],
    "add": lambda pd, d: d.s.cat.add_categories([4]),
    "remove": lambda pd, d: d.s.cat.remove_categories(["a"]),
    "remove unused": lambda pd, d: d.sized.iloc[:2].cat.remove_unused_categories(),
    "set": lambda pd, d: d.s.cat.set_categories(["a", "c", "z"]),
    "reorder": lambda pd, d: d.s.cat.reorder_categories(["c", "b", "a"], ordered=True),
    "ordered": lambda pd, d: [d.s.cat.as_ordered(), d.sized.cat.as_unordered()],
    "found and renamed": lambda pd, d: d.plain.astype("category").cat.rename_categories(
        {"a": "first"}
    ),
    "found and reordered": lambda pd, d: d.plain.astype("category").cat.reorder_categories(
        list("dcba")
    ),
    "found and added": lambda pd, d: d.plain.astype("category").cat.add_categories("z"),
    "sort": lambda pd, d: [d.s.sort_values(), d.sized.sort_values()],
    "sort reversed": lambda pd, d: d.sized.sort_values(ascending=False, na_position="first"),
    "min and max": lambda pd, d: [d.sized.min(), d.sized.max()],
    "sort a frame": lambda pd, d: d.cats.sort_values(["cats", "values"], ascending=[False, True]),
    "compare": lambda pd, d: [d.sized > "small", d.sized == "medium", d.sized <= "medium"],
    "compare two": lambda pd, d: [d.sized == d.other, d.sized < d.other],
    "equal to a list": lambda pd, d: d.s == ["a", "b", "c", "b"],
    "value_counts": lambda pd, d: [d.cats.cats.value_counts(), d.sized.value_counts(dropna=False)],
    "groups": lambda pd, d: [
        d.cats.groupby("cats", observed=False).mean(),
        d.cats.groupby("cats", observed=True).mean(),
    ],
    "groups of two": lambda pd, d: d.two.groupby(["cats", "B"], observed=False).mean(),
    "pivot_table": lambda pd, d: pd.pivot_table(
        d.two, values="values", index=["cats", "B"], observed=False
    ),
    "crosstab": lambda pd, d: pd.crosstab(d.two.cats, d.two.B),
    "choose": lambda pd, d: [
        d.cats.iloc[2:4, :],
        d.cats.iloc[2:4, :].dtypes,
        d.cats.loc["h":"j", "cats"],
        d.cats[d.cats["cats"] == "b"],
        d.cats.loc["h", :],
        d.cats.iat[0, 0],
        d.cats.at["h", "cats"],
    ],
    "strings": lambda pd, d: [d.s.str.upper(), d.s.str.contains("a")],
    "set a value": lambda pd, d: _set(d),
    "merge": lambda pd, d: pd.merge(d.left, d.right, on="k"),
    "concat": lambda pd, d: [pd.concat([d.s, d.s]), pd.concat([d.s, d.numbers])],
    "missing": lambda pd, d: [d.sized.isna(), d.sized.fillna("small"), d.sized.dropna()],
    "map": lambda pd, d: [d.s.map({"a": 1, "b": 2, "c": 3}), d.s.map(str.upper)],
    "isin": lambda pd, d: d.s.isin(["a"]),
    "apply to a frame": lambda pd, d: d.cats.apply(lambda row: str(row["cats"]), axis=1),
    "set_index": lambda pd, d: d.cats.set_index("cats").loc["a"],
    "labels": lambda pd, d: d.cats.set_index("cats").index.categories,
    "sort labels": lambda pd, d: d.cats.set_index("cats").sort_index(),
    "dummies": lambda pd, d: pd.get_dummies(d.cats.cats),
    "where": lambda pd, d: d.s.where(d.s != "b"),
    "shift": lambda pd, d: d.sized.shift(),
    "rank": lambda pd, d: d.sized.rank(),
    "nunique": lambda pd, d: [d.sized.nunique(), d.cats.nunique()],
    "mode": lambda pd, d: d.sized.mode(),
    "replace": lambda pd, d: d.frame.A.replace({"a": "z"}).astype("category"),
    "to_numpy": lambda pd, d: d.s.to_numpy(),
    "factorize": lambda pd, d: list(d.s.factorize()),
    "first of groups": lambda pd, d: d.two.groupby("B").cats.first(),
    "count": lambda pd, d: (
        np.int64(d.sized.count().compute()) if pd.__name__ == "shframe" else d.sized.count()
    ),
}


def _set(d: Any) -> Any:
    d.cats.loc["h", "cats"] = "b"
    d.cats.iloc[2:4, 0] = "a"
    return d.cats


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check(STEPS[name], _data())
