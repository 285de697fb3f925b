"""The tables of db-benchmark, group-by and join, from a seed.

Columns, types, cardinalities and distributions are those of its generators (h2oai/db-benchmark,
_data/groupby-datagen.R and join-datagen.R, with K = 100, no missing values, unsorted).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shframe.benchmarks.datasets.folder import make_once

FILES = 8
K = 100

Columns = dict[str, Any]
Make = Callable[[slice, Any], Columns]


def groupby_tables(rows: int) -> dict[str, Path]:
    """x: id1 to id3 strings, id4 to id6, v1 and v2 int32, v3 float64; 8 Parquet files."""
    return {"x": make_once(f"groupby_{rows}", lambda path: _write_groupby(path, rows))}


def join_tables(rows: int) -> dict[str, Path]:
    """x and big (`rows` each), medium (rows / 1e3) and small (rows / 1e6), of Parquet files."""
    path = make_once(f"join_{rows}", lambda path: _write_join(path, rows))
    return {name: path / name for name in ("x", "small", "medium", "big")}


def _write_groupby(path: Path, rows: int) -> None:
    many = max(rows // K, 1)

    def make(part: slice, rng: Any) -> Columns:
        count = part.stop - part.start
        return {
            "id1": _spell(rng.integers(1, K + 1, count), 3),
            "id2": _spell(rng.integers(1, K + 1, count), 3),
            "id3": _spell(rng.integers(1, many + 1, count), 10),
            "id4": rng.integers(1, K + 1, count, dtype=np.int32),
            "id5": rng.integers(1, K + 1, count, dtype=np.int32),
            "id6": rng.integers(1, many + 1, count, dtype=np.int32),
            "v1": rng.integers(1, 6, count, dtype=np.int32),
            "v2": rng.integers(1, 16, count, dtype=np.int32),
            "v3": np.round(rng.uniform(0, 100, count), 6),
        }

    _write_files(path, rows, make)


def _write_join(path: Path, rows: int) -> None:
    sizes = (max(rows // 10**6, 4), max(rows // 1000, 10), rows)
    keys = [_split_keys(size, np.random.default_rng([7, rows, size])) for size in sizes]
    left, right = zip(*keys, strict=True)

    def keyed(ids: dict[str, Any], value: str, rng: Any) -> Columns:
        texts = {f"id{int(name[2]) + 3}": _spell(codes, 0) for name, codes in ids.items()}
        count = len(next(iter(ids.values())))
        return {**ids, **texts, value: np.round(rng.uniform(0, 100, count), 6)}

    def x(part: slice, rng: Any) -> Columns:
        few, some = (rng.choice(left[n], part.stop - part.start) for n in (0, 1))
        return keyed({"id1": few, "id2": some, "id3": left[2][part]}, "v1", rng)

    def small(part: slice, rng: Any) -> Columns:
        return keyed({"id1": right[0][part]}, "v2", rng)

    def medium(part: slice, rng: Any) -> Columns:
        some = right[1][part]
        return keyed({"id1": rng.choice(right[0], len(some)), "id2": some}, "v2", rng)

    def big(part: slice, rng: Any) -> Columns:
        few, some = (rng.choice(right[n], part.stop - part.start) for n in (0, 1))
        return keyed({"id1": few, "id2": some, "id3": right[2][part]}, "v2", rng)

    for make, size in ((x, rows), (small, sizes[0]), (medium, sizes[1]), (big, rows)):
        (path / make.__name__).mkdir()
        _write_files(path / make.__name__, size, make)


def _split_keys(size: int, rng: Any) -> tuple[Any, Any]:
    """Keys of the left and of the right side, in any order: `size` each, 90 % of them common."""
    shared = size * 9 // 10
    keys = rng.permutation(2 * size - shared).astype(np.int32) + 1
    return rng.permutation(keys[:size]), rng.permutation(
        np.concatenate([keys[:shared], keys[size:]])
    )


def _spell(codes: Any, digits: int) -> Any:
    """'id001' and the like for each code."""
    texts = pc.cast(pa.array(codes), pa.string())
    return pc.binary_join_element_wise("id", pc.utf8_lpad(texts, digits, "0"), "")


def _write_files(path: Path, rows: int, make: Make) -> None:
    files = FILES if rows >= FILES * 1000 else 1
    edges = [rows * n // files for n in range(files + 1)]
    for n in range(files):
        rng = np.random.default_rng([2013, n, rows])
        columns = make(slice(edges[n], edges[n + 1]), rng)
        pq.write_table(pa.table(columns), path / f"part-{n}.parquet")
