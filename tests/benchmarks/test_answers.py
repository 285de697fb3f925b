"""Digests of answers: the same for the same rows in any order and form, others for others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shframe.benchmarks.answers import MANY, differences, digest
from tests.examples import examples

VALUES = {
    "key": st.integers(-(2**40), 2**40),
    "name": st.one_of(st.none(), st.text(max_size=5)),
    "value": st.one_of(st.none(), st.floats(-1e6, 1e6).map(lambda x: x + 0.25)),
    "when": st.datetimes(
        pd.Timestamp("1990").to_pydatetime(), pd.Timestamp("2030").to_pydatetime()
    ),
}
ROWS = st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=20)

FEW = settings(max_examples=examples(40), deadline=None)


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*VALUES])
    return frame.astype({"value": "float64", "name": "str", "when": "datetime64[us]"})


@FEW
@given(ROWS, st.randoms(use_true_random=False))
def test_order_and_form_make_no_difference(rows: list[dict[str, Any]], random: Any) -> None:
    frame = frame_of(rows)
    shuffled = frame.iloc[random.sample(range(len(frame)), len(frame))]
    table = pa.Table.from_pandas(shuffled[["when", "value", "name", "key"]], preserve_index=False)
    floats = frame.astype({"key": "float64"})
    expected = digest(frame)
    for other in (shuffled, table, frame.set_index("key"), floats):
        assert differences(expected, digest(other)) == []


@FEW
@given(ROWS, st.data())
def test_another_value_in_any_column_is_found(rows: list[dict[str, Any]], data: Any) -> None:
    column = data.draw(st.sampled_from([*VALUES]))
    place = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(VALUES[column].filter(lambda value: value != rows[place][column]))
    if column == "value":
        now = rows[place][column]
        slack = 1e-8 * sum(abs(row["value"] or 0) for row in rows)
        if now is not None and other is not None and abs(now - other) <= slack:
            return
    changed = [dict(row) for row in rows]
    changed[place][column] = other
    assert differences(digest(frame_of(rows)), digest(frame_of(changed)))


def test_values_in_the_wrong_rows_are_found() -> None:
    right = pd.DataFrame({"k": [1, 2, 3], "v": [0.5, 1.5, 2.25], "s": ["a", "b", "c"]})
    assert differences(digest(right), digest(right.assign(v=[1.5, 0.5, 2.25])))
    assert differences(digest(right), digest(right.assign(s=["b", "a", "c"])))
    assert differences(digest(right), digest(right.iloc[:2]))
    assert differences(digest(right), digest(right.rename(columns={"s": "t"})))


def test_values_in_the_wrong_rows_of_a_large_answer_are_found() -> None:
    count = MANY + 100
    right = pd.DataFrame({"k": np.arange(count), "v": np.arange(count) + 0.5})
    right["s"] = right["k"].astype(str)
    assert differences(digest(right), digest(right.iloc[::-1])) == []
    assert differences(digest(right), digest(right.assign(v=right["v"].to_numpy()[::-1])))
    assert differences(digest(right), digest(right.assign(s=right["s"].to_numpy()[::-1])))


@pytest.mark.parametrize("value", [3, 2.5, np.float64(2.5), None, np.array(2.5)])
def test_single_values(value: Any) -> None:
    table = pa.table({"any name": [None if value is None else float(value)]})
    assert differences(digest(value), digest(table)) == []
    assert differences(digest(value), digest(17.25))


def test_arrays_are_compared_by_place() -> None:
    array = np.arange(12.0).reshape(3, 4) / 7
    assert differences(digest(array), digest(array + 1e-14)) == []
    assert differences(digest(array), digest(array[::-1]))
    assert differences(digest(array), digest(array.reshape(4, 3)))
