"""The same questions of more rows, and on more workers."""

from __future__ import annotations

import os
from typing import Any

from shframe.benchmarks.engines.limits import threads
from shframe.benchmarks.suites.case import Case
from shframe.benchmarks.suites.files import Files
from shframe.benchmarks.suites.groupby import GroupBy
from shframe.benchmarks.suites.join import Join
from shframe.benchmarks.suites.tables import Tables

ASKED: dict[str, tuple[type[Tables], tuple[str, ...]]] = {
    "group few": (GroupBy, ("parquet", "q1")),
    "group many": (GroupBy, ("parquet", "q5")),
    "join": (Join, ("parquet", "q2")),
    "join large": (Join, ("parquet", "q5")),
    "sort": (Files, ("sort",)),
}
ENGINES = ["shframe", "pandas", "polars", "duckdb"]


class _Scaled(Case):
    """A question of another suite."""

    def _ask(self, question: str, size: int) -> None:
        kind, self._chosen = ASKED[question]
        self._inner = kind()
        self._inner.size = size

    def time_answer(self, *chosen: Any) -> Any:
        return self._inner.time_answer(*self._chosen, chosen[-1])

    def compared(self, answer: Any) -> Any:
        return self._inner.compared(answer)

    def teardown(self, *chosen: Any) -> None:
        self._inner.teardown(*self._chosen, chosen[-1])

    def files(self) -> Any:
        return self._inner.files()


class Rows(_Scaled):
    """1, 3, 10 and 30 times as many rows: linear, or n log n for what is sorted."""

    size, quick_size, large_size = 500_000, 10_000, 3_000_000
    params = ([1, 3, 10, 30], [*ASKED], ENGINES)

    def setup(self, times: int, question: str, engine: str) -> None:
        self._ask(question, self.size * times)
        self._inner.setup(*self._chosen, engine)


class Workers(_Scaled):
    """One worker or thread, and two, up to as many as there are processors."""

    size, quick_size, large_size = 5_000_000, 100_000, 100_000_000
    params = (
        sorted({1, *(2**n for n in range(1, 8) if 2**n < threads()), threads()}),
        [*ASKED],
        ["shframe", "polars", "duckdb"],
    )

    def setup(self, workers: int, question: str, engine: str) -> None:
        os.environ["SHFRAME_BENCH_WORKERS"] = str(workers)
        os.environ["POLARS_MAX_THREADS"] = str(workers)
        self._ask(question, self.size)
        self._inner.setup(*self._chosen, engine)
