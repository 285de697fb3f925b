"""db-benchmark, group-by."""

from __future__ import annotations

from pathlib import Path

from shframe.benchmarks.datasets.db_benchmark import groupby_tables
from shframe.benchmarks.engines.table_engines import TABLE_ENGINES
from shframe.benchmarks.suites.tables import FROM, Tables


class GroupBy(Tables):
    """db-benchmark group-by q1 to q10, from 8 Parquet files and from memory."""

    kind = "groupby"
    size, quick_size, large_size = 10**7, 10**5, 10**8
    params = (FROM, [f"q{n}" for n in range(1, 11)], [*TABLE_ENGINES])

    def make_tables(self) -> dict[str, Path]:
        return groupby_tables(int(self.size))
