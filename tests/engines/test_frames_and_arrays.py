"""Frames and arrays on a real LocalCluster and a real Ray, against pandas and NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
import shframe.array as xp
from shframe.graph.executors.cluster import RemoteRef
from shframe.session import Session
from tests.dataframe.frames import same

ROWS = 20_000


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "k": rng.integers(0, 50, ROWS),
            "v": rng.integers(-1000, 1000, ROWS),
            "f": rng.random(ROWS),
            "s": rng.choice(["a", "bb", "ccc", None], ROWS),
            "t": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**6, ROWS), "s"),
        }
    )


@pytest.fixture(scope="module")
def folder(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("parts")
    for n in range(4):
        part = frame.iloc[n * ROWS // 4 : (n + 1) * ROWS // 4].reset_index(drop=True)
        part.to_parquet(made / f"{n}.parquet")
    return made


WORKS = {
    "filter": lambda df: df[df.v > 0],
    "assign": lambda df: df.assign(w=df.v * 2 + df.f),
    "group": lambda df: df.groupby("k").agg({"v": "sum", "f": "max"}),
    "many groups": lambda df: df.groupby("v").agg({"k": "median"}),
    "sort": lambda df: df.sort_values(["t", "v", "f"]),
    "head": lambda df: df.head(7),
}


@pytest.mark.parametrize("work", ["filter", "assign", "group", "many groups", "sort", "head"])
def test_files_are_read_and_worked_on_there(
    any_session: Session, folder: Path, frame: pd.DataFrame, work: str
) -> None:
    made = WORKS[work](sf.read_parquet(folder)).compute()
    expected = WORKS[work](pd.read_parquet(folder))
    same(made, expected, inexact=True)
    made.iloc[0, 0] = made.iloc[0, 0]  # an ordinary object, to be written into


def test_merges_of_large_and_small_sides(any_session: Session, frame: pd.DataFrame) -> None:
    other = pd.DataFrame({"k": np.arange(0, 60, 2), "name": [f"n{n}" for n in range(30)]})
    left, right = sf.from_pandas(frame, npartitions=3), sf.from_pandas(other, npartitions=2)
    same(left.merge(right, on="k").compute(), frame.merge(other, on="k"))
    same(right.merge(left, on="k", how="right").compute(), other.merge(frame, on="k", how="right"))


def test_a_users_function_runs_there(any_session: Session, frame: pd.DataFrame) -> None:
    import os

    factor = 3
    lazy = sf.from_pandas(frame, npartitions=4)
    made = lazy.map_partitions(lambda part: part.assign(w=part.v * factor, pid=os.getpid()))
    found = made.compute()
    same(found.drop(columns="pid"), frame.assign(w=frame.v * factor))
    assert os.getpid() not in set(found.pid)
    assert sf.last_trace().pids == set(found.pid)


def test_what_is_persisted_stays_there_and_is_used_in_place(
    any_session: Session, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = sf.from_pandas(frame, npartitions=4).assign(w=1).persist()
    parts = kept.expr.parts
    assert all(isinstance(part, RemoteRef) for part in parts)
    assert sum(part.nbytes for part in parts) > frame.v.nbytes
    engine = parts[0].engine
    moved: list[int] = []
    fetch, send = engine.fetch, engine.send
    monkeypatch.setattr(engine, "fetch", lambda held: (moved.append(len(held)), fetch(held))[1])
    monkeypatch.setattr(engine, "send", lambda held: (moved.append(len(held)), send(held))[1])
    same(kept.groupby("k").agg({"w": "sum"}).compute(), frame.assign(w=1).groupby("k")[["w"]].sum())
    assert moved == [1]  # the result, and nothing else
    sums = kept.groupby("k").agg({"w": "sum"}).compute(executor="sync")  # brought here
    same(sums, frame.assign(w=1).groupby("k")[["w"]].sum())
    assert moved == [1, 4]


def test_data_are_sent_once_an_object(
    any_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.arange(300_000.0)
    x = xp.from_array(values, chunks=10_000)
    engine: Any = any_session.where()
    sent: list[Any] = []
    send = engine.send
    monkeypatch.setattr(engine, "send", lambda given: (sent.extend(given), send(given))[1])
    for n in range(3):
        np.testing.assert_array_equal((x + n).compute(), values + n)
    assert sum(getattr(value, "nbytes", 0) == values.nbytes for value in sent) == 1


def test_arrays_elementwise_reduced_and_large(any_session: Session) -> None:
    values = np.random.default_rng(0).random((1200, 500))
    x = xp.from_array(values, chunks=(300, 250))
    made = (xp.sin(x) * 2 + x).compute()  # above what is put together without copies here
    np.testing.assert_array_equal(made, np.sin(values) * 2 + values)
    assert made.flags.writeable
    assert made.flags.c_contiguous
    np.testing.assert_allclose(x.sum(axis=0).compute(), values.sum(axis=0))
    assert float(x.max().compute()) == values.max()


def test_arrays_multiplied_rechunked_and_sliced(any_session: Session) -> None:
    values = np.random.default_rng(1).random((600, 400))
    x = xp.from_array(values, chunks=(200, 200))
    np.testing.assert_allclose((x.T @ x).compute(), values.T @ values)
    np.testing.assert_array_equal(x.rechunk((350, 110)).compute(), values)
    np.testing.assert_array_equal((x[1:] - x[:-1]).compute(), values[1:] - values[:-1])
    mask = x[x > 0.5]
    np.testing.assert_array_equal(mask.compute(), values[values > 0.5])


def test_a_persisted_array_is_used_in_place_and_fetched_elsewhere(any_session: Session) -> None:
    values = np.random.default_rng(2).random((400, 500))
    kept = (xp.from_array(values, chunks=(100, 500)) * 2).persist()
    assert all(isinstance(ref, RemoteRef) for ref in kept.expr.refs)
    np.testing.assert_allclose(kept.sum(axis=1).compute(), (values * 2).sum(axis=1))
    np.testing.assert_array_equal(kept.compute(executor="processes"), values * 2)
    np.testing.assert_array_equal(kept.compute(executor="threads"), values * 2)


def test_a_function_that_writes_into_its_block_is_refused_there_too(any_session: Session) -> None:
    def spoil(block: Any) -> Any:
        block[:] = 0
        return block

    ones = xp.ones((4, 5), chunks=2).persist()
    with pytest.raises(ValueError, match="read-only"):
        ones.map_blocks(spoil, dtype="f8").compute()
    np.testing.assert_array_equal(ones.compute(), np.ones((4, 5)))
