"""Data four times as large as the budget: the time, and what memory they take."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from shframe.benchmarks.budget_jobs import JOBS, ROW, TIMES

CODE = 150 << 20  # bytes that a process may take for its code and its libraries


class Budget:
    """A job over data of four times the budget; the peak may be budget + 150 MB a process."""

    rows = (TIMES << 29) // ROW  # a budget of 512 MiB
    quick_rows = (TIMES << 27) // ROW
    param_names = ("job", "engine")
    params = ([*JOBS], ["shframe"])

    def setup(self, job: str, engine: str) -> None:
        self.told: dict[str, float] = {}

    def time_answer(self, job: str, engine: str) -> Any:
        """Run the job in a process of its own, which checks the answer, and keep what it told."""
        command = [sys.executable, "-m", "shframe.benchmarks.budget_jobs", job, str(self.rows)]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            raise RuntimeError(f"{job} ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
        self.told = json.loads(ended.stdout)

    def note(self) -> str:
        """What the newest round took, in MB."""
        mb = {name: value / 1e6 for name, value in self.told.items()}
        allowed = mb["budget"] + self.told["processes"] * CODE / 1e6
        return (
            f"job alone {self.told['seconds']:.1f} s; peak {mb['total']:.0f} of {allowed:.0f} MB "
            f"allowed: at most {mb['segments']:.0f} shared (budget {mb['budget']:.0f}) and "
            f"{mb['anon']:.0f} private ({mb['idle']:.0f} idle); files {mb['file']:.0f}"
        )
