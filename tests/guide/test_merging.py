"""Merging: concat, merge by columns and labels, join, combine_first, asof and compare."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.guide.steps import Step, check

pytestmark = pytest.mark.usefixtures("session")


def _table(letters: str, labels: list[int]) -> pd.DataFrame:
    return pd.DataFrame({one: [f"{one}{n}" for n in labels] for one in letters}, index=labels)


def _data() -> dict[str, Any]:
    levels = pd.MultiIndex.from_tuples(
        [("K0", "Y0"), ("K1", "Y1"), ("K2", "Y2"), ("K2", "Y3")], names=["key", "Y"]
    )
    trades = pd.DataFrame(
        {
            "time": pd.to_datetime(
                [f"2016-05-25 13:30:00.{n}" for n in ("023", "038", "048", "049", "050")]
            ),
            "ticker": ["MSFT", "MSFT", "GOOG", "GOOG", "AAPL"],
            "price": [51.95, 51.95, 720.77, 720.92, 98.00],
        }
    )
    quotes = pd.DataFrame(
        {
            "time": pd.to_datetime(
                [f"2016-05-25 13:30:00.{n}" for n in ("023", "030", "041", "048", "049", "072")]
            ),
            "ticker": ["GOOG", "MSFT", "MSFT", "GOOG", "AAPL", "GOOG"],
            "bid": [720.50, 51.95, 51.97, 720.50, 97.99, 720.49],
        }
    )
    return {
        "df1": _table("ABCD", [0, 1, 2, 3]),
        "df2": _table("ABCD", [4, 5, 6, 7]),
        "df3": _table("ABCD", [8, 9, 10, 11]),
        "df4": _table("BDF", [2, 3, 6, 7]),
        "s1": pd.Series(["X0", "X1", "X2", "X3"], name="X"),
        "s2": pd.Series(["_0", "_1", "_2", "_3"]),
        "left": pd.DataFrame(
            {
                "key1": ["K0", "K0", "K1", "K2"],
                "key2": ["K0", "K1", "K0", "K1"],
                "A": ["A0", "A1", "A2", "A3"],
                "v": [1, 2, 3, 4],
            }
        ),
        "right": pd.DataFrame(
            {
                "key1": ["K0", "K1", "K1", "K2"],
                "key2": ["K0", "K0", "K0", "K0"],
                "C": ["C0", "C1", "C2", "C3"],
                "v": [5, 6, 7, 8],
            }
        ),
        "by_label": pd.DataFrame({"A": ["A0", "A1", "A2"]}, index=["K0", "K1", "K2"]),
        "by_label2": pd.DataFrame({"C": ["C0", "C2", "C3"]}, index=["K0", "K2", "K3"]),
        "named": pd.DataFrame(
            {"A": ["A0", "A1", "A2"]}, index=pd.Index(["K0", "K1", "K2"], name="key")
        ),
        "levels": pd.DataFrame({"C": ["C0", "C1", "C2", "C3"]}, index=levels),
        "trades": trades,
        "quotes": quotes,
        "gaps": pd.DataFrame([[np.nan, 3.0, 5.0], [-4.6, np.nan, np.nan], [np.nan, 7.0, np.nan]]),
        "filled": pd.DataFrame([[-42.6, np.nan, -8.2], [-5.0, 1.6, 4.0]], index=[1, 2]),
        "before": pd.DataFrame({"c1": ["a", "a", "b", "b"], "c2": [1.0, 2.0, 3.0, np.nan]}),
        "after": pd.DataFrame({"c1": ["a", "c", "b", "b"], "c2": [1.0, 2.0, 4.0, np.nan]}),
        "cats": pd.DataFrame({"X": pd.Categorical(list("abcd")), "n": [1, 2, 3, 4]}),
    }


STEPS: dict[str, Step] = {
    "concat": lambda pd, d: pd.concat([d.df1, d.df2, d.df3]),
    "concat of keys": lambda pd, d: pd.concat([d.df1, d.df2, d.df3], keys=["x", "y", "z"]),
    "a piece of keys": lambda pd, d: pd.concat([d.df1, d.df2], keys=["x", "y"]).loc["y"],
    "concat of a dictionary": lambda pd, d: pd.concat({"x": d.df1, "y": d.df2}),
    "keys of a dictionary": lambda pd, d: pd.concat({"x": d.df1, "y": d.df2}, keys=["y", "x"]),
    "names of levels": lambda pd, d: pd.concat(
        [d.df1, d.df2], keys=["x", "y"], names=["piece", "row"]
    ),
    "beside": lambda pd, d: pd.concat([d.df1, d.df4], axis=1),
    "beside inner": lambda pd, d: pd.concat([d.df1, d.df4], axis=1, join="inner"),
    "beside and reindex": lambda pd, d: pd.concat([d.df1, d.df4], axis=1).reindex(d.df1.index),
    "ignore_index": lambda pd, d: pd.concat([d.df1, d.df4], ignore_index=True, sort=False),
    "sort": lambda pd, d: pd.concat([d.df4, d.df1], ignore_index=True, sort=True),
    "a series beside": lambda pd, d: pd.concat([d.df1, d.s1], axis=1),
    "series beside": lambda pd, d: pd.concat([d.df1, d.s2, d.s2, d.s2], axis=1),
    "series beside numbered": lambda pd, d: pd.concat([d.df1, d.s1], axis=1, ignore_index=True),
    "series of keys": lambda pd, d: pd.concat([d.s1, d.s2], axis=1, keys=["red", "blue"]),
    "series": lambda pd, d: pd.concat([d.s1, d.s2]),
    "a row": lambda pd, d: pd.concat(
        [d.df1, pd.Series(["X0", "X1", "X2", "X3"], index=list("ABCD")).to_frame().T],
        ignore_index=True,
    ),
    "inner columns": lambda pd, d: pd.concat([d.df1, d.df4], join="inner"),
    "merge": lambda pd, d: pd.merge(d.left, d.right, on="key1"),
    "merge of two keys": lambda pd, d: pd.merge(d.left, d.right, on=["key1", "key2"]),
    "merge left": lambda pd, d: pd.merge(d.left, d.right, how="left", on=["key1", "key2"]),
    "merge right": lambda pd, d: pd.merge(d.left, d.right, how="right", on=["key1", "key2"]),
    "merge outer": lambda pd, d: pd.merge(d.left, d.right, how="outer", on=["key1", "key2"]),
    "merge inner": lambda pd, d: pd.merge(d.left, d.right, how="inner", on=["key1", "key2"]),
    "merge cross": lambda pd, d: pd.merge(d.left, d.right, how="cross"),
    "merge anti": lambda pd, d: pd.merge(d.left, d.right, how="left_anti", on=["key1", "key2"]),
    "indicator": lambda pd, d: pd.merge(
        d.left, d.right, on=["key1", "key2"], how="outer", indicator=True
    ),
    "named indicator": lambda pd, d: pd.merge(
        d.left, d.right, on="key1", how="outer", indicator="where"
    ),
    "validate": lambda pd, d: pd.merge(
        d.left, d.right, on=["key1", "key2"], how="left", validate="one_to_many"
    ),
    "suffixes": lambda pd, d: pd.merge(d.left, d.right, on="key1", suffixes=("_l", "_r")),
    "other names": lambda pd, d: pd.merge(d.left, d.right, left_on="key1", right_on="key2"),
    "positional": lambda pd, d: pd.merge(d.left, d.right, "left", "key1"),
    "method": lambda pd, d: d.left.merge(d.right, on="key1"),
    "all common columns": lambda pd, d: pd.merge(d.left[["key1", "A"]], d.right[["key1", "C"]]),
    "merge with a series": lambda pd, d: pd.merge(
        d.left, d.levels.C.reset_index(level=1, drop=True), left_on="key1", right_index=True
    ),
    "merge by levels": lambda pd, d: pd.merge(d.levels.reset_index(), d.named, on="key"),
    "categories": lambda pd, d: pd.merge(d.cats, d.cats, on="X").dtypes,
    "join": lambda pd, d: d.by_label.join(d.by_label2),
    "join outer": lambda pd, d: d.by_label.join(d.by_label2, how="outer"),
    "join inner": lambda pd, d: d.by_label.join(d.by_label2, how="inner"),
    "labels of both": lambda pd, d: pd.merge(
        d.by_label, d.by_label2, left_index=True, right_index=True, how="outer"
    ),
    "join on": lambda pd, d: d.left.join(d.by_label, on="key1", suffixes=("", "_r")),
    "join of a level": lambda pd, d: d.named.join(d.levels, how="inner"),
    "join of suffixes": lambda pd, d: d.left.join(d.right, suffixes=("_l", "_r")),
    "join several": lambda pd, d: d.by_label.join([d.by_label2]),
    "combine_first": lambda pd, d: d.gaps.combine_first(d.filled),
    "update": lambda pd, d: (d.gaps.update(d.filled), d.gaps)[1],
    "merge_ordered": lambda pd, d: pd.merge_ordered(d.left, d.right, on="key1"),
    "merge_asof": lambda pd, d: pd.merge_asof(d.trades, d.quotes, on="time", by="ticker"),
    "merge_asof near": lambda pd, d: pd.merge_asof(
        d.trades, d.quotes, on="time", by="ticker", tolerance=pd.Timedelta("2ms")
    ),
    "merge_asof without equals": lambda pd, d: pd.merge_asof(
        d.trades,
        d.quotes,
        on="time",
        by="ticker",
        tolerance=pd.Timedelta("10ms"),
        allow_exact_matches=False,
    ),
    "compare": lambda pd, d: d.before.compare(d.after),
    "compare rows": lambda pd, d: d.before.compare(d.after, align_axis=0),
    "compare all": lambda pd, d: d.before.compare(d.after, keep_shape=True, keep_equal=True),
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check(STEPS[name], _data())
