"""Mistakes show at the call, with what was asked, what was found and what to do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import shframe as sf
from shframe.errors import ColumnNotFound, InvalidArgument, NotPicklable, UnsupportedType
from shframe.session import Session

LOCK = threading.Lock()

pytestmark = pytest.mark.usefixtures("session")


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda d: d["prise"], ColumnNotFound, "did you mean 'price'"),
        (lambda d: d[["price", "nope"]], ColumnNotFound, "'nope'"),
        (lambda d: d.prise, AttributeError, "did you mean 'price'"),
        (lambda d: d.set_flags, AttributeError, r"pandas has it: compute\(\) first"),
        (lambda d: d.name.set_flags, AttributeError, r"pandas has it: compute\(\) first"),
        (lambda d: d.name.medain, AttributeError, "did you mean 'median'"),
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
        (lambda d: d.name + 1, TypeError, None),
        (lambda d: d.name.mean(), TypeError, None),
        (lambda d: d.name > 1, TypeError, "Invalid comparison"),
        (lambda d: d.name < d.price, TypeError, None),
        (lambda d: d.query("name > 1"), TypeError, "Invalid comparison"),
        (lambda d: d.query("price >> 1"), UnsupportedType, "price >> 1"),
        (lambda d: d.query("import os"), UnsupportedType, "import os"),
        (lambda d: d.astype({"nope": "f8"}), ColumnNotFound, "nope"),
        (lambda d: d.head(1.5), InvalidArgument, "1.5"),
        (lambda d: d.repartition(0), InvalidArgument, "npartitions"),
        (lambda d: bool(d.price > 1), ValueError, "truth value"),
        (lambda d: sf.from_pandas([1, 2]), UnsupportedType, "list"),
        (
            lambda d: d.map_partitions(lambda p, x=LOCK: p),
            NotPicklable,
            "cannot be sent to a worker",
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


# pandas' own sentences: users search for them
SENTENCES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda d: d[["a", "zz"]], "['zz'] not in index"),
    (lambda d: d.drop(columns="zz"), "['zz'] not found in axis"),
    (lambda d: d.query("zz > 1"), "name 'zz' is not defined"),
    (lambda d: d.groupby("a")["zz"], "Column not found: zz"),
    (lambda d: d.groupby("a").agg({"zz": "sum"}), "Label(s) ['zz'] do not exist"),
    (lambda d: d.groupby([]), "No group keys passed!"),
    (
        lambda d: d.sort_values(["a", "b"], ascending=[True]),
        "Length of ascending (1) != length of by (2)",
    ),
    (lambda d: d.sort_values("a", na_position="x"), "invalid na_position: x"),
    (lambda d: d.merge(d, how="x"), "'x' is not a valid Merge type: left, right, inner, outer"),
    (lambda d: d[["a"]].merge(d[["b"]]), "No common columns to perform merge on"),
    (
        lambda d: d.merge(d, on="a", left_on="a"),
        'Can only pass argument "on" OR "left_on" and "right_on", not a combination of both',
    ),
    (
        lambda d: d.merge(d, left_on=["a"], right_on=["a", "b"]),
        "len(right_on) must equal len(left_on)",
    ),
    (lambda d: d.drop_duplicates("a", keep="x"), 'keep must be either "first", "last" or False'),
    (lambda d: bool(d.a > 1), "The truth value of a Series is ambiguous"),
    (lambda d: bool(d), "The truth value of a DataFrame is ambiguous"),
    (lambda d: type(d).__name__ and reader(d)("/no/such.csv"), "No such file or directory: '/no/"),
]


def reader(frame: Any) -> Any:
    return pd.read_csv if isinstance(frame, pd.DataFrame) else sf.read_csv


@pytest.mark.parametrize(("mistake", "sentence"), SENTENCES, ids=[text for _, text in SENTENCES])
def test_messages_begin_with_pandas_sentences(
    session: Session, mistake: Callable[[Any], Any], sentence: str
) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    with pytest.raises(Exception) as expected:  # noqa: PT011  # of whichever type
        mistake(frame)
    assert sentence in str(expected.value)
    with pytest.raises(Exception) as found:  # noqa: PT011
        mistake(sf.from_pandas(frame))
    assert sentence in str(found.value).partition("\n")[0]
    kinds = type(expected.value).__mro__[:-2]  # FileNotFoundError, KeyError, ValueError ...
    assert isinstance(found.value, tuple(kinds)), (type(found.value), kinds)


def test_accessors_of_other_dtypes_say_what_pandas_says(session: Session) -> None:
    frame = pd.DataFrame({"a": [1, 2], "s": ["x", "y"]})
    lazy = sf.from_pandas(frame, npartitions=2)
    for work in (lambda d: d.a.str, lambda d: d.a.dt, lambda d: d.s.dt, lambda d: d.s.cat):
        with pytest.raises(AttributeError, match="Can only use") as expected:
            work(frame)
        with pytest.raises(AttributeError, match="Can only use") as found:
            work(lazy)
        assert str(found.value) == str(expected.value)
    with pytest.raises(ValueError, match="No axis named 9 for object type DataFrame"):
        lazy.mode(axis=9)
