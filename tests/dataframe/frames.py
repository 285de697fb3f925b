"""Strategies of small frames in uneven partitions, and their comparison with pandas' answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st

import shframe as sf
from tests.examples import examples

FEW = settings(
    max_examples=examples(10),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def some(table: dict[str, Any], count: int = 7) -> st.SearchStrategy[list[str]]:
    """Names of several operations of a table, to be tried on one frame."""
    names = st.sampled_from(sorted(table))
    return st.lists(names, min_size=count, max_size=count, unique=True)


WORDS = ["", "a", "b", "Ab c", "été", "a"]
DAYS = ["2020-01-01", "2020-02-29 12:30:00", "2021-12-31 23:59:59", "1969-07-20"]
CATEGORIES = ["x", "y", "z", "never"]

ROW = st.tuples(
    st.integers(0, 3),
    st.integers(-50, 50),
    st.sampled_from([float("nan"), 0.0, 1.5, -2.25, 1e6]) | st.floats(-100, 100, width=32),
    st.booleans(),
    st.sampled_from([*WORDS, None]),
    st.sampled_from([*DAYS, None]),
    st.sampled_from([*CATEGORIES[:3], None]),
    st.booleans(),  # whether the row is kept: what goes makes partitions uneven or empty
)


@dataclass(frozen=True)
class Case:
    """A frame of pandas, and how to make the same one lazily in several partitions."""

    padded: pd.DataFrame
    keep: Any
    npartitions: int

    @property
    def frame(self) -> pd.DataFrame:
        return self.padded[self.keep]

    def lazy(self) -> Any:
        whole = sf.from_pandas(self.padded.assign(keep=self.keep), npartitions=self.npartitions)
        return whole[whole.keep].drop(columns="keep")


@st.composite
def cases(draw: Callable[..., Any], max_rows: int = 24) -> Case:
    """Frames with columns k i f b s t c; nothing, one row, gaps and duplicates come up often."""
    rows = draw(st.lists(ROW, max_size=max_rows))
    k, i, f, b, s, t, c, keep = zip(*rows, strict=True) if rows else ((),) * 8
    frame = pd.DataFrame(
        {
            "k": pd.Series(k, dtype="int64"),
            "i": pd.Series(i, dtype="int64"),
            "f": pd.Series(f, dtype="float64"),
            "b": pd.Series(b, dtype="bool"),
            "s": pd.Series(s, dtype="str"),
            "t": pd.Series(pd.to_datetime(pd.Series(t, dtype="object"), format="mixed")).astype(
                "datetime64[us]"
            ),
            "c": pd.Series(pd.Categorical(c, categories=CATEGORIES)),
        }
    )
    index = draw(st.sampled_from(["counted", "shuffled", "words", "levels"]))
    if index == "shuffled":
        frame.index = pd.Index([n * 7 % 5 for n in range(len(frame))], name="place", dtype="int64")
    elif index == "words":
        frame.index = pd.Index([WORDS[n % 5] for n in range(len(frame))], dtype="str")
    elif index == "levels":
        frame.index = pd.MultiIndex.from_arrays(
            [pd.Index(frame.k), pd.RangeIndex(len(frame))], names=["one", "two"]
        )
    return Case(frame, np.array(keep, dtype=bool), draw(st.integers(3, 5)))


def same(found: Any, expected: Any, *, inexact: bool = False) -> None:
    """Assert equal values, order, dtypes, labels and names; to 1e-9 where sums of floats are."""
    how: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-9} if inexact else {"check_exact": True}
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, **how)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected, **how)
    elif isinstance(expected, pd.Index):
        pd.testing.assert_index_equal(found, expected, exact="equiv")
    else:
        same(pd.Series([found]), pd.Series([expected]), inexact=inexact)


def agrees(
    case: Case, work: Callable[[Any], Any], oracle: Any = None, *, inexact: bool = False
) -> None:
    """Assert that work on the lazy frame computes what the oracle gives for the pandas frame."""
    expected = (oracle or work)(case.frame)
    same(work(case.lazy()).compute(), expected, inexact=inexact)


def all_agree(
    case: Case, table: dict[str, Callable[[Any], Any]], names: list[str], *, inexact: bool = False
) -> None:
    """Assert that each named work of a table gives for the lazy frame what it gives for pandas'."""
    lazy = case.lazy()
    for name in names:
        note(name)
        same(table[name](lazy).compute(), table[name](case.frame), inexact=inexact)


def write(frame: pd.DataFrame) -> None:
    """Change a frame in place in the ways that pandas offers."""
    frame.loc[0, "i"] = 1_000
    frame.iloc[-1, 2] = 0.25
    frame.loc[frame.b, "s"] = "masked"
    frame["k"] += 1
    frame.loc[0, "c"] = "never"
    frame.loc[frame.i < 0, "t"] = pd.Timestamp("2000-01-01")
