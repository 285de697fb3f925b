"""Columns at row numbers are what Arrow takes, of every type and from any part of an array."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shframe.dataframe.taking import take_columns, take_plain
from tests.dataframe.frames import FEW

COLUMNS: dict[str, Any] = {
    "int8": pa.array(np.arange(12, dtype="i1") - 6),
    "uint16": pa.array(np.arange(12, dtype="u2") * 5000),
    "int64": pa.array(np.arange(12) - (1 << 62)),
    "half": pa.array(np.linspace(-1, 1, 12).astype("f2")),
    "float32": pa.array(np.linspace(-1, 1, 12).astype("f4")),
    "float64": pa.array([0.0, -0.0, np.nan, np.inf, *range(8)], pa.float64()),
    "times": pa.array([dt.datetime(2020, 1, n + 1) for n in range(12)]),
    "zoned": pa.array(np.arange(12), pa.timestamp("ms", "UTC")),
    "dates": pa.array(np.arange(12, dtype="i4"), pa.date32()),
    "spans": pa.array(np.arange(12), pa.duration("ns")),
    "hours": pa.array(np.arange(12), pa.time64("us")),
    "months": pa.array([(n, 0, 0) for n in range(12)], pa.month_day_nano_interval()),
    "booleans": pa.array([n % 3 == 0 for n in range(12)]),
    "decimals": pa.array([decimal.Decimal(n) for n in range(12)]),
    "text": pa.array([str(n) for n in range(12)]),
    "large text": pa.array([str(n) for n in range(12)], pa.large_string()),
    "words": pa.array(list("abcabcabcabc")).dictionary_encode(),
    "ordered words": pa.DictionaryArray.from_arrays(
        pa.array([1, 0] * 6, pa.int8()), pa.array(["b", "a"]), ordered=True
    ),
    "words with gaps": pa.array(["a", None, "b"] * 4).dictionary_encode(),
    "gaps": pa.array([1, None, 3] * 4),
    "lists": pa.array([[n] for n in range(12)]),
    "nothing": pa.nulls(12),
}


@FEW
@given(
    name=st.sampled_from(sorted(COLUMNS)),
    start=st.integers(0, 5),
    length=st.integers(0, 7),
    picks=st.lists(st.integers(-1, 6), max_size=9),
    chunks=st.sampled_from(["array", "one", "several"]),
)
def test_columns_are_what_arrow_takes(
    name: str, start: int, length: int, picks: list[int], chunks: str
) -> None:
    column = COLUMNS[name].slice(start, length)
    if chunks != "array":
        pieces = [column] if chunks == "one" else [column.slice(0, 2), column.slice(2)]
        column = pa.chunked_array(pieces, column.type)
    rows = np.array([pick for pick in picks if pick < length], np.int64)
    [made] = take_columns([column], rows)
    expected = column.take(pa.array(rows, mask=rows < 0))
    assert made.type == expected.type
    assert made.to_pylist().__repr__() == expected.to_pylist().__repr__()  # NaN and -0.0 too
    made.validate(full=True)


def test_numpy_takes_what_has_no_gaps() -> None:
    rows = np.array([1, 1, 0])
    taken = {name for name, column in COLUMNS.items() if take_plain(column, rows) is not None}
    left = {"gaps", "words with gaps", "booleans", "decimals", "text", "large text", "lists"}
    assert set(COLUMNS) - taken == left | {"nothing", "months"}


def test_a_row_that_is_not_there_raises() -> None:
    with pytest.raises(IndexError):
        take_columns([COLUMNS["int64"]], np.array([12]))
