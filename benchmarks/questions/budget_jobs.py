"""Jobs over data that are larger than their budget; each checks its answer in the store.

Results stay there, so mostly on disk: many times the budget would not fit into the driver.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import shframe as sf
import shframe.array as xp

ROW = 24  # bytes of a row of the table
SCHEMA = pa.schema([("key", "int64"), ("id", "int64"), ("x", "float64")])
STRIDE = 1_000_003  # a prime: multiples of it modulo the rows come in no order
GROUP = 1_000_000  # rows
Run = Callable[[], None]


def write_table(path: Path, rows: int) -> None:
    """A Parquet file in row groups of a million rows: key (rows / 4 values), id (all once), x."""
    random = np.random.default_rng(0)
    with pq.ParquetWriter(path, SCHEMA, compression="lz4") as file:
        for first in range(0, rows, GROUP):
            count = min(GROUP, rows - first)
            id = np.arange(first, first + count) * STRIDE % rows
            key = random.integers(0, rows // 4, count)
            file.write_table(pa.table({"key": key, "id": id, "x": id * 0.5}, SCHEMA))


def sort(folder: Path, rows: int) -> Run:
    """All rows ordered by id."""
    write_table(folder / "t", rows)

    def run() -> None:
        ordered = sf.read_parquet(folder / "t").sort_values("id").persist()
        ids = ordered.map_partitions(run_of_ids, meta=ENDS).compute()
        ids = ids[ids["count"] > 0]
        assert ids["count"].sum() == rows
        assert ids["rising"].all()
        assert (ids["first"].to_numpy()[1:] > ids["last"].to_numpy()[:-1]).all()
        assert ordered.x.sum().compute() == rows * (rows - 1) * 0.25

    return run


def run_of_ids(part: Any) -> Any:
    """One row that says whether the ids of a partition rise, from where to where."""
    ids = part["id"].to_numpy()
    ends = (ids[0], ids[-1]) if len(ids) else (0, 0)
    rising = bool((ids[1:] > ids[:-1]).all())
    return pd.DataFrame(
        {"count": [len(ids)], "first": [ends[0]], "last": [ends[1]], "rising": [rising]}
    )


ENDS = run_of_ids(pd.DataFrame({"id": [0]}))


def groupby(folder: Path, rows: int) -> Run:
    """Groups of about four rows."""
    write_table(folder / "t", rows)

    def run() -> None:
        groups = sf.read_parquet(folder / "t").groupby("key").agg({"x": "sum", "id": "count"})
        groups = groups.persist()
        assert groups["id"].sum().compute() == rows
        total = groups["x"].sum().compute()
        assert abs(total / (rows * (rows - 1) * 0.25) - 1) < 1e-9

    return run


def join(folder: Path, rows: int) -> Run:
    """Two tables of half the bytes each, one row of the second for each of the first."""
    write_table(folder / "a", rows // 2)
    write_table(folder / "b", rows // 2)

    def run() -> None:
        left, right = (sf.read_parquet(folder / name) for name in "ab")
        both = left.merge(right, on="id", suffixes=("", "_b")).persist()
        same = (both.x == both.x_b).sum()
        assert same.compute() == rows // 2
        assert both["id"].sum().compute() == (rows // 2) * (rows // 2 - 1) // 2

    return run


def matrix(rows: int) -> tuple[Any, int]:
    """A square matrix of about `rows` times 24 bytes, in blocks of rows, and its side.

    Its values tell where they are.
    """
    side = int((rows * ROW // 8) ** 0.5)
    column = xp.arange(side, dtype=xp.float64, chunks=max(1, side // 16))
    made = xp.expand_dims(column, axis=1) * side + xp.expand_dims(column, axis=0)
    return made.rechunk((max(1, side // 32), side)).persist(), side


def rechunk(folder: Path, rows: int) -> Run:
    """Blocks of rows become blocks of columns."""

    def run() -> None:
        made, side = matrix(rows)
        turned = made.rechunk((side, max(1, side // 32))).persist()
        del made
        sums = xp.sum(turned, axis=0).compute()
        expected = np.arange(side) * side + side * (side * (side - 1) // 2)
        np.testing.assert_allclose(sums, expected, rtol=1e-12)

    return run


def transpose(folder: Path, rows: int) -> Run:
    """x + x.T of a matrix that is kept."""

    def run() -> None:
        made, side = matrix(rows)
        both = (made + made.T).persist()
        del made
        sums = xp.sum(both, axis=0).compute()
        every = side * (side - 1) // 2
        np.testing.assert_allclose(sums, (side + 1) * (np.arange(side) * side + every))

    return run


JOBS = {"sort": sort, "groupby": groupby, "join": join, "rechunk": rechunk, "transpose": transpose}
