"""Conditions that are found at once for a partition choose the rows that pandas chooses."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe.expr.columns import Condition
from shframe.dataframe.plan.planner import PLANNER
from shframe.graph.plan.expr import walk
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases
from tests.dataframe.oracle import as_pandas_does

DAY = pd.Timestamp("2020-01-01")
ASKED: dict[str, Callable[[Any], Any]] = {
    "integers": lambda d: d.i > 3,
    "integers and a float": lambda d: d.i <= 2.5,
    "a number first": lambda d: operator.ge(3, d.k),
    "beyond the dtype": lambda d: d.small < 1000,
    "beyond all integers": lambda d: d.i < 1 << 70,
    "below zero": lambda d: d.small > -1,
    "a number of NumPy's": lambda d: d.small >= np.int64(2),
    "a float of NumPy's": lambda d: d.half > np.float64(0.1),
    "floats": lambda d: d.f < 1.0,
    "not equal": lambda d: d.f != 0.0,
    "NaN": lambda d: d.f == float("nan"),
    "infinity": lambda d: d.f < float("inf"),
    "none": lambda d: d.f != None,  # noqa: E711
    "booleans": lambda d: d.b,
    "a boolean": lambda d: d.b == True,  # noqa: E712
    "two columns": lambda d: d.i > d.k,
    "two dtypes": lambda d: d.i > d.f,
    "small and large": lambda d: d.small == d.i,
    "times": lambda d: d.t > DAY,
    "a time of Python's": lambda d: d.t <= dt.datetime(2020, 6, 1, 12),
    "a time of NumPy's": lambda d: d.t != np.datetime64("2020-01-01T00:00:00.000000001"),
    "a finer time": lambda d: d.t > pd.Timestamp("2020-01-01 00:00:00.000000001"),
    "a coarse time": lambda d: d.t == np.datetime64("2020"),
    "a time as text": lambda d: d.t >= "2020-01-01",
    "no time": lambda d: d.t != pd.NaT,
    "a time first": lambda d: operator.lt(DAY, d.t),
    "times of two columns": lambda d: d.t == d.late,
    "times in seconds": lambda d: d.t < d.seconds,
    "times in a zone": lambda d: d.zoned > pd.Timestamp("2020-01-01", tz="Asia/Tokyo"),
    "spans": lambda d: d.span > pd.Timedelta("1D"),
    "words": lambda d: d.s == "a",
    "words of two columns": lambda d: d.s >= d.s.str.upper(),
    "categories": lambda d: d.c == "x",
    "nullable": lambda d: d.nullable > 1,
    "nullable booleans": lambda d: d.maybe,
    "members": lambda d: d.i.isin([1, 2, 3]),
    "members of another": lambda d: d.i.isin(d.k),
    "missing": lambda d: d.f.isna(),
    "a mean": lambda d: d.i > d.i.mean(),
    "arithmetic": lambda d: d.i + d.f > 2,
    "a year": lambda d: d.t.dt.year == 2020,
    "a wrong time": lambda d: d.i > DAY,
    "a wrong word": lambda d: d.i > "a",
    "a true literal": lambda d: (d.i > 3) & True,
    "bits": lambda d: (d.i & 3) == 1,
}
JOINED = {"and": operator.and_, "or": operator.or_, "xor": operator.xor}
TREES = st.recursive(
    st.sampled_from(sorted(ASKED)),
    lambda below: (
        st.tuples(st.sampled_from(sorted(JOINED)), below, below) | st.tuples(st.just("not"), below)
    ),
    max_leaves=5,
)


def ask(frame: Any, tree: Any) -> Any:
    if isinstance(tree, str):
        return ASKED[tree](frame)
    if tree[0] == "not":
        return ~ask(frame, tree[1])
    return JOINED[tree[0]](ask(frame, tree[1]), ask(frame, tree[2]))


def widen(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of more dtypes beside those of a case."""
    return frame.assign(
        small=frame.i.abs().clip(upper=100).astype("uint8"),
        half=frame.f.astype("float32"),
        late=frame.t + pd.to_timedelta(frame.i % 2, unit="D"),
        seconds=frame.t.astype("datetime64[s]"),
        zoned=frame.t.dt.tz_localize("UTC"),
        span=frame.t - DAY,
        nullable=frame.i.where(frame.b).astype("Int64"),
        maybe=frame.b.where(frame.i > 2).astype("boolean"),
    )


@FEW
@given(case=cases(), trees=st.lists(TREES, min_size=1, max_size=5))
def test_rows_are_those_that_pandas_chooses(session: Session, case: Case, trees: list[Any]) -> None:
    case = Case(widen(case.padded), case.keep, case.npartitions)
    lazy = case.lazy()
    for tree in trees:
        note(repr(tree))
        as_pandas_does(lambda d, tree=tree: d[ask(d, tree)], lazy, case.frame)
        as_pandas_does(lambda d, tree=tree: d.f[ask(d, tree)], lazy, case.frame)


def conditions_in(lazy: Any) -> int:
    return sum(isinstance(node, Condition) for node in walk(PLANNER.optimized(lazy.expr)))


def test_only_what_looks_at_columns_of_one_frame_is_found_at_once(session: Session) -> None:
    frame = pd.DataFrame({"a": range(9), "b": np.arange(9) / 2, "s": list("abcabcabc")})
    lazy, other = (sf.from_pandas(one, npartitions=3) for one in (frame, frame * 2))
    assert conditions_in(lazy[(lazy.a > 2) & ~(lazy.s == "b") & (lazy.b < lazy.b.mean())]) == 1
    assert conditions_in(lazy[lazy.a.cumsum() > 2]) == 0
    assert conditions_in(lazy[other.a > 2]) == 0
    assert conditions_in(lazy.a[lazy.a > 2]) == 1
    assert conditions_in(lazy[lazy.a.map(lambda v: v > 2) & (lazy.b > 1)]) == 0


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_missing_times_are_chosen_by_nothing_but_difference(session: Session, unit: str) -> None:
    times = pd.Series([DAY, None, DAY + pd.Timedelta("1D")]).astype(f"datetime64[{unit}]")
    frame = pd.DataFrame({"t": times, "u": times[::-1].to_numpy()})
    lazy = sf.from_pandas(frame, npartitions=1)
    for compare in (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge):
        for right in (lambda d: d.u, lambda d: DAY):
            as_pandas_does(lambda d: d[compare(d.t, right(d))], lazy, frame)  # noqa: B023
