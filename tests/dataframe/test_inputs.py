"""What goes into a lazy frame: values as they were at the call, and the user's functions."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import same

pytestmark = pytest.mark.usefixtures("session")


def test_a_users_function_sees_another_process_and_is_captured_at_the_call() -> None:
    scale = 2
    lazy = sf.from_pandas(pd.Series(range(9)), npartitions=3)
    made = lazy.map_partitions(lambda part: part * scale + 0 * os.getpid())
    pids = lazy.map_partitions(lambda part: pd.Series([os.getpid()])).compute()
    scale = 100
    assert made.compute().tolist() == [2 * n for n in range(9)]
    assert os.getpid() not in set(pids)


def test_from_pandas_takes_the_values_at_the_call() -> None:
    frame = pd.DataFrame({"a": np.zeros(100_000)})
    lazy = sf.from_pandas(frame, npartitions=3)
    frame.loc[:, "a"] = 1.0
    assert lazy.a.sum().compute() == 0


def test_columns_that_arrow_cannot_hold_come_back_unchanged() -> None:
    frame = pd.DataFrame(
        {
            "o": [{"a": 1}, (1, 2), None, "text", 5],
            "c": np.array([1 + 2j] * 5),
            "p": pd.period_range("2020", periods=5, freq="M"),
            "n": pd.array([1, None, 3, 4, 5], dtype="Int64"),
            "q": pd.Categorical(["x", "y", "x", None, "y"]),
        }
    )
    same(sf.from_pandas(frame, npartitions=3).compute(), frame)
    twice = pd.DataFrame([[1, 2], [3, 4], [5, 6]], columns=["a", "a"])
    same(sf.from_pandas(twice, npartitions=3).compute(), twice)
    many = frame.set_index(["n", "q"])
    same(sf.from_pandas(many, npartitions=3).compute(), many)


def test_persist_keeps_the_result_and_repr_computes_nothing(session: Session) -> None:
    frame = pd.DataFrame({"a": range(10), "b": list("xyxyxyxyxy")})
    kept = sf.from_pandas(frame, npartitions=3).query("a > 2").persist()
    same((kept.a * 2).compute(), frame.query("a > 2").a * 2)
    before = session.last_trace
    assert "a: int64" in repr(kept)
    assert "Filter" not in kept.explain()
    assert session.last_trace is before


def test_the_trace_names_what_was_converted_and_what_ran_alone(
    session: Session, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"a": range(3000), "b": [True, False, True] * 1000, "f": 0.5})
    frame.to_parquet(tmp_path / "one.parquet", row_group_size=1000)
    lazy = sf.read_parquet(tmp_path / "one.parquet")
    lazy[["a", "f"]].map_partitions(len_of).compute()
    assert not any(span.copied for span in session.last_trace.spans)
    lazy.map_partitions(len_of).compute()
    trace = session.last_trace
    copied = {reason for span in trace.spans for reason, _ in span.copied}
    assert copied == {"bool to bool"}
    assert sum(nbytes for span in trace.spans for _, nbytes in span.copied) == len(frame)
    assert "converted 0.0 MB: bool to bool" in trace.text()
    assert any("in the driver" in note for note in trace.notes)
    assert sum(trace.alone().values()) <= sum(span.end - span.start for span in trace.spans)
    lazy.median().compute()
    assert any("one task over all" in note for note in session.last_trace.notes)


def len_of(part: pd.DataFrame) -> pd.Series:
    return pd.Series([len(part)])
