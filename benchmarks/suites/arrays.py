"""Arrays of 100 million float64, beside NumPy, numexpr, numba and Dask's threads."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from shframe.benchmarks.engines.limits import shframe_options, threads
from shframe.benchmarks.questions import arrays as questions
from shframe.benchmarks.questions import arrays_numba
from shframe.benchmarks.suites.case import Case

QUESTIONS = [
    name for name, one in vars(questions).items() if inspect.isfunction(one) and name[0] != "_"
]
COLUMNS = 1000
BLOCKS = 10_000
TALL = 50
NOT_IN_DASK = {"in_order"}
NUMEXPR = {
    "chain": "sqrt(x * x + y * y) * 3 - x / 2",
    "chain_sum": "sum(sqrt(x * x + y * y) * 3 - x / 2)",
}


class Arrays(Case):
    """Elementwise work, reductions and products; the result is a NumPy array in the driver."""

    size, quick_size, large_size = 100_000_000, 1_000_000, 1_000_000_000
    unit = "float64"
    params = (QUESTIONS, ["shframe", "numpy", "numexpr", "numba", "dask"])

    @classmethod
    def can_ask(cls, question: tuple[str, ...], engine: str) -> bool:
        if engine == "numexpr":
            return question[0] in NUMEXPR
        if engine == "numba":
            return hasattr(arrays_numba, question[0])
        return engine != "dask" or question[0] not in NOT_IN_DASK

    def setup(self, question: str, engine: str) -> None:
        rng = np.random.default_rng(5)
        self._function = getattr(questions, question)
        names = list(inspect.signature(self._function).parameters)[1:]
        arrays = {name: rng.random(self.size) for name in names if name != "i"}
        if "t" in arrays:
            arrays["t"] = arrays["t"][: self.size // 10].reshape(-1, TALL)
        if "m" in arrays:
            arrays["m"] = arrays["m"].reshape(-1, COLUMNS)
        if "s" in arrays:
            side = math.isqrt(self.size)
            arrays["s"] = arrays["s"][: side * side].reshape(side, side)
        self.arrays: dict[str, Any] = arrays
        self.indices = {}
        if "i" in names:
            self.indices["i"] = rng.integers(0, self.size, self.size // 10)
        if engine == "shframe":
            import shframe as sf
            import shframe.array as xp

            sf.init(**shframe_options())
            self.arrays = self._in_blocks(xp)
        elif engine == "dask":
            import dask
            import dask.array as da

            dask.config.set(scheduler="threads", num_workers=threads())
            self.arrays = self._in_blocks(da)
        elif engine == "numexpr":
            import numexpr

            numexpr.set_num_threads(threads())
        elif engine == "numba":
            import numba

            numba.set_num_threads(threads())
            self._compiled = numba.njit(parallel=True)(getattr(arrays_numba, question))

    def _in_blocks(self, xp: Any) -> dict[str, Any]:
        """The arrays as the library cuts them, `c` in many blocks."""
        grids = {"c": -(-self.size // BLOCKS)}
        return {n: xp.from_array(a, chunks=grids.get(n, "auto")) for n, a in self.arrays.items()}

    def time_answer(self, question: str, engine: str) -> Any:
        if engine == "numpy":
            return self._function(np, **self.arrays, **self.indices)
        if engine == "numexpr":
            import numexpr

            return numexpr.evaluate(NUMEXPR[question], self.arrays)
        if engine == "numba":
            return self._compiled(**self.arrays)
        if engine == "dask":
            import dask.array as da

            return self._function(da, **self.arrays, **self.indices).compute()
        import shframe.array as xp

        return np.asarray(self._function(xp, **self.arrays, **self.indices).compute())

    def teardown(self, question: str, engine: str) -> None:
        self.arrays = {}
        if engine == "shframe":
            import shframe as sf

            sf.shutdown()


class Tile(Case):
    """One block in one process, in tiles of several sizes: shframe/array/kernels/tiles.py: TILE."""

    size = 4_000_000
    quick_size = 1_000_000
    params = (
        ["trigonometry", "length"],
        [4096, 8192, 16384, 32768, 65536, 131072],
        ["shframe", "numpy"],
    )

    def setup(self, chain: str, tile: int, engine: str) -> None:
        import shframe.array as xp
        from shframe.array.rules.fuse_elementwise import fuse_elementwise

        rng = np.random.default_rng(5)
        values = [rng.random(self.size), rng.random(self.size)]
        plan: Any = fuse_elementwise(_chain(xp, chain, xp.random.random(4), xp.ones(4)).expr)
        self.values = values
        self.operands = values[: len(plan.sources)]
        self.program = plan.program
        self.result = np.empty(self.size)

    def time_answer(self, chain: str, tile: int, engine: str) -> Any:
        if engine == "numpy":
            return _chain(np, chain, *self.values)
        from shframe.array.kernels.tiles import run

        for _ in run(self.program, self.operands, (self.size,), self.result, tile):
            pass
        return self.result


def _chain(xp: Any, chain: str, x: Any, y: Any) -> Any:
    if chain == "length":
        return xp.sqrt(x * x + y * y) + 1
    return xp.sin(x) ** 2 + xp.cos(x) ** 2 * 3 - x / 2
