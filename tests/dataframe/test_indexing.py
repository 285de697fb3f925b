"""loc, iloc, at and iat, and assignments through them, give what pandas gives."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import ColumnNotFound, UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does


def after(work: Callable[[Any], None]) -> Callable[[Any], Any]:
    """The object after something was done to it."""

    def done(d: Any) -> Any:
        made = d.copy()
        work(made)
        return made

    return done


def set_item(key: Any, value: Any, of: str = "loc") -> Callable[[Any], Any]:
    """An assignment; keys and values that are functions are called with the object."""

    def work(d: Any) -> None:
        keys = key(d) if callable(key) else key
        target = d if of == "self" else getattr(d, of)
        target[keys] = value(d) if callable(value) else value

    return after(work)


INDEXING: dict[str, Callable[[Any], Any]] = {
    "loc of an axis": lambda d: d.loc(axis=1)[["f", "i"]],
    "loc of rows of an axis": lambda d: d.reset_index(drop=True).loc(axis=0)[1:3],
    "iloc of an axis": lambda d: d.iloc(axis=1)[[0, 2]],
    "loc of a condition": lambda d: d.loc[d.i > 0],
    "loc of a condition and columns": lambda d: d.loc[d.b, ["i", "s"]],
    "loc of a condition and a column": lambda d: d.loc[d.i > 0, "f"],
    "loc of a function": lambda d: d.loc[lambda e: e.k == 1],
    "loc of columns": lambda d: d.loc[:, ["f", "i"]],
    "loc of a column": lambda d: d.loc[:, "s"],
    "loc of a slice of columns": lambda d: d.loc[:, "i":"s"],
    "loc of a series": lambda d: d.i.loc[d.b],
    "loc of a label": lambda d: d.reset_index(drop=True).loc[1],
    "loc of a label and column": lambda d: d.reset_index(drop=True).loc[2, "i"],
    "loc of labels": lambda d: d.reset_index(drop=True).loc[[2, 0, 2]],
    "loc of labels of a series": lambda d: d.reset_index(drop=True).f.loc[[0]],
    "loc of a slice": lambda d: d.reset_index(drop=True).loc[1:3],
    "loc of an open slice": lambda d: d.reset_index(drop=True).loc[2:, "i":"b"],
    "loc of labels in order": lambda d: (
        d.sort_values("i", kind="stable").set_index("i").loc[-5:20, ["f"]]
    ),
    "loc of words": lambda d: d.set_index("s").loc["a":"b"],
    "loc of a word": lambda d: d.set_index("s").i.loc["a"],
    "iloc of a slice": lambda d: d.iloc[1:4],
    "iloc from the end": lambda d: d.iloc[-3:],
    "iloc of a stride": lambda d: d.iloc[1::3],
    "iloc backwards": lambda d: d.iloc[::-1],
    "iloc of columns": lambda d: d.iloc[:, [0, 2]],
    "iloc of a column": lambda d: d.iloc[:3, 1],
    "iloc of a slice of columns": lambda d: d.iloc[2:, :2],
    "iloc of numbers": lambda d: d.iloc[[2, 0, -1]],
    "iloc of a number": lambda d: d.iloc[1],
    "iloc of a cell": lambda d: d.iloc[0, 1],
    "iloc of a series": lambda d: d.i.iloc[2:5],
    "iloc of a value": lambda d: d.i.iloc[-1],
    "iloc of nothing": lambda d: d.iloc[[]],
    "a slice of rows": lambda d: d[1:3],
    "a slice of a series": lambda d: d.i[:2],
    "at": lambda d: d.reset_index(drop=True).at[1, "i"],
    "at of a series": lambda d: d.reset_index(drop=True).f.at[0],
    "iat": lambda d: d.iat[0, 1],
    "take": lambda d: d.take([1, 0]),
    "computed with": lambda d: d.i - d.i.iloc[0],
    "set a column": set_item((slice(None), "n"), lambda d: d.i * 2),
    "set where": set_item(lambda d: (d.i > 0, "f"), 0.5),
    "set where several": set_item(lambda d: (d.b, ["i", "k"]), 9),
    "set where by values": lambda d: set_item(lambda e: (e.b, "f"), lambda e: e.f * 2)(
        d.reset_index(drop=True)  # pandas refuses labels that are there twice
    ),
    "set where by a mean": set_item(lambda d: (d.f.isna(), "f"), lambda d: d.i.mean()),
    "set text where": set_item(lambda d: (d.s.isna(), "s"), "none"),
    "set a new column where": lambda d: (
        set_item(lambda e: (e.i > 0, "n"), 1.5)(d) if len(d) else d  # pandas refuses
    ),
    "set rows": lambda d: set_item(lambda e: e.k > 1, 7, of="self")(d[["k", "i"]]),
    "set a series where": lambda d: set_item(lambda s: s > 0, 1)(d.i),
    "set items of a series": lambda d: set_item(lambda s: s.isna(), 0.0, of="self")(d.f),
    "set cells": lambda d: set_item(lambda e: e > 2, 0, of="self")(d[["i", "k"]]),
    "set columns": set_item(["i", "k"], lambda d: d[["k", "i"]], of="self"),
    "set columns to one value": set_item(["i", "m"], 3, of="self"),
    "set by number": set_item((0, 1), 5, of="iloc"),
    "insert": after(lambda d: d.insert(1, "n", d.i + 1)),
    "pop": lambda d: after(lambda e: e.pop("s"))(d),
    "delete": after(lambda d: d.__delitem__("f")),
    "in place": after(lambda d: d.__setitem__("i", d["i"].__add__(1))),
    "get": lambda d: d.get("i"),
}


def test_a_label_that_is_there_often_gives_rows(session: Session) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "g": list("aabb")}, index=list("uvuw"))
    lazy = sf.from_pandas(frame, npartitions=3)
    programs: tuple[Callable[[Any], Any], ...] = (
        lambda d: d.loc["u"].shape,
        lambda d: d.loc["v"].shape,
        lambda d: d.loc["u"].x,
        lambda d: d.loc["u"].x.shape,
        lambda d: d.loc["u"].x.value_counts(),
        lambda d: d.loc["u"].groupby("g").x.sum(),
        lambda d: d.loc["u"].sort_values("x", ascending=False),
        lambda d: d.loc["u"].columns.tolist(),
        lambda d: d.loc["v"].index.tolist(),
        lambda d: d.loc["v"].x * 2,
        lambda d: d.x.loc["u"].value_counts(),
        lambda d: d.x["u"].max(),
        lambda d: d.at["v", "x"].is_integer(),
    )
    for work in programs:
        as_pandas_does(work, lazy, frame)
    with pytest.raises(KeyError, match="nope"):
        _ = lazy.loc["nope"].shape


SPANS = [
    "2023", "2023-02", "Feb 2023", "2023Q1", "2023-02-02", "2023-02-02 03", "2023-02-02 03:00",
    "2023-02-02 03:00:00", "1999", "2050-07", "nonsense",
]  # fmt: skip


@FEW
@given(
    freq=st.sampled_from(["D", "9h", "37min", "1237s", "1ms"]),
    rows=st.integers(0, 60),
    tz=st.sampled_from([None, "Europe/Berlin"]),
    order=st.sampled_from(["up", "down", "any", "gap"]),
    key=st.sampled_from(SPANS),
)
def test_strings_mean_times_or_spans(
    session: Session, freq: str, rows: int, tz: str | None, order: str, key: str
) -> None:
    frame = pd.DataFrame({"v": np.arange(rows)})
    frame.index = pd.DatetimeIndex(pd.date_range("2023-01-29", periods=rows, freq=freq, tz=tz))
    if order == "down":
        frame = frame[::-1]
    elif order == "any":
        frame = frame.sample(frac=1, random_state=rows)
    elif order == "gap":
        frame = frame[frame.index.day != 2]
    frame.index = pd.DatetimeIndex(frame.index, freq=None)
    lazy = sf.from_pandas(frame, npartitions=4)
    for work in (
        lambda d: d.loc[key],
        lambda d: d.v.loc[key],
        lambda d: d.v[key],
        lambda d: d.loc[key, "v"],
        lambda d: d.loc[key].shape,
    ):
        as_pandas_does(work, lazy, frame)


@FEW
@given(case=cases(), names=some(INDEXING, 9))
def test_indexing(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(INDEXING[name], lazy, case.frame, inexact=True)


SLICES = st.builds(
    slice,
    st.none() | st.integers(-14, 14),
    st.none() | st.integers(-14, 14),
    st.none() | st.sampled_from([1, 2, 5, -1]),
)


@FEW
@given(rows=st.integers(0, 12), npartitions=st.integers(1, 5), key=SLICES)
def test_slices_of_rows(session: Session, rows: int, npartitions: int, key: slice) -> None:
    frame = pd.DataFrame({"a": range(rows)}, index=np.arange(rows) * 10)
    lazy = sf.from_pandas(frame, npartitions=npartitions)
    same(lazy.iloc[key].compute(), frame.iloc[key])
    same(lazy.a.iloc[key].compute(), frame.a.iloc[key])


def test_labels_of_times(session: Session) -> None:
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(range(40), unit="D")
    frame = pd.DataFrame({"v": range(40)}, index=days)
    lazy = sf.from_pandas(frame, npartitions=4)
    works: list[Callable[[Any], Any]] = [
        lambda d: d.loc["2024-01-05":"2024-01-20"],
        lambda d: d.loc["2024-01-05":],
        lambda d: d.loc[pd.Timestamp("2024-01-07")],
        lambda d: d.loc["2024-02"],
        lambda d: d.loc["2024-01-03", "v"],
        lambda d: d.v.loc["2024-01"],
    ]
    for work in works:
        same(work(lazy).compute(), work(frame))


def test_rows_stay_in_their_partitions(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": range(12), "b": 1.0}), npartitions=4)
    assert lazy.loc[lazy.a > 3, ["a"]].npartitions == 4
    assert lazy.iloc[2:7].npartitions == 4
    assert lazy.loc[2:7].npartitions == 4
    changed = lazy.copy()
    changed.loc[changed.a > 3, "b"] = 0
    assert changed.npartitions == 4
    same(lazy.b.sum().compute(), 12.0)  # the copy was changed, not what it was made of


def test_mistakes_of_indexing(session: Session) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": 1.0})
    lazy = sf.from_pandas(frame, npartitions=3)
    with pytest.raises(ColumnNotFound, match="'c'"):
        lazy.loc[:, "c"]
    with pytest.raises(KeyError, match="7"):
        lazy.loc[7].compute()
    with pytest.raises(KeyError, match="9"):
        lazy.loc[[0, 9]].compute()
    with pytest.raises(IndexError, match="out-of-bounds"):
        lazy.iloc[3].compute()
    with pytest.raises(IndexError, match="out-of-bounds"):
        lazy.iloc[[0, 3]].compute()
    with pytest.raises(IndexError, match="out-of-bounds"):
        lazy.iloc[:, 2]
    with pytest.raises(TypeError, match="positional indexing"):
        lazy.iloc["a":]
    with pytest.raises(UnsupportedType, match="boolean"):
        lazy.iloc[lazy.a > 1]
    with pytest.raises(ValueError, match="already exists"):
        lazy.insert(0, "a", 1)
    with pytest.raises(ValueError, match="Must have equal len keys and value"):
        lazy.loc[lazy.a > 1, "b"] = [1, 2, 3]


def test_rows_of_any_dtype_have_a_sample(session: Session) -> None:
    ends = pd.date_range("2024-01-01", periods=4)
    frame = pd.DataFrame(
        {
            "x": [1.0, 2.0, 3.0],
            "n": pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3]),
            "t": pd.arrays.IntervalArray.from_breaks(ends, closed="left"),
            "d": pd.array(
                [Decimal("0.25"), None, Decimal("0.5")], dtype=pd.ArrowDtype(pa.decimal128(3, 3))
            ),
            "l": pd.array([[1], [], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
        }
    )
    lazy = sf.from_pandas(frame, npartitions=3)
    same(lazy.iloc[1].compute(), frame.iloc[1])
    same(lazy.loc[2].compute(), frame.loc[2])
    same(lazy.eval("x * 2").compute(), frame.eval("x * 2"))
    same(lazy.query("x > 1").compute(), frame.query("x > 1"))
    same(lazy[lazy.d > Decimal("0.3")].compute(), frame[frame.d > Decimal("0.3")])
