"""Data of 4, 8 and 16 times the budget."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from shframe.benchmarks.datasets.events import ROW as EVENT
from shframe.benchmarks.datasets.events import events_table
from shframe.benchmarks.engines.limits import shframe_options, threads
from shframe.benchmarks.engines.table_engines import TABLE_ENGINES
from shframe.benchmarks.questions.budget_jobs import JOBS, ROW
from shframe.benchmarks.suites.case import Case
from shframe.benchmarks.suites.tables import Tables

BUDGETS = {"25%": 4, "12%": 8, "6%": 16}  # data over budget
CODE = 150 << 20  # bytes that a process may take for its code and its libraries


class Events(Tables):
    """100 million events, 6.4 GB; shframe and DuckDB have a budget, the others none."""

    kind = "events"
    size, quick_size = 100_000_000, 100_000
    params = (
        [*BUDGETS],
        [f"q{n}" for n in range(1, 6)],
        [name for name in TABLE_ENGINES if name != "pandas"],
    )

    def make_tables(self) -> dict[str, Path]:
        return events_table(int(self.size))

    def setup(self, *chosen: Any) -> None:
        self.budget = max(int(self.size) * EVENT // BUDGETS[chosen[0]], 64 << 20)
        os.environ["SHFRAME_BENCH_MEMORY"] = str(self.budget)
        super().setup(*chosen)

    def note(self) -> str:
        return _allowed(self.budget)


class Budget(Case):
    """Jobs over 2,147 MB, whose results are as large as the data, in the budget that is named."""

    size, quick_size = (4 << 29) // ROW, (4 << 27) // ROW
    params = ([*BUDGETS], [*JOBS], ["shframe"])
    rounds = 1

    def setup(self, budget: str, job: str, engine: str) -> None:
        import shframe as sf

        self._folder = Path(tempfile.mkdtemp(prefix="shframe-bench-"))
        self._run = JOBS[job](self._folder, self.size)
        self.budget = self.size * ROW // BUDGETS[budget]
        sf.init(**{**shframe_options(), "memory": self.budget})

    def time_answer(self, budget: str, job: str, engine: str) -> Any:
        self._run()

    def teardown(self, budget: str, job: str, engine: str) -> None:
        import shframe as sf

        sf.shutdown()
        shutil.rmtree(self._folder)

    def note(self) -> str:
        return _allowed(self.budget)


def _allowed(budget: int) -> str:
    """The budget, and what shframe's processes may take: driver, server, workers."""
    allowed = budget + (threads() + 2) * CODE
    return f"budget {budget / 1e6:,.0f} MB, allowed {allowed / 1e6:,.0f} MB without files"
