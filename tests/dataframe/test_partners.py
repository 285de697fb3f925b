"""Groups joined with few rows: only those that find a partner are made, and are pandas' own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, same

HOWS = ["sum", "mean", "min", "max", "count", "size", "first", "last", "var", "nunique", "median"]
KEYS = [0, 1, 2, 3, 100, -1, -(2**62), 2**62]


@st.composite
def rows(draw: Any, most: int) -> pd.DataFrame:
    """Two keys of one dtype and values, some of them missing."""
    dtype = draw(st.sampled_from(["int64", "int8", "uint8", "uint64"]))
    ends = np.iinfo(dtype)
    keys = st.sampled_from([key for key in KEYS if ends.min <= key <= ends.max])
    count = draw(st.integers(0, most))
    column = st.lists(keys, min_size=count, max_size=count)
    values = st.lists(st.sampled_from([0.5, -2.0, np.nan, 7.0]), min_size=count, max_size=count)
    return pd.DataFrame(
        {
            "a": np.array(draw(column), dtype),
            "b": np.array(draw(column), dtype),
            "v": np.array(draw(values), "f8"),
            "n": np.arange(count),
        }
    )


def program(few: Any, many: Any, how: str, call: str, on: list[str]) -> Any:
    groups = many.groupby(on, as_index=False).agg(found=("v", call), most=("n", "max"))
    return few.merge(groups[groups["most"] >= 1].assign(one=1), how=how, on=on)


@FEW
@given(data=st.data())
def test_groups_of_partners_are_those_of_pandas(
    session: Session, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    monkeypatch.setattr("shframe.dataframe.rules.filter_partners.FEWER", 0)
    few, many = data.draw(rows(5)), data.draw(rows(25))
    if few["a"].dtype != many["a"].dtype:
        few = few.astype({"a": "int64", "b": "int64"})
        many = many.astype({"a": "int64", "b": "int64"})
    on = data.draw(st.sampled_from([["a"], ["b", "a"]]))
    how = data.draw(st.sampled_from(["inner", "left"]))
    call = data.draw(st.sampled_from(HOWS))
    small = sf.from_pandas(few, npartitions=data.draw(st.integers(1, 2)))
    large = sf.from_pandas(many, npartitions=data.draw(st.integers(1, 4)))
    lazy = program(small, large, how, call, on)
    assert "look-up" in lazy.explain(stage="filter partners")
    same(lazy.compute(), program(few, many, how, call, on), inexact=True)


def test_rows_without_a_partner_are_dropped_below_the_groups(session: Session) -> None:
    """By what is measured: of a thousand groups' rows those of ten come to the groups."""
    many = pd.DataFrame({"k": np.arange(100_000) % 1000, "v": np.arange(100_000) % 7})
    few = pd.DataFrame({"k": np.arange(1000), "name": np.arange(1000) % 100})
    small, large = sf.from_pandas(few, npartitions=2), sf.from_pandas(many, npartitions=4)
    groups = large.groupby("k", as_index=False).agg(v=("v", "sum"))
    lazy = small[small["name"] == 5].merge(groups, on="k")
    text = lazy.explain(analyze=True).split("Optimised plan")[1]
    [line] = [line for line in text.splitlines() if "Filter k in look-up" in line]
    assert "1,000 rows" in line or "1000 rows" in line
    expected = few[few["name"] == 5].merge(many.groupby("k", as_index=False)["v"].sum(), on="k")
    same(lazy.compute(), expected)
