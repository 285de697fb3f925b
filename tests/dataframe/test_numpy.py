"""NumPy's functions of lazy objects stay lazy, and give what they give of pandas' objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
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
    with pytest.raises(TypeError, match="takes no lazy"):
        np.linalg.norm(lazy.a)
