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
