"""Values at the edge of each type, what is missing of each kind, and labels of every sort."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import InvalidArgument
from shframe.session import Session
from tests.dataframe.frames import FEW, same
from tests.dataframe.oracle import as_pandas_does

INFINITE = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.5, -3.25, 1e6]
SIGNED, UNSIGNED = ["int8", "int16", "int32", "int64"], ["uint8", "uint64"]
MASKED = ["Int8", "Int64", "UInt64"]
OTHERS: dict[str, Any] = {
    "float64": st.sampled_from(INFINITE),
    "float32": st.sampled_from(INFINITE),
    "bool": st.booleans(),
    "boolean": st.sampled_from([True, False, None]),
    "Float64": st.sampled_from([1.5, -2.0, None]),
    "int64[pyarrow]": st.integers(-5, 5) | st.none(),
    "str": st.sampled_from(["a", "b", "", "é", None]),
    "string": st.sampled_from(["a", "b", "", None]),
    "object": st.sampled_from([1, 2.5, True, None]),
    "datetime64[ns]": st.sampled_from(["2020-01-01", "1969-07-20", "2262-01-01", None]),
    "timedelta64[us]": st.sampled_from([1, -5, 10**9, None]),
    "category": st.sampled_from(["x", "y", None]),
}
DTYPES = [*SIGNED, *UNSIGNED, *MASKED, *OTHERS]
LABELS = ["a.b", "a/b", "%41", "", 1, ("two", "parts"), "k"]


def values_of(dtype: str) -> Any:
    """A strategy of values, those at the limits of the type often."""
    if dtype in OTHERS:
        return OTHERS[dtype]
    limits = np.iinfo(dtype.lower())
    low, high = int(limits.min), int(limits.max)
    inside = st.sampled_from([low, high, low + 1, high - 1, 0, 1]) | st.integers(low, high)
    return inside | st.none() if dtype in MASKED else inside


def column_of(values: list[Any], dtype: str) -> Any:
    if dtype.startswith("datetime"):
        return pd.to_datetime(pd.Series(values, dtype="object")).astype(dtype)
    if dtype.startswith("timedelta"):
        return pd.to_timedelta(pd.Series(values, dtype="object"), unit="s").astype(dtype)
    if dtype == "category":
        return pd.Series(pd.Categorical(values, categories=["y", "x", "never"]))
    return pd.Series(values, dtype=dtype)


@st.composite
def frames(draw: Callable[..., Any], columns: int = 3) -> tuple[Any, Any]:
    """A frame of columns of any dtypes under odd labels, and the same one in partitions."""
    rows = draw(st.sampled_from([0, 1, 2, 5, 8]))
    labels = draw(st.permutations(LABELS))[:columns]
    cells: dict[Any, Any] = {}
    for label in labels:
        dtype = draw(st.sampled_from(DTYPES))
        drawn = draw(st.lists(values_of(dtype), min_size=rows, max_size=rows))
        cells[label] = column_of(drawn, dtype)
    frame = pd.DataFrame(cells)
    frame.columns = pd.Index(labels, tupleize_cols=False)
    return frame, sf.from_pandas(frame, npartitions=draw(st.integers(1, 4)))


REDUCTIONS = ["sum", "prod", "min", "max", "mean", "var", "std"]
PLAIN = ["any", "all", "count", "median", "nunique"]
GROUPED = [*REDUCTIONS, *PLAIN, "size", "first", "last"]


def reduced(chosen: Any, how: str, kwargs: dict[str, bool]) -> Callable[[Any], Any]:
    return lambda d: getattr(d[chosen], how)(**kwargs)


def aggregated(key: Any, label: Any, how: str, options: dict[str, bool]) -> Callable[[Any], Any]:
    return lambda d: getattr(d.groupby([key], **options)[label], how)()


@FEW
@given(
    drawn=frames(),
    hows=st.lists(st.sampled_from(REDUCTIONS), min_size=4, max_size=4),
    skipna=st.booleans(),
    plain=st.sampled_from(PLAIN),
)
def test_reductions(
    session: Session, drawn: Any, hows: list[str], skipna: bool, plain: str
) -> None:
    frame, lazy = drawn
    labels = list(frame.columns)
    for how, label in zip([*hows, plain], [*labels, labels[0], labels[1]], strict=True):
        note(f"{how} {label!r} {frame.dtypes.to_dict()}")
        kwargs = {} if how in PLAIN else {"skipna": skipna}
        for chosen in (label, labels[:2]):
            if how == "mean" and any(map(cancels, (frame[one] for one in [label, *labels[:2]]))):
                continue
            if how not in ("any", "all") or chosen is label:
                work = reduced(chosen, how, kwargs)
                as_pandas_does(work, lazy, frame, inexact=True)


@FEW
@given(
    drawn=frames(),
    hows=st.lists(st.sampled_from(GROUPED), min_size=5, max_size=5),
    options=st.fixed_dictionaries(
        {"sort": st.booleans(), "dropna": st.booleans(), "observed": st.booleans()}
    ),
)
def test_groups(session: Session, drawn: Any, hows: list[str], options: dict[str, bool]) -> None:
    frame, lazy = drawn
    key, *others = frame.columns
    for n, how in enumerate(hows):
        label = others[n % 2]
        note(f"{how} of {label!r} by {key!r} {frame.dtypes.to_dict()}")
        if how == "mean" and cancels(frame[label]):
            continue
        work = aggregated(key, label, how, options)
        if frame[label].dtype == np.float32 and how in ("mean", "var", "std"):
            work = as_floats(work)  # of groups that are in order pandas makes them float64
        as_pandas_does(work, lazy, frame, inexact=True)


def cancels(column: pd.Series[Any]) -> bool:
    """Whether integers are so large that their sum in float64 depends on how they are added."""
    if column.dtype.kind not in "iu":
        return False
    return bool(column.dropna().astype(float).abs().sum() > 1 << 53)


def as_floats(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same in float32."""
    return lambda d: work(d).astype(np.float32)


