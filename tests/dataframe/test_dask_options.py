"""Programs of Dask's: its options are accepted, with a meaning or without an effect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import shframe as sf
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.executor_choice import executor_of
from tests.dataframe.frames import same

pytestmark = pytest.mark.usefixtures("session")

FRAME = pd.DataFrame({"k": [1, 2, 1, 3, 2], "v": [1.0, 2.0, 3.0, 4.0, 5.0], "s": list("abcab")})
STEPS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sum": (lambda d: d.v.sum(split_every=4), lambda d: d.v.sum()),
    "nunique": (lambda d: d.s.nunique(split_every=2), lambda d: d.s.nunique()),
    "group sum": (
        lambda d: d.groupby("k").sum(split_out=2, split_every=8, shuffle_method="tasks"),
        lambda d: d.groupby("k").sum(),
    ),
    "group agg": (
        lambda d: d.groupby("k").agg({"v": ["sum", "max"]}, split_out=4),
        lambda d: d.groupby("k").agg({"v": ["sum", "max"]}),
    ),
    "group apply": (
        lambda d: d.groupby("k")[["v"]].apply(lambda x: x.v.max(), meta=("v", "f8")),
        lambda d: d.groupby("k")[["v"]].apply(lambda x: x.v.max()),
    ),
    "group transform": (
        lambda d: d.groupby("k").v.transform(lambda x: x - x.mean(), meta=("v", "f8")),
        lambda d: d.groupby("k").v.transform(lambda x: x - x.mean()),
    ),
    "apply": (
        lambda d: d.apply(lambda row: row.v * 2, axis=1, meta=("v", "f8")),
        lambda d: d.apply(lambda row: row.v * 2, axis=1),
    ),
    "map": (
        lambda d: d.s.map({"a": 1, "b": 2, "c": 3}, meta=("s", "i8")),
        lambda d: d.s.map({"a": 1, "b": 2, "c": 3}),
    ),
    "map_partitions": (
        lambda d: d.v.map_partitions(lambda part: part * 2, meta=("v", "f8")),
        lambda d: d.v * 2,
    ),
    "map_partitions of a frame": (
        lambda d: d.map_partitions(lambda part: part[["k", "v"]], meta={"k": "i8", "v": "f8"}),
        lambda d: d[["k", "v"]],
    ),
    "values of partitions": (
        lambda d: d.map_partitions(len),
        lambda d: pd.Series([len(d[: len(d) // 2]), len(d[len(d) // 2 :])], index=[0, 0]),
    ),
    "set_index": (lambda d: d.set_index("k", npartitions=2), lambda d: d.set_index("k")),
    "sort_values": (lambda d: d.sort_values("v", npartitions=2), lambda d: d.sort_values("v")),
    "drop_duplicates": (
        lambda d: d.drop_duplicates("k", split_out=2),
        lambda d: d.drop_duplicates("k"),
    ),
    "value_counts": (lambda d: d.s.value_counts(split_every=2), lambda d: d.s.value_counts()),
    "merge": (
        lambda d: d.merge(d, on="k", shuffle_method="p2p", broadcast=True),
        lambda d: d.merge(d, on="k"),
    ),
    "engine": (
        lambda d: d.groupby("k").mean(engine="cython", numeric_only=True),
        lambda d: d.groupby("k").mean(numeric_only=True),
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_options(name: str) -> None:
    work, plain = STEPS[name]
    same(work(sf.from_pandas(FRAME, npartitions=2)).compute(), plain(FRAME), inexact=True)


@pytest.mark.parametrize("scheduler", ["processes", "synchronous", "single-threaded"])
def test_schedulers(scheduler: str) -> None:
    lazy = sf.from_pandas(FRAME, npartitions=2)
    assert lazy.v.sum().compute(scheduler=scheduler) == 15.0
    same(lazy.compute(scheduler=scheduler), FRAME)
    assert executor_of(None, "threading") == "threads"


def test_engines(tmp_path: Path) -> None:
    lazy = sf.from_pandas(FRAME, npartitions=2)
    lazy.to_parquet(tmp_path / "t", engine="pyarrow", write_index=False, overwrite=True)
    made = sf.read_parquet(
        tmp_path / "t", engine="pyarrow", blocksize="64MB", split_row_groups=True
    )
    same(made.compute(), FRAME)
    with pytest.raises(InvalidArgument, match="engine must be one of"):
        sf.read_parquet(tmp_path / "t", engine="fastparquet")
    with pytest.raises(InvalidArgument, match="takes no anything="):
        sf.read_parquet(tmp_path / "t", anything=1)
    with pytest.raises(UnsupportedType, match="engine='numba'"):
        lazy.groupby("k").v.mean(engine="numba")
    with pytest.raises(InvalidArgument, match="pass executor= or scheduler="):
        lazy.compute(executor="sync", scheduler="threads")
