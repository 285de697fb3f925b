"""Kernels of aggregates that have more than one way, each against pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.dataframe.kernels import group_values
from shframe.dataframe.kernels.group_rows import group_rows
from shframe.dataframe.kernels.group_values import Values
from shframe.dataframe.kernels.key_codes import Codes
from tests.examples import examples

FLOATS = st.sampled_from([0.0, -0.0, 1.5, -2.0, 1e300, -1e300, np.inf, -np.inf, np.nan])
INTEGERS = st.integers(-(2**53), 2**53)


@pytest.mark.parametrize("large", [0, 1 << 60], ids=["selected", "sorted"])
@settings(max_examples=examples(100), deadline=None)
@given(data=st.data(), rows=st.integers(0, 40), total=st.integers(4, 300))
def test_medians_are_those_of_pandas(large: int, data: Any, rows: int, total: int) -> None:
    kind = data.draw(st.sampled_from([FLOATS, INTEGERS]))
    values = data.draw(st.lists(kind, min_size=rows, max_size=rows))
    column = np.array(values, "f8" if kind is FLOATS else "i8")
    keys = np.array(data.draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)), "u8")
    groups = group_rows(Codes(keys * np.uint64(total // 4), total))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(group_values, "LARGE_GROUP", large)
        found = Values(pa.array(column), column.dtype, groups).column("median")
    expected = pd.Series(column).groupby(keys, sort=False).median()
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())


WORDS = st.sampled_from(["a", "b", "ab", "a" * 9, "b" * 40, None])


@pytest.mark.parametrize("short", [0, 16], ids=["paired", "compared"])
@settings(max_examples=examples(100), deadline=None)
@given(data=st.data(), rows=st.integers(0, 40), in_order=st.booleans())
def test_different_values_are_counted_as_by_pandas(
    short: int, data: Any, rows: int, in_order: bool
) -> None:
    kind = data.draw(st.sampled_from([FLOATS, INTEGERS, WORDS]))
    values = data.draw(st.lists(kind, min_size=rows, max_size=rows))
    drawn = data.draw(st.lists(st.integers(0, 5), min_size=rows, max_size=rows))
    keys = np.array(sorted(drawn) if in_order else drawn, "u8")
    groups = group_rows(Codes(keys, 6))
    dtype = {id(FLOATS): "f8", id(INTEGERS): "i8"}.get(id(kind), "str")
    column = pd.Series(values, dtype=dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(group_values, "SHORT_RUN", short)
        found = Values(pa.array(column.array), column.dtype, groups).column("nunique")
    expected = column.groupby(keys, sort=False).nunique()
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())
