"""A CSV file of numbers and strings: the group-by table of db-benchmark without its longest key."""

from __future__ import annotations

from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq

from shframe.benchmarks.datasets.db_benchmark import groupby_tables
from shframe.benchmarks.datasets.folder import make_once


def csv_table(rows: int) -> dict[str, Path]:
    """text: id1, id2, id4, id6, v1, v2, v3; about 35 bytes a row."""
    return {"text": make_once(f"csv_{rows}", lambda path: _write(path, rows)) / "table.csv"}


def _write(path: Path, rows: int) -> None:
    source = groupby_tables(rows)["x"]
    columns = ["id1", "id2", "id4", "id6", "v1", "v2", "v3"]
    options = pyarrow.csv.WriteOptions(quoting_style="none")
    schema = pq.read_schema(next(source.glob("*.parquet")))
    chosen = pyarrow.schema([schema.field(name) for name in columns])
    with pyarrow.csv.CSVWriter(path / "table.csv", chosen, write_options=options) as writer:
        for file in sorted(source.glob("*.parquet")):
            writer.write_table(pq.read_table(file, columns=columns))
