"""What the Parquet readers alone take: no engine on one of them can answer sooner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shframe.benchmarks.datasets.db_benchmark import groupby_tables, join_tables
from shframe.benchmarks.datasets.tpch import tpch_tables
from shframe.benchmarks.engines.limits import threads
from shframe.benchmarks.engines.table_engines import columns_of, tables_of
from shframe.benchmarks.suites.case import Case

ROWS = 10**7  # of db-benchmark at scale 1
TABLES: dict[str, Callable[[float], dict[str, Path]]] = {
    "tpch": tpch_tables,
    "groupby": lambda scale: groupby_tables(int(scale * ROWS)),
    "join": lambda scale: join_tables(int(scale * ROWS)),
}
QUESTIONS = (
    *(f"tpch q{n}" for n in range(1, 23)),
    *(f"groupby q{n}" for n in range(1, 11)),
    *(f"join q{n}" for n in range(1, 6)),
)


class Decoding(Case):
    """The columns that a question needs, decoded and nothing else, on all cores."""

    size, quick_size, large_size = 1.0, 0.01, 10.0
    unit = "scale"
    params = (QUESTIONS, ["pyarrow", "polars"])

    def setup(self, question: str, engine: str) -> None:
        suite, name = question.split()
        paths = TABLES[suite](self.size)
        columns = columns_of(suite, name)
        self._wanted = {paths[table]: columns.get(table) for table in tables_of(suite, name)}
        self._read = {"pyarrow": _read_by_pyarrow, "polars": _read_by_polars}[engine]

    def time_answer(self, question: str, engine: str) -> Any:
        return {path.stem: rows for path, rows in self._read(self._wanted)}

    def compared(self, answer: Any) -> Any:
        return sum(answer.values())

    def files(self) -> list[Path]:
        return [file for path in self._wanted for file in _files_of(path)]


def _files_of(path: Path) -> list[Path]:
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def _read_by_pyarrow(wanted: dict[Path, list[str] | None]) -> Iterator[tuple[Path, int]]:
    """Row group by row group, as the tasks of a plan do it."""
    import pyarrow.parquet as pq

    from shframe.dataframe.sources.parquet_source import DICTIONARY_BYTES

    def read(piece: tuple[Path, int, list[str] | None]) -> int:
        file, group, columns = piece
        with pq.ParquetFile(file, memory_map=True, read_dictionary=few(file, group)) as opened:
            return int(opened.read_row_group(group, columns=columns, use_threads=False).num_rows)

    def few(file: Path, group: int) -> list[str]:
        """The columns that have few bytes a value: text of them is read as a dictionary."""
        chunks = pq.read_metadata(file).row_group(group)
        all_of = [chunks.column(n) for n in range(chunks.num_columns)]
        return [
            one.path_in_schema
            for one in all_of
            if one.physical_type == "BYTE_ARRAY"
            and one.total_compressed_size < DICTIONARY_BYTES * one.num_values
        ]

    with ThreadPoolExecutor(threads()) as pool:
        for path, columns in wanted.items():
            pieces = [
                (file, group, columns)
                for file in _files_of(path)
                for group in range(pq.read_metadata(file).num_row_groups)
            ]
            yield path, sum(pool.map(read, pieces))


def _read_by_polars(wanted: dict[Path, list[str] | None]) -> Iterator[tuple[Path, int]]:
    import polars as pl

    for path, columns in wanted.items():
        source = path / "*.parquet" if path.is_dir() else path
        yield path, pl.read_parquet(source, columns=columns).height
