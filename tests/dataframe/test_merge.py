"""Merges give pandas' rows in pandas' order, whether a side is sent whole or both go by hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe.lower import join
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same
from tests.dataframe.oracle import as_pandas_does

HOWS = ["inner", "left", "right", "outer"]


@pytest.fixture(params=["right side whole", "left side whole", "left in place", "both by hash"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """All ways to bring equal keys together, where the kind of join allows them."""
    if request.param == "both by hash":
        monkeypatch.setattr(join, "MOST_SHARED", -1)
    left_is_smaller = request.param in ("left side whole", "left in place")
    monkeypatch.setattr(join, "_is_smaller", lambda left, right: left_is_smaller)
    in_place = request.param == "left in place"
    monkeypatch.setattr(join, "_has_enough_parts", lambda left, right: in_place)
    return request.param


def merged_alike(
    left: Case, right: Case, choose: Callable[[Any, Any], tuple[Any, Any]], **how: Any
) -> None:
    a, b = choose(left.frame, right.frame)
    x, y = choose(left.lazy(), right.lazy())
    same(x.merge(y, **how).compute(), a.merge(b, **how))


@FEW
@given(
    how=st.sampled_from(HOWS),
    left=cases(12),
    right=cases(12),
    on=st.sampled_from(["k", "s", "t", "c", ["k", "s"], "b"]),
)
def test_on_equal_names(
    session: Session, way: str, how: str, left: Case, right: Case, on: Any
) -> None:
    keys = on if isinstance(on, list) else [on]
    merged_alike(left, right, lambda a, b: (a[[*keys, "i"]], b[[*keys, "f", "i"]]), on=on, how=how)


@FEW
@given(how=st.sampled_from(HOWS), left=cases(12), right=cases(12))
def test_on_different_names_with_suffixes(
    session: Session, way: str, how: str, left: Case, right: Case
) -> None:
    merged_alike(
        left,
        right,
        lambda a, b: (a[["k", "i", "s"]], b[["i", "s", "t"]]),
        left_on=["k"],
        right_on=["i"],
        suffixes=("_left", "_right"),
        how=how,
    )


@FEW
@given(left=cases(12), right=cases(12), how=st.sampled_from(HOWS))
def test_on_all_common_columns(
    session: Session, way: str, left: Case, right: Case, how: str
) -> None:
    merged_alike(left, right, lambda a, b: (a[["k", "b", "f"]], b[["b", "k", "t"]]), how=how)


@FEW
@given(left=cases(12), how=st.sampled_from(HOWS))
def test_with_a_frame_of_pandas(session: Session, way: str, left: Case, how: str) -> None:
    names = pd.DataFrame({"k": [2, 1, 1, 7], "name": ["two", "one", "uno", "seven"]})
    same(
        left.lazy().merge(names, on="k", how=how).compute(),
        left.frame.merge(names, on="k", how=how),
    )


@FEW
@given(left=cases(12), right=cases(12))
def test_what_follows_a_merge_sees_all_its_rows(
    session: Session, way: str, left: Case, right: Case
) -> None:
    def work(a: Any, b: Any) -> Any:
        both = a.merge(b[["k", "f"]], on="k", suffixes=("", "_right"))
        return both[both.i > 0].groupby("s")["f_right"].max()

    same(work(left.lazy(), right.lazy()).compute(), work(left.frame, right.frame))


@pytest.mark.parametrize("how", HOWS)
def test_many_rows(session: Session, way: str, how: str) -> None:
    left = pd.DataFrame({"k": [n * 7919 % 3000 for n in range(6000)], "a": range(6000)})
    right = pd.DataFrame({"k": [n * 104729 % 4000 for n in range(5000)], "b": range(5000)})
    lazy = sf.from_pandas(left, npartitions=4).merge(
        sf.from_pandas(right, npartitions=3), on="k", how=how
    )
    same(lazy.compute(), left.merge(right, on="k", how=how))


@pytest.mark.parametrize("how", ["inner", "left", "right"])
@pytest.mark.parametrize("hot", ["left", "right"])
def test_a_key_that_most_rows_have_keeps_all_workers_busy(
    session: Session, monkeypatch: pytest.MonkeyPatch, how: str, hot: str
) -> None:
    monkeypatch.setattr(join, "MOST_SHARED", -1)
    rng = np.random.default_rng(1)
    rows = 200_000
    keys = np.where(rng.random(rows) < 0.8, 5, rng.integers(0, 50_000, rows))
    large = pd.DataFrame({"k": keys, "a": np.arange(rows)})
    small = pd.DataFrame({"k": rng.permutation(60_000)[:40_000], "b": np.arange(40_000)})
    small.loc[3, "k"] = 5  # there twice, perhaps
    left, right = (large, small) if hot == "left" else (small, large)
    made = sf.from_pandas(left, npartitions=4).merge(
        sf.from_pandas(right, npartitions=4), on="k", how=how
    )
    same(made.compute(), left.merge(right, on="k", how=how))
    if how in ("inner", hot):  # of the other kinds each row must see all of the large side
        joined = [span.bytes_out for span in sf.last_trace().spans if "join_parts" in span.call]
        assert max(joined) < 0.6 * sum(joined)


def test_mistakes_show_at_the_call(session: Session) -> None:
    left = sf.from_pandas(pd.DataFrame({"k": [1, 2], "a": [1, 2]}), npartitions=2)
    right = sf.from_pandas(pd.DataFrame({"k": [1, 2], "b": [1, 2]}), npartitions=2)
    with pytest.raises(ColumnNotFound):
        left.merge(right, on="a")
    with pytest.raises(InvalidArgument, match="'sideways' is not a valid Merge type"):
        left.merge(right, how="sideways")
    with pytest.raises(InvalidArgument):
        left.merge(right, on="k", left_on="k", right_on="k")
    with pytest.raises(InvalidArgument):
        left.merge(right, left_on="k")
    with pytest.raises(InvalidArgument, match="No common columns"):
        left[["a"]].merge(right)
    with pytest.raises(UnsupportedType):
        left.merge([1, 2])


@pytest.mark.parametrize("empty", ["left", "right", "neither"])
def test_outer_rows_go_by_categories(session: Session, way: str, empty: str) -> None:
    sides = {}
    for side, keys in (("left", ["y", None, "x"]), ("right", [None, "x", "z"])):
        shown = [] if side == empty else keys
        key = pd.Categorical(shown, categories=["z", "y", "x"])
        sides[side] = pd.DataFrame({"c": key, side: range(len(shown))})
    lazy = {side: sf.from_pandas(frame, npartitions=2) for side, frame in sides.items()}
    expected = sides["left"].merge(sides["right"], on="c", how="outer")
    same(lazy["left"].merge(lazy["right"], on="c", how="outer").compute(), expected)


KINDS: dict[str, Callable[[list[int]], Any]] = {
    **{
        name: lambda values, name=name: pd.Series(values, dtype=name)
        for name in ("int64", "int32", "uint8", "uint64", "float64", "float32", "bool")
    },
    **{
        name: lambda values, name=name: pd.Series([*values[1:], None], dtype=name)
        for name in ("Int64", "UInt8", "Float64", "int64[pyarrow]", "double[pyarrow]")
    },
    "boolean": lambda values: pd.Series([*(v % 2 > 0 for v in values[1:]), None], dtype="boolean"),
    "gaps": lambda values: pd.Series([*values[1:], None], dtype="float64"),
    "text": lambda values: pd.Series([f"w{value}" for value in values], dtype="str"),
    "objects": lambda values: pd.Series([f"w{value}" for value in values], dtype="object"),
    "categories": lambda values: pd.Series([f"w{value}" for value in values], dtype="category"),
    "seconds": lambda values: pd.Series(values).astype("datetime64[s]"),
    "nanoseconds": lambda values: pd.Series(values).astype("datetime64[s]").astype("M8[ns]"),
    "large": lambda values: pd.Series([2**53 + value for value in values], dtype="int64"),
    "large floats": lambda values: pd.Series([2.0**53 + value for value in values]),
}
FEW_KEYS = st.lists(st.integers(0, 1), min_size=2, max_size=6)
KEYS = st.lists(st.integers(0, 4), min_size=2, max_size=6) | FEW_KEYS


@FEW
@given(
    left=KEYS,
    right=KEYS,
    pairs=st.lists(st.tuples(*[st.sampled_from(sorted(KINDS))] * 2), min_size=8, max_size=8),
    how=st.sampled_from(HOWS),
)
def test_keys_of_unlike_types_meet_as_in_pandas(
    session: Session,
    way: str,
    left: list[int],
    right: list[int],
    pairs: list[tuple[str, str]],
    how: str,
) -> None:
    for one, other in pairs:
        note(f"{one} and {other}")
        if "large" in (one, other) and {"uint8", "UInt8"} & {one, other}:
            continue  # pandas casts the large key to the small type, where it wraps
        a = pd.DataFrame({"k": KINDS[one](left), "x": range(len(left))})
        b = pd.DataFrame({"k": KINDS[other](right), "y": [float(value) for value in right]})
        sides = {id(a): a, id(b): b}
        lazy = {id(side): sf.from_pandas(side, npartitions=3) for side in sides.values()}

        def work(pick: Any, a: Any = a, b: Any = b) -> Any:
            return pick[id(a)].merge(pick[id(b)], on="k", how=how)

        as_pandas_does(work, lazy, sides)


@pytest.mark.parametrize("small", ["uint8", "uint32"])
@pytest.mark.parametrize("how", ["inner", "left"])
def test_keys_that_a_smaller_type_cannot_hold_match_nothing(
    session: Session, way: str, small: str, how: str
) -> None:
    left = pd.DataFrame({"k": np.array([0, 1, 2], small), "a": [1, 2, 3]})
    right = pd.DataFrame({"k": [2**40, 2**53 + 1, 2], "b": [4, 5, 6]})
    lazy = [sf.from_pandas(one, npartitions=2) for one in (left, right)]
    for sides in (lazy, lazy[::-1]):
        made = sides[0].merge(sides[1], on="k", how=how).compute()
        assert made.dropna()[["k", "a", "b"]].values.tolist() == [[2, 3, 6]]
