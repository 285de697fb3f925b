"""Columns as arrays and arrays as columns: NumPy's and pandas' own values, one plan, no copies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
import shframe.array as xp
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same

ROWS = 120_000
SMALL = 20_000  # bytes that all tasks of a pipeline may write; a column has 960,000


@FEW
@given(case=cases(), columns=st.sampled_from([["i"], ["f"], ["i", "f"], ["b"], ["t"], ["i", "b"]]))
def test_values_are_those_of_pandas(session: Session, case: Case, columns: list[str]) -> None:
    lazy, frame = case.lazy()[columns], case.frame[columns]
    if frame.to_numpy().dtype == object:
        with pytest.raises(UnsupportedType, match="holds numbers, times or booleans"):
            lazy.to_array()
        return
    for found, expected in [
        (lazy.to_array(), frame.to_numpy()),
        (lazy[columns[0]].to_array(), frame[columns[0]].to_numpy()),
        (lazy[columns[0]].to_frame().to_array(), frame[columns[:1]].to_numpy()),
    ]:
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_array_equal(found.compute(), expected)


@FEW
@given(case=cases(), data=st.data())
def test_arrays_are_columns_of_filtered_rows(
    session: Session, case: Case, data: st.DataObject
) -> None:
    frame, lazy = case.frame.copy(), case.lazy()
    chunks = data.draw(st.integers(1, max(len(frame), 1)))
    values = np.arange(len(frame)) * 0.5
    array = xp.from_array(values, chunks=chunks) * 2
    frame["new"], lazy["new"] = values * 2, array
    frame = frame.assign(i=np.arange(len(frame)), one=values * 2 + frame.i.to_numpy())
    lazy = lazy.assign(i=xp.arange(len(frame), chunks=chunks), one=array + lazy.i.to_array())
    same(lazy.compute(), frame)
    same(lazy[lazy.new > 3].compute(), frame[frame.new > 3])
    same((lazy.f + array).compute(), frame.f + values * 2)


@FEW
@given(
    shape=st.tuples(st.integers(0, 9), st.integers(1, 3)),
    dtype=st.sampled_from(["f8", "i4", "?", "M8[s]", "U3", "u1"]),
    chunks=st.tuples(st.integers(1, 4), st.integers(1, 2)),
    npartitions=st.one_of(st.none(), st.integers(1, 4)),
)
def test_lazy_arrays_are_frames(
    session: Session,
    shape: tuple[int, int],
    dtype: str,
    chunks: tuple[int, int],
    npartitions: int | None,
) -> None:
    values = np.arange(shape[0] * shape[1]).reshape(shape).astype(dtype)
    lazy = xp.from_array(values, chunks=chunks)
    labels = list("abc")[: shape[1]]
    same(sf.from_array(lazy, labels, npartitions).compute(), pd.DataFrame(values, columns=labels))
    same(sf.from_array(lazy, npartitions=npartitions).compute(), pd.DataFrame(values))
    one, column = sf.from_array(lazy[:, 0], "n", npartitions), pd.Series(values[:, 0], name="n")
    same(one.compute(), column)
    same(one.head(2).compute(), column.head(2))
    same(sf.from_array(lazy[:, 0], ["n"]).compute(), column.to_frame())
    assert npartitions is None or one.npartitions == min(npartitions, max(len(values), 1))


PIPELINES: dict[str, Callable[[Any, Any], Any]] = {
    "sum of a column": lambda f, x: x.sum(f["a"].to_array()),
    "two columns": lambda f, x: x.sum(f["a"].to_array() * f["b"].to_array()),
    "function of a column": lambda f, x: x.max(x.sqrt(f["a"].to_array()) + 1),
    "slice": lambda f, x: x.sum(f["a"].to_array()[7:-3:2]),
    "deviation": lambda f, x: x.std(f["b"].to_array() / 2),
    "array as column": lambda f, x: f.assign(c=x.sqrt(f["a"].to_array()))["c"].max(),
    "condition by array": lambda f, x: (
        f.assign(c=f["a"].to_array() * 2).query("c > 100")["b"].sum()
    ),
    "column of array": lambda f, x: sf.from_array(f["b"].to_array() + 1, "c").max(),
    "frame of array": lambda f, x: sf.from_array(f["b"].to_array(), ["c"])["c"].nunique(),
    "series and array": lambda f, x: (f["b"] + f["a"].to_array()).mean(),
    "there and back": lambda f, x: x.sum(sf.from_array(f["a"].to_array(), "c").to_array()),
}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    numbers = np.arange(ROWS)
    return pd.DataFrame({"a": (numbers % 997) * 0.5, "b": numbers % 31})


ORACLES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "sum of a column": lambda f: f.a.sum(),
    "two columns": lambda f: (f.a * f.b).sum(),
    "function of a column": lambda f: (np.sqrt(f.a) + 1).max(),
    "slice": lambda f: f.a.iloc[7:-3:2].sum(),
    "deviation": lambda f: (f.b / 2).std(ddof=0),
    "array as column": lambda f: np.sqrt(f.a).max(),
    "condition by array": lambda f: f.b[f.a * 2 > 100].sum(),
    "column of array": lambda f: f.b.max() + 1,
    "frame of array": lambda f: f.b.nunique(),
    "series and array": lambda f: (f.a + f.b).mean(),
    "there and back": lambda f: f.a.sum(),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_no_column_is_copied_between_frames_and_arrays(
    session: Session, rows: pd.DataFrame, name: str
) -> None:
    """By the bytes that tasks write, and those that they had to copy to read."""
    lazy = sf.from_pandas(rows, npartitions=4)
    found = PIPELINES[name](lazy, xp).compute()
    np.testing.assert_allclose(found, ORACLES[name](rows), rtol=1e-9)
    spans = session.last_trace.spans
    assert spans
    assert sum(span.bytes_out for span in spans) < SMALL
    assert not [span.copied for span in spans if any("conver" in why for why, _ in span.copied)]


def test_a_plan_of_both_reads_a_file_lazily(session: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(5000.0), "b": np.arange(5000) % 3, "s": ["w"] * 5000})
    for n in range(4):
        frame[n * 1250 : (n + 1) * 1250].to_parquet(tmp_path / f"{n}.parquet", index=False)
    lazy = sf.read_parquet(str(tmp_path))
    chosen = lazy[lazy.b == 1]
    array = chosen[["a", "b"]].to_array()
    assert array.shape == (1667, 2)
    expected = frame[frame.b == 1][["a", "b"]].to_numpy()
    np.testing.assert_array_equal(array.compute(), expected)
    scaled = (array - xp.mean(array, axis=0)) / xp.std(array[:, :1], axis=0)
    np.testing.assert_allclose(
        scaled.compute(), (expected - expected.mean(0)) / expected[:, :1].std(0), rtol=1e-9
    )
    made = chosen.assign(z=scaled[:, 0]).groupby("b").z.max().compute()
    np.testing.assert_allclose(
        made.iloc[0], (expected[:, 0].max() - expected[:, 0].mean()) / expected[:, 0].std()
    )


def test_mistakes_are_pandas_own(session: Session) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "s": list("wxyz")})
    lazy = sf.from_pandas(frame, npartitions=2)
    for wrong, asked in [(3, "known"), (5, "known"), (3, "filtered")]:
        with pytest.raises(ValueError, match="Length of values") as expected:
            frame["n"] = np.arange(wrong)
        many = lazy if asked == "known" else lazy[lazy.a > 0]
        with pytest.raises(ValueError, match="Length of values") as found:
            many.assign(n=xp.arange(wrong)).compute()
        assert str(expected.value) in str(found.value)
    with pytest.raises(ValueError, match="Expected a 1D array, got an array with shape"):
        lazy["n"] = xp.ones((4, 2))
    lazy["n"] = xp.ones((4, 1))
    lazy["m"] = xp.sum(lazy["n"].to_array())
    same(lazy.compute(), frame.assign(n=1.0, m=4.0))
    for shape, labels in [((2, 2, 2), None), ((3, 2), ["a"])]:
        with pytest.raises(ValueError, match=r"passed values|2-d input") as expected:
            pd.DataFrame(np.ones(shape), columns=labels)
        with pytest.raises(ValueError, match=r"passed values|2-d input") as found:
            sf.from_array(xp.ones(shape), labels)
        assert str(found.value) == str(expected.value)
    with pytest.raises(UnsupportedType, match="not values of dtype int64, str"):
        lazy[["a", "s"]].to_array()
    for dtype in ("Int64", "boolean", "UInt8"):
        gaps = pd.Series([1, None, 0], dtype=dtype)
        with pytest.raises(UnsupportedType, match="does not hold what is missing"):
            sf.from_pandas(gaps, npartitions=2).to_array().compute()
        whole = gaps.dropna()
        found = sf.from_pandas(whole, npartitions=2).to_array().compute()
        np.testing.assert_array_equal(found, whole.to_numpy())
        assert found.dtype == whole.to_numpy().dtype
    floats = pd.Series([1.5, None], dtype="Float64")
    found = sf.from_pandas(floats, npartitions=2).to_array().compute()
    np.testing.assert_array_equal(found, floats.to_numpy())
    with pytest.raises(InvalidArgument, match="lengths must be integers"):
        lazy["a"].to_array(lengths=[1.5, 2])
    with pytest.raises(ValueError, match="was expected"):
        lazy["a"].to_array(lengths=[1, 3]).compute()
