"""xarray over our arrays: programs of a climate cube are lazy, and their values those in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from xarray.namedarray.parallelcompat import list_chunkmanagers

import shframe.array as xp

pytestmark = [
    pytest.mark.usefixtures("session"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Consolidated metadata"),
]


@pytest.fixture(scope="module")
def cube() -> xr.Dataset:
    """A year and a month of days on a coarse grid, with missing values."""
    rng = np.random.default_rng(0)
    shape = (400, 12, 18)
    warmth = rng.normal(15, 8, shape)
    warmth[rng.random(shape) < 0.05] = np.nan
    dims = ("time", "lat", "lon")
    return xr.Dataset(
        {"tas": (dims, warmth), "pr": (dims, rng.gamma(2, 1, shape).astype("f4"))},
        coords={
            "time": pd.date_range("2000-01-01", periods=400),
            "lat": np.linspace(-55, 55, 12),
            "lon": np.arange(18) * 20.0,
        },
    )


@pytest.fixture(scope="module")
def stored(cube: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cube") / "cube.zarr"
    grid = {"chunks": (100, 6, 18)}
    cube.to_zarr(path, encoding={"tas": grid, "pr": grid})
    return path


@pytest.fixture(autouse=True)
def ours() -> Iterator[None]:
    with xr.set_options(chunk_manager="shframe"):
        yield


def opened(path: Path) -> xr.Dataset:
    chunks = {"time": 100, "lat": 6}
    return xr.open_zarr(path, chunked_array_type="shframe", chunks=chunks)


def is_lazy(found: Any) -> bool:
    arrays = found.data_vars.values() if isinstance(found, xr.Dataset) else [found]
    return all(isinstance(each.data, xp.Array) for each in arrays)


Step = Callable[[Any], Any]
STEPS: dict[str, Step] = {
    "mean": lambda d: d.mean(),
    "mean of times": lambda d: d.mean("time"),
    "std": lambda d: d.std(("lat", "lon")),
    "var with ddof": lambda d: d.var("time", ddof=1),
    "sum": lambda d: d.sum("time", min_count=1),
    "max": lambda d: d.max(),
    "median": lambda d: d.median("time"),
    "quantile": lambda d: d.quantile([0.1, 0.9], dim="time"),
    "argmax": lambda d: d.tas.fillna(0).argmax("time"),
    "count": lambda d: d.count("time"),
    "climatology": lambda d: d.groupby("time.month").mean(),
    "anomalies": lambda d: d.groupby("time.month") - d.groupby("time.month").mean(),
    "deviation of seasons": lambda d: d.groupby("time.season").std(),
    "groups of latitudes": lambda d: d.groupby_bins("lat", [-90, 0, 90]).mean(),
    "map of groups": lambda d: d.tas.groupby("time.year").map(lambda x: x - x.mean("time")),
    "max of groups": lambda d: d.groupby("time.month").max(),
    "first of groups": lambda d: d.groupby("time.month").first(),
    "median of groups": lambda d: d.pr.groupby("time.month").median(),
    "quantile of groups": lambda d: d.pr.groupby("time.month").quantile(0.9),
    "rolling mean": lambda d: d.rolling(time=7, center=True).mean(),
    "rolling over two axes": lambda d: d.pr.rolling(lat=3, lon=3, min_periods=1).mean(),
    "rolling max": lambda d: d.pr.rolling(time=5).max(),
    "rolling deviation": lambda d: d.pr.rolling(time=5).std(),
    "windows": lambda d: d.pr.rolling(time=4).construct("w").mean("w"),
    "coarsen": lambda d: d.coarsen(lat=2, lon=3).mean(),
    "resampled mean": lambda d: d.resample(time="MS").mean(),
    "resampled max": lambda d: d.resample(time="10D").max(),
    "resampled sum": lambda d: d.resample(time="QS").sum(),
    "nearest": lambda d: d.sel(lat=10, method="nearest"),
    "a month": lambda d: d.sel(time="2000-03"),
    "labels": lambda d: d.sel(lon=[20, 100]),
    "isel": lambda d: d.isel(time=slice(None, None, 7), lat=-1),
    "where": lambda d: d.where(d.tas > 10),
    "where dropped": lambda d: d.where(d.lat > 0, drop=True),
    "fillna": lambda d: d.fillna(0),
    "count of missing": lambda d: d.tas.isnull().sum(),
    "apply_ufunc": lambda d: xr.apply_ufunc(
        lambda a: a**2, d.pr, dask="parallelized", output_dtypes=["f4"]
    ),
    "apply_ufunc of a core dimension": lambda d: xr.apply_ufunc(
        lambda a: np.nanmax(a, -1) - np.nanmin(a, -1),
        d.tas.chunk(time=-1),
        input_core_dims=[["time"]],
        dask="parallelized",
        output_dtypes=[float],
    ),
    "apply_ufunc of two": lambda d: xr.apply_ufunc(
        lambda a, b: (a * b).sum(-1),
        d.tas.fillna(0).chunk(time=-1),
        d.pr.chunk(time=-1),
        input_core_dims=[["time"], ["time"]],
        dask="parallelized",
        output_dtypes=[float],
    ),
    "apply_ufunc of lazy arrays": lambda d: xr.apply_ufunc(np.sqrt, d.pr, dask="allowed"),
    "a function of NumPy": lambda d: np.log1p(d.pr),
    "arithmetic": lambda d: (d.tas - 273.15) * 1.8 + d.pr.mean("lon"),
    "weighted": lambda d: d.weighted(np.cos(np.deg2rad(d.lat))).mean(("lat", "lon")),
    "correlation": lambda d: xr.corr(d.tas, d.pr, "time"),
    "covariance": lambda d: xr.cov(d.tas, d.pr, "time"),
    "dot": lambda d: xr.dot(d.tas.fillna(0), d.pr, dim="time"),
    "diff": lambda d: d.diff("time"),
    "shift": lambda d: d.shift(time=1),
    "roll": lambda d: d.roll(lon=3),
    "cumsum": lambda d: d.cumsum("time"),
    "cumprod": lambda d: (1 + d.pr / 1000).cumprod("time"),
    "integrate": lambda d: d.pr.integrate("lon"),
    "differentiate": lambda d: d.pr.differentiate("lat"),
    "polyfit": lambda d: d.pr.polyfit("time", 1),
    "concat": lambda d: xr.concat([d.isel(time=slice(0, 10)), d.isel(time=slice(10, 20))], "time"),
    "merge": lambda d: xr.merge([d.tas, d.pr]),
    "stack": lambda d: d.pr.stack(p=("lat", "lon")),
    "unstack": lambda d: d.pr.stack(p=("lat", "lon")).unstack("p"),
    "transpose": lambda d: d.transpose("lon", "lat", "time"),
    "expand_dims": lambda d: d.pr.expand_dims("m"),
    "sortby": lambda d: d.sortby("lat", ascending=False),
    "pad": lambda d: d.pr.pad(lat=1, mode="edge"),
    "pad with missing": lambda d: d.pr.pad(lon=(1, 2)),
    "clip": lambda d: d.clip(0, 10),
    "astype": lambda d: d.pr.astype("f8"),
    "round": lambda d: d.round(1),
    "to_array": lambda d: d.to_array().mean("variable"),
    "thin": lambda d: d.pr.thin(time=10),
    "reindex": lambda d: d.reindex(lat=[-55, 0, 55]),
    "align": lambda d: xr.align(d.tas, d.pr.isel(time=slice(0, 9)))[0],
    "months of times": lambda d: d.time.dt.month + d.pr.isel(lat=0, lon=0),
    "difference of times": lambda d: d.tas.isel(time=0) - d.tas.isel(time=-1),
    "chunk": lambda d: d.chunk(time=50, lat=3),
    "chunk auto": lambda d: d.chunk("auto"),
    "equals": lambda d: bool(d.pr.equals(d.pr)),
    "any": lambda d: (d.pr > 5).any("time"),
    "head": lambda d: d.head(time=2),
    "map": lambda d: d.map(lambda v: v * 2),
    "reduce": lambda d: d.pr.reduce(np.mean, dim="time"),
    "prod": lambda d: (d.pr / 5).prod("time"),
    "interpolated": lambda d: d.tas.interp(lat=[-20.0, 5.0, 30.0]),
    "interpolated points": lambda d: d.tas.interp(
        lat=xr.DataArray([0.0, 10], dims="p"), lon=xr.DataArray([5.0, 50], dims="p")
    ),
    "gaps filled along times": lambda d: d.tas.chunk(time=-1).interpolate_na("time"),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_program_of_a_cube(name: str, cube: xr.Dataset, stored: Path) -> None:
    step = STEPS[name]
    expected = step(cube)
    found = step(opened(stored))
    if not isinstance(expected, xr.Dataset | xr.DataArray):
        assert found == expected
        return
    assert is_lazy(found)
    made = found.compute()
    xr.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-5)  # some is of single precision
    if isinstance(expected, xr.DataArray):
        assert made.dtype == expected.dtype
    else:
        for key, one in expected.data_vars.items():
            assert made[key].dtype == one.dtype, key


def test_the_manager_is_found_by_its_entry_point() -> None:
    assert list_chunkmanagers()["shframe"].array_cls is xp.Array


def test_a_cube_in_memory_is_cut_and_written(cube: xr.Dataset, tmp_path: Path) -> None:
    lazy = cube.chunk(time=100)
    assert lazy.tas.chunks == ((100,) * 4, (12,), (18,))
    (lazy * 2).to_zarr(tmp_path / "now.zarr")
    later = (lazy * 2).to_zarr(tmp_path / "later.zarr", compute=False)
    later.compute(scheduler="sync")
    for name in ("now.zarr", "later.zarr"):
        back = xr.open_zarr(tmp_path / name, chunks=None)
        xr.testing.assert_allclose(back.compute(), cube * 2)


def test_persisted_data_stay_lazy(cube: xr.Dataset) -> None:
    kept = cube.chunk(time=100).persist()
    assert is_lazy(kept)
    xr.testing.assert_identical(kept.compute(), cube)


def test_a_running_result_fills_gaps() -> None:
    manager: Any = list_chunkmanagers()["shframe"]
    values = np.arange(12.0).reshape(3, 4)
    x = xp.from_array(values, chunks=2)
    how = {"func": np.cumsum, "binop": np.add, "ident": 0.0}
    for axis in (0, 1):
        found = manager.scan(arr=x, axis=axis, **how)
        np.testing.assert_array_equal(found.compute(), values.cumsum(axis=axis))
    np.testing.assert_array_equal(manager.scan(arr=x, **how).compute(), values.cumsum())
    groups = manager.shuffle(x, [[2, 0], [1]], 0, "auto")
    np.testing.assert_array_equal(groups.compute(), values[[2, 0, 1]])


def test_what_a_backend_reads_is_read_when_it_is_needed(stored: Path) -> None:
    lazy = opened(stored)
    part = lazy.tas.isel(time=slice(0, 3), lat=0)
    text = part.data.explain()
    assert "read_slices" in text
    assert part.compute().shape == (3, 18)
