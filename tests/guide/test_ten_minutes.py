"""The first steps: making, looking at, choosing, changing, combining and storing objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.guide.steps import Step, check

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    values = np.random.default_rng(0).standard_normal((6, 4))
    dates = pd.date_range("2013-01-01", periods=6)
    mixed = {
        "A": 1.0,
        "B": pd.Timestamp("2013-01-02"),
        "C": pd.Series(1, index=list(range(4)), dtype="float32"),
        "D": np.array([3] * 4, dtype="int32"),
        "E": pd.Categorical(["test", "train", "test", "train"]),
        "F": "foo",
    }
    words = ["foo", "bar", "foo", "bar", "foo", "bar", "foo", "foo"]
    other = ["one", "one", "two", "three", "two", "two", "one", "three"]
    cells = np.random.default_rng(1).standard_normal((8, 2))
    return {
        "df": pd.DataFrame(values, index=dates, columns=list("ABCD")),
        "mixed": pd.DataFrame(mixed),
        "s": pd.Series([1, 3, 5, np.nan, 6, 8]),
        "shifted": pd.Series([1, 3, 5, np.nan, 6, 8], index=dates).shift(2),
        "column": pd.Series(range(1, 7), index=pd.date_range("2013-01-02", periods=6)),
        "words": pd.Series(["A", "B", "C", "Aaba", "Baca", np.nan, "CABA", "dog", "cat"]),
        "numbers": pd.Series([0, 3, 3, 1, 6, 0, 2, 2, 3, 0]),
        "groups": pd.DataFrame({"A": words, "B": other, "C": cells[:, 0], "D": cells[:, 1]}),
        "left": pd.DataFrame({"key": ["foo", "bar", "foo"], "lval": [1, 2, 3]}),
        "right": pd.DataFrame({"key": ["foo", "foo", "bar"], "rval": [4, 5, 6]}),
        "table": pd.DataFrame(
            {
                "A": ["one", "one", "two", "three"] * 3,
                "B": ["A", "B", "C"] * 4,
                "C": ["foo", "foo", "foo", "bar", "bar", "bar"] * 2,
                "D": np.arange(12.0),
                "E": np.arange(12.0) ** 2,
            }
        ),
        "grades": pd.DataFrame(
            {"id": [1, 2, 3, 4, 5, 6], "raw_grade": ["a", "b", "b", "a", "a", "e"]}
        ),
        "seconds": pd.Series(
            np.arange(100), index=pd.date_range("2012-01-01", periods=100, freq="s")
        ),
        "levels": pd.DataFrame(
            np.arange(16.0).reshape(8, 2),
            index=pd.MultiIndex.from_arrays(
                [["bar", "bar", "baz", "baz", "foo", "foo", "qux", "qux"], ["one", "two"] * 4],
                names=["first", "second"],
            ),
            columns=["A", "B"],
        ),
    }


def _set_column(pd: Any, d: Any) -> Any:
    d.df["F"] = d.column
    return d.df


def _set_by_label(pd: Any, d: Any) -> Any:
    d.df.at["2013-01-01", "A"] = 0.0
    d.df.iat[0, 1] = 0.0
    d.df.loc[:, "D"] = 5.0
    return d.df


def _set_where(pd: Any, d: Any) -> Any:
    other = d.df.copy()
    other[other > 0] = -other
    return other


def _missing(pd: Any, d: Any) -> Any:
    made = d.df.reindex(index=d.df.index[0:4], columns=[*d.df.columns, "E"])
    made.loc["2013-01-01":"2013-01-02", "E"] = 1
    return [made, made.dropna(how="any"), made.fillna(value=5), pd.isna(made)]


def _grade(pd: Any, d: Any) -> Any:
    d.grades["grade"] = d.grades["raw_grade"].astype("category")
    d.grades["grade"] = d.grades["grade"].cat.rename_categories(["very good", "good", "very bad"])
    names = ["very bad", "bad", "medium", "good", "very good"]
    d.grades["grade"] = d.grades["grade"].cat.set_categories(names)
    sizes = d.grades.groupby("grade", observed=False).size()
    return [d.grades, d.grades.sort_values(by="grade"), sizes]


def _column_of_words(pd: Any, d: Any) -> Any:
    other = d.df.copy()
    other["E"] = ["one", "one", "two", "three", "four", "three"]
    return [other, other[other["E"].isin(["two", "four"])]]


STEPS: dict[str, Step] = {
    "dtypes": lambda pd, d: d.mixed.dtypes,
    "all of mixed": lambda pd, d: d.mixed,
    "head": lambda pd, d: d.df.head(),
    "tail": lambda pd, d: d.df.tail(3),
    "index": lambda pd, d: d.df.index,
    "columns": lambda pd, d: d.df.columns,
    "to_numpy": lambda pd, d: d.df.to_numpy(),
    "to_numpy of mixed": lambda pd, d: d.mixed[["A", "C", "D"]].to_numpy(),
    "describe": lambda pd, d: d.df.describe(),
    "describe mixed": lambda pd, d: d.mixed.describe(),
    "transpose": lambda pd, d: d.df.T,
    "sort_index": lambda pd, d: d.df.sort_index(axis=1, ascending=False),
    "sort_values": lambda pd, d: d.df.sort_values(by="B"),
    "column": lambda pd, d: d.df["A"],
    "attribute": lambda pd, d: d.df.A,
    "columns of a list": lambda pd, d: d.df[["B", "A"]],
    "rows by number": lambda pd, d: d.df[0:3],
    "rows by label": lambda pd, d: d.df["20130102":"20130104"],
    "a row": lambda pd, d: d.df.loc["2013-01-02"],
    "a row by its label": lambda pd, d: d.df.loc[d.df.index[0]],
    "all rows of columns": lambda pd, d: d.df.loc[:, ["A", "B"]],
    "both slices": lambda pd, d: d.df.loc["20130102":"20130104", ["A", "B"]],
    "a cell by label": lambda pd, d: d.df.loc["2013-01-02", "A"],
    "a cell by at": lambda pd, d: d.df.at["2013-01-02", "A"],
    "a row by number": lambda pd, d: d.df.iloc[3],
    "slices by number": lambda pd, d: d.df.iloc[3:5, 0:2],
    "lists by number": lambda pd, d: d.df.iloc[[1, 2, 4], [0, 2]],
    "rows only": lambda pd, d: d.df.iloc[1:3, :],
    "columns only": lambda pd, d: d.df.iloc[:, 1:3],
    "a cell by number": lambda pd, d: d.df.iloc[1, 1],
    "a cell by iat": lambda pd, d: d.df.iat[1, 1],
    "filter by a column": lambda pd, d: d.df[d.df["A"] > 0],
    "filter all cells": lambda pd, d: d.df[d.df > 0],
    "isin": _column_of_words,
    "set a column": _set_column,
    "set by label": _set_by_label,
    "set where": _set_where,
    "missing values": _missing,
    "mean": lambda pd, d: d.df.mean(),
    "mean of rows": lambda pd, d: d.df.mean(axis=1),
    "sub of a series": lambda pd, d: d.df.sub(d.shifted, axis="index"),
    "agg of a function": lambda pd, d: d.df.agg(lambda x: np.mean(x) * 5.6),
    "transform of a function": lambda pd, d: d.df.transform(lambda x: x * 101.2),
    "value_counts": lambda pd, d: d.numbers.value_counts(),
    "lower": lambda pd, d: d.words.str.lower(),
    "concat": lambda pd, d: pd.concat([d.df[:3], d.df[3:5], d.df[5:]]),
    "merge": lambda pd, d: pd.merge(d.left, d.right, on="key"),
    "group and sum": lambda pd, d: d.groups.groupby("A")[["C", "D"]].sum(),
    "group by two": lambda pd, d: d.groups.groupby(["A", "B"]).sum(),
    "stack": lambda pd, d: d.levels.stack(),
    "unstack": lambda pd, d: d.levels.stack().unstack(),
    "unstack a level": lambda pd, d: d.levels.stack().unstack(1),
    "unstack the first": lambda pd, d: d.levels.stack().unstack(0),
    "pivot_table": lambda pd, d: pd.pivot_table(
        d.table, values="D", index=["A", "B"], columns=["C"]
    ),
    "resample": lambda pd, d: d.seconds.resample("5Min").sum(),
    "time zone": lambda pd, d: d.seconds.tz_localize("UTC"),
    "another time zone": lambda pd, d: d.seconds.tz_localize("UTC").tz_convert("US/Eastern"),
    "business days": lambda pd, d: d.df.index + pd.offsets.BusinessDay(5),
    "categories": _grade,
    "cumsum": lambda pd, d: d.df.cumsum(),
    "shape": lambda pd, d: [d.df.shape, d.df.size, d.df.ndim, len(d.df), d.df.empty],
    "if a frame": lambda pd, d: [d.df.A.sum().item() if pd is None else 0, bool(d.df.empty)],
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check(STEPS[name], _data())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files(kind: str, tmp_path: Path) -> None:
    def step(pd: Any, d: Any) -> Any:
        path = tmp_path / f"{pd.__name__}.{kind}"
        if kind == "csv":
            d.table.to_csv(path)
            return pd.read_csv(path)
        d.table.to_parquet(path)
        return pd.read_parquet(path)

    check(step, _data())
