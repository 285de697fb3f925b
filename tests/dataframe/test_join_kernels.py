"""Row matching and hashing against pandas' merge on generated keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.dataframe.kernels.join_rows import find_matches, take_rows
from shframe.dataframe.kernels.shuffle import (
    gather,
    hash_codes,
    order_by_target,
    split,
    split_by_hash,
)
from tests.examples import examples

INTS = st.lists(st.integers(-3, 3), max_size=12)
FLOATS = st.lists(st.sampled_from([0.0, -0.0, 1.5, float("nan"), 2.0]), max_size=12)
TEXTS = st.lists(st.sampled_from(["a", "b", "", "é", None]), max_size=12)


def column(values: list[Any], kind: str) -> Any:
    types = {"int": pa.int64(), "float": pa.float64(), "text": pa.large_string()}
    if kind == "dictionary":
        return pa.chunked_array([pa.array(values, pa.large_string()).dictionary_encode()])
    return pa.chunked_array([pa.array(values, types[kind])])


PAIRS = st.one_of(
    st.tuples(st.just("int"), INTS, INTS),
    st.tuples(st.just("float"), FLOATS, FLOATS),
    st.tuples(st.sampled_from(["text", "dictionary"]), TEXTS, TEXTS),
)


@settings(max_examples=examples(100), deadline=None)
@given(PAIRS, st.sampled_from(["inner", "left", "right", "outer"]))
def test_matches_are_those_of_pandas(pair: tuple[str, list[Any], list[Any]], how: str) -> None:
    kind, left, right = pair
    a, b = column(left, kind), column(right, kind)
    found = find_matches([a], [b], how)
    rows_a = np.arange(len(left)) if found.left is None else found.left
    rows_b = np.arange(len(right)) if found.right is None else found.right
    dtype = {"int": "int64", "float": "float64"}.get(kind, "str")
    pandas_left = pd.DataFrame({"k": pd.Series(left, dtype=dtype)})
    pandas_right = pd.DataFrame({"k": pd.Series(right, dtype=dtype)})
    pandas_left["l"], pandas_right["r"] = np.arange(len(left)), np.arange(len(right))
    expected = pandas_left.merge(pandas_right, on="k", how=how)  # type: ignore[arg-type]
    assert rows_a.tolist() == expected["l"].fillna(-1).astype(int).tolist()
    assert rows_b.tolist() == expected["r"].fillna(-1).astype(int).tolist()


@settings(max_examples=examples(50), deadline=None)
@given(PAIRS, st.integers(1, 300))
def test_equal_keys_get_equal_codes_whatever_their_chunks(
    pair: tuple[str, list[Any], list[Any]], count: int
) -> None:
    kind, left, right = pair
    whole = column(left + right, kind)
    parts = pa.chunked_array([*column(left, kind).chunks, *column(right, kind).chunks])
    if kind == "dictionary":
        parts = pa.chunked_array(list(parts.chunks))
    one, two = hash_codes([whole], count), hash_codes([parts], count)
    assert one.tolist() == two.tolist()
    assert (one < count).all()
    seen: dict[Any, int] = {}
    for value, code in zip(whole.to_pylist(), one.tolist(), strict=True):
        key = "nan" if value is None or value != value else value
        assert seen.setdefault(key, code) == code


def test_codes_spread_over_the_targets() -> None:
    for keys in (np.arange(100_000), np.arange(100_000) * 1024, np.arange(100_000) / 4):
        codes = hash_codes([pa.chunked_array([pa.array(keys)])], 16)
        counts = np.bincount(codes, minlength=16)
        assert counts.min() > 0.5 * counts.mean()
        assert counts.max() < 1.5 * counts.mean()


@settings(max_examples=examples(20), deadline=None)
@given(
    st.sampled_from([2**14 - 1, 2**14, 2**14 + 1, 3 * 2**14 - 5]),
    st.sampled_from([1, 7, 256, 257]),
    st.integers(0, 2**32),
)
def test_a_row_has_the_target_it_would_have_alone(rows: int, count: int, seed: int) -> None:
    """Rows are hashed in blocks; where a block ends changes nothing."""
    rng = np.random.default_rng(seed)
    ints = pa.array(rng.integers(-(2**63), 2**63, rows), mask=rng.random(rows) < 0.1)
    floats = pa.array(np.where(rng.random(rows) < 0.1, np.nan, rng.random(rows)))
    keys = [pa.chunked_array([ints]), pa.chunked_array([floats])]
    codes = hash_codes(keys, count)
    for row in (0, 2**14 - 2, rows // 2, rows - 1):
        assert hash_codes([key.slice(row, 1) for key in keys], count)[0] == codes[row]
    order, offsets = order_by_target(codes, count)
    assert np.array_equal(np.diff(offsets), [(codes == place).sum() for place in range(count)])
    assert (codes[order] == np.repeat(np.arange(count), np.diff(offsets))).all()


def test_integers_and_equal_floats_go_to_one_target() -> None:
    ints = pa.chunked_array([pa.array([0, 1, -5, 2**40])])
    floats = pa.chunked_array([pa.array([0.0, 1.0, -5.0, 2.0**40])])
    assert hash_codes([ints], 7).tolist() == hash_codes([floats], 7).tolist()


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(INTS, min_size=1, max_size=4), st.integers(1, 5))
def test_a_shuffle_moves_every_row_once_and_keeps_their_order(
    parts: list[list[int]], count: int
) -> None:
    tables = [pa.table({"k": pa.array(p, pa.int64()), "n": np.arange(len(p))}) for p in parts]
    splits = [split_by_hash(table, keys=(0,), count=count) for table in tables]
    targets = [gather(*splits, place=place) for place in range(count)]
    moved = pa.concat_tables(targets).to_pandas()
    expected = pa.concat_tables(tables).to_pandas()
    assert sorted(map(tuple, moved.to_numpy())) == sorted(map(tuple, expected.to_numpy()))
    homes: dict[int, int] = {}
    for place, target in enumerate(targets):
        for key in target["k"].to_pylist():
            assert homes.setdefault(key, place) == place
    for one in splits:
        for place in range(count):
            rows = gather(one, place=place)["n"].to_pylist()
            assert rows == sorted(rows)


def test_taking_with_missing_rows_gives_nulls() -> None:
    col = column([1, 2, 3], "int")
    assert take_rows([col], np.array([2, -1, 0]))[0].to_pylist() == [3, None, 1]
    assert take_rows([col], None)[0] is col


@pytest.mark.parametrize("count", [1, 256, 257])
def test_an_empty_partition_splits_into_nothing(count: int) -> None:
    table = pa.table({"k": pa.array([], pa.int64())})
    assert split(table, np.empty(0, np.uint8), count).offsets.tolist() == [0] * (count + 1)
