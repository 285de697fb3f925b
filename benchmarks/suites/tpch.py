"""TPC-H."""

from __future__ import annotations

from pathlib import Path

from shframe.benchmarks.datasets.tpch import tpch_tables
from shframe.benchmarks.engines.table_engines import TABLE_ENGINES
from shframe.benchmarks.suites.tables import Tables


class TPCH(Tables):
    """TPC-H q1 to q22 from Parquet files, in pandas style, as SQL and on Polars' lazy frames."""

    kind = "tpch"
    size, quick_size, large_size = 1.0, 0.01, 10.0
    unit = "scale"
    params = ([f"q{n}" for n in range(1, 23)], [*TABLE_ENGINES])

    def make_tables(self) -> dict[str, Path]:
        return tpch_tables(self.size)
