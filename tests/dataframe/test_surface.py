"""Which names of pandas and Dask there are: what is missing is listed, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pandas.api import typing as of_groups

import shframe as sf
from shframe.dataframe import DataFrame, Index, Series
from shframe.dataframe.groupby import DataFrameGroupBy, SeriesGroupBy

MISSING = {
    DataFrame: "attrs flags set_flags sparse",
    Series: """
        attrs flags from_arrow set_flags sparse
    """,
    Index: """
        T asof asof_locs delete diff get_indexer_for get_indexer_non_unique get_slice_bound groupby
        identical infer_objects is_ putmask ravel reindex shift slice_locs sortlevel
        to_flat_index transpose view
    """,
    DataFrameGroupBy: "boxplot corrwith keys level",
    SeriesGroupBy: "is_monotonic_decreasing is_monotonic_increasing keys level",
}
THEIRS = {
    DataFrame: pd.DataFrame,
    Series: pd.Series,
    Index: pd.Index,
    DataFrameGroupBy: of_groups.DataFrameGroupBy,
    SeriesGroupBy: of_groups.SeriesGroupBy,
}


@pytest.mark.parametrize("ours", MISSING, ids=lambda one: one.__name__)
def test_names_that_are_missing_are_listed(ours: Any) -> None:
    names = [name for name in dir(THEIRS[ours]) if not name.startswith("_")]
    missing = [name for name in names if name not in dir(ours)]
    known = MISSING[ours].split()
    print(f"{ours.__name__}: {len(names) - len(missing)} of {len(names)} names of pandas")
    assert set(missing) <= set(known), "a name of this pandas is missing"
    assert not [name for name in known if name in dir(ours)], "it is there: take it off the list"


def names_by_use() -> dict[tuple[str, str], list[str]]:
    """The names of surface.txt: by the object that has them, and how often programs use them."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in Path(__file__).with_name("surface.txt").read_text().splitlines():
        if line.startswith("["):
            of, often = line.strip("[]").split()
            names = found.setdefault((of, often), [])
        elif line and not line.startswith("#"):
            names += line.split()
    return found


NAMES = names_by_use()
RARE = "rarely"
# Names that are used often or sometimes, and are missing.
NOT_YET: dict[str, str] = {}


@pytest.fixture(scope="module")
def objects() -> dict[str, list[Any]]:
    """Objects of each kind: a name is there if one of them has it."""
    frame = pd.DataFrame({"k": [1, 2], "s": ["x", "y"], "c": pd.Categorical(["a", "b"])})
    frame["t"] = pd.date_range("2020-01-01", periods=2)
    frame["d"] = frame.t - frame.t[0]
    frame["p"] = frame.t.dt.to_period("D")
    frame["l"] = pd.Series([[1], [2]], dtype=pd.ArrowDtype(pa.list_(pa.int64())))
    frame["r"] = pd.Series([{"a": 1}] * 2, dtype=pd.ArrowDtype(pa.struct({"a": pa.int64()})))
    lazy = sf.from_pandas(frame, npartitions=1)
    columns = [lazy[one] for one in lazy.columns]
    labels = [lazy.set_index(one).index for one in ("k", "s", "c", "t")]
    return {
        "DataFrame": [lazy],
        "Series": columns,
        "Index": labels,
        "GroupBy": [lazy.groupby("k"), lazy.groupby("k").k],
        "Windows": [lazy[["k"]].rolling(1)],
        "str": [lazy.s.str],
        "dt": [lazy.t.dt, lazy.d.dt, lazy.p.dt],
        "cat": [lazy.c.cat],
        "shframe": [sf],
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of names that pandas will drop
@pytest.mark.parametrize("of", dict.fromkeys(of for of, _ in NAMES))
def test_names_that_programs_use(of: str, objects: dict[str, list[Any]]) -> None:
    for often in (one for kind, one in NAMES if kind == of):
        names = NAMES[of, often]
        missing = [one for one in names if not any(hasattr(x, one) for x in objects[of])]
        print(f"{of}, used {often}: {len(names) - len(missing)} of {len(names)} names")
        if often != RARE:
            known = [one for one in NOT_YET.get(of, "").split() if one in names]
            assert missing == known, f"{of}: missing names differ from those that are listed"


@pytest.mark.parametrize("ours", MISSING, ids=lambda one: one.__name__)
def test_methods_say_what_they_do(ours: Any) -> None:
    for name in dir(ours):
        found = getattr(ours, name, None)
        if not name.startswith("_") and callable(found) and found.__module__.startswith("shframe"):
            assert found.__doc__, f"{ours.__name__}.{name} has no docstring"
