"""NumPy's functions of lazy objects stay lazy, and give what they give of pandas' objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, note

import shframe as sf
from shframe.errors import UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, some
from tests.dataframe.oracle import as_pandas_does

CALLS: dict[str, Callable[[Any], Any]] = {
    "exp": lambda d: np.exp(d.f / 1e6),
    "sqrt of a frame": lambda d: np.sqrt(d[["i", "f"]].abs()),
    "log1p": lambda d: np.log1p(d.k),
    "maximum": lambda d: np.maximum(d.i, 3),
    "minimum of two": lambda d: np.minimum(d.i, d.k),
    "maximum of a mean": lambda d: np.maximum(d.f, d.f.mean()),
    "add": lambda d: np.add(d.i, d.k),
    "reflected": lambda d: np.subtract(5, d.i),
    "a NumPy number": lambda d: np.float64(2) * d.i,
    "compare": lambda d: np.greater(d.i, 3),
    "isnan": lambda d: np.isnan(d.f),
    "abs": lambda d: np.abs(d.i),
    "clip": lambda d: np.clip(d.i, -3, 3),
    "round": lambda d: np.round(d.f, 1),
    "sum": lambda d: np.sum(d.i),
    "mean": lambda d: np.mean(d.f),
    "std": lambda d: np.std(d.i),
    "max of a frame": lambda d: np.max(d[["i", "k"]]),
    "cumsum": lambda d: np.cumsum(d.i),
    "exp of a value": lambda d: np.exp(d.k.max()),
    "floor": lambda d: np.floor(d.f),
    "inside a filter": lambda d: d[np.abs(d.i) > 20],
    "inside an assignment": lambda d: d.assign(r=np.hypot(d.i, d.k)),
    "where": lambda d: d.assign(w=np.where(d.i > 0, d.i, -1)).w,
    "select": lambda d: d.assign(w=np.select([d.i > 20, d.b], ["large", "true"], default="none")).w,
    "select columns": lambda d: d.assign(w=np.select([d.i > 20, d.b], [d.f, d.i], default=-1)).w,
    "isin": lambda d: d.assign(w=np.isin(d.k, [1, 2])).w,
    "nanmean": lambda d: np.nanmean(d.i + 0.5) if len(d) else np.float64(0),
    "nanmax": lambda d: np.nanmax(d.i),
    "divmod": lambda d: divmod(d.i, 7)[1],
    "reflected divmod": lambda d: divmod(100, d.k + 1)[0],
    "round of Python": lambda d: round(d[["f"]], 1),
    "matrix": lambda d: d[["i", "k"]] @ np.array([[1, 2], [3, 4]]),
    "dot": lambda d: d[["i", "k"]].dot(pd.DataFrame({"x": [1.5, 2]}, index=["i", "k"])),
    "dot of a vector": lambda d: d[["i", "k"]].dot([1, 2]),
    "dot of columns": lambda d: d.i.dot(d.k),
    "where of text": lambda d: d.assign(w=np.where(d.b, "yes", "no")).w,
}


@FEW
@given(case=cases(), names=some(CALLS, 8))
def test_numpy_calls(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        as_pandas_does(CALLS[name], lazy, case.frame, inexact=True)


def test_rows_stay_in_partitions_and_arrays_are_refused(session: Session) -> None:
    frame = pd.DataFrame({"a": [1, 4, 9], "b": 1.0})
    lazy = sf.from_pandas(frame, npartitions=3)
    assert np.sqrt(lazy.a).npartitions == np.where(lazy.a > 1, 1, 0).npartitions == 3
    with pytest.raises(UnsupportedType, match="values belong to rows"):
        np.maximum(lazy.a, np.arange(3))
    with pytest.raises(UnsupportedType, match="lazy columns and single values"):
        np.where(lazy.a > 1, np.arange(3), 0)
    with pytest.raises(UnsupportedType, match="lazy columns and single values"):
        np.select([lazy.a > 1], [np.arange(3)])
    assert np.select([lazy.a > 1], [lazy.b], default=0).npartitions == 3


IN_MEMORY: dict[str, Callable[[Any], Any]] = {
    "values": lambda d: np.asarray(d.i),
    "values of a frame": lambda d: np.asarray(d[["i", "f"]]),
    "values of another dtype": lambda d: np.array(d.i, dtype="float32"),
    "times": lambda d: np.asarray(d.t),
    "categories": lambda d: np.asarray(d.c),
    "labels": lambda d: np.asarray(d.set_index("k").index),
    "norm": lambda d: np.linalg.norm(d.i),
    "quantile": lambda d: np.quantile(d.k.abs() + d.i * 0, 0.3) if len(d) else None,
    "concatenate": lambda d: np.concatenate([d.i, d.k]),
    "columns": lambda d: np.column_stack([d.i, d.f]),
    "difference": lambda d: np.diff(d.i),
    "unique with counts": lambda d: np.unique(d.k, return_counts=True)[1],
    "where true": lambda d: np.where(d.i > 0)[0],
    "digitize": lambda d: np.digitize(d.i, [-10, 10]),
    "histogram": lambda d: np.histogram(d.i, bins=3)[0],
    "interp": lambda d: np.interp(d.i, [-50, 50], [0.0, 1.0]),
    "dot": lambda d: np.dot(d.i, d.k),
    "shape": lambda d: np.shape(d),
}


@FEW
@given(case=cases(), names=some(IN_MEMORY, 6))
def test_other_functions_get_the_values(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        note(name)
        found, expected = (IN_MEMORY[name](one) for one in (lazy, case.frame))
        np.testing.assert_allclose(found, expected) if name == "norm" else same_arrays(
            found, expected
        )


def same_arrays(found: Any, expected: Any) -> None:
    """Assert equal arrays, of one dtype."""
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    pd.testing.assert_frame_equal(
        pd.DataFrame(np.atleast_2d(found)), pd.DataFrame(np.atleast_2d(expected))
    )


def test_pandas_does_not_take_the_values_without_their_labels(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"a": [1, 4, 9]}, index=[3, 2, 1]), npartitions=3)
    for work in (
        lambda: pd.DataFrame(lazy),
        lambda: pd.DataFrame({"a": lazy.a}),
        lambda: pd.Series(lazy.a),
        lambda: pd.Series(lazy.max()),
        lambda: pd.isna(lazy.a),
        lambda: pd.to_datetime(lazy.a),
    ):
        with pytest.raises(UnsupportedType, match="without labels"):
            work()
    assert np.asarray(lazy.a.max()) == 9


def test_libraries_of_arrow_read_a_lazy_frame(session: Session) -> None:
    frame = pd.DataFrame({"a": [1, 4, 9], "s": ["x", None, "z"]})
    lazy = sf.from_pandas(frame, npartitions=3)
    assert pa.table(lazy).equals(pa.table(frame))
    assert pl.DataFrame(lazy).rows() == [(1, "x"), (4, None), (9, "z")]
    assert pa.chunked_array(lazy.a).to_pylist() == [1, 4, 9]
