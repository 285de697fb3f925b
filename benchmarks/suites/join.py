"""db-benchmark, join."""

from __future__ import annotations

from pathlib import Path

from shframe.benchmarks.datasets.db_benchmark import join_tables
from shframe.benchmarks.engines.table_engines import TABLE_ENGINES
from shframe.benchmarks.suites.tables import FROM, Tables


class Join(Tables):
    """db-benchmark join q1 to q5, from 8 Parquet files and from memory; all rows of the result."""

    kind = "join"
    size, quick_size, large_size = 10**7, 10**5, 10**8
    params = (FROM, [f"q{n}" for n in range(1, 6)], [*TABLE_ENGINES])

    def make_tables(self) -> dict[str, Path]:
        return join_tables(int(self.size))
