"""How long it takes to plan fifty operations: `python -m shframe.benchmarks.planning`.

Planning is what happens between compute() and the first task: rules over the plan, then the task
graph. The time of a call that does nothing, 100,000 times, says how fast the machine is.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import timeit
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import shframe as sf

ROUNDS = 9
ROWS = 10_000


def write(folder: Path) -> None:
    """A file of ten row groups, and one that it is joined with."""
    rows = np.arange(ROWS)
    facts = {"a": rows, "b": rows % 7, "c": rows * 1.5, "k": rows % 100}
    facts["s"] = np.array(["x", "y", "z"])[rows % 3]
    pd.DataFrame(facts).to_parquet(folder / "facts.parquet", row_group_size=ROWS // 10)
    names = {"k": np.arange(100), "name": [f"n{n}" for n in range(100)], "g": np.arange(100) % 5}
    pd.DataFrame(names).to_parquet(folder / "names.parquet")


def fifty(folder: Path) -> Any:
    """Fifty operations: columns, filters, joins, groups, and the first rows of a sort."""
    df, names = sf.read_parquet(folder / "facts.parquet"), sf.read_parquet(folder / "names.parquet")
    for n in range(9):
        df = df.assign(**{f"x{n}": df.a * n + df.c})
        df = df[df[f"x{n}"] >= -n]
        df = df[df.b != n + 10]
    df = df.merge(names, on="k")
    for n in range(9):
        df = df.assign(**{f"y{n}": df.g + df[f"x{n}"]})
    df = df[df.g > 1][["s", "name", "a", "x1", "y1", "y2", "y3", "k"]]
    df = df.rename(columns={"name": "label"}).merge(names[["k", "g"]], on="k")
    for n in range(4):
        df = df[df.a > n]
    sums = df.groupby(["s", "label"], as_index=False).agg({"a": "sum", "y1": "mean"})
    return sums.sort_values("a").reset_index(drop=True).head(10)


def main() -> None:
    """Print the medians of planning and of its two halves, in milliseconds."""
    sf.init(executor="sync", workers=2)
    seconds = []
    with tempfile.TemporaryDirectory() as name:
        write(Path(name))
        fifty(Path(name)).compute()
        for _ in range(ROUNDS):
            lazy = fifty(Path(name))
            start = time.process_time()
            plan = lazy.planner.optimized(lazy.expr)
            between = time.process_time()
            lazy.planner.graph(plan)
            seconds.append((between - start, time.process_time() - between))
    sf.shutdown()
    rules, tasks = (1e3 * statistics.median(part) for part in zip(*seconds, strict=True))
    calls = 1e3 * min(timeit.repeat("f()", "f = lambda: None", number=100_000, repeat=5))
    print(f"rules {rules:.1f} ms, task graph {tasks:.1f} ms, together {rules + tasks:.1f} ms")
    print(f"100,000 calls of an empty function: {calls:.1f} ms (about 5 ms on a fast machine)")


if __name__ == "__main__":
    main()
