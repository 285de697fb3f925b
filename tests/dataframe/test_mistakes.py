"""Mistakes show at the call, with what was asked, what was found and what to do."""

from __future__ import annotations

import threading
from typing import Any

import pandas as pd
import pytest

import shframe as sf
from shframe.errors import ColumnNotFound, InvalidArgument, NotPicklable, UnsupportedType

LOCK = threading.Lock()

pytestmark = pytest.mark.usefixtures("session")


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
        (lambda d: d[d.price], UnsupportedType, "boolean"),
        (lambda d: d[1:2], UnsupportedType, "row slicing"),
        (lambda d: d.name + 1, TypeError, None),
        (lambda d: d.name.mean(), TypeError, None),
        (lambda d: d.name > 1, TypeError, "Invalid comparison"),
        (lambda d: d.name < d.price, TypeError, None),
        (lambda d: d.query("name > 1"), TypeError, "Invalid comparison"),
        (lambda d: d.query("price >> 1"), UnsupportedType, "price >> 1"),
        (lambda d: d.query("import os"), UnsupportedType, "import os"),
        (lambda d: d.astype({"nope": "f8"}), ColumnNotFound, "nope"),
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


def test_comparisons_of_all_kinds_that_pandas_allows_are_allowed() -> None:
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "o": [1, "a"],
            "t": pd.date_range("2020", periods=2, tz="UTC"),
            "d": pd.to_timedelta([1, 2], "s"),
            "c": pd.Categorical(["x", "y"], ordered=True),
            "b": pd.array([True, None], "boolean"),
            "s": ["2020-01-01", "2021"],
            "p": pd.period_range("2020", periods=2, freq="D"),
        }
    )
    lazy = sf.from_pandas(frame, npartitions=2)
    for column, other in [
        ("i", 1.5), ("t", "2020-01-02"), ("t", pd.Timestamp("2020-01-02", tz="UTC")), ("d", "1s"),
        ("c", "y"), ("b", False), ("s", "2020"), ("p", pd.Period("2020-01-02", "D")),
    ]:  # fmt: skip
        expected = frame[column] >= other
        pd.testing.assert_series_equal((lazy[column] >= other).compute(), expected)
    found = lazy.query("i > 1 and s > '2020'").compute()
    pd.testing.assert_frame_equal(found, frame.query("i > 1 and s > '2020'"))
