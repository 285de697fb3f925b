"""CSV, Parquet, and what is sorted of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from shframe.benchmarks.answers import as_table
from shframe.benchmarks.datasets.csv_file import csv_table
from shframe.benchmarks.datasets.db_benchmark import groupby_tables
from shframe.benchmarks.engines.table_engines import TABLE_ENGINES
from shframe.benchmarks.suites.tables import Tables

QUESTIONS = ["read_parquet", "read_csv", "group_csv", "filter_parquet", "nunique", "sort", "top"]


class Files(Tables):
    """Ten million rows read whole, filtered, sorted by two keys, from 8 Parquet files and a CSV."""

    kind = "files"
    size, quick_size, large_size = 10**7, 10**5, 10**8
    params = (QUESTIONS, [*TABLE_ENGINES])

    def make_tables(self) -> dict[str, Path]:
        return groupby_tables(int(self.size)) | csv_table(int(self.size))

    def setup(self, *chosen: Any) -> None:
        super().setup(*chosen)
        self._ordered = chosen[0] == "sort"

    def compared(self, answer: Any) -> Any:
        """Of what is sorted, the order too, but for rows with equal keys."""
        return _with_places(as_table(answer)) if self._ordered else answer


def _with_places(table: Any) -> Any:
    first, second = table["id6"].to_numpy(), table["v3"].to_numpy()
    same = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
    tied = np.append(same, False) | np.append(False, same)
    chosen = np.flatnonzero(~tied)
    return table.take(chosen).append_column("place", [chosen])
