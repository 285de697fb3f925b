"""A table of events, larger than a budget: 64 bytes a row, in 40 Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shframe.benchmarks.datasets.folder import make_once

FILES = 40
ROW = 64  # bytes: eight columns of eight
KINDS, USERS, ITEMS = 12, 2_000_000, 100_000


def events_table(rows: int) -> dict[str, Path]:
    """events: time, id, user, item, kind and count int64, price and score float64."""
    return {"events": make_once(f"events_{rows}", lambda path: _write(path, rows))}


def _write(path: Path, rows: int) -> None:
    edges = [rows * n // FILES for n in range(FILES + 1)]
    for n in range(FILES):
        rng = np.random.default_rng([64, n, rows])
        table = pa.table(_make(rng, edges[n], edges[n + 1]))
        pq.write_table(table, path / f"part-{n:02}.parquet", row_group_size=1 << 20)


def _make(rng: Any, first: int, end: int) -> dict[str, Any]:
    count = end - first
    return {
        "time": np.sort(rng.integers(0, 10**9, count)) + first * 100,
        "id": np.arange(first, end),
        "user": rng.integers(0, USERS, count),
        "item": rng.integers(0, ITEMS, count),
        "kind": rng.integers(0, KINDS, count),
        "count": rng.integers(1, 100, count),
        "price": np.round(rng.uniform(0, 1000, count), 4),
        "score": rng.random(count),
    }
