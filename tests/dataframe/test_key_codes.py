"""Codes of keys, the groups they make and the look-up of a join, against Python and pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shframe.dataframe.kernels import group_rows as grouping
from shframe.dataframe.kernels import key_codes
from shframe.dataframe.kernels.group_rows import group_rows
from shframe.dataframe.kernels.join_rows import find_matches
from shframe.dataframe.kernels.key_codes import code_column, code_keys, hash_text
from shframe.dataframe.kernels.row_ranks import order_of_columns
from shframe.dataframe.kernels.text_codes import lengths_of, number_strings
from tests.examples import examples

WIDE = st.integers(-(2**63), 2**63 - 1)
WORDS = st.text("ab\0é", max_size=20)
KEYS: dict[str, tuple[Any, Any, Any]] = {
    "small integers": (st.integers(-3, 3), pa.int8(), np.dtype("i1")),
    "wide integers": (WIDE, pa.int64(), np.dtype("i8")),
    "unsigned": (st.integers(2**64 - 3, 2**64 - 1), pa.uint64(), np.dtype("u8")),
    "booleans": (st.booleans(), pa.bool_(), np.dtype("?")),
    "floats": (
        st.sampled_from([0.0, -0.0, 1.5, -2.0, np.nan, np.inf]),
        pa.float64(),
        np.dtype("f8"),
    ),
    "times": (st.integers(-9, 9), pa.timestamp("us"), np.dtype("M8[us]")),
    "words": (WORDS, pa.string(), pd.StringDtype(na_value=np.nan)),
    "large words": (WORDS, pa.large_string(), pd.StringDtype(na_value=np.nan)),
}


FEW = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def columns(draw: Any, rows: int) -> tuple[Any, Any]:
    """A key column with gaps, as a slice of a longer one, and its dtype."""
    values, kind, dtype = KEYS[draw(st.sampled_from(sorted(KEYS)))]
    known = draw(st.lists(st.one_of(values, st.none()), min_size=1, max_size=4))
    drawn = draw(st.lists(st.sampled_from(known), min_size=rows + 2, max_size=rows + 2))
    array = pa.array(drawn, kind).slice(1, rows)
    if draw(st.booleans()) and not pa.types.is_boolean(kind):
        array = array.dictionary_encode()
    return array, dtype


def plain(array: Any) -> list[Any]:
    """Values in which what pandas takes for equal is equal."""
    return [None if v is None or v != v else v for v in array.to_pylist()]


@pytest.fixture(params=["looked up", "read by the word"])
def text_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to code strings, on few rows."""
    if request.param == "read by the word":
        monkeypatch.setattr(key_codes, "FEW_TEXTS", 0)
        monkeypatch.setattr(key_codes, "_repeats", lambda array: False)


