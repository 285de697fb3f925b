"""Which operations bring all rows into one task: those of one_task.txt, and no other.

Each runs on six partitions in worker processes; the traces of all that it runs are looked at.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
from shframe.dataframe import DataFrame, Index, Series
from shframe.dataframe.pandas_method import InMemory
from shframe.session import Session
from tests.dataframe.test_surface import NAMES, RARE

PARTITIONS = 6
ROWS = 6 * 2_000
COLUMN = 8 * ROWS // PARTITIONS  # bytes of one of its numbers
MOST = 2.5  # partitions that a task may have as input, with some room for labels

# Tasks that have handles on results of all partitions, and read a slice of each, or samples.
_SLICES = """
    aggregate_whole_range apply_marked call_marked call_on_target find_bounds find_cuts
    find_modes find_ranges gather_frame merge rank_range rank_rows restore take_from_ranges
    take_run
"""
SLICES = frozenset(_SLICES.split())
# What computes the whole object, gives no computation, or writes and reads files.
_NOT_DRIVEN = """
    T __getitem__ __iter__ array as_known as_unknown columns compute copy divisions dtype dtypes
    empty explain from_arrow from_dict from_records get groups has_duplicates hasnans indices
    inferred_type info insert is_monotonic_decreasing is_monotonic_increasing is_unique isetitem
    item items iterrows itertuples join keys known known_divisions list memory_usage name names
    nbytes ndim ngroups nlevels npartitions optimize ordered partitions persist plot pop shape
    size squeeze struct to_array to_bag to_csv to_dask_array to_delayed to_dict to_feather to_hdf
    to_html to_json to_list to_numpy to_orc to_parquet to_pickle to_records to_sql to_string
    to_xarray tolist transpose tz unit values visualize
"""
NOT_DRIVEN = frozenset(_NOT_DRIVEN.split())
OBJECTS = {
    "DataFrame": ("n", DataFrame),
    "Series": ("s", Series),
    "Index": ("x", Index),
    "GroupBy": ("g", None),
    "Windows": ("s.rolling(3)", None),
    "str": ("w.str", None),
    "dt": ("t.dt", None),
    "cat": ("c.cat", None),
    "shframe": ("sf", None),
}


def _frame() -> Any:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "k": rng.integers(0, 5, ROWS),
            "i": rng.permutation(ROWS),
            "f": rng.standard_normal(ROWS),
            "w": rng.choice(["a", "bab", "cc", "dada"], ROWS),
            "t": pd.date_range("2020-01-01", periods=ROWS, freq="7min"),
            "c": pd.Categorical(rng.choice(["x", "y", "z"], ROWS)),
        }
    )


def _updated(one: Any, other: Any) -> Any:
    one.update(other)
    return one


def names() -> dict[str, list[str]]:
    """The names that programs use, by their objects, but those that give computed objects."""
    found: dict[str, list[str]] = {}
    for (of, often), some in NAMES.items():
        cls = OBJECTS[of][1]
        for name in some if often != RARE else ():
            computed = isinstance(vars_of(cls).get(name), InMemory)
            if not computed and name not in NOT_DRIVEN and (of != "shframe" or name in CALLS[of]):
                found.setdefault(of, []).append(name)
    return found


def vars_of(cls: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in reversed(getattr(cls, "__mro__", ())):
        found.update(vars(one))
    return found


def read_calls() -> dict[str, dict[str, str]]:
    """The programs of programs.txt, by the object and the name."""
    found: dict[str, dict[str, str]] = {}
    of = ""
    for line in Path(__file__).with_name("programs.txt").read_text().splitlines():
        if line.startswith("["):
            of = line.strip("[]")
        elif line and not line.startswith("#"):
            some, _, program = line.partition(": ")
            found.setdefault(of, {}).update(dict.fromkeys(some.split(), program))
    return found


CALLS = read_calls()


def expression_of(of: str, name: str) -> str:
    """The program that calls a name."""
    known = CALLS[of].get(name)
    return known.replace("{}", name, 1) if known else f"{OBJECTS[of][0]}.{name}"


@pytest.fixture
def traces(session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The traces of all graphs that run, at calls too."""
    found: list[Any] = []
    run_in = type(session).run_in

    def noted(self: Any, trace: Any, *args: Any, **kwargs: Any) -> Any:
        found.append(trace)
        return run_in(self, trace, *args, **kwargs)

    monkeypatch.setattr(type(session), "run_in", noted)
    yield found
    found.clear()


def whole_in_a_task(traces: list[Any], nbytes: float) -> list[str]:
    """The calls that had more than two partitions of input.

    nbytes: of a partition. Of a call whose plan says that it gets all, a partition of one column.
    """
    found = []
    for trace in traces:
        all_of = {note.split()[0] for note in trace.notes if "in one task over all" in note}
        for span in trace.spans:
            calls = set(span.call.split("+"))
            least = COLUMN if calls & all_of else nbytes
            if span.bytes_in > MOST * least and not SLICES & calls:
                found.append(f"{span.call}: {span.bytes_in / nbytes:.1f} partitions")
    return found


def test_what_is_one_task_is_listed(session: Session, traces: list[Any]) -> None:
    frame = _frame()
    lazy = sf.from_pandas(frame, npartitions=PARTITIONS)
    d: Any = lazy
    nbytes = sum(part.nbytes for part in lazy.expr.parts) / PARTITIONS
    small = sf.from_pandas(pd.DataFrame({"k": range(5), "z": range(5)}), npartitions=1)
    found: dict[str, set[str]] = {}
    driven = 0
    for of, some in names().items():
        for name in some:
            known = {
                "d": d.copy(), "n": d[["k", "i", "f"]], "s": d.f, "w": d.w, "t": d.t, "c": d.c,
                "g": d.groupby("k")[["i", "f"]], "x": d.set_index("i").index, "sf": sf, "pd": pd,
                "np": np, "small": small, "updated": _updated,
            }  # fmt: skip
            traces.clear()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = eval(expression_of(of, name), known)
                made = made() if callable(made) and not hasattr(made, "compute") else made
                for one in made if isinstance(made, (tuple, list)) else [made]:
                    if hasattr(one, "compute"):
                        one.compute()
            driven += 1
            reasons = whole_in_a_task(traces, nbytes)
            if reasons:
                found.setdefault(of, set()).add(name)
                print(of, name, expression_of(of, name), "|", sorted(set(reasons))[:3])
    print(f"{driven} operations ran on {PARTITIONS} partitions")
    listed = SimpleNamespace(**_listed())
    assert {of: sorted(some) for of, some in found.items()} == vars(listed)


def _listed() -> dict[str, list[str]]:
    """The checked-in names, by their objects."""
    found: dict[str, list[str]] = {}
    of = ""
    for line in Path(__file__).with_name("one_task.txt").read_text().splitlines():
        if line.startswith("["):
            of = line.strip("[]")
        elif line and not line.startswith("#"):
            found.setdefault(of, []).extend(line.split())
    return {of: sorted(some) for of, some in found.items()}
