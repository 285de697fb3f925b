"""Statistics are those of closed forms in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.array.arrays import LIGHT, pairs, quiet

pytestmark = pytest.mark.usefixtures("session")


def central(values: Any, axis: Any, order: int) -> Any:
    return ((values - values.mean(axis, keepdims=True)) ** order).mean(axis)


@LIGHT
@given(data=st.data(), axis=st.sampled_from([None, 0]))
def test_skewness_kurtosis_and_moments(data: st.DataObject, axis: Any) -> None:
    shapes = hnp.array_shapes(min_dims=1, max_dims=2, min_side=4, max_side=9)
    values, lazy = data.draw(pairs(["i4", "f8"], shapes, finite=True))
    values = values % 100.0
    lazy = lazy % 100.0
    second = central(values, axis, 2)
    with np.errstate(all="ignore"):
        skews = np.where(second == 0, np.nan, central(values, axis, 3) / second**1.5)
        tails = np.where(second == 0, np.nan, central(values, axis, 4) / second**2)
    near = {"rtol": 1e-9, "atol": 1e-9}
    known = np.asarray(second) > 1e-20
    made = [
        quiet(lambda f=f: f(lazy, axis=axis).compute()) for f in (xp.stats.skew, xp.stats.kurtosis)
    ]
    np.testing.assert_allclose(np.asarray(made[0])[known], skews[known], **near)
    np.testing.assert_allclose(np.asarray(made[1])[known], tails[known] - 3, **near)
    np.testing.assert_allclose(
        xp.stats.moment(lazy, 3, axis=axis).compute(),
        central(values, axis, 3),
        rtol=1e-9,
        atol=1e-6,
    )
    n = values.size if axis is None else len(values)
    unbiased = xp.stats.skew(lazy, axis=axis, bias=False).compute()
    np.testing.assert_allclose(
        np.asarray(unbiased)[known], (skews * np.sqrt((n - 1.0) * n) / (n - 2.0))[known], **near
    )


def test_equal_values_have_no_skewness() -> None:
    lazy = xp.full((5, 2), 3.0, chunks=2)
    assert np.isnan(xp.stats.skew(lazy).compute()).all()
    with pytest.raises(ValueError, match="nan_policy"):
        xp.stats.skew(lazy, nan_policy="omit")


def test_a_compressed_svd_finds_the_largest_values() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(80, 3)) @ rng.normal(size=(3, 20))
    lazy = xp.from_array(values, chunks=(11, 9))
    u, s, v = xp.linalg.svd_compressed(lazy, 3, seed=1)
    np.testing.assert_allclose(s.compute(), np.linalg.svd(values)[1][:3], rtol=1e-9)
    np.testing.assert_allclose(((u * s) @ v).compute(), values, atol=1e-9)


def test_triangles_are_solved_by_their_half() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 5)) + 5 * np.eye(5)
    right = rng.normal(size=(5, 2))
    lazy = xp.from_array(values, chunks=2)
    for lower, half in ((False, np.triu(values)), (True, np.tril(values))):
        made = xp.linalg.solve_triangular(lazy, right, lower=lower).compute()
        np.testing.assert_allclose(half @ made, right, atol=1e-9)


def test_tests_are_scipys() -> None:
    from scipy import stats

    rng = np.random.default_rng(3)
    one, other = rng.random((20, 3)) + 0.5, rng.random((17, 3))
    a, b = xp.from_array(one, chunks=(8, 3)), xp.from_array(other, chunks=(6, 3))
    ours = xp.stats
    pairs_ = [
        (ours.ttest_rel(a[:17], b), stats.ttest_rel(one[:17], other)),
        (ours.ttest_ind(a, b), stats.ttest_ind(one, other)),
        (ours.ttest_ind(a, b, equal_var=False), stats.ttest_ind(one, other, equal_var=False)),
        (ours.ttest_1samp(a, 0.7), stats.ttest_1samp(one, 0.7)),
        (ours.chisquare(a), stats.chisquare(one)),
        (ours.f_oneway(a, b), stats.f_oneway(one, other)),
    ]
    for made, expected in pairs_:
        np.testing.assert_allclose(made.statistic.compute(), expected.statistic, rtol=1e-9)
        np.testing.assert_allclose(made.pvalue.compute(), expected.pvalue, rtol=1e-9)
    with pytest.raises(ValueError, match="at least two inputs"):
        ours.f_oneway(a)
