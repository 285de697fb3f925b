"""Missing data: finding, counting, filling, dropping, interpolating and replacing it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.guide.steps import Step, check

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    frame = pd.DataFrame(
        {
            "one": [0.5, np.nan, -1.2, np.nan, 2.0, 0.1, np.nan, 3.3],
            "two": [np.nan, 1.0, 2.0, 3.0, np.nan, np.nan, np.nan, 1.5],
            "four": ["bar", None, "bar", "baz", None, "bar", "bar", "x"],
            "five": [True, False, True, False, True, True, False, True],
            "six": pd.to_datetime(["2012-01-01", None, "2012-01-03", None] * 2),
        },
        index=list("abcdefgh"),
    )
    return {
        "df": frame,
        "numbers": frame[["one", "two"]],
        "s": pd.Series([1.0, np.nan, 3.0, np.nan, np.nan, 6.0, 7.0, np.nan]),
        "ints": pd.Series([1, 2, None, 4, None, 6], dtype="Int64"),
        "flags": pd.Series([True, None, False, None], dtype="boolean"),
        "words": pd.Series(["a", None, "b", None, "c"]),
        "times": pd.Series(pd.to_datetime(["2020-01-01", None, "2020-01-05", None])),
        "timed": pd.Series(
            [1.0, np.nan, np.nan, 8.0, np.nan, 3.0],
            index=pd.to_datetime(
                ["2020-01-01", "2020-01-02", "2020-01-05", "2020-01-06", "2020-01-09", "2020-01-10"]
            ),
        ),
        "objects": pd.DataFrame({"A": [1, None, "x", 2.5], "B": [None, None, 3, 4]}),
        "placed": pd.DataFrame({"a": [0, 1, 2, 3], "b": list("ab.."), "c": ["a", "b", None, "d"]}),
    }


def _set_missing(pd: Any, d: Any) -> Any:
    d.df.loc["a", "one"] = np.nan
    d.ints.loc[0] = pd.NA
    return [d.df, d.ints]


def _in_place(pd: Any, d: Any) -> Any:
    d.numbers.fillna(0, inplace=True)
    return d.numbers


STEPS: dict[str, Step] = {
    "isna": lambda pd, d: pd.isna(d.df["one"]),
    "notna": lambda pd, d: d.df["four"].notna(),
    "isna of a frame": lambda pd, d: d.df.isna(),
    "how many": lambda pd, d: d.df.isna().sum(),
    "how many in rows": lambda pd, d: d.df.isna().sum(axis=1),
    "share": lambda pd, d: d.df.isna().mean(),
    "any": lambda pd, d: d.df.isna().any(),
    "all of all": lambda pd, d: d.df.isna().any().any(),
    "rows with some": lambda pd, d: d.df[d.df.isna().any(axis=1)],
    "equal to nothing": lambda pd, d: d.s == np.nan,
    "set": _set_missing,
    "reindex": lambda pd, d: d.df.reindex(["a", "z", "c"]),
    "add": lambda pd, d: d.df["one"] + d.df["two"],
    "add with fill": lambda pd, d: d.df["one"].add(d.df["two"], fill_value=0),
    "sum": lambda pd, d: d.df["one"].sum(),
    "sum of nothing": lambda pd, d: [d.s[d.s.isna()].sum(), d.s[d.s.isna()].prod()],
    "sum of nothing with a minimum": lambda pd, d: d.s[d.s.isna()].sum(min_count=1),
    "mean of rows": lambda pd, d: d.numbers.mean(axis=1),
    "without skipping": lambda pd, d: [d.s.sum(skipna=False), d.s.mean(skipna=False)],
    "cumsum": lambda pd, d: [d.numbers.cumsum(), d.numbers.cumsum(skipna=False)],
    "groups": lambda pd, d: d.df.groupby("four").one.mean(),
    "groups of nothing": lambda pd, d: d.df.groupby("four", dropna=False).one.mean(),
    "dropna": lambda pd, d: [d.df.dropna(), d.df.dropna(axis=1), d.df["one"].dropna()],
    "dropna all": lambda pd, d: d.numbers.dropna(how="all"),
    "dropna thresh": lambda pd, d: d.df.dropna(thresh=4),
    "dropna subset": lambda pd, d: d.df.dropna(subset=["one", "six"]),
    "dropna numbered": lambda pd, d: d.df.dropna(ignore_index=True),
    "fillna": lambda pd, d: [d.numbers.fillna(0), d.df["four"].fillna("missing")],
    "fillna by column": lambda pd, d: d.df.fillna({"one": 0.0, "four": "?"}),
    "fillna by means": lambda pd, d: d.numbers.fillna(d.numbers.mean()),
    "fillna by some means": lambda pd, d: d.numbers.fillna(d.numbers.mean()["two":"two"]),
    "where by means": lambda pd, d: d.numbers.where(
        d.numbers.notna(), d.numbers.mean(), axis="columns"
    ),
    "fillna by a series": lambda pd, d: d.df["one"].fillna(d.df["two"]),
    "fillna limit": lambda pd, d: d.s.fillna(0, limit=2),
    "fillna in place": _in_place,
    "ffill": lambda pd, d: [d.df.ffill(), d.s.ffill(limit=1)],
    "bfill": lambda pd, d: [d.df.bfill(), d.s.bfill()],
    "ffill of rows": lambda pd, d: d.numbers.ffill(axis=1),
    "interpolate": lambda pd, d: [d.s.interpolate(), d.numbers.interpolate()],
    "interpolate by time": lambda pd, d: d.timed.interpolate(method="time"),
    "interpolate by values": lambda pd, d: d.s.interpolate(method="index"),
    "interpolate limit": lambda pd, d: d.s.interpolate(limit=1),
    "interpolate backward": lambda pd, d: d.s.interpolate(limit=1, limit_direction="backward"),
    "interpolate both": lambda pd, d: d.s.interpolate(limit_direction="both"),
    "interpolate inside": lambda pd, d: d.s.interpolate(
        limit_direction="both", limit_area="inside"
    ),
    "interpolate outside": lambda pd, d: d.s.interpolate(
        limit_direction="both", limit_area="outside"
    ),
    "replace": lambda pd, d: [d.s.replace(1, 5), d.s.replace([1, 3], [10, 30])],
    "replace by a dictionary": lambda pd, d: d.s.replace({1: 10, 3: 100}),
    "replace in columns": lambda pd, d: d.placed.replace({"a": 0, "b": "."}, 100),
    "replace a string": lambda pd, d: d.placed.replace(".", np.nan),
    "replace by a pattern": lambda pd, d: d.placed.replace(r"\s*\.\s*", np.nan, regex=True),
    "replace several": lambda pd, d: d.placed.replace(["a", "."], ["b", np.nan]),
    "replace patterns": lambda pd, d: d.placed.replace(
        [r"\.", r"(a)"], ["dot", r"\1stuff"], regex=True
    ),
    "replace in one column": lambda pd, d: d.placed.replace({"b": "."}, {"b": "x"}),
    "replace nested": lambda pd, d: d.placed.replace({"b": {"b": r"z"}}, regex=True),
    "replace regex=": lambda pd, d: d.placed.replace(regex=r"^a$", value="A"),
    "nullable integers": lambda pd, d: [d.ints + 1, d.ints.sum(), d.ints.isna(), d.ints == 2],
    "nullable mean": lambda pd, d: [d.ints.mean(), d.ints.fillna(0), d.ints.dropna()],
    "nullable flags": lambda pd, d: [d.flags & True, d.flags | True, ~d.flags, d.flags.any()],
    "filter by nullable": lambda pd, d: d.ints[d.ints > 1],
    "nullable groups": lambda pd, d: d.ints.groupby(d.ints.isna()).sum(),
    "convert_dtypes": lambda pd, d: d.df.convert_dtypes(),
    "strings": lambda pd, d: [d.words.str.upper(), d.words.str.len(), d.words + "!"],
    "times": lambda pd, d: [d.times.isna(), d.times.fillna(pd.Timestamp("2000-01-01"))],
    "differences": lambda pd, d: d.times - d.times.min(),
    "objects": lambda pd, d: [d.objects.isna(), d.objects.fillna(0), d.objects.count()],
    "first and last": lambda pd, d: [d.s.first_valid_index(), d.s.last_valid_index()],
    "combine_first": lambda pd, d: d.df["one"].combine_first(d.df["two"]),
    "sort": lambda pd, d: [d.s.sort_values(), d.s.sort_values(na_position="first")],
    "value_counts": lambda pd, d: [d.words.value_counts(), d.words.value_counts(dropna=False)],
    "nunique": lambda pd, d: [d.words.nunique(), d.words.nunique(dropna=False)],
    "unique": lambda pd, d: d.words.unique(),
    "mask": lambda pd, d: d.s.mask(d.s > 5),
    "duplicated": lambda pd, d: d.words.duplicated(),
    "merge": lambda pd, d: d.df.merge(d.placed, left_on="four", right_on="c", how="left"),
    "describe": lambda pd, d: d.numbers.describe(),
    "comparison": lambda pd, d: d.numbers.equals(d.numbers.copy()),
    "any of missing": lambda pd, d: [d.s.hasnans, d.words.hasnans],
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check(STEPS[name], _data())
