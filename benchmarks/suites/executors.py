"""Our own jobs on our workers, and the same jobs by executor= on Dask.distributed and on Ray."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.benchmarks.engines.clusters import DaskCluster, Ray
from shframe.benchmarks.suites.case import Case

JOBS = ("group", "sort", "array sum", "array kept", "product", "python", "100 tasks")


class OnEngines(Case):
    """What is read from this machine's store was sent there in the warm-up round."""

    size = 4_000_000
    quick_size = 100_000
    params = (JOBS, ["shframe", "distributed", "ray"])

    def setup(self, job: str, engine: str) -> None:
        self.cluster: Any = {"distributed": DaskCluster, "ray": Ray}.get(engine, _Here)()
        self.executor = {"distributed": getattr(self.cluster, "client", None), "ray": "ray"}.get(
            engine
        )
        self.job = _made(job, self.size)

    def teardown(self, job: str, engine: str) -> None:
        self.cluster.close()

    def time_answer(self, job: str, engine: str) -> Any:
        return self.job().compute(executor=self.executor)


class _Here:
    """No cluster."""

    def close(self) -> None:
        """Nothing was started."""


def _made(job: str, rows: int) -> Callable[[], Any]:
    import numpy as np
    import pandas as pd

    import shframe as sf
    import shframe.array as xp

    rng = np.random.default_rng(0)
    if job in ("group", "sort", "python"):
        frame = pd.DataFrame({"k": rng.integers(0, 1000, rows), "v": rng.random(rows)})
        lazy = sf.from_pandas(frame, npartitions=8)
        if job == "group":
            return lambda: lazy[lazy.v > 0.5].groupby("k").agg({"v": "mean"})
        if job == "sort":
            return lambda: lazy.sort_values("v")
        few = sf.from_pandas(frame.iloc[: rows // 8], npartitions=8)
        return lambda: few.v.map(lambda v: int(v * 10) % 7).sum()
    if job == "product":
        side = int(rows**0.5)
        square = xp.from_array(rng.random((side, side)), chunks=side // 4)
        return lambda: square.T @ square
    if job == "100 tasks":
        many = xp.from_array(rng.random(100), chunks=1)
        return lambda: many.map_blocks(lambda block: block + 1, dtype="f8").sum()
    x = xp.from_array(rng.random(rows), chunks=rows // 16)
    if job == "array sum":
        return lambda: (xp.sin(x) ** 2 + xp.cos(x) ** 2).sum()
    return lambda: xp.sin(x) * 2 + x
