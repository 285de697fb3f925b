"""Lazy arrays as columns, and columns as lazy arrays: what pandas makes of NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
import shframe.array as xp
from shframe.errors import UnsupportedType
from tests.dataframe.frames import FEW, same

pytestmark = pytest.mark.usefixtures("session")

DTYPES = ("?", "i1", "i8", "u4", "f4", "f8", "c16", "M8[D]", "M8[ns]", "m8[s]", "U3")


@st.composite
def vectors(draw: Any) -> tuple[pd.DataFrame, np.ndarray[Any, Any], int, int]:
    """A frame, values for its rows, the number of its partitions and the length of blocks."""
    rows = draw(st.integers(1, 12))
    numbers = draw(st.lists(st.integers(0, 99), min_size=rows, max_size=rows))
    values = np.array(numbers, "i8").astype(draw(st.sampled_from(DTYPES)))
    labels = draw(st.permutations(range(rows)))
    frame = pd.DataFrame({"x": np.arange(rows) * 1.5, "k": numbers}, index=labels)
    return frame, values, draw(st.integers(1, 4)), draw(st.integers(1, 5))


@FEW
@given(vectors())
def test_arrays_become_columns(case: Any) -> None:
    frame, values, npartitions, length = case
    lazy = sf.from_pandas(frame, npartitions=npartitions)
    array = xp.from_array(values, chunks=length)
    expected = frame.assign(c=values)
    made = lazy.assign(c=array)
    assert made.dtypes.equals(expected.dtypes)
    same(made.compute(), expected)
    lazy["x"] = array
    same(lazy[lazy.k > 50].compute(), frame.assign(x=values)[frame.k > 50])


@FEW
@given(vectors())
def test_what_was_computed_of_columns_becomes_a_column(case: Any) -> None:
    frame, _, npartitions, _ = case
    lazy = sf.from_pandas(frame, npartitions=npartitions)
    numbers = lazy[["x", "k"]].to_array()
    assert numbers.shape == (len(frame), 2)
    lazy["c"] = xp.sqrt(lazy.x.to_array()) + numbers.sum(axis=1)
    lazy["d"] = lazy.c.to_array() - 1
    c = np.sqrt(frame.x.to_numpy()) + frame[["x", "k"]].to_numpy().sum(axis=1)
    same(lazy.compute(), frame.assign(c=c, d=c - 1))


@pytest.mark.parametrize("rows", [0, 3, 5])
def test_another_length(rows: int) -> None:
    frame = pd.DataFrame({"x": range(4)})
    values = np.arange(rows)
    with pytest.raises(ValueError, match="Length of values") as wanted:
        frame.assign(c=values)
    stored = sf.from_pandas(frame, npartitions=2)
    for wrong in (values, xp.asarray(values), values.tolist()):
        with pytest.raises(ValueError, match="Length of values") as raised:
            stored.assign(d=1).assign(c=wrong)
        assert str(raised.value) == str(wanted.value)
        unknown = stored[stored.x >= 0].assign(c=wrong)
        with pytest.raises(ValueError, match="Length of values") as raised:
            unknown.compute()
        assert str(wanted.value) in str(raised.value)


def test_labelled_values_need_no_length() -> None:
    frame = pd.DataFrame({"x": range(4)})
    lazy = sf.from_pandas(frame, npartitions=2)
    labelled = pd.Series([1, 2], index=[3, 0])
    same(lazy.assign(c=labelled).compute(), frame.assign(c=labelled))


def test_what_is_no_column() -> None:
    lazy = sf.from_pandas(pd.DataFrame({"x": range(4)}), npartitions=2)
    with pytest.raises(ValueError, match=r"Expected a 1D array, got an array with shape \(4, 2\)"):
        lazy["c"] = xp.ones((4, 2))
    with pytest.raises(UnsupportedType, match="a lazy MaskedArray cannot be used here"):
        lazy["c"] = xp.ma.masked_array(np.arange(4), mask=[1, 0, 0, 1])
    with pytest.raises(UnsupportedType, match="compute"):
        lazy["c"] = xp.asarray(np.array(["a", 1, None, 2.5], object))
