"""Seeded data for the benchmarks, made on first use and kept in a cache folder.

The tables follow the db-benchmark definition (h2oai/db-benchmark, groupby and join, K = 100, no
missing values, unsorted): the same columns, cardinalities and distributions, from a seed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FILES = 8
K = 100


def folder() -> Path:
    """Where data are kept: SHFRAME_BENCH_DATA, or a folder in the user's cache."""
    named = os.environ.get("SHFRAME_BENCH_DATA")
    return Path(named) if named else Path.home() / ".cache" / "shframe" / "benchmarks"


def groupby_table(rows: int) -> Path:
    """Folder of 8 Parquet files: id1-id3 text, id4-id6 and v1, v2 int64, v3 float64."""
    return _kept(f"groupby_{rows}", lambda path: _write_groupby(path, rows))


def join_tables(rows: int) -> dict[str, Path]:
    """Folders of x (`rows`), small (rows / 1e6), medium (rows / 1e3), each of Parquet files."""
    sizes = {"x": rows, "small": max(rows // 10**6, 4), "medium": max(rows // 1000, 10)}

    def written(name: str) -> Callable[[Path], None]:
        return lambda path: _write_join(path, rows, name, sizes[name])

    return {name: _kept(f"join_{rows}_{name}", written(name)) for name in sizes}


def _kept(name: str, write: Callable[[Path], None]) -> Path:
    path = folder() / name
    if not (path / "done").exists():
        path.mkdir(parents=True, exist_ok=True)
        write(path)
        (path / "done").touch()
    return path / "data"


def _texts(codes: Any, form: str) -> Any:
    """'id001' and the like for each code, made once per distinct value."""
    values, places = np.unique(codes, return_inverse=True)
    words = pa.array([form % value for value in values.tolist()])
    return words.take(pa.array(places))


def _write_parts(path: Path, rows: int, make: Callable[[Any, int], dict[str, Any]]) -> None:
    files = FILES if rows >= FILES * 1000 else 1
    (path / "data").mkdir(exist_ok=True)
    edges = [rows * n // files for n in range(files + 1)]
    for n in range(files):
        made = make(np.random.default_rng([2013, n, rows]), edges[n + 1] - edges[n])
        pq.write_table(pa.table(made), path / "data" / f"part-{n}.parquet")


def _write_groupby(path: Path, rows: int) -> None:
    many = max(rows // K, 1)

    def make(rng: Any, count: int) -> dict[str, Any]:
        return {
            "id1": _texts(rng.integers(1, K + 1, count), "id%03d"),
            "id2": _texts(rng.integers(1, K + 1, count), "id%03d"),
            "id3": _texts(rng.integers(1, many + 1, count), "id%010d"),
            "id4": rng.integers(1, K + 1, count),
            "id5": rng.integers(1, K + 1, count),
            "id6": rng.integers(1, many + 1, count),
            "v1": rng.integers(1, 6, count),
            "v2": rng.integers(1, 16, count),
            "v3": np.round(rng.uniform(0, 100, count), 6),
        }

    _write_parts(path, rows, make)


def _keys(rows: int, size: int) -> tuple[Any, Any]:
    """Keys of one side pair: the left's and the right's, 90 % of them common."""
    rng = np.random.default_rng([7, rows, size])
    keys = rng.permutation(int(size * 1.1) + 1)[: int(size * 1.1)] + 1
    shared = int(size * 0.9)
    left = keys[:size]
    right = np.concatenate([keys[:shared], keys[size : size + size - shared]])
    return left, right


def _write_join(path: Path, rows: int, name: str, size: int) -> None:
    few, some = max(rows // 10**6, 4), max(rows // 1000, 10)
    left1, right1 = _keys(rows, few)
    left2, right2 = _keys(rows, some)

    def left(rng: Any, count: int) -> dict[str, Any]:
        id1, id2 = rng.choice(left1, count), rng.choice(left2, count)
        id3 = rng.integers(1, rows + 1, count)
        return {
            "id1": id1,
            "id2": id2,
            "id3": id3,
            "id4": _texts(id1, "id%d"),
            "id5": _texts(id2, "id%d"),
            "id6": _texts(id3, "id%d"),
            "v1": np.round(rng.uniform(0, 100, count), 6),
        }

    def small(rng: Any, count: int) -> dict[str, Any]:
        id1 = rng.permutation(right1)
        return {"id1": id1, "id4": _texts(id1, "id%d"), "v2": rng.uniform(0, 100, len(id1))}

    def medium(rng: Any, count: int) -> dict[str, Any]:
        id2 = rng.permutation(right2)
        count = len(id2)  # few keys are rounded to one more or less
        id1 = rng.choice(right1, count)
        return {
            "id1": id1,
            "id2": id2,
            "id4": _texts(id1, "id%d"),
            "id5": _texts(id2, "id%d"),
            "v2": np.round(rng.uniform(0, 100, count), 6),
        }

    makers = {"x": left, "small": small, "medium": medium}
    if name == "x":
        _write_parts(path, size, left)
        return
    (path / "data").mkdir(exist_ok=True)
    made = makers[name](np.random.default_rng([2014, rows]), size)
    pq.write_table(pa.table(made), path / "data" / "part-0.parquet")
