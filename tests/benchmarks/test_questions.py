"""Every question has one answer: of shframe, pandas, Polars and DuckDB, on small data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow.dataset as ds
import pytest

from shframe.benchmarks.answers import Digest, differences, digest
from shframe.benchmarks.datasets.db_benchmark import groupby_tables, join_tables
from shframe.benchmarks.datasets.events import events_table
from shframe.benchmarks.datasets.tpch import tpch_tables
from shframe.benchmarks.engines.table_engines import TABLE_ENGINES, find_question, tables_of

SUITES: dict[str, tuple[Callable[[], dict[str, Path]], int]] = {
    "groupby": (lambda: groupby_tables(20_000), 10),
    "join": (lambda: join_tables(20_000), 5),
    "events": (lambda: events_table(20_000), 5),
    "tpch": (lambda: tpch_tables(0.01), 22),
}
RIVALS = ("pandas", "polars", "duckdb")


@pytest.fixture(scope="module", autouse=True)
def polars_runtime(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The descriptors that Polars opens with its first scan and keeps."""
    path = tmp_path_factory.mktemp("polars") / "one.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(path)
    pl.scan_parquet(path).collect(engine="streaming")


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHFRAME_BENCH_DATA", str(tmp_path))
    monkeypatch.setenv("SHFRAME_BENCH_WORKERS", "2")


def answers(suite: str, engine: str, paths: dict[str, Path], count: int) -> list[Digest]:
    chosen = TABLE_ENGINES[engine]()
    chosen.open(paths, {}, in_memory=False)
    try:
        found = []
        for n in range(1, count + 1):
            question = find_question(suite, f"q{n}", TABLE_ENGINES[engine])
            assert question is not None, f"{suite} q{n} is not written for {engine}"
            found.append(digest(chosen.answer(question)))
        return found
    finally:
        chosen.close()


@pytest.mark.parametrize("suite", SUITES)
def test_engines_agree(suite: str) -> None:
    make, count = SUITES[suite]
    paths = make()
    check_columns(suite, count, paths)
    given = {engine: answers(suite, engine, paths, count) for engine in ("shframe", *RIVALS)}
    wrong = {
        f"q{n + 1} of {engine}": found
        for engine in RIVALS
        for n in range(count)
        if (found := differences(given["shframe"][n], given[engine][n]))
    }
    assert wrong == {}
    rows = [one["rows"] for one in given["shframe"]]
    assert (
        sum(count > 0 for count in rows) >= len(rows) - 2
    )  # few rows pass some of TPC-H's filters


def check_columns(suite: str, count: int, paths: dict[str, Path]) -> None:
    """The columns that a question names are those of its tables."""
    for n in range(1, count + 1):
        question = find_question(suite, f"q{n}", TABLE_ENGINES["pandas"])
        for table, columns in getattr(question, "columns", {}).items():
            assert table in tables_of(suite, f"q{n}")
            assert set(columns) <= set(ds.dataset(paths[table]).schema.names)
