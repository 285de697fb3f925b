"""Groups whose values are at the edge of their types, against pandas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.dataframe import partition
from shframe.dataframe.kernels import table_rows
from shframe.dataframe.lower import groupby as lower_groupby
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "int64"])
@pytest.mark.parametrize("values", [[100, 27, 1], [100, 100, 1]])
def test_sums_of_small_integers_are_wide_only_where_they_must_be(
    session: Session, kind: str, values: list[int]
) -> None:
    frame = pd.DataFrame({"k": [1, 1, 2], "v": np.array(values, dtype=kind)})
    found = sf.from_pandas(frame, npartitions=3).groupby("k")["v"].sum().compute()
    pd.testing.assert_series_equal(found, frame.groupby("k")["v"].sum())


def test_infinities_of_two_partitions_do_not_vanish(session: Session) -> None:
    frame = pd.DataFrame({"k": ["a"] * 4 + ["b"], "v": [np.inf, -np.inf, 1.0, 2.0, 3.0]})
    for parts in (2, 4):
        found = sf.from_pandas(frame, npartitions=parts).groupby("k")["v"].sum().compute()
        assert found.isna().tolist() == [True, False]


def test_counts_of_masked_columns_are_masked(session: Session) -> None:
    frame = pd.DataFrame({"k": [1, 1, 2], "v": pd.array([1, None, 2], dtype="Int64")})
    found = sf.from_pandas(frame, npartitions=3).groupby("k")["v"].count().compute()
    pd.testing.assert_series_equal(found, frame.groupby("k")["v"].count())


@pytest.mark.parametrize("observed", [True, False])
def test_categories_of_parquet_files_are_kept(
    session: Session, tmp_path: Path, observed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shframe.dataframe.sources.parquet_source.LEAST_PARTITION", 1)
    kinds = pd.CategoricalDtype(["w", "x", "y"])
    for n, words in enumerate((["x", "y"], ["y", None, "y"])):
        frame = pd.DataFrame({"k": pd.Series(words, dtype=kinds), "v": range(len(words))})
        frame.to_parquet(tmp_path / f"{n}.parquet", row_group_size=1)
    lazy, whole = sf.read_parquet(tmp_path), pd.read_parquet(tmp_path)
    assert lazy.npartitions > 2
    pd.testing.assert_frame_equal(lazy.compute(), whole)
    for asked in ("sum", "min"):
        found = getattr(lazy.groupby("k", observed=observed), asked)().compute()
        wanted = getattr(whole.groupby("k", observed=observed), asked)()
        pd.testing.assert_frame_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
def test_keys_of_every_width_are_grouped_without_wrapping(
    session: Session, tmp_path: Path, dtype: str
) -> None:
    limits = np.iinfo(dtype)
    keys = np.array([limits.min, limits.min + 1, limits.max, limits.max - 1, 0] * 4, dtype=dtype)
    for chosen in (keys, keys[keys > limits.max // 2], keys[keys <= limits.max // 2]):
        frame = pd.DataFrame({"k": chosen, "v": np.arange(len(chosen))})
        for n in range(3):
            frame.iloc[n::3].to_parquet(tmp_path / f"{n}.parquet", index=False)
        lazy = sf.read_parquet(tmp_path)
        same(lazy.groupby("k").v.sum().compute(), frame.groupby("k").v.sum())


def test_many_groups_and_partitions_give_the_same_bits_twice(session: Session) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"k": rng.integers(0, 5000, 60_000), "v": rng.random(60_000)})
    lazy = sf.from_pandas(frame, npartitions=20)
    one = lazy.groupby("k").v.agg(["sum", "mean", "var"]).compute()
    two = lazy.groupby("k").v.agg(["sum", "mean", "var"]).compute()
    assert one.to_numpy().tobytes() == two.to_numpy().tobytes()
    expected = frame.groupby("k").v.agg(["sum", "mean", "var"])
    pd.testing.assert_frame_equal(one, expected, rtol=1e-9)


def test_a_key_that_is_missing_anywhere_is_a_float(session: Session) -> None:
    times = pd.to_datetime(pd.Series(["2020-01-01", None, "2021-01-01", "2020-05-01"]))
    frame = pd.DataFrame({"t": times, "v": [1.0, 2.0, 3.0, 4.0]})
    lazy = sf.from_pandas(frame, npartitions=4)
    found = lazy.groupby(lazy.t.dt.year).v.sum().compute()
    same(found, frame.groupby(frame.t.dt.year).v.sum())


@pytest.mark.parametrize("as_index", [True, False])
@pytest.mark.parametrize("how", ["sum", "mean", "var", "first", "median", "nunique"])
def test_a_frame_of_keys_alone_has_groups(session: Session, how: str, as_index: bool) -> None:
    frame = pd.DataFrame({"k": [1, 2, 1, 3, 2]})
    lazy = sf.from_pandas(frame, npartitions=3)
    found = getattr(lazy.groupby("k", as_index=as_index), how)().compute()
    same(found, getattr(frame.groupby("k", as_index=as_index), how)())


@pytest.mark.parametrize("npartitions", [1, 3])
@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("how", ["nunique", "median"])
def test_categories_without_rows_are_groups_of_large_partitions_too(
    session: Session, monkeypatch: pytest.MonkeyPatch, how: str, observed: bool, npartitions: int
) -> None:
    monkeypatch.setattr(lower_groupby, "AT_ONCE", 0)
    keys = pd.Categorical(["b", "a", "b"], categories=["a", "b", "never"])
    frame = pd.DataFrame({"k": keys, "v": [1, 2, 3]})
    lazy = sf.from_pandas(frame, npartitions=npartitions)
    found = getattr(lazy.groupby("k", observed=observed).v, how)().compute()
    same(found, getattr(frame.groupby("k", observed=observed).v, how)())


@FEW
@given(
    case=cases(),
    keys=st.sampled_from([["i"], ["f"], ["t", "i"], ["s", "f"], ["b", "i"], ["k"]]),
    as_index=st.booleans(),
    dropna=st.booleans(),
    sort=st.booleans(),
)
def test_rows_whose_keys_hardly_repeat_are_combined_as_they_are(
    session: Session, case: Case, keys: list[str], as_index: bool, dropna: bool, sort: bool
) -> None:
    how = {"as_index": as_index, "dropna": dropna, "sort": sort}
    outputs = {
        "total": ("f", "sum"),
        "mean": ("i", "mean"),
        "spread": ("f", "std"),
        "least": ("i", "min"),
        "first": ("s", "first"),
        "rows": ("i", "size"),
        "known": ("f", "count"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_rows, "LEAST_DRAWN", 1)
        patch.setattr(table_rows, "DRAWN", 2)  # of which one is drawn, or two that mostly differ
        made = case.lazy().groupby(keys, **how).agg(**outputs).compute(executor="sync")
    same(made, case.frame.groupby(keys, **how).agg(**outputs), inexact=True)


def test_rows_that_hardly_repeat_are_told_from_those_that_do() -> None:
    draw = np.random.default_rng(0)
    for groups, rare in ((100_000, False), (400_000, False), (2_000_000, True)):
        frame = pd.DataFrame({"k": draw.integers(0, groups, 1_000_000)})
        for rows in (frame, frame.sort_values("k")):
            table = partition.as_table(rows.reset_index(drop=True))
            assert table_rows.hardly_repeat(table, ["k"]) is rare


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
@pytest.mark.parametrize("sort", [True, False])
def test_filter_keeps_groups_of_which_a_key_is_missing(
    session: Session, order: list[int], sort: bool
) -> None:
    times = pd.to_datetime(["2020-02-29", None, "2020-02-29", None])
    frame = pd.DataFrame({"b": [False, False, True, True], "t": times, "i": [0, 1, 2, 0]})
    lazy = sf.from_pandas(frame.iloc[order], npartitions=2)
    groups = lazy.groupby(["b", "t"], sort=sort, dropna=False)
    assert sorted(groups.filter(lambda rows: rows.i.sum() > 0).compute().index) == [1, 2]
    assert sorted(groups["i"].filter(lambda values: values.sum() > 0).compute()) == [1, 2]


@pytest.mark.parametrize("columns", [None, ["v"], "v"])
@pytest.mark.parametrize("keys", ["k", ["k", "s"]])
def test_a_function_that_returns_none_for_every_group(
    session: Session, keys: str | list[str], columns: str | list[str] | None
) -> None:
    frame = pd.DataFrame({"k": [1, 2, 1], "s": ["a", "b", "a"], "v": [0.5, 1.0, 2.0]})
    made, expected = (
        groups.apply(lambda rows: None)
        if columns is None
        else groups[columns].apply(lambda v: None)
        for groups in (sf.from_pandas(frame, npartitions=2).groupby(keys), frame.groupby(keys))
    )
    same(made.compute(), expected)
