"""The runner: engines interleaved round by round in one process, medians, ratios, peak memory.

The classes have the shape that asv runs too. A ratio is the peer's time over shframe's: above 1
shframe is faster. Peak memory is the store's meter over the whole process tree (private pages and
pages of segments), sampled in a further, untimed round, above the private pages and live objects
that were there before it: pages that the store keeps warm count for the round that uses them.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import itertools
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from shframe.benchmarks.peaks import measured, watched

MODULES = ("groupby", "join", "array", "tasks", "store", "start", "budget", "dask", "engines")
ROUNDS = 5
OWN = "shframe"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; prints tables."""
    parser = argparse.ArgumentParser(prog="shframe bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *MODULES], help="which; default: all")
    parser.add_argument("--quick", action="store_true", help="small data, two rounds")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--engines", default=None, help="comma-separated; default: all there")
    asked = parser.parse_args(arguments)
    engines = asked.engines.split(",") if asked.engines else None
    rounds = asked.rounds or (2 if asked.quick else ROUNDS)
    _print_machine()
    for name in asked.names or MODULES:
        module = importlib.import_module(f"shframe.benchmarks.bench_{name}")
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                if asked.quick:
                    value.rows = value.quick_rows  # type: ignore[attr-defined]
                _run_class(value, rounds, engines)
    import shframe as sf

    sf.shutdown()
    return 0


def _print_machine() -> None:
    import numpy
    import pandas
    import pyarrow

    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}, "
        f"numpy {numpy.__version__}, pandas {pandas.__version__}, pyarrow {pyarrow.__version__}"
    )


def _run_class(cls: Any, rounds: int, engines: list[str] | None) -> None:
    *outer, last = cls.params
    print(f"\n{cls.__name__}, {cls.rows:,} rows: {cls.__doc__.splitlines()[0]}")
    ratios: dict[str, list[float]] = {}
    for chosen in itertools.product(*outer):
        present = [e for e in last if _is_there(e) and (engines is None or e in engines)]
        times, peaks, notes = _measured(cls, chosen, present, rounds)
        base = OWN if OWN in times else present[0]
        for engine in present:
            ratio = times[engine] / times[base]
            ratios.setdefault(engine, []).append(ratio)
            label = " ".join([*map(str, chosen), engine])
            print(
                f"  {label:<28} {times[engine]:>9.4f} s  {ratio:>6.2f}x  "
                f"peak {peaks[engine] / 1e6:>8.1f} MB",
                flush=True,
            )
            if notes[engine]:
                print(f"    {notes[engine]}", flush=True)
    if outer:
        for engine, values in ratios.items():
            mean = math.exp(statistics.fmean(map(math.log, values)))
            print(f"  geometric mean {engine:<13} {mean:>6.2f}x")


def _is_there(engine: str) -> bool:
    rivals = ("polars", "duckdb", "dask", "distributed", "ray", "numexpr", "loky")
    package = engine.partition(" ")[0]  # "dask threads" is one of dask's schedulers
    return package not in rivals or importlib.util.find_spec(package) is not None


def _measured(
    cls: Any, chosen: tuple[Any, ...], engines: list[str], rounds: int
) -> tuple[dict[str, float], dict[str, int], dict[str, str]]:
    """Median seconds, peak bytes and note of each engine; the first round warms up."""
    cases = {engine: cls() for engine in engines}
    for engine, case in cases.items():
        case.setup(*chosen, engine)
    seconds: dict[str, list[float]] = {engine: [] for engine in engines}
    for turn in range(rounds + 1):
        for engine, case in cases.items():
            begin = time.perf_counter()
            answer = case.time_answer(*chosen, engine)
            spent = time.perf_counter() - begin
            del answer
            if turn:
                seconds[engine].append(spent * getattr(case, "scale", 1.0))
    peaks, notes = {}, {}
    for engine, case in cases.items():
        peaks[engine] = _peak(partial(case.time_answer, *chosen, engine))
        notes[engine] = getattr(case, "note", str)()
    for engine, case in cases.items():
        getattr(case, "teardown", lambda *_: None)(*chosen, engine)
    return {e: statistics.median(values) for e, values in seconds.items()}, peaks, notes


def _peak(call: Callable[[], Any]) -> int:
    """Bytes above the start, at most, by the store's meter."""
    from shframe import session

    session.current().put(None)  # releases what was dropped
    objects = session.current().executor.store.objects()
    start = measured().anon + sum(info.nbytes for info in objects)
    with watched() as peaks:
        call()
    return peaks.total - start
