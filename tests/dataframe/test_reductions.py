"""Reductions of series and frames give pandas' values and dtypes, for any partitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe as sf
from shframe.session import Session
from tests.dataframe.frames import FEW, Case, all_agree, cases, same, some

NUMBERS = ["i", "f", "b", "k"]


def of(column: str, how: str, **kwargs: Any) -> Callable[[Any], Any]:
    return lambda d: getattr(d[column], how)(**kwargs)


def of_frame(columns: list[str], how: str, **kwargs: Any) -> Callable[[Any], Any]:
    return lambda d: getattr(d[columns], how)(**kwargs)


EXACT = {
    **{f"{c}.{h}": of(c, h) for c in "ikb" for h in ("sum", "min", "max", "any", "all", "count")},
    **{f"f.{h}": of("f", h) for h in ("min", "max", "any", "all", "count", "nunique", "median")},
    **{f"{c}.{h}": of(c, h) for c in "st" for h in ("min", "max", "count", "nunique")},
    **{f"c.{h}": of("c", h) for h in ("count", "nunique")},
    **{f"f.{h} with gaps": of("f", h, skipna=False) for h in ("min", "max")},
    "i.prod of few": lambda d: d.k.prod(),
    "frame.min": of_frame(["i", "k"], "min"),
    "frame.max": of_frame(["i", "f"], "max"),
    "frame.count": of_frame(["i", "f", "s", "t", "c", "b"], "count"),
    "frame.nunique": of_frame(["i", "f", "s"], "nunique"),
    "frame.any": of_frame(["i", "b"], "any"),
    "frame.all": of_frame(["i", "b"], "all"),
    "filtered": lambda d: d[d.i > 100].k.sum(),
    "of a comparison": lambda d: (d.i > d.f).sum(),
    "of gaps": lambda d: d.isna().sum(),
    "unlike extremes": lambda d: d[["i", "s"]].count(),
}
CLOSE = {
    **{f"{c}.{h}": of(c, h) for c in "ifbk" for h in ("mean", "var", "std") if c != "b"},
    "b.mean": of("b", "mean"),
    **{f"f.{h}": of("f", h) for h in ("sum", "mean", "var", "std")},
    **{f"f.{h} with gaps": of("f", h, skipna=False) for h in ("sum", "mean", "var", "std")},
    **{f"i.{h} ddof": of("i", h, ddof=0) for h in ("var", "std")},
    "float32": lambda d: d.f.astype("float32").sum(),
    "frame.sum": of_frame(["i", "f", "b"], "sum"),
    "frame.mean": of_frame(["i", "f"], "mean"),
    "frame.var": of_frame(["i", "f"], "var"),
    "frame.std": of_frame(["f", "k"], "std", ddof=0),
    "frame.median": of_frame(["i", "f"], "median"),
    "quantile": lambda d: d.f.quantile(0.3),
    "quantiles": lambda d: d[["i", "f"]].quantile([0.1, 0.9]),
    "t.mean": lambda d: d.t.mean(),
}


@FEW
@given(case=cases(), names=some(EXACT, 9))
def test_exact_reductions(session: Session, case: Case, names: list[str]) -> None:
    all_agree(case, EXACT, names)


@FEW
@given(case=cases(), names=some(CLOSE, 9))
def test_reductions_of_floats(session: Session, case: Case, names: list[str]) -> None:
    all_agree(case, CLOSE, names, inexact=True)


@FEW
@given(case=cases(), column=st.sampled_from(["k", "f", "s", "t", "b"]))
def test_unique_values_come_in_order_of_appearance(
    session: Session, case: Case, column: str
) -> None:
    same(pd.Series(case.lazy()[column].unique().compute()), pd.Series(case.frame[column].unique()))


@FEW
@given(values=st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=3))
def test_large_whole_numbers_are_summed_exactly(session: Session, values: list[int]) -> None:
    series = pd.Series([*values, *(-v for v in values), 2**53 + 1], dtype="int64")
    lazy = sf.from_pandas(series, npartitions=3)
    assert int(lazy.sum()) == 2**53 + 1
    assert lazy.max().compute() == series.max()


@FEW
@given(case=cases(), offset=st.sampled_from([1e6, 1e9]))
def test_variance_far_from_zero_keeps_its_digits(
    session: Session, case: Case, offset: float
) -> None:
    far = case.lazy().k + offset
    found, expected = far.var().compute(), (case.frame.k + 0.0).var()
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-12, nan_ok=True)


def test_text_has_no_mean(session: Session) -> None:
    lazy = sf.from_pandas(pd.Series(["a", "b", "c"]), npartitions=3)
    with pytest.raises(TypeError):
        lazy.mean()
    with pytest.raises(TypeError):
        lazy.std()
