"""A climate cube through xarray: `python -m shframe.benchmarks.climate [GB] [budget] [word]`.

Ten years of days of float64 on a grid are written as zarr; each program, or those with a word in
their names, reads them in a session with a budget (half the cube), and is computed once. What it
returns for two rows of latitudes is compared with xarray's own, in memory. Printed are seconds, the
largest memory of the driver and the workers together, with pages of memory files, but not of files
(runner/processes.py), and what was spilled.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import shframe as sf
from shframe.benchmarks.runner.processes import MemoryWatch

DAYS = 3653
ROWS = 16  # of latitudes, for each gigabyte that the cube has with the columns below
COLUMNS = 2140


def write(path: Path, gigabytes: float) -> None:
    """The cube, a year at a time."""
    rows = max(int(ROWS * gigabytes), 2)
    times = pd.date_range("2000-01-01", periods=DAYS)
    season = np.cos(2 * np.pi * (times.dayofyear.to_numpy() - 200) / 365.25)[:, None, None]
    degrees = np.linspace(-60, 60, rows)
    for first in range(0, DAYS, 365):
        here = slice(first, min(first + 365, DAYS))
        noise = np.random.default_rng(first).normal(size=(here.stop - first, rows, COLUMNS))
        values = 15 - 0.3 * np.abs(degrees)[:, None] + 10 * season[here] + 3 * noise
        part = xr.Dataset(
            {"tas": (("time", "lat", "lon"), values)},
            {"time": times[here], "lat": degrees, "lon": np.linspace(0, 360, COLUMNS, False)},
        )
        grid: Any = {"tas": {"chunks": (365, min(8, rows), COLUMNS)}}
        new: Any = {"mode": "w", "encoding": grid} if not first else {"append_dim": "time"}
        part.to_zarr(path, **new)


def without_trend(values: Any) -> Any:
    """Lines along the last axis less the straight line through them."""
    at = np.arange(values.shape[-1]) - (values.shape[-1] - 1) / 2
    slope = (values * at).sum(axis=-1, keepdims=True) / (at * at).sum()
    return values - values.mean(axis=-1, keepdims=True) - slope * at


def _apply(tas: Any) -> Any:
    """The deviation from the trend: lines of all days are in one block."""
    lines = tas.chunk(time=-1, lat=1) if tas.chunks else tas
    made = xr.apply_ufunc(
        without_trend,
        lines,
        input_core_dims=[["time"]],
        output_core_dims=[["time"]],
        dask="parallelized",
        output_dtypes=[tas.dtype],
    )
    return made.std("time")


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "mean of all days": lambda tas: tas.mean("time"),
    "groupby: mean of months": lambda tas: tas.groupby("time.month").mean(),
    "groupby: deviation of anomalies": lambda tas: (
        tas.groupby("time.month") - tas.groupby("time.month").mean()
    ).std("time"),
    "rolling: warmest 30 days": lambda tas: tas.rolling(time=30).mean().max("time"),
    "resample: means of months": lambda tas: tas.resample(time="MS").mean(),
    "apply_ufunc: without its trend": _apply,
    "interp: every 12 hours, mean": lambda tas: tas.interp(
        time=pd.date_range("2000-01-01", periods=2 * DAYS - 1, freq="12h")
    ).mean("time"),
}


def main() -> None:
    """Write the cube, and print a line for each program."""
    gigabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    budget = sys.argv[2] if len(sys.argv) > 2 else f"{int(gigabytes * 500)}MB"
    word = sys.argv[3] if len(sys.argv) > 3 else ""
    warnings.simplefilter("ignore")
    xr.set_options(chunk_manager="shframe")  # type: ignore[no-untyped-call]
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "cube.zarr"
        write(path, gigabytes)
        for title in (name for name in PROGRAMS if word in name):
            program = PROGRAMS[title]
            session = sf.init(memory=budget)
            tas = xr.open_zarr(path).tas
            watch = MemoryWatch(os.getpid())
            watch.start()
            start = time.monotonic()
            made = program(tas).compute()
            seconds = time.monotonic() - start
            watch.stop()
            watch.end()
            some = {"lat": slice(0, 2)}
            expected = program(xr.open_zarr(path, chunks=None).tas.isel(some).load())
            same = np.allclose(made.isel(some).transpose(*expected.dims), expected, equal_nan=True)
            wrong += not same
            spilled = session.executor.store.spilled_ever
            sf.shutdown()
            peak, whole, moved = (n / 1e6 for n in (watch.held, tas.nbytes, spilled))
            print(
                f"{title:34s}{seconds:7.1f} s, peak{peak:6.0f} MB of{whole:6.0f} MB,"
                f"{moved:6.0f} MB spilled: {'right' if same else 'WRONG'}",
                flush=True,
            )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
