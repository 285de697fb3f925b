"""What is done row by row, against pandas."""

from __future__ import annotations

import operator
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import ColumnNotFound, InvalidArgument, NotPicklable, UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import LIGHT, pairs, same

LOCK = threading.Lock()

pytestmark = pytest.mark.usefixtures("session")


@LIGHT
@given(pairs())
def test_a_frame_comes_back_as_it_was(pair: Any) -> None:
    frame, lazy = pair
    same(lazy, frame)
    same(lazy.f, frame.f)
    same(lazy[["s", "i"]], frame[["s", "i"]])
    same(lazy.index, frame.index)
    assert len(lazy) == len(frame)
    assert lazy.dtypes.equals(frame.dtypes)


@LIGHT
@given(pairs(), st.sampled_from(["lt", "ge", "eq", "ne"]), st.integers(-5, 5))
def test_filters_keep_rows_and_their_index(pair: Any, name: str, value: int) -> None:
    frame, lazy = pair
    compare = getattr(operator, name)
    same(lazy[compare(lazy.i, value)], frame[compare(frame.i, value)])
    same(
        lazy[compare(lazy.f, value) & ~lazy.b | (lazy.s == "a")],
        frame[compare(frame.f, value) & ~frame.b | (frame.s == "a")],
    )
    same(lazy.f[lazy.i > value], frame.f[frame.i > value])


@LIGHT
@given(pairs(), st.sampled_from([operator.add, operator.sub, operator.mul, operator.truediv]))
def test_arithmetic_is_that_of_pandas(pair: Any, sign: Any) -> None:
    frame, lazy = pair
    same(sign(lazy.f, lazy.i), sign(frame.f, frame.i))
    same(sign(lazy.i, 3), sign(frame.i, 3))
    same(sign(2.5, lazy.i + 51), sign(2.5, frame.i + 51))
    same(sign(lazy[["i", "f"]], 2), sign(frame[["i", "f"]], 2))
    same(-lazy.f, -frame.f)


@LIGHT
@given(pairs())
def test_query_and_eval_are_those_of_pandas(pair: Any) -> None:
    frame, lazy = pair
    limit = 3
    for text in ("i > @limit and f < 5", "k in [1, 2] or b", "-2 < i <= 20", "s == 'a' and not b"):
        same(lazy.query(text), frame.query(text))
    same(lazy.eval("i * 2 + f"), frame.eval("i * 2 + f"))
    assert limit == 3


@LIGHT
@given(pairs())
def test_methods_row_by_row_are_those_of_pandas(pair: Any) -> None:
    frame, lazy = pair
    same(lazy.isna(), frame.isna())
    same(lazy.notna(), frame.notna())
    same(lazy.f.fillna(7.0), frame.f.fillna(7.0))
    same(lazy.fillna({"f": 1.0, "s": "z"}), frame.fillna({"f": 1.0, "s": "z"}))
    same(lazy.i.astype("float32"), frame.i.astype("float32"))
    same(lazy.astype({"i": "int16", "b": "int64"}), frame.astype({"i": "int16", "b": "int64"}))
    same(lazy.s.isin(["a", "é"]), frame.s.isin(["a", "é"]))
    same(lazy.i.between(-3, 3), frame.i.between(-3, 3))
    same(lazy.f.clip(0, 3), frame.f.clip(0, 3))
    same(lazy.f.round(1), frame.f.round(1))
    same(lazy.i.where(lazy.b, -1), frame.i.where(frame.b, -1))
    same(lazy.rename(columns={"i": "j"}), frame.rename(columns={"i": "j"}))
    same(lazy.drop(columns=["s", "t"]), frame.drop(columns=["s", "t"]))
    same(lazy.dropna(), frame.dropna())


@LIGHT
@given(pairs())
def test_assign_adds_columns_in_their_order(pair: Any) -> None:
    frame, lazy = pair
    made = lazy.assign(x=lazy.i * 2, y=5, i=lambda d: d.f + 1)
    same(made, frame.assign(x=frame.i * 2, y=5, i=lambda d: d.f + 1))
    lazy["z"] = lazy.i + 1
    same(lazy, frame.assign(z=frame.i + 1))


@LIGHT
@given(pairs(least=1))
def test_accessors_are_those_of_pandas(pair: Any) -> None:
    frame, lazy = pair
    same(lazy.s.str.upper(), frame.s.str.upper())
    same(lazy.s.str.len(), frame.s.str.len())
    same(lazy.t.dt.year, frame.t.dt.year)
    same(lazy.t.dt.day_name(), frame.t.dt.day_name())


@LIGHT
@given(pairs(least=1))
def test_users_functions_run_in_workers_on_what_pandas_gives(pair: Any) -> None:
    frame, lazy = pair
    bonus = 10

    def change(part: Any) -> Any:
        part["i"] += bonus  # it may write into its input
        return part[part["b"]]

    same(lazy.map_partitions(change), change(frame.copy()))
    same(
        lazy.apply(lambda row: row["i"] * 2 + row["k"], axis=1),
        frame.apply(lambda row: row["i"] * 2 + row["k"], axis=1),
    )
    same(lazy.i.map(lambda v: v * bonus), frame.i.map(lambda v: v * bonus))


