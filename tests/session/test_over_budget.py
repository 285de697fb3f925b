"""Jobs over several times the budget are cut into parts that fit, and are what pandas gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import shframe as sf
from shframe.session import current

ROWS = 1_000_000
BUDGET = 12 << 20  # the table takes four times as much


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A Parquet file and what pandas reads from it."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "key": rng.integers(0, ROWS // 3, ROWS),
            "text": pd.array([f"k{n % 1000}" for n in range(ROWS)], dtype="str"),
            "some": rng.integers(0, 50, ROWS).astype("f8"),
            "x": rng.integers(0, 1000, ROWS).astype("f8"),
            "n": rng.integers(-9, 9, ROWS).astype("i4"),
        }
    )
    frame.loc[rng.integers(0, ROWS, 1000), "some"] = np.nan
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    pq.write_table(pa.Table.from_pandas(frame), path, row_group_size=40_000)
    return path, frame


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    sf.init(memory=BUDGET, workers=2)
    yield
    sf.shutdown()


AGGS: dict[str, Any] = {"x": ["sum", "max", "mean"], "n": ["min", "first", "count"]}
GROUPS: dict[str, Callable[[Any], Any]] = {
    "one key": lambda df: df.groupby("key").agg(AGGS),
    "text too": lambda df: df.groupby(["text", "some"]).agg({"x": "sum", "n": "var"}),
    "missing keys": lambda df: df.groupby(["some", "text"], dropna=False).x.sum(),
    "no index": lambda df: df.groupby("key", as_index=False).agg({"n": "last", "x": "std"}),
    "size": lambda df: df.groupby(["key", "n"]).size(),
    "not sorted": lambda df: df.groupby("text", sort=False).x.sum(),
    "whole groups": lambda df: df.groupby("key").agg({"n": "nunique"}),
}


@pytest.mark.parametrize("name", GROUPS)
def test_many_groups(name: str, table: tuple[Path, pd.DataFrame]) -> None:
    path, frame = table
    found = GROUPS[name](sf.read_parquet(path)).compute()
    expected = GROUPS[name](frame)
    same: Any = pd.testing.assert_frame_equal
    if isinstance(expected, pd.Series):
        same = pd.testing.assert_series_equal
    same(found, expected)


def test_groups_of_no_row_and_of_one_row(table: tuple[Path, pd.DataFrame]) -> None:
    path, frame = table
    for bound in (-1, 0):
        lazy = sf.read_parquet(path)
        found = lazy[lazy.key <= bound].groupby(["key", "text"]).agg(AGGS).compute()
        expected = frame[frame.key <= bound].groupby(["key", "text"]).agg(AGGS)
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("by", ["key", ["text", "key"], ["some", "x"]])
def test_sort(by: Any, table: tuple[Path, pd.DataFrame]) -> None:
    path, frame = table
    found = sf.read_parquet(path).sort_values(by).compute()
    pd.testing.assert_frame_equal(found, frame.sort_values(by, kind="stable"))


@pytest.mark.parametrize("how", ["inner", "left"])
def test_join(how: Any, table: tuple[Path, pd.DataFrame]) -> None:
    path, frame = table
    lazy = sf.read_parquet(path)
    columns = ["key", "x"]
    few = frame[columns].drop_duplicates("key")
    found = lazy.merge(lazy[columns].drop_duplicates("key"), on="key", how=how).compute()
    pd.testing.assert_frame_equal(found, frame.merge(few, on="key", how=how))


def test_the_result_of_many_groups_stays_in_parts(table: tuple[Path, pd.DataFrame]) -> None:
    kept = sf.read_parquet(table[0]).groupby("key").agg({"x": "sum"}).persist()
    assert kept.npartitions > 8
    executor: Any = current().executor
    sizes = [one.nbytes for one in executor.store.objects()]
    assert max(sizes) < BUDGET // 4
