"""merge and join with all their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does


def other(d: Any) -> Any:
    """Some rows of a frame, under other labels of columns."""
    return d[d.i > -20][["k", "f", "s"]].rename(columns={"f": "g", "s": "w"})


def one_each(d: Any) -> Any:
    return d.drop_duplicates("k")[["k", "f"]].rename(columns={"f": "g"})


FORMS: dict[str, Callable[[Any], Any]] = {
    "indicator": lambda d: d.merge(one_each(d[d.i > 0]), how="left", on="k", indicator=True),
    "indicator of outer": lambda d: d[["k", "i"]].merge(
        other(d), how="outer", left_on="i", right_on="k", indicator="side"
    ),
    "validate": lambda d: d.merge(one_each(d), on="k", validate="m:1"),
    "validate what is not": lambda d: d.merge(other(d), on="k", validate="1:1"),
    "cross": lambda d: d[["i"]].head(3).merge(one_each(d), how="cross"),
    "left_anti": lambda d: d.merge(one_each(d[d.i > 0]), how="left_anti", on="k"),
    "right_anti": lambda d: d[d.i > 0][["k", "i"]].merge(other(d), how="right_anti", on="k"),
    "sort": lambda d: d.merge(one_each(d), on="k", sort=True),
    "sort of left": lambda d: d.merge(one_each(d), on="k", how="left", sort=True),
    "a series": lambda d: d.merge(
        d.drop_duplicates("k").set_index("k").f.rename("g").to_frame(),
        left_on="k",
        right_index=True,
        how="left",
    ),
    "right_index": lambda d: d.merge(one_each(d).set_index("k"), left_on="k", right_index=True),
    "left_index": lambda d: d.set_index("k").merge(
        one_each(d), left_index=True, right_on="k", how="right"
    ),
    "both indexes": lambda d: d.set_index("k")[["i"]].merge(
        one_each(d).set_index("k"), left_index=True, right_index=True
    ),
    "both indexes left": lambda d: d.set_index("k")[["i"]].merge(
        one_each(d).set_index("k"), left_index=True, right_index=True, how="left"
    ),
    "join": lambda d: d.set_index("k")[["i"]].join(one_each(d).set_index("k")),
    "join on": lambda d: d.join(one_each(d[d.b]).set_index("k"), on="k"),
    "join inner": lambda d: d.set_index("k")[["i"]].join(
        one_each(d[d.b]).set_index("k"), how="inner"
    ),
    "join outer": lambda d: d.set_index("k")[["i"]].join(
        one_each(d[d.b]).set_index("k"), how="outer"
    ),
    "join with suffixes": lambda d: d.reset_index(drop=True)[["i"]].join(
        d.reset_index(drop=True)[["i"]], lsuffix="_a", rsuffix="_b"
    ),
    "join a series": lambda d: d.join(d.drop_duplicates("k").set_index("k").f.rename("g"), on="k"),
    "join several": lambda d: d.reset_index(drop=True)[["i"]].join(
        [d.reset_index(drop=True)[["f"]], d.reset_index(drop=True)[["b"]]]
    ),
    "semi by isin": lambda d: d[d.k.isin(d[d.i > 10].k)],
    "anti by isin": lambda d: d[~d.k.isin(d[d.i > 10].k)],
}


@FEW
@given(case=cases(14), names=some(FORMS, 7))
def test_forms_of_joins(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(FORMS[name], lazy, case.frame)


def test_semi_join_has_each_row_once(session: Session) -> None:
    left = pd.DataFrame({"k": [1, 2, 2, 3], "v": range(4)})
    right = pd.DataFrame({"k": [2, 2, 3, 5]})
    made = sf.from_pandas(left, npartitions=3).merge(right, on="k", how="leftsemi")
    same(made.compute(), left[left.k.isin(right.k)].reset_index(drop=True))


def test_mistakes_of_joins(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"k": [1, 1], "v": [1, 2]}), npartitions=2)
    with pytest.raises(ValueError, match="columns overlap but no suffix specified"):
        lazy.join(lazy)
    with pytest.raises(ValueError, match="Can not pass on"):
        lazy.merge(lazy, how="cross", on="k")
    with pytest.raises(pd.errors.MergeError, match="not unique in left dataset; not a one-to-one"):
        lazy.merge(lazy, on="k", validate="1:1").compute()
    with pytest.raises(ValueError, match="not a valid argument for validate"):
        lazy.merge(lazy, on="k", validate="2:2")
    with pytest.raises(TypeError, match="Can only merge Series or DataFrame objects"):
        lazy.merge([1], on="k")


FEWER: dict[str, Callable[[Any], Any]] = {
    "filter": lambda j: j[j.f > 15],
    "filter of a column": lambda j: j.f[j.f > 15],
    "booleans": lambda j: j[j.f > 15].b,
    "query": lambda j: j.query("f > 15"),
    "loc": lambda j: j.loc[j.f > 15, "f"],
    "isin": lambda j: j[j.f.isin([20, 30])],
    "iloc": lambda j: j.iloc[4:],
    "head of what is sorted": lambda j: j.sort_values("f", kind="stable").head(2),
    "nlargest": lambda j: j.nlargest(2, "f"),
    "dropna": lambda j: j.dropna().drop_duplicates("f"),
    "aggregate": lambda j: j[j.f > 15].groupby("k").f.max(),
    "sum": lambda j: j[j.f > 15].f.sum(),
}


@pytest.mark.parametrize("name", FEWER)
def test_what_was_missing_before_rows_were_chosen_decides_the_dtype(
    session: Session, name: str
) -> None:
    left = pd.DataFrame({"k": range(6), "a": 1})
    right = pd.DataFrame({"k": [3, 4, 5], "f": [10, 20, 30], "b": [True, False, True]})
    lazy = sf.from_pandas(left, npartitions=3).merge(sf.from_pandas(right), how="left", on="k")
    found = FEWER[name](lazy).compute()
    same(found, FEWER[name](left.merge(right, how="left", on="k")))