ROWS: dict[str, Callable[[Any, Any], Any]] = {
    "itself": lambda d, c: d,
    "sorted": lambda d, c: d.sort_values([c], kind="stable"),
    "sorted column": lambda d, c: d[[c]].sort_values([c], kind="stable")[c],
    "different rows": lambda d, c: d.drop_duplicates([c]),
    "rows that are there once": lambda d, c: d.drop_duplicates([c], keep=False),
    "different values": lambda d, c: d[c].drop_duplicates(keep="last"),
    "values that are there once": lambda d, c: d[c].drop_duplicates(keep=False),
    "unique": lambda d, c: d[c].unique(),
    "value_counts": lambda d, c: d[c].value_counts(dropna=False),
    "set_index": lambda d, c: d.set_index([c]),
    "set_index by name": lambda d, c: d.set_index(c) if not isinstance(c, tuple) else d,
    "as text": lambda d, c: d[c].astype("str"),
    "as categories": lambda d, c: d[c].astype("category"),
    "codes": lambda d, c: d[c].astype("category").cat.codes,
    "filtered": lambda d, c: d[d[c].notna()],
    "equal ones": lambda d, c: d[d[c] == d[c].max()],
    "filled": lambda d, c: d[c].fillna(d[c].max()),
    "moved": lambda d, c: d.assign(w=d[d[c].notna()][c]),
    "as text where it is there": lambda d, c: d.assign(w=d[d[c].notna()][c]).w.astype("str"),
}


@FEW
@given(drawn=frames(), names=st.permutations(sorted(ROWS)))
def test_rows(session: Session, drawn: Any, names: list[str]) -> None:
    frame, lazy = drawn
    for n, name in enumerate(names[:8]):
        label = frame.columns[n % 3]
        note(f"{name} {label!r} {frame.dtypes.to_dict()}")
        as_pandas_does(lambda d, name=name, label=label: ROWS[name](d, label), lazy, frame)


def test_times_in_nanoseconds_have_a_mean(session: Session) -> None:
    frame = pd.DataFrame({"k": [0, 1] * 8, "v": [1_700_000_000_000_000_000 + n for n in range(16)]})
    for dtype in ("int64", "uint64"):
        whole = frame.astype({"v": dtype})
        lazy = sf.from_pandas(whole, npartitions=4)
        for how in ("mean", "var", "std"):
            as_pandas_does(aggregated("k", "v", how, {}), lazy, whole, inexact=True)
        same(lazy.mean().compute(), whole.mean(), inexact=True)
        named = lazy.groupby("k").agg(a=("v", "sum"), b=("v", "mean")).compute()
        same(named, whole.groupby("k").agg(a=("v", "sum"), b=("v", "mean")), inexact=True)


@pytest.mark.parametrize("how", ["sum", "mean", "prod", "var", "std"])
def test_a_result_that_is_no_number_is_no_gap(session: Session, how: str) -> None:
    frame = pd.DataFrame(
        {
            "k": [0, 0, 0, 0, 1, 1],
            "v": [np.inf, -np.inf, 1.0, 2.0, 3.0, 4.0],
            "w": [np.inf, 0.0, 1.0, 2.0, 3.0, 4.0],
        }
    )
    for npartitions in (1, 2, 3, 6):
        lazy = sf.from_pandas(frame, npartitions=npartitions)
        as_pandas_does(reduced(["v", "w"], how, {}), lazy, frame)
        as_pandas_does(aggregated("k", ["v", "w"], how, {}), lazy, frame)


def test_fewer_values_than_min_count_are_none(session: Session) -> None:
    series = pd.Series([1.0, None, 3.0])
    lazy = sf.from_pandas(series, npartitions=3)
    for count in (0, 2, 3):
        as_pandas_does(lambda s, n=count: s.sum(min_count=n), lazy, series)
        as_pandas_does(lambda s, n=count: s.prod(min_count=n), lazy, series)
    with pytest.raises(InvalidArgument, match="'once'"):
        lazy.drop_duplicates(keep="once")


def test_the_key_is_a_column_of_its_groups(session: Session) -> None:
    frame = pd.DataFrame({"k": [1, 2, 1], "v": [1, 2, 3]})
    lazy = sf.from_pandas(frame, npartitions=2)
    as_pandas_does(lambda d: d.groupby("k").k.count(), lazy, frame)
    as_pandas_does(lambda d: d.groupby(d.v % 2).k.sum(), lazy, frame)


def test_what_follows_a_merge_sees_the_dtypes_of_the_whole(session: Session) -> None:
    left = pd.DataFrame({"k": [1, 2, 3, 4], "x": [1, 2, 3, 4]})
    right = pd.DataFrame({"k": [1, 2, 4], "n": [10, 20, 40], "b": [True, False, True]})

    def merged(a: Any, b: Any) -> Any:
        return a.merge(b, on="k", how="left")

    lazy = merged(sf.from_pandas(left, npartitions=4), sf.from_pandas(right, npartitions=2))
    whole = merged(left, right)
    for work in (
        lambda d: d.n.astype("str"),
        lambda d: d.n.map(repr),
        lambda d: d.merge(d[["n"]], on="n"),
        lambda d: d.groupby("n").x.sum(),
        lambda d: d.groupby("k").n.max(),
        lambda d: d.x.where(d.x > 1).astype("str"),
        lambda d: d.b.map(repr),
    ):
        as_pandas_does(work, lazy, whole)
