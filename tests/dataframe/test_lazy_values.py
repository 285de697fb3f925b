"""A lazy value stands wherever pandas takes the value; what cannot stand there says so."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

import shframe as sf
import shframe.array as xp
from shframe.errors import RefNotPicklable, UnsupportedType
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, cases, same, some
from tests.dataframe.oracle import as_pandas_does


def of_query(d: Any) -> Any:
    limit, names = d.f.mean(), ["a", "b"]
    found = d.query("f > @limit or s in @names")
    assert limit is not names
    return found


PLACES: dict[str, Callable[[Any], Any]] = {
    "sub": lambda d: d.f - d.f.mean(),
    "reflected sub": lambda d: d.f.mean() - d.f,
    "compare": lambda d: d[d.i > d.i.min()],
    "reflected compare": lambda d: d[d.i.mean() < d.i],
    "two values": lambda d: d.f / (d.i.max() - d.i.min()),
    "a value and a number": lambda d: 2 * d.i.max() - 1,
    "a NumPy number": lambda d: np.float64(2) * d.f.mean(),
    "a NumPy number and a column": lambda d: np.int64(3) - d.i,
    "negative": lambda d: d.i + -d.i.max(),
    "rounded": lambda d: d.f - round(d.f.mean(), 1),
    "fillna": lambda d: d.f.fillna(d.f.mean()),
    "fillna by column": lambda d: d[["i", "f"]].fillna({"f": d.f.max()}),
    "fillna with means": lambda d: d[["i", "f"]].fillna(d[["i", "f"]].mean()),
    "where": lambda d: d.f.where(d.f > d.f.mean(), d.f.min()),
    "mask": lambda d: d.i.mask(d.b, d.i.max()),
    "clip": lambda d: d.i.clip(d.i.quantile(0.2), d.i.quantile(0.7)),
    "between": lambda d: d.f.between(d.f.min(), d.f.mean()),
    "isin": lambda d: d.i.isin(d.k.unique()),
    "isin a list": lambda d: d.i.isin([d.k.max(), d.k.min(), 7]),
    "isin a column": lambda d: d.i.isin(d[d.b].k),
    "replace": lambda d: d.k.replace(d.k.max(), -1),
    "assign": lambda d: d.assign(m=d.f.max(), n=lambda e: e.m.count()),
    "map": lambda d: d.k.map(d.drop_duplicates("k").set_index("k").f),
    "less means": lambda d: d[["i", "f"]] - d[["i", "f"]].mean(),
    "standardised": lambda d: (d[["i", "f"]] - d[["i", "f"]].mean()) / d[["i", "f"]].std(),
    "above means": lambda d: d[["i", "f"]] > d[["i", "f"]].mean(),
    "one of several": lambda d: d.i - d[["i", "f"]].mean()["i"],
    "filtered twice": lambda d: d[(d.i > 0) & (d.i > d.i.mean())],
    "query": of_query,
    "query with a method": lambda d: d.query("f > f.mean() and s.str.len() > 0"),
    "eval of the whole": lambda d: d.eval("i - i.max()"),
    "called where": lambda d: d.f.where(lambda f: f > f.mean()),
    "of labels": lambda d: d.reset_index(drop=True).query("index > 3"),
    "computed": lambda d: d[["i", "f"]] - pd.Series({"f": 1.0, "i": 2.0}),
}


@FEW
@given(case=cases(12), names=some(PLACES))
def test_values_of_frames(session: Session, case: Case, names: list[str]) -> None:
    lazy = case.lazy()
    for name in names:
        as_pandas_does(PLACES[name], lazy, case.frame, inexact=True)


def test_values_of_files_are_of_all_rows(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shframe.dataframe.sources.parquet_source.LEAST_PARTITION", 1)
    frame = pd.DataFrame({"x": [1.0, None, 3.0, 4.0, 5.0, 60.0], "k": [1, 2, 3, 1, 2, 3]})
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=2)
    lazy = sf.read_parquet(tmp_path)
    for work in (
        lambda d: d[(d.x < 4) & (d.x < d.x.mean())],
        lambda d: d.assign(m=d.x.max()).head(2),
        lambda d: d[d.k > 2].x - d.x.mean(),
        lambda d: d.x.fillna(d.x.mean()),
    ):
        as_pandas_does(work, lazy, frame)


def test_users_functions_get_what_is_lazy_whole(session: Session) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "k": [1, 2, 3]})
    lazy = sf.from_pandas(frame, npartitions=3)

    def weighted(part: Any, weights: Any, *, by: Any, more: Any) -> Any:
        return part.x * np.sum(weights) + by["total"][0] + len(more)

    made = lazy.map_partitions(
        weighted, xp.from_array(np.arange(4.0), chunks=2), by={"total": [lazy.x.sum()]}, more=lazy
    )
    same(made.compute(), frame.x * 6 + 9)
    scaled = lazy.k.apply(lambda value, by: value * by, args=(lazy.k.max(),))
    same(scaled.compute(), frame.k * 3)
    held = lazy.map_partitions(lambda p, a, b: p.x + a + b, sf.put(1.0), sf.delayed(2.0))
    same(held.compute(), frame.x + 3)


def test_a_value_is_a_number_when_one_is_asked_for(session: Session) -> None:
    lazy = sf.from_pandas(pd.Series([1, 2, 6]), npartitions=2)
    assert float(lazy.mean()) == 3.0
    assert int(lazy.max()) == 6
    assert not lazy.max() > 6
    assert (lazy.max() + lazy.max().persist()).compute() == 12


def test_what_is_lazy_is_never_taken_for_a_constant(session: Session) -> None:
    lazy = sf.from_pandas(pd.DataFrame({"x": [1.0, 2.0], "k": [1, 2]}), npartitions=2)
    array = xp.from_array(np.arange(2.0))
    for value in (sf.delayed(1), array):
        with pytest.raises(UnsupportedType):
            lazy.x.fillna(value)
    with pytest.raises(RefNotPicklable, match="lazy"):
        pickle.dumps(lazy)
    with pytest.raises(UnsupportedType, match="a column is a list, an array or a Series"):
        lazy.assign(g=lazy.groupby("k"))
    with pytest.raises(TypeError, match=r"not supported|Invalid comparison"):
        _ = lazy.x > sf.from_pandas(pd.Series(["a"])).min()


@pytest.mark.parametrize("name", sorted(PLACES))
def test_nothing_is_computed_before_it_is_asked_for(
    session: Session, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    frame = pd.DataFrame({"k": [1, 2, 1, 3], "i": range(4), "f": [0.5, 1.5, None, 2.5]})
    frame = frame.assign(b=frame.i > 1, s=["a", "b", "a", "c"], c=pd.Categorical(list("xyxz")))
    lazy = sf.from_pandas(frame.assign(t=pd.Timestamp("2020-01-01")), npartitions=2)

    def compute(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("computed while the expression was written")

    monkeypatch.setattr("shframe.lazy.collection.Collection.compute", compute)
    monkeypatch.setattr("shframe.dataframe.scalar.Scalar.compute", compute)
    assert PLACES[name](lazy) is not None
