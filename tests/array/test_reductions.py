"""Reductions and running results against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import shframe.array as xp
from tests.array.arrays import LIGHT, SHAPES, pairs, quiet, same

pytestmark = pytest.mark.usefixtures("session")

FOLDS = ["sum", "prod", "min", "max", "any", "all", "mean", "var", "std", "ptp", "count_nonzero"]
NAN_FOLDS = ["nansum", "nanprod", "nanmin", "nanmax", "nanmean", "nanvar", "nanstd"]
PLACES = ["argmin", "argmax", "nanargmin", "nanargmax"]


@st.composite
def axes_of(draw: st.DrawFn, ndim: int) -> Any:
    if not ndim:
        return None
    one = st.integers(-ndim, ndim - 1)
    some = st.sets(st.integers(0, ndim - 1)).map(lambda s: tuple(sorted(s)))
    return draw(st.none() | one | some)


def tolerance(expected: Any, values: Any) -> dict[str, float]:
    """Sums may differ in the last digits of what was added."""
    if np.asarray(expected).dtype.kind not in "fc":
        return {}
    single = np.asarray(expected).dtype.char in "fF"
    finite = np.abs(np.where(np.isfinite(values), values, 0)).astype("f8")
    scale = float(finite.sum() * finite.max(initial=1.0)) or 1.0
    return {"rtol": 1e-4, "atol": 1e-5 * scale} if single else {"rtol": 1e-9, "atol": 1e-13 * scale}


@LIGHT
@given(pairs(), st.sampled_from(FOLDS + NAN_FOLDS), st.booleans(), st.data())
def test_reductions_are_those_of_numpy(
    pair: Any, name: str, keepdims: bool, data: st.DataObject
) -> None:
    values, lazy = pair
    assume(not (name == "ptp" and values.dtype == bool))
    assume(not (values.dtype.kind == "c" and name in ("nanmin", "nanmax", "ptp")))
    assume(values.ndim or name not in ("nanvar", "nanstd"))  # NumPy 2.4 fails on those of 0-d
    if name.removeprefix("nan") == "prod" and values.dtype.kind in "fc":
        assume(np.isfinite(values).all())
    axis = data.draw(axes_of(values.ndim))
    how = {"axis": axis, "keepdims": keepdims}
    try:
        expected = quiet(lambda: getattr(np, name)(values, **how))
    except ValueError:
        with pytest.raises(ValueError, match="zero-size array"):
            getattr(xp, name)(lazy, **how)
        return
    exact = name in ("min", "max", "nanmin", "nanmax", "any", "all")
    found = {} if exact else tolerance(expected, values)
    same(quiet(lambda: getattr(xp, name)(lazy, **how)), expected, **found)


@LIGHT
@given(pairs(["f8", "i4", "u1", "bool", "f4"]), st.sampled_from(PLACES), st.data())
def test_places_of_extremes_are_those_of_numpy(pair: Any, name: str, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(st.none() | st.integers(0, max(values.ndim - 1, 0)))
    axis = axis if values.ndim else None
    assume(values.size or axis is None)
    assume(not (name.startswith("nan") and values.dtype == bool))
    try:
        expected = quiet(lambda: getattr(np, name)(values, axis=axis))
    except ValueError:
        with pytest.raises(ValueError, match=r"empty sequence|All-NaN slice"):
            getattr(xp, name)(lazy, axis=axis).compute()
        return
    same(getattr(xp, name)(lazy, axis=axis), expected)


@LIGHT
@given(pairs(["f8", "f4", "i8", "c16"], finite=True), st.sampled_from([0, 1, 0.5]), st.data())
def test_variances_take_a_correction_and_a_dtype(pair: Any, ddof: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(axes_of(values.ndim))
    expected = quiet(lambda: np.var(values, axis=axis, ddof=ddof))
    same(lazy.var(axis=axis, ddof=ddof), expected, **tolerance(expected, values))
    same(xp.var(lazy, axis=axis, correction=ddof), expected, **tolerance(expected, values))


@LIGHT
@given(pairs(["i1", "u1", "f4", "bool"], finite=True), st.sampled_from(["f8", "i8", "c16"]))
def test_sums_and_means_take_a_dtype(pair: Any, dtype: str) -> None:
    values, lazy = pair
    assume(values.size or dtype != "i8")
    for name in ("sum", "prod", "mean"):
        if name == "mean" and dtype == "i8":
            continue
        expected = quiet(lambda n=name: getattr(np, n)(values, dtype=dtype))
        same(getattr(xp, name)(lazy, dtype=dtype), expected, rtol=1e-9)


@LIGHT
@given(pairs(["f8", "i4"], finite=True), st.data())
def test_a_reduction_runs_with_the_work_below_it(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(axes_of(values.ndim))
    made = (lazy * 2 + xp.abs(lazy)).sum(axis=axis)
    expected = (values * 2 + np.abs(values)).sum(axis=axis)
    same(made, expected, **tolerance(expected, values))
    assert "elementwise-" not in made.explain()


@LIGHT
@given(pairs(["f8", "i4", "u1", "bool", "c16"], SHAPES, finite=True), st.data())
def test_running_results_are_those_of_numpy(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(st.none() | st.integers(0, max(values.ndim - 1, 0)))
    axis = axis if values.ndim else None
    for name in ("cumsum", "cumprod"):
        expected = quiet(lambda n=name: getattr(np, n)(values, axis=axis))
        same(getattr(xp, name)(lazy, axis=axis), expected, rtol=1e-9, atol=1e-9)


@LIGHT
@given(pairs(["f8", "i8"], st.tuples(st.integers(1, 9), st.integers(1, 5)), finite=True))
def test_cumulative_sums_may_begin_with_zero(pair: Any) -> None:
    values, lazy = pair
    for axis in (0, 1):
        expected = np.cumulative_sum(values, axis=axis, include_initial=True)
        made = xp.cumulative_sum(lazy, axis=axis, include_initial=True)
        same(made, expected, rtol=1e-9, atol=1e-9)


@LIGHT
@given(pairs(["f8"], st.tuples(st.integers(1, 9), st.integers(1, 5)), finite=True))
def test_averages_take_weights(pair: Any) -> None:
    values, lazy = pair
    weights = np.arange(1.0, values.shape[1] + 1)
    made = xp.average(lazy, axis=1, weights=weights)
    same(made, np.average(values, axis=1, weights=weights), rtol=1e-9, atol=1e-9)


def test_two_runs_give_the_same_bits() -> None:
    values = np.random.default_rng(5).normal(size=200_000) * 1e10
    lazy = xp.from_array(values, chunks=3000)
    made = {float((xp.sin(lazy) * lazy).sum()) for _ in range(3)}
    assert len(made) == 1


def test_variance_loses_nothing_to_a_large_mean() -> None:
    values = np.random.default_rng(5).normal(size=100_000) + 1e9
    lazy = xp.from_array(values, chunks=7000)
    assert float(lazy.var()) == pytest.approx(np.var(values), rel=1e-9)


def test_ufuncs_reduce_accumulate_and_pair() -> None:
    values = np.arange(1.0, 13).reshape(4, 3)
    lazy = xp.from_array(values, chunks=(2, 2))
    same(np.add.reduce(lazy, axis=1), np.add.reduce(values, axis=1))
    same(xp.logaddexp.reduce(lazy), np.logaddexp.reduce(values), rtol=1e-12)
    same(np.multiply.accumulate(lazy, axis=0), np.multiply.accumulate(values, axis=0))
    same(np.subtract.outer(lazy, values[0]), np.subtract.outer(values, values[0]))
