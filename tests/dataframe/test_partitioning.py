"""Rows moved between partitions, split by chance, and functions over partitions and neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import InvalidArgument, UnsupportedType
from tests.dataframe.frames import FEW, Case, cases, same

pytestmark = pytest.mark.usefixtures("session")


def ordered(rows: Any) -> Any:
    """The rows in an order that only depends on what they hold."""
    frame = rows.reset_index()
    return frame.sort_values(list(frame.columns), ignore_index=True)


KEYS = ["k", "f", "s", "t", "c", ["k", "s"], ["b", "t"], None]


@FEW
@given(cases(), st.sampled_from(KEYS), st.sampled_from([None, 1, 4]))
def test_shuffle_brings_equal_keys_together(case: Case, on: Any, count: int | None) -> None:
    moved = case.lazy().shuffle(on, npartitions=count)
    same(ordered(moved.compute()), ordered(case.frame))
    keys = list(case.frame.columns) if on is None else [on] if isinstance(on, str) else on
    parts = [part.compute()[keys].drop_duplicates() for part in moved.partitions]
    assert count is None or len(parts) == count
    apart = pd.concat(parts)
    assert not apart.duplicated().any(), "a key is in two partitions"


@FEW
@given(cases())
def test_shuffle_by_labels_and_of_series(case: Case) -> None:
    lazy = case.lazy()
    same(ordered(lazy.shuffle(on_index=True).compute()), ordered(case.frame))
    same(ordered(lazy.s.shuffle().compute()), ordered(case.frame.s))
    numbered = lazy.shuffle("k", ignore_index=True).compute()
    assert list(numbered.index) == list(range(len(case.frame)))


@FEW
@given(cases(), st.integers(0, 9))
def test_random_split_is_a_partition_of_the_rows(case: Case, seed: int) -> None:
    parts = case.lazy().random_split([0.5, 0.2, 0.3], random_state=seed)
    same(ordered(pd.concat([part.compute() for part in parts])), ordered(case.frame))
    other = sf.from_pandas(case.frame, npartitions=5).random_split([0.5, 0.2, 0.3], seed)
    for one, two in zip(parts, other, strict=True):
        assert one.compute().index.equals(two.compute().index), "depends on the partitions"


def test_random_split_has_about_the_fractions() -> None:
    rows = sf.from_pandas(pd.Series(range(20_000)), npartitions=4)
    sizes = [len(one) for one in rows.random_split([0.1, 0.9], random_state=0, shuffle=True)]
    assert sum(sizes) == 20_000
    assert abs(sizes[0] - 2_000) < 200
    with pytest.raises(InvalidArgument, match="frac should sum to 1"):
        rows.random_split([0.5, 0.1])


@FEW
@given(cases(), st.integers(0, 5), st.integers(0, 5))
def test_map_overlap_sees_neighbours(case: Case, before: int, after: int) -> None:
    def spread(rows: Any) -> Any:
        return rows.shift(before) - rows.shift(-after)

    columns = ["i", "f"]
    lazy = case.lazy()[columns]
    if not len(case.frame):
        return
    same(lazy.map_overlap(spread, before, after).compute(), spread(case.frame[columns]))
    rolled = lazy.f.map_overlap(lambda x, n: x.rolling(n).max(), before, 0, before + 1)
    same(rolled.compute(), case.frame.f.rolling(before + 1).max())


def test_map_overlap_of_a_time() -> None:
    times = pd.date_range("2020-01-01", periods=20, freq="h")
    frame = pd.DataFrame({"v": np.arange(20.0) ** 2}, index=times)
    frame.index.freq = None  # type: ignore[attr-defined]  # the stubs lack it
    lazy = sf.from_pandas(frame, npartitions=6)
    made = lazy.map_overlap(lambda x: x.rolling("5h").sum(), pd.Timedelta("5h"), 0)
    same(made.compute(), frame.rolling("5h").sum())
    with pytest.raises(TypeError, match="must be one of times"):
        lazy.reset_index(drop=True).map_overlap(lambda x: x, "5h", 0)
    with pytest.raises(InvalidArgument, match="non-negative"):
        lazy.map_overlap(lambda x: x, -1, 0)
    with pytest.raises(InvalidArgument, match="a row for each of"):
        lazy.map_overlap(lambda x: x.head(1), 2, 0).compute()


@FEW
@given(cases())
def test_reduction(case: Case) -> None:
    def find(rows: Any) -> Any:
        return pd.DataFrame({"count": rows.count(), "sum": rows.sum()})

    lazy = case.lazy()
    numbers = lazy[["k", "i"]]
    made = numbers.reduction(find, aggregate=lambda x: x.groupby(level=0).sum()).compute()
    same(made, find(case.frame[["k", "i"]]).sort_index())
    assert lazy.i.reduction(np.sum, chunk_kwargs={}).compute() == case.frame.i.sum()
    total = numbers.reduction(lambda x, by: x.sum() * by, lambda x, by: x.sum(), by=2)
    assert total.compute().tolist() == (case.frame[["k", "i"]].sum() * 2).tolist()


@FEW
@given(cases())
def test_partitions_as_delayed_values_and_blocks(case: Case) -> None:
    if not len(case.frame):
        return
    lazy = case.lazy()
    same(pd.concat(sf.compute(*lazy.to_delayed())), case.frame)
    blocks = lazy[["i", "f"]].to_dask_array()
    np.testing.assert_array_equal(blocks.compute(), case.frame[["i", "f"]].to_numpy())
    again = sf.from_dask_array(blocks, columns=["i", "f"], index=lazy.index)
    same(again.compute(), case.frame[["i", "f"]].astype("float64"))
    with pytest.raises(UnsupportedType, match="no bags"):
        lazy.to_bag()


def test_repartition_by_size() -> None:
    rows = sf.from_pandas(pd.Series(np.arange(1000)), npartitions=1)
    assert rows.repartition(partition_size="1KB").npartitions == 9
    assert sf.repartition(rows, npartitions=3).npartitions == 3
    for wrong in ({"divisions": (0, 5)}, {"freq": "D"}):
        with pytest.raises(UnsupportedType, match="no known bounds"):
            rows.repartition(**wrong)
    with pytest.raises(InvalidArgument, match="partition_size must be like"):
        rows.repartition(partition_size="3 apples")
    with pytest.raises(InvalidArgument, match="needs one of"):
        rows.repartition()


MEAN = sf.Aggregation(
    "mean",
    chunk=lambda groups: (groups.count(), groups.sum()),
    agg=lambda counts, sums: (counts.sum(), sums.sum()),
    finalize=lambda count, total: total / count,
)
SPAN = sf.Aggregation(
    "span", lambda g: (g.min(), g.max()), lambda a, b: (a.min(), b.max()), np.subtract
)
WORDS = sf.Aggregation(
    "words",
    chunk=lambda groups: groups.apply(lambda x: set(x.dropna())),
    agg=lambda groups: groups.agg(lambda sets: set().union(*sets)),
    finalize=lambda sets: sets.map(len).astype("int64"),
)


@FEW
@given(cases(), st.sampled_from(["k", "s", ["k", "s"], "c", "t"]), st.booleans(), st.booleans())
def test_own_aggregations(case: Case, by: Any, sort: bool, dropna: bool) -> None:
    if not len(case.frame):
        return
    how = {"sort": sort, "dropna": dropna}
    lazy, groups = case.lazy().groupby(by, **how), case.frame.groupby(by, **how, observed=True)
    same(lazy.i.agg(MEAN).compute(), groups.i.mean(), inexact=True)
    made = lazy.agg({"i": [MEAN, SPAN], "f": MEAN}).compute()
    assert list(made.columns) == [("i", "mean"), ("i", "span"), ("f", "mean")]
    same(made["i", "span"].rename("i"), groups.i.min() - groups.i.max())
    mixed = lazy.agg(mean=("i", MEAN), sum=("i", "sum")).compute()
    same(mixed, groups.agg(mean=("i", "mean"), sum=("i", "sum")), inexact=True)


def test_own_aggregation_of_objects_and_names() -> None:
    frame = pd.DataFrame({"k": [1, 2, 1, 2, 3], "s": ["a", "b", "a", "c", None]})
    lazy = sf.from_pandas(frame, npartitions=3).groupby("k")
    same(lazy.s.agg(WORDS).compute(), frame.groupby("k").s.nunique())
    with pytest.raises(InvalidArgument, match="needs a function as agg="):
        sf.Aggregation("x", len, "sum")  # type: ignore[arg-type]
    assert lazy.compute().s.count().tolist() == [2, 2, 0]
