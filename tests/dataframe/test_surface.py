"""Which of pandas' names there are: those that are missing are listed, and nothing else is."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pandas.api import typing as of_groups

from shframe.dataframe import DataFrame, Index, Series
from shframe.dataframe.groupby import DataFrameGroupBy, SeriesGroupBy

MISSING = {
    DataFrame: "attrs flags select set_flags sparse",
    Series: """
        attrs filter flags from_arrow pop set_flags sparse
    """,
    Index: """
        T asof asof_locs delete diff get_indexer_for get_indexer_non_unique get_slice_bound groupby
        identical infer_objects is_ putmask ravel reindex shift slice_locs sortlevel
        to_flat_index transpose view
    """,
    DataFrameGroupBy: "boxplot corrwith hist keys level ndim ohlc plot take",
    SeriesGroupBy: "hist is_monotonic_decreasing is_monotonic_increasing keys level ndim plot take",
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


@pytest.mark.parametrize("ours", MISSING, ids=lambda one: one.__name__)
def test_methods_say_what_they_do(ours: Any) -> None:
    for name in dir(ours):
        found = getattr(ours, name, None)
        if not name.startswith("_") and callable(found) and found.__module__.startswith("shframe"):
            assert found.__doc__, f"{ours.__name__}.{name} has no docstring"
