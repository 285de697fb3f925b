"""Functions of the user's, in Python."""

from __future__ import annotations

from pathlib import Path

from shframe.benchmarks.datasets.db_benchmark import groupby_tables
from shframe.benchmarks.suites.tables import Tables

QUESTIONS = ["map_values", "apply_rows", "apply_groups", "map_partitions"]


class Functions(Tables):
    """A million rows in memory: a function of each value, row, group and partition."""

    kind = "functions"
    size, quick_size, large_size = 10**6, 10**4, 10**7
    params = (["memory"], QUESTIONS, ["shframe", "pandas", "dask"])

    def make_tables(self) -> dict[str, Path]:
        return groupby_tables(int(self.size))
