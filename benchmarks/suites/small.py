"""Small data, where what a call costs shows, and long plans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from shframe.benchmarks.suites.case import Case

CALLS = 20


def _chain(x: Any) -> Any:
    """Five operations."""
    kept = x[x["v"] > 0.2].assign(w=lambda d: d["v"] * 2)
    return kept.groupby("k").agg({"w": "sum"}).sort_values("w").head()


JOBS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda x, y: x["v"].sum(),
    "filter": lambda x, y: x[x["v"] > 0.5],
    "assign": lambda x, y: x.assign(w=x["v"] * 2 + x["k"]),
    "group": lambda x, y: x.groupby("k").agg({"v": "mean"}),
    "join": lambda x, y: x.merge(y, on="k"),
    "sort": lambda x, y: x.sort_values("v"),
    "head": lambda x, y: x.head(),
    "columns": lambda x, y: x[["v"]],
    "counts": lambda x, y: x["k"].value_counts(),
    "add": lambda x, y: x["v"] + 1,
    "chain": lambda x, y: _chain(x),
}


def _frames(rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(1)
    x = pd.DataFrame({"k": rng.integers(0, 20, rows), "v": rng.random(rows)})
    return x, pd.DataFrame({"k": np.arange(20), "z": np.arange(20) / 7})


class _InMemory(Case):
    """Frames in the driver's memory, or from there in shframe's store."""

    def setup(self, job: str, engine: str) -> None:
        self.frames: tuple[Any, Any] = _frames(self.size)
        if engine == "shframe":
            import shframe as sf

            self.frames = (sf.from_pandas(self.frames[0]), sf.from_pandas(self.frames[1]))

    def teardown(self, job: str, engine: str) -> None:
        if engine == "shframe":
            import shframe as sf

            sf.shutdown()


class Small(_InMemory):
    """One call on a thousand rows, of twenty in a row."""

    size, quick_size = 1000, 1000
    params = ([*JOBS], ["shframe", "pandas"])
    scale = 1 / CALLS

    def time_answer(self, job: str, engine: str) -> Any:
        for _ in range(CALLS):
            answer = JOBS[job](*self.frames)
            if hasattr(answer, "compute"):
                answer = answer.compute()
        return answer


class Planning(_InMemory):
    """A program of 50 operations on ten rows, written down and computed."""

    size, quick_size = 10, 10
    params = (["columns", "filters", "joins"], ["shframe", "pandas"])

    def time_answer(self, job: str, engine: str) -> Any:
        x, y = self.frames
        for n in range(25):
            if job == "columns":
                x = x.assign(**{f"c{n}": x["v"] + n})
                x = x.rename(columns={f"c{n}": f"d{n}"})
            elif job == "filters":
                x = x[x["v"] >= 0]
                x = x.assign(v=x["v"] * 1.0)
            else:
                x = x.merge(y.rename(columns={"z": f"z{n}"}), on="k")
        return x.compute() if hasattr(x, "compute") else x
