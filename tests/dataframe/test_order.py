"""Joins, order, and the first and last rows, against pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe import lower
from tests.dataframe.frames import LIGHT, frames, pairs, same

pytestmark = pytest.mark.usefixtures("session")

HOWS = st.sampled_from(["inner", "left", "right", "outer"])


@pytest.fixture(params=["broadcast", "by hash"])
def sides(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "by hash":
        monkeypatch.setattr(lower, "SMALL_SIDE", -1)


@LIGHT
@given(pairs(), frames(indexed=False), HOWS, st.sampled_from([["k"], ["g"], ["k", "g"], ["f"]]))
def test_merges_are_those_of_pandas(
    sides: None, pair: Any, right: Any, how: str, on: list[str]
) -> None:
    frame, lazy = pair
    right = right[[*on, "i", "t"]].rename(columns={"t": "u"})
    other = sf.from_pandas(right, npartitions=3)
    same(lazy.merge(other, on=on, how=how), frame.merge(right, on=on, how=how))


@LIGHT
@given(pairs(), frames(indexed=False), HOWS)
def test_merges_on_different_names_and_suffixes_are_those_of_pandas(
    sides: None, pair: Any, right: Any, how: str
) -> None:
    frame, lazy = pair
    right = right[["k", "i"]].rename(columns={"k": "key"})
    made = lazy.merge(
        sf.from_pandas(right, npartitions=3),
        left_on="k",
        right_on="key",
        how=how,
        suffixes=("", "_r"),
    )
    same(made, frame.merge(right, left_on="k", right_on="key", how=how, suffixes=("", "_r")))


@LIGHT
@given(pairs(), frames(indexed=False))
def test_what_follows_a_merge_sees_its_index(pair: Any, right: Any) -> None:
    frame, lazy = pair
    made, expected = lazy.merge(right[["k", "f"]], on="k"), frame.merge(right[["k", "f"]], on="k")
    same(made[made.i > 0], expected[expected.i > 0])
    same(made.groupby("k").i.sum(), expected.groupby("k").i.sum())
    same(made.reset_index(), expected.reset_index())
    same(made.tail(3), expected.tail(3))


@LIGHT
@given(
    pairs(),
    st.sampled_from(["k", "f", "s", "t", ["k", "f"], ["g", "i"]]),
    st.booleans(),
    st.sampled_from(["first", "last"]),
)
def test_sorting_is_that_of_pandas_and_stable(
    pair: Any, by: Any, ascending: bool, na_position: str
) -> None:
    frame, lazy = pair
    options = {"ascending": ascending, "na_position": na_position}
    same(lazy.sort_values(by, **options), frame.sort_values(by, kind="stable", **options))
    same(
        lazy.sort_values(by, ignore_index=True, **options),
        frame.sort_values(by, kind="stable", ignore_index=True, **options),
    )


@LIGHT
@given(pairs())
def test_sorting_mixed_directions_series_and_index_is_that_of_pandas(pair: Any) -> None:
    frame, lazy = pair
    flags = [False, True]
    same(
        lazy.sort_values(["k", "i"], ascending=flags),
        frame.sort_values(["k", "i"], ascending=flags, kind="stable"),
    )
    same(lazy.f.sort_values(), frame.f.sort_values(kind="stable"))
    same(lazy.sort_index(), frame.sort_index(kind="stable"))


@LIGHT
@given(pairs(), st.integers(0, 20), st.integers(1, 7))
def test_first_last_and_largest_rows_are_those_of_pandas(pair: Any, count: int, parts: int) -> None:
    frame, lazy = pair
    same(lazy.head(count), frame.head(count))
    same(lazy.tail(count), frame.tail(count))
    same(lazy.nlargest(count, "i"), frame.nlargest(count, "i"))
    same(lazy.nsmallest(count, ["k", "f"]), frame.nsmallest(count, ["k", "f"]))
    same(lazy.i.nlargest(count), frame.i.nlargest(count))
    same(lazy.repartition(parts), frame)
    assert lazy.repartition(parts).npartitions == parts


@LIGHT
@given(pairs(), st.sampled_from([None, "k", ["g", "b"]]), st.sampled_from(["first", "last"]))
def test_distinct_rows_are_those_of_pandas(pair: Any, subset: Any, keep: str) -> None:
    frame, lazy = pair
    same(lazy.drop_duplicates(subset, keep=keep), frame.drop_duplicates(subset, keep=keep))
    same(lazy.s.drop_duplicates(), frame.s.drop_duplicates())


@LIGHT
@given(pairs())
def test_indexes_change_as_pandas_changes_them(pair: Any) -> None:
    frame, lazy = pair
    same(lazy.reset_index(), frame.reset_index())
    same(lazy.reset_index(drop=True), frame.reset_index(drop=True))
    same(lazy.set_index("s"), frame.set_index("s"))
    same(lazy.set_index(["k", "g"]), frame.set_index(["k", "g"]))
    same(
        lazy.query("i > 0").reset_index(drop=True).head(3),
        frame.query("i > 0").reset_index(drop=True).head(3),
    )


def test_a_large_merge_by_hash_keeps_pandas_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lower, "SMALL_SIDE", -1)
    rng = np.random.default_rng(0)
    left = pd.DataFrame({"k": rng.integers(0, 3000, 20_000), "a": rng.random(20_000)})
    right = pd.DataFrame(
        {"k": rng.integers(0, 3000, 9_000), "s": rng.integers(0, 99, 9_000).astype("str")}
    )
    for how in ("inner", "left", "right"):
        made = sf.from_pandas(left, 7).merge(sf.from_pandas(right, 4), on="k", how=how)
        same(made, left.merge(right, on="k", how=how))