def test_a_users_function_sees_another_process_and_is_captured_at_the_call() -> None:
    import os

    scale = 2
    lazy = sf.from_pandas(pd.Series(range(9)), npartitions=3)
    made = lazy.map_partitions(lambda part: part * scale + 0 * os.getpid())
    pids = lazy.map_partitions(lambda part: pd.Series([os.getpid()])).compute()
    scale = 100
    assert made.compute().tolist() == [2 * n for n in range(9)]
    assert os.getpid() not in set(pids)


def test_a_result_is_ordinary_and_can_be_written_into() -> None:
    frame = pd.DataFrame({"a": range(200_000), "s": ["x", "y"] * 100_000})
    for count in (1, 3):
        made = sf.from_pandas(frame, npartitions=count).compute()
        made.loc[0, "a"] = -1
        made.iloc[1, 0] = -2
        made.loc[made["a"] > 199_990, "a"] = 0
        made["a"] += 1
        made.loc[2, "s"] = "z"
        assert made["a"].iloc[:3].tolist() == [0, -1, 3]
        assert made["s"].iloc[2] == "z"
        series = sf.from_pandas(frame["a"], npartitions=count).compute()
        series.to_numpy()
        series.iloc[0] = 9
        assert series.iloc[0] == 9


def test_from_pandas_takes_the_values_at_the_call() -> None:
    frame = pd.DataFrame({"a": np.zeros(100_000)})
    lazy = sf.from_pandas(frame, npartitions=3)
    frame.loc[:, "a"] = 1.0
    assert lazy.a.sum().compute() == 0


def test_columns_that_arrow_cannot_hold_come_back_unchanged() -> None:
    frame = pd.DataFrame(
        {
            "o": [{"a": 1}, (1, 2), None, "text", 5],
            "c": np.array([1 + 2j] * 5),
            "p": pd.period_range("2020", periods=5, freq="M"),
            "n": pd.array([1, None, 3, 4, 5], dtype="Int64"),
            "q": pd.Categorical(["x", "y", "x", None, "y"]),
        }
    )
    same(sf.from_pandas(frame, npartitions=3), frame)
    twice = pd.DataFrame([[1, 2], [3, 4], [5, 6]], columns=["a", "a"])
    same(sf.from_pandas(twice, npartitions=3), twice)
    many = frame.set_index(["n", "q"])
    same(sf.from_pandas(many, npartitions=3), many)


def test_from_arrow_has_the_dtypes_of_to_pandas() -> None:
    import pyarrow as pa

    table = pa.table({"a": [1, None, 3], "s": ["x", None, "z"], "b": [True, False, True]})
    same(sf.from_arrow(table, npartitions=3), table.to_pandas())


def test_persist_keeps_the_result_and_repr_computes_nothing(session: Session) -> None:
    frame = pd.DataFrame({"a": range(10), "b": list("xyxyxyxyxy")})
    kept = sf.from_pandas(frame, npartitions=3).query("a > 2").persist()
    same(kept.a * 2, frame.query("a > 2").a * 2)
    before = session.last_trace
    assert "a: int64" in repr(kept)
    assert "rows" not in kept.explain()
    assert session.last_trace is before


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda d: d["prise"], ColumnNotFound, "did you mean 'price'"),
        (lambda d: d[["price", "nope"]], ColumnNotFound, "'nope'"),
        (lambda d: d.prise, AttributeError, "prise"),
        (lambda d: d.query("prise > 0"), ColumnNotFound, "'prise'"),
        (lambda d: d.query("price >"), InvalidArgument, "price >"),
        (lambda d: d.query("price > @gone"), InvalidArgument, "gone"),
        (lambda d: d.drop(columns="nope"), ColumnNotFound, "nope"),
        (lambda d: d.groupby("nope"), ColumnNotFound, "nope"),
        (lambda d: d.groupby("name").agg("nope"), InvalidArgument, "nope"),
        (lambda d: d.sort_values("nope"), ColumnNotFound, "nope"),
        (lambda d: d.merge(d, on="nope"), ColumnNotFound, "nope"),
        (lambda d: d.merge(d, on="name", how="sideways"), InvalidArgument, "sideways"),
        (lambda d: d[d.price], UnsupportedType, "booleans"),
        (lambda d: d[1:2], UnsupportedType, "slices"),
        (lambda d: d.name + 1, TypeError, None),
        (lambda d: d.name.mean(), TypeError, None),
        (lambda d: d.head(-1), InvalidArgument, "-1"),
        (lambda d: d.repartition(0), InvalidArgument, "npartitions"),
        (lambda d: bool(d.price > 1), ValueError, "truth value"),
        (lambda d: sf.from_pandas([1, 2]), UnsupportedType, "list"),
        (
            lambda d: d.map_partitions(lambda p, x=LOCK: p),
            NotPicklable,
            "cannot travel",
        ),
    ],
)
def test_mistakes_raise_at_the_call(call: Any, error: type[Exception], says: str | None) -> None:
    frame = pd.DataFrame({"price": [1.0, 2.0], "name": ["a", "b"]})
    with pytest.raises(error, match=says):
        call(sf.from_pandas(frame, npartitions=2))