@pytest.fixture(params=["direct", "hashed", "hashes meet"])
def group_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All ways to number groups, on few rows."""
    if request.param != "direct":
        monkeypatch.setattr(grouping, "LEAST_DIRECT", 0)
    if request.param == "hashes meet":
        monkeypatch.setattr(grouping, "hash_bits", lambda bits: bits % np.uint64(3))


@FEW
@given(data=st.data(), rows=st.integers(0, 12), count=st.integers(1, 3))
def test_groups_are_those_of_equal_keys(
    text_way: None, group_way: None, data: Any, rows: int, count: int
) -> None:
    keys = [data.draw(columns(rows)) for _ in range(count)]
    codes = code_keys([key for key, _ in keys], [dtype for _, dtype in keys])
    if codes is None:
        assert any(pa.types.is_floating(key.type) or key.null_count for key, _ in keys)
        return
    groups = group_rows(codes)
    values = list(zip(*(plain(key) for key, _ in keys), strict=True))
    assert [values[row] for row in groups.first] == list(dict.fromkeys(values))
    names: dict[int, Any] = {}
    for code, value in zip(groups.codes.tolist(), values, strict=True):
        assert names.setdefault(code, value) == value
    assert sorted(names) == sorted(groups.present.tolist())


@FEW
@given(data=st.data(), rows=st.integers(0, 12))
def test_ordered_codes_have_the_order_of_pandas(text_way: None, data: Any, rows: int) -> None:
    key, dtype = data.draw(columns(rows))
    codes = code_column(key, dtype, True)
    assert codes is not None or (key.null_count and pa.types.is_integer(key.type))
    if codes is None:
        return
    expected = sorted(
        range(rows), key=lambda n: ((v := plain(key)[n]) is None, v if v is not None else 0)
    )
    assert order_of_columns([codes]).tolist() == expected


NAMES = st.sampled_from([r"id00[0-9]{1,8}", r"id00[0-9]{12}", "[ab\0é]{0,3}"])
NAMES = NAMES.flatmap(lambda form: st.lists(st.from_regex(form, fullmatch=True), min_size=1))


@FEW
@given(names=NAMES, many=st.booleans(), large=st.booleans())
def test_numbers_of_strings_are_in_their_order(names: list[str], many: bool, large: bool) -> None:
    names = names * 700 if many else names  # some are drawn, and their bytes lie beside each other
    array = pa.array(["before", *names], pa.large_string() if large else pa.string()).slice(1)
    numbered = number_strings(array, lengths_of(array))
    assert numbered is not None
    values, size = numbered
    assert int(values.max()) < size
    order = {one: n for n, one in enumerate(sorted(set(names)))}
    ranks = np.unique(values, return_inverse=True)[1]
    assert ranks.tolist() == [order[one] for one in names]


def test_strings_that_64_bits_do_not_hold_have_no_number() -> None:
    names = [bytes([n]) * 16 for n in range(128)]
    array = pa.array([name.decode() for name in names])
    assert number_strings(array, lengths_of(array)) is None
    assert number_strings(array.slice(0, 2), lengths_of(array.slice(0, 2))) is not None


@FEW
@given(words=st.lists(st.one_of(WORDS, st.none()), max_size=9))
def test_hashes_of_strings_depend_on_nothing_else(words: list[str | None]) -> None:
    alone = [hash_text(pa.array([word], pa.string()))[0] for word in words if word is not None]
    together = hash_text(pa.array(["x" * 40, *words], pa.large_string()).slice(1))
    known = [n for n, word in enumerate(words) if word is not None]
    assert together[known].tolist() == alone
    assert len(set(alone)) == len({word for word in words if word is not None})


@settings(max_examples=examples(100), deadline=None)
@given(
    data=st.data(),
    sizes=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    names=st.lists(st.sampled_from(sorted(set(KEYS) - {"floats"})), min_size=1, max_size=3),
    how=st.sampled_from(["inner", "left", "right"]),
    dense=st.booleans(),
)
def test_several_keys_match_as_in_pandas(
    data: Any, sizes: tuple[int, int], names: list[str], how: str, dense: bool
) -> None:
    sides: tuple[list[Any], list[Any]] = ([], [])
    for name in names:
        values, kind, _ = KEYS[name]
        known = data.draw(st.lists(values, min_size=1, max_size=4))
        for side, rows in zip(sides, sizes, strict=True):
            drawn = data.draw(st.lists(st.sampled_from(known), min_size=rows, max_size=rows))
            side.append(pa.chunked_array([pa.array(drawn, kind)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shframe.dataframe.kernels.key_table.LEAST_DIRECT", 1 << 16 if dense else 0)
        patch.setattr("shframe.dataframe.kernels.key_table.DENSE", 8 if dense else 0)
        patch.setattr("shframe.dataframe.kernels.key_table.SPARSE", 64 if dense else 0)
        found = find_matches(*sides, how)
    frames = [
        pd.DataFrame({f"k{n}": column.to_pandas() for n, column in enumerate(side)})
        for side in sides
    ]
    on = list(frames[0].columns)
    left, right = (
        frame.assign(**{name: np.arange(len(frame))})
        for frame, name in zip(frames, "lr", strict=True)
    )
    expected = left.merge(right, on=on, how=how)  # type: ignore[arg-type]
    rows_a = np.arange(sizes[0]) if found.left is None else found.left
    rows_b = np.arange(sizes[1]) if found.right is None else found.right
    assert rows_a.tolist() == expected["l"].fillna(-1).astype(int).tolist()
    assert rows_b.tolist() == expected["r"].fillna(-1).astype(int).tolist()
