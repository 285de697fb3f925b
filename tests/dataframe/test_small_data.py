"""Small data: the calling process computes them, and nothing of it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same
from tests.dataframe.test_plans import ENDS, STEPS


@pytest.fixture(scope="module")
def own() -> Iterator[Session]:
    made = sf.init(workers=2, memory="1GB")
    yield made
    sf.shutdown()


def renamed(frame: Any) -> Any:
    """The columns of the plans' steps, of a case."""
    names = {"k": "month", "s": "carrier", "f": "delay", "i": "distance", "t": "when"}
    return frame[list(names)].rename(columns=names)


@FEW
@given(
    cases(),
    st.lists(st.sampled_from(range(len(STEPS) - 1)), max_size=4),
    st.sampled_from(range(len(ENDS))),
)
def test_small_frames_compute_what_pandas_does(
    own: Session, case: Case, steps: list[int], end: int
) -> None:
    eager = renamed(case.frame.reset_index(drop=True))
    lazy = sf.from_pandas(eager)
    for step in steps:
        eager, lazy = STEPS[step](eager), STEPS[step](lazy)
    same(ENDS[end](lazy).compute(), ENDS[end](eager), inexact=True)


def test_a_result_is_the_users_own(own: Session) -> None:
    frame = pd.DataFrame({"a": np.arange(9.0), "s": list("abcabcabc")})
    lazy = sf.from_pandas(frame)
    for work in (
        lambda df: df,
        lambda df: df[["a"]],
        lambda df: df.head(4),
        lambda df: df.sort_values("a"),
        lambda df: df.groupby("s").sum(),
        lambda df: df.a,
        lambda df: df.sum(),
    ):
        made = work(lazy).compute()
        made.iloc[0] = made.iloc[-1]
    same(lazy.compute(), frame)
    assert own.last_trace.notes[0].endswith("small tasks ran in the driver")


def test_an_error_of_a_small_task_names_it(own: Session) -> None:
    lazy = sf.from_pandas(pd.Series(["1", "x"]))
    with pytest.raises(ValueError, match="invalid literal") as raised:
        lazy.astype("int64").compute()
    assert "method" in "\n".join(raised.value.__notes__)
