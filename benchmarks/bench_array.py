"""An elementwise chain and reductions on 100 million float64, beside NumPy and numexpr."""

from __future__ import annotations

from typing import Any

import numpy as np


class Elementwise:
    """sqrt(x * x + y * y) * 3 - x / 2: the result is a NumPy array in the driver."""

    rows = 100_000_000
    quick_rows = 1_000_000
    param_names = ("question", "engine")
    params = (["chain", "chain_sum", "sum"], ["shframe", "numpy"])

    def setup(self, question: str, engine: str) -> None:
        rng = np.random.default_rng(5)
        self.x, self.y = rng.random(self.rows), rng.random(self.rows)
        if engine == "shframe":
            import shframe.array as xp

            self.lazy = xp.from_array(self.x), xp.from_array(self.y)

    def time_answer(self, question: str, engine: str) -> Any:
        if engine == "numpy":
            return _asked(np, question, self.x, self.y)
        import shframe.array as xp

        return np.asarray(_asked(xp, question, *self.lazy).compute())


def _asked(xp: Any, question: str, x: Any, y: Any) -> Any:
    if question == "sum":
        return xp.sum(x)
    chain = xp.sqrt(x * x + y * y) * 3 - x / 2
    return xp.sum(chain) if question == "chain_sum" else chain


class Tile:
    """One block in one process, in tiles of several sizes: shframe/array/kernels/tiles.py: TILE."""

    rows = 4_000_000
    quick_rows = 1_000_000
    param_names = ("chain", "tile", "engine")
    params = (
        ["trigonometry", "length"],
        [4096, 8192, 16384, 32768, 65536, 131072],
        ["shframe", "numpy"],
    )

    def setup(self, chain: str, tile: int, engine: str) -> None:
        import shframe.array as xp
        from shframe.array.rules.fuse_elementwise import fuse_elementwise

        rng = np.random.default_rng(5)
        values = [rng.random(self.rows), rng.random(self.rows)]
        plan: Any = fuse_elementwise(_chain(xp, chain, xp.random.random(4), xp.ones(4)).expr)
        self.values = values
        self.operands = values[: len(plan.sources)]
        self.program = plan.program
        self.result = np.empty(self.rows)

    def time_answer(self, chain: str, tile: int, engine: str) -> Any:
        if engine == "numpy":
            return _chain(np, chain, *self.values)
        from shframe.array.kernels.tiles import run

        for _ in run(self.program, self.operands, (self.rows,), self.result, tile):
            pass
        return self.result


def _chain(xp: Any, chain: str, x: Any, y: Any) -> Any:
    if chain == "length":
        return xp.sqrt(x * x + y * y) + 1
    return xp.sin(x) ** 2 + xp.cos(x) ** 2 * 3 - x / 2
