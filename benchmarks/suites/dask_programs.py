"""Programs of Dask's own collections: on our workers by sf.dask_get, and on Dask's schedulers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.benchmarks.engines.clusters import DaskCluster
from shframe.benchmarks.suites.case import Case

PROGRAMS = ("array sum", "array kept", "frame group", "frame python", "bag python", "500 tasks")


class DaskPrograms(Case):
    """The same program, built again each time, on each scheduler; all warm, with two workers."""

    size = 4_000_000
    quick_size = 100_000
    params = (PROGRAMS, ["shframe", "dask threads", "dask processes", "distributed"])

    def setup(self, program: str, engine: str) -> None:
        self.program = _made(program, self.size)
        self.close: Callable[[], None] = lambda: None
        self.how: dict[str, Any] = {"scheduler": "threads", "num_workers": 2}
        if engine == "shframe":
            import shframe as sf

            self.how = {"scheduler": sf.dask_get}
        elif engine == "dask processes":
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import get_context

            pool = ProcessPoolExecutor(2, get_context("spawn"))  # Dask would start one each time
            self.how, self.close = {"scheduler": "processes", "pool": pool}, pool.shutdown
        elif engine == "distributed":
            cluster = DaskCluster()
            self.how, self.close = {"scheduler": cluster.client}, cluster.close

    def teardown(self, program: str, engine: str) -> None:
        self.close()

    def time_answer(self, program: str, engine: str) -> Any:
        return self.program().compute(**self.how)


def _made(program: str, rows: int) -> Callable[[], Any]:
    import dask.array as da
    import dask.bag as db
    import dask.dataframe as dd
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    if program.startswith("array"):
        x = da.from_array(rng.random(rows), chunks=rows // 16)
        if program == "array sum":
            return lambda: (da.sin(x) ** 2 + da.cos(x) ** 2).sum()
        return lambda: da.sin(x) * 2 + x
    if program.startswith("frame"):
        frame = pd.DataFrame({"k": rng.integers(0, 1000, rows), "v": rng.random(rows)})
        lazy = dd.from_pandas(frame, npartitions=8)
        if program == "frame group":
            return lambda: lazy[lazy.v > 0.5].groupby("k").agg({"v": "mean"})
        few = dd.from_pandas(frame.iloc[: rows // 8], npartitions=8)
        return lambda: few.v.apply(_collatz, meta=("v", "int64")).sum()
    if program == "bag python":
        bag = db.from_sequence(range(rows // 20), npartitions=16)
        return lambda: bag.map(_collatz).filter(bool).sum()
    small = db.from_sequence(range(500), npartitions=500)
    return lambda: small.map(_collatz).sum()


def _collatz(value: float) -> int:
    """A little work in Python alone."""
    n, steps = int(value * 10) + 1, 0
    while n > 1 and steps < 20:
        n = 3 * n + 1 if n % 2 else n // 2
        steps += 1
    return steps
