"""Plain lists, arrays and objects of pandas beside lazy ones: by number, or by label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import UnsupportedType
from tests.dataframe.frames import FEW, Case, cases, same
from tests.dataframe.oracle import as_pandas_does

pytestmark = pytest.mark.usefixtures("session")

KINDS: dict[str, Callable[[Any], Any]] = {
    "a list": list,
    "an array": np.array,
    "an index": pd.Index,
    "an extension array": lambda values: pd.array(values, dtype="Int64"),
    "a series by label": lambda values: pd.Series(values)[::-1],
}
STEPS: dict[str, Callable[[Any, Any], Any]] = {
    "assign": lambda d, x: d.assign(x=x),
    "add": lambda d, x: d.i + x,
    "from the left": lambda d, x: d.f * x,
    "compare": lambda d, x: d.i == x,
    "add as a method": lambda d, x: d.i.add(x),
    "where": lambda d, x: d.i.where(d.b, x),
    "mask": lambda d, x: d.f.mask(d.b, x),
    "clip": lambda d, x: d.i.clip(x),
    "groups": lambda d, x: d.i.groupby(np.asarray(x) % 3).sum(),
}


@FEW
@given(cases(), st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(STEPS)))
def test_values_go_with_the_rows(case: Case, kind: str, name: str) -> None:
    frame = case.frame
    values = KINDS[kind](list(range(len(frame))))
    if not len(frame) or (kind == "a series by label" and not frame.index.is_unique):
        return
    as_pandas_does(lambda d: STEPS[name](d, values), case.lazy(), frame, inexact=True)


@FEW
@given(cases())
def test_flags_filter_rows(case: Case) -> None:
    frame, lazy = case.frame, case.lazy()
    if not len(frame):
        return
    flags = list(frame.b)
    same(lazy[flags].compute(), frame[flags])
    same(lazy[np.array(flags)].compute(), frame[np.array(flags)])
    same(lazy.s[flags].compute(), frame.s[flags])
    same(lazy.loc[flags, "i"].compute(), frame.loc[flags, "i"])


@FEW
@given(cases())
def test_labels_are_set(case: Case) -> None:
    frame, lazy = case.frame.copy(), case.lazy()
    if not len(frame):
        return
    for one in (frame, lazy):
        one.index = [f"row {n}" for n in range(len(frame))]
        one.index.name = "rows"
        one.columns = list("ABCDEFG")
        one.A = one.B
    same(lazy.compute(), frame)
    assert list(lazy.index) == list(frame.index)
    assert lazy.index[0] == frame.index[0]
    assert lazy.index.name == "rows"


def test_another_number_of_values_raises() -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": [1, 2, 3]}), npartitions=2)
    with pytest.raises(ValueError, match=r"Length of values \(2\) does not match length of index"):
        lazy.assign(b=[1, 2]).compute()
    with pytest.raises(UnsupportedType, match="a column is a list, an array or a Series"):
        lazy.assign(b={1: 2})


def test_constructors_take_what_pandas_takes() -> None:
    data = {"a": [1, 2], "b": ["x", None]}
    same(sf.DataFrame(data, index=["p", "q"]).compute(), pd.DataFrame(data, index=["p", "q"]))
    same(
        sf.DataFrame([[1, 2]], columns=["u", "v"]).compute(),
        pd.DataFrame([[1, 2]], columns=["u", "v"]),
    )
    same(
        sf.Series([1, 2], name="n", dtype="Int64").compute(),
        pd.Series([1, 2], name="n", dtype="Int64"),
    )
    same(sf.Index(["a", "b"], name="i").compute(), pd.Index(["a", "b"], name="i"))
    lazy = sf.DataFrame(data)
    same(
        sf.DataFrame({"c": lazy.a, "d": lazy.a + 1}).compute(),
        pd.DataFrame({"c": [1, 2], "d": [2, 3]}),
    )
    same(sf.DataFrame(lazy).compute(), pd.DataFrame(data))


@pytest.mark.parametrize("name", ["year", "month", "day_of_week", "is_month_end", "date", "hour"])
def test_labels_of_times_have_fields(name: str) -> None:
    times = pd.date_range("2020-01-30", periods=5, freq="13h")
    found = getattr(sf.from_pandas(pd.Series(range(5), index=times), npartitions=3).index, name)
    expected = getattr(times, name)
    if isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(found.compute(), expected)
    else:
        same(found.compute(), expected)
