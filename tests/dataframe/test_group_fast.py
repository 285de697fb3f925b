"""The quick ways of grouping, against pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe import chunks
from shframe.dataframe.kernels import group_fast
from shframe.session import Session

FEW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
QUARTERS = st.integers(-400, 400).map(lambda n: n / 4)
KEYS: dict[str, Any] = {
    "int8": st.sampled_from([-128, -1, 0, 127]),
    "int64": st.integers(-3, 3),
    "uint64": st.sampled_from([0, 2**64 - 1, 2**64 - 2]),
    "str": st.sampled_from(["", "a", "b", "ä", "aa"]),
}
VALUES: dict[str, Any] = {
    "int64": st.integers(-(2**62), 2**62),
    "int8": st.integers(-128, 127),
    "uint32": st.integers(0, 2**32 - 1),
    "float64": st.one_of(QUARTERS, st.just(float("nan")), st.sampled_from([np.inf, -np.inf])),
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Two keys and two values of the types that the quick ways are for."""
    rows = draw(st.integers(0, 12))

    def column(kinds: dict[str, Any]) -> pd.Series[Any]:
        kind = draw(st.sampled_from(sorted(kinds)))
        cells = draw(st.lists(kinds[kind], min_size=rows, max_size=rows))
        return pd.Series(np.array(cells, dtype=kind) if kind != "str" else cells, dtype=kind)

    return pd.DataFrame(
        {"k": column(KEYS), "l": column(KEYS), "v": column(VALUES), "w": column(VALUES)}
    )


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several blocks even in a frame of a few rows."""
    monkeypatch.setattr(group_fast, "BLOCK", 3)


SLOTS = [("v", "sum"), ("w", "count"), (None, "size"), ("v", "count"), ("w", "sum")]


def expected(frame: pd.DataFrame, keys: list[str], sort: bool) -> pd.DataFrame:
    """pandas' sums, counts and sizes, in 64 bits."""
    wide = frame.assign(**{n: frame[n].astype(_wide(frame[n].dtype)) for n in "vw"})
    groups = wide.groupby(keys, sort=sort)
    with np.errstate(invalid="ignore"):  # inf - inf
        made = [
            groups.size() if primitive == "size" else getattr(groups[label], primitive)()
            for label, primitive in SLOTS
        ]
    return pd.DataFrame({f"p{n}": column for n, column in enumerate(made)})


def _wide(kind: Any) -> str:
    return {"i": "int64", "u": "uint64", "f": "float64"}[kind.kind]


def indexed(made: pd.DataFrame, keys: list[str], frame: pd.DataFrame) -> pd.DataFrame:
    """A partial with its keys as index, named and typed as in the frame."""
    names = [f"k{n}" for n in range(len(keys))]
    for name, key in zip(names, keys, strict=True):
        assert made[name].dtype == frame[key].dtype
    return made.set_index(names).rename_axis(keys if len(keys) > 1 else keys[0])


@FEW
@given(frame=frames(), keys=st.sampled_from([["k"], ["l", "k"]]), sort=st.booleans())
def test_partial_sums_are_those_of_pandas(frame: pd.DataFrame, keys: list[str], sort: bool) -> None:
    made = group_fast.partial_sums(chunks.as_table(frame), keys, SLOTS, sort)
    if made is None:
        return
    found = indexed(made, keys, frame)
    wanted = expected(frame, keys, sort=False)
    if sort:
        found, wanted = found.sort_index(), wanted.sort_index()
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-9, check_index_type=False)


def test_the_quick_ways_are_taken_where_they_are_meant_to_be() -> None:
    frame = pd.DataFrame({"i": [3, 1, 3], "t": ["a", "b", "a"], "v": [1, 2, 3], "f": [0.5, 1, 2]})
    slots = [("v", "sum"), ("f", "sum"), (None, "size")]
    for keys in (["i"], ["t"], ["i", "t"]):
        made = group_fast.partial_sums(chunks.as_table(frame), keys, slots, True)
        assert made is not None
        assert made["p0"].tolist() in ([4, 2], [2, 4])


@FEW
@given(frame=frames(), cut=st.integers(0, 12), key=st.sampled_from(["k", "l"]))
def test_partials_combine_to_the_sums_of_the_whole(frame: pd.DataFrame, cut: int, key: str) -> None:
    parts = [expected(part, [key], False) for part in (frame[:cut], frame[cut:])]
    stacked = pd.concat([p.rename_axis("k0").reset_index() for p in parts], ignore_index=True)
    stacked["k0"] = stacked["k0"].astype(frame[key].dtype)
    made = group_fast.combined_sums(stacked, 1, SLOTS, True)
    wanted = expected(frame, [key], True).rename_axis("k0")
    has_nan = frame[["v", "w"]].isin([np.inf, -np.inf]).any(axis=None)
    if not has_nan:  # pandas leaves out a partial sum that is NaN
        pd.testing.assert_frame_equal(made, wanted, rtol=1e-9, check_index_type=False)
    assert made.index.tolist() == wanted.index.tolist()


@FEW
@given(frame=frames(), keys=st.sampled_from([["k"], ["k", "l"]]), sort=st.booleans())
@example(
    frame=pd.DataFrame({"k": ["a"] * 3, "l": 0, "v": [np.inf, 1.0, -np.inf], "w": 1}),
    keys=["k"],
    sort=True,
)
def test_groups_of_partitions_are_those_of_pandas(
    session: Session, frame: pd.DataFrame, keys: list[str], sort: bool
) -> None:
    asked = {"v": ["sum", "mean", "count"], "w": ["count", "sum"]}
    lazy = sf.from_pandas(frame, npartitions=3).groupby(keys, sort=sort).agg(asked)
    with np.errstate(invalid="ignore"):  # inf - inf
        wanted = frame.groupby(keys, sort=sort).agg(asked)
    pd.testing.assert_frame_equal(lazy.compute(), wanted, rtol=1e-9)
