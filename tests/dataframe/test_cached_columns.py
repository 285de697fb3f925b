"""Columns of files that are read again: from the store, with the values that the files have."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe.sources import parquet_source
from shframe.errors import SourceDamaged
from shframe.session import Session
from tests.dataframe.frames import FEW, same
from tests.dataframe.test_data_sets import Files, files, loses_values, write

ROWS = 400_000
FRAME = pd.DataFrame(
    {
        "n": np.arange(ROWS),
        "x": np.random.default_rng(3).random(ROWS),
        "word": pd.Series(np.arange(ROWS) % 7).map("word {}".format),
        "gap": pd.Series(np.arange(ROWS) % 3).where(np.arange(ROWS) % 5 > 0),
    }
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored")
    for n in range(2):
        half = FRAME.iloc[n * ROWS // 2 : (n + 1) * ROWS // 2]
        half.to_parquet(folder / f"{n}.parquet", index=False, row_group_size=ROWS // 8)
    return folder


@pytest.fixture
def empty(session: Session) -> Iterator[Session]:
    session.file_cache.clear()
    yield session
    session.file_cache.clear()


def decoded(session: Session) -> int:
    """Row groups that the last computation decoded for the cache."""
    return sum(span.call == "decode" for span in session.last_trace.spans)


@FEW
@given(case=files(), data=st.data())
def test_reading_again_and_again_gives_the_same(
    empty: Session, monkeypatch: pytest.MonkeyPatch, case: Files, data: st.DataObject
) -> None:
    """With other columns each time, of files whose types and columns differ."""
    monkeypatch.setattr(parquet_source, "LEAST_PARTITION", 1)
    monkeypatch.setattr(parquet_source, "SHARED_PARTITION", 1)
    assume(not loses_values(case))
    with tempfile.TemporaryDirectory() as folder:
        write(case, folder)
        try:
            expected = pd.read_parquet(folder)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return
        lazy = sf.read_parquet(folder)
        names = list(expected.columns)
        for _ in range(6):
            chosen = data.draw(st.lists(st.sampled_from(names), unique=True))
            same(lazy[chosen].compute(), expected[chosen])
            if data.draw(st.integers(0, 3)) == 0:
                empty.file_cache.release(data.draw(st.sampled_from([1, 1 << 30])))


def test_what_is_read_twice_is_not_read_a_third_time(empty: Session, tmp_path: Path) -> None:
    """Files whose bytes are gone, under the size and time that they had, give the values still."""
    path = tmp_path / "one.parquet"
    FRAME.to_parquet(path, index=False, row_group_size=ROWS // 4)
    lazy = sf.read_parquet(path)
    expected = FRAME.groupby("word")["x"].sum()
    for count in (0, 4, 0):
        same(lazy.groupby("word")["x"].sum().compute(), expected, inexact=True)
        assert decoded(empty) == count
    stat = path.stat()
    path.write_bytes(b"\0" * stat.st_size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    same(lazy.groupby("word")["x"].sum().compute(), expected, inexact=True)
    with pytest.raises(SourceDamaged, match=r"one\.parquet"):
        lazy["gap"].sum().compute()


def test_other_columns_are_read_beside_those_that_are_there(empty: Session, stored: Path) -> None:
    lazy = sf.read_parquet(stored)
    for _ in range(2):
        assert lazy["x"].sum().compute() == pytest.approx(FRAME["x"].sum(), rel=1e-12)
    kept = empty.file_cache.nbytes
    assert kept >= 8 * ROWS
    same(lazy[["gap", "x", "word"]].compute(), FRAME[["gap", "x", "word"]])
    assert decoded(empty) == 0
    same(lazy[["gap", "x", "word"]].compute(), FRAME[["gap", "x", "word"]])
    assert decoded(empty) == 8
    assert kept + 8 * ROWS < empty.file_cache.nbytes < kept + 16 * ROWS
    same(lazy.compute(), FRAME)


def test_columns_are_shared_by_frames_of_the_same_files(empty: Session, stored: Path) -> None:
    for _ in range(2):
        sf.read_parquet(stored)["n"].sum().compute()
    assert sf.read_parquet(stored / "0.parquet")["n"].max().compute() == ROWS // 2 - 1
    found = sf.read_parquet(stored, columns=["n"]).query("n % 2 == 1")["n"].sum().compute()
    assert found == FRAME["n"][1::2].sum()
    assert decoded(empty) == 0


def test_a_file_that_was_written_again_is_read_again(empty: Session, tmp_path: Path) -> None:
    path = tmp_path / "one.parquet"
    FRAME[["n"]].to_parquet(path)
    old = sf.read_parquet(path)
    for _ in range(3):
        assert old["n"].sum().compute() == FRAME["n"].sum()
    (FRAME[["n"]] + 1).head(ROWS - 1).to_parquet(path)
    assert sf.read_parquet(path)["n"].sum().compute() == FRAME["n"].sum()
    with pytest.raises(SourceDamaged, match="has changed since it was opened"):
        old["n"].sum().compute()


def test_what_is_computed_outlives_its_columns(empty: Session, stored: Path) -> None:
    lazy = sf.read_parquet(stored)[["n", "x"]]
    for _ in range(2):
        lazy.compute()
    found, kept = lazy.compute(), lazy.persist()
    empty.file_cache.clear()
    same(found, FRAME[["n", "x"]])
    found["n"] += 1
    same(kept.compute(), FRAME[["n", "x"]])


def test_a_run_that_fails_notes_nothing(empty: Session, stored: Path) -> None:
    def fail(part: Any) -> Any:
        raise ValueError("not this one")

    for _ in range(3):
        with pytest.raises(ValueError, match="not this one"):
            sf.read_parquet(stored)[["n"]].map_partitions(fail, meta=FRAME[["n"]].head(0)).compute()
    assert empty.file_cache.nbytes == 0


def test_explaining_reads_nothing(empty: Session, stored: Path) -> None:
    lazy = sf.read_parquet(stored)["n"].sum()
    for _ in range(3):
        lazy.explain(tasks=True)
    lazy.compute()
    assert empty.file_cache.nbytes == 0


def test_memory_says_what_is_cached(empty: Session, stored: Path) -> None:
    for _ in range(2):
        sf.read_parquet(stored)["n"].sum().compute()
    report = sf.memory(holders=False)
    assert report.cached == empty.file_cache.nbytes >= 8 * ROWS
    assert "cached from files" in str(report)


def test_what_was_cached_is_written(empty: Session, stored: Path, tmp_path: Path) -> None:
    lazy = sf.read_parquet(stored)
    for _ in range(2):
        lazy.compute()
    lazy.to_parquet(tmp_path / "again")
    tables = [pq.read_table(path) for path in sorted((tmp_path / "again").glob("*.parquet"))]
    same(pa.concat_tables(tables).to_pandas()[list(FRAME)], FRAME)
