"""Quantiles by every method, of every real dtype, with weights and without: NumPy's, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe.array as xp
from shframe.array.expr import nodes
from shframe.array.kernels.selecting import (
    quantiles_between,
    sample_block,
    search_rank,
    take_between,
)
from shframe.array.plan.planner import PLANNER
from shframe.graph.plan.expr import walk
from tests.array.arrays import LIGHT, agree, grids, pairs

pytestmark = pytest.mark.usefixtures("session")

METHODS = [
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf"),
    *("hazen", "weibull", "linear", "median_unbiased", "normal_unbiased"),
    *("lower", "higher", "midpoint", "nearest"),
]
DTYPES = ["f2", "f4", "f8", "i2", "i8", "u1"]
SHARES = st.sampled_from([0, 1, 0.5, 0.25, 0.1, 1 / 3, 0.999])
LINES = st.tuples(st.integers(1, 40)) | st.tuples(st.integers(1, 6), st.integers(1, 6))


@given(data=st.data())
@LIGHT
def test_of_all_elements_they_are_numpys(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(DTYPES, LINES))
    name = data.draw(st.sampled_from(["quantile", "percentile", "nanquantile", "nanpercentile"]))
    share: Any = data.draw(SHARES | st.lists(SHARES, min_size=1, max_size=4))
    if name.endswith("percentile"):
        share = [100 * each for each in share] if isinstance(share, list) else share * 100
    how = {"method": data.draw(st.sampled_from(METHODS)), "keepdims": data.draw(st.booleans())}
    agree(
        lambda: getattr(np, name)(values, share, **how),
        lambda: getattr(xp, name)(lazy, share, **how),
    )


@given(data=st.data())
@LIGHT
def test_with_weights_they_are_numpys(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(["f4", "f8", "i2", "u1"], LINES))
    name = data.draw(st.sampled_from(["quantile", "percentile", "nanquantile"]))
    share: Any = data.draw(SHARES | st.lists(SHARES, min_size=1, max_size=4))
    axis = data.draw(st.sampled_from([None, -1, 0, *([(1, 0)] if values.ndim == 2 else [])]))
    method = data.draw(st.sampled_from(["inverted_cdf"] * 5 + ["linear"]))
    shape = values.shape
    # NumPy 2.4 fails for lines without NaN that share their weights
    if isinstance(axis, int) and not name.startswith("nan") and data.draw(st.booleans()):
        shape = (values.shape[axis],)
    few = st.sampled_from([0.0, 0.25, 1.0, 3.0, *([-1.0] if data.draw(st.booleans()) else [])])
    count = int(np.prod(shape))
    drawn = data.draw(st.lists(few, min_size=count, max_size=count))
    weights = np.array(drawn, float).reshape(shape)
    ours: Any = weights
    if data.draw(st.booleans()):
        ours = xp.from_array(weights, chunks=data.draw(grids(shape)))
    agree(
        lambda: getattr(np, name)(values, share, axis=axis, weights=weights, method=method),
        lambda: getattr(xp, name)(lazy, share, axis=axis, weights=ours, method=method),
    )


@pytest.mark.parametrize("name", ["quantile", "nanquantile", "percentile"])
@pytest.mark.parametrize("share", [0, 1, True, [0, 1], 0.0, 1.0, [1.0], 0.5])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4"])
def test_infinite_ends_are_numpys(name: str, share: Any, dtype: str) -> None:
    """A share that is an integer is a rank; one between two infinities is NaN."""
    ends: Any = [[np.inf] * 4, [-np.inf] * 4, [-np.inf, 0.0, 1.0, np.inf], [1.0, np.inf, 3.0, 2.0]]
    for values in [[3, 1, 4, 1]] if dtype == "i4" else ends:
        line = np.array(values, dtype)
        lazy = xp.from_array(line, chunks=3)
        agree(
            lambda v=line: getattr(np, name)(v, share), lambda v=lazy: getattr(xp, name)(v, share)
        )


def test_no_task_has_all_elements() -> None:
    x = xp.from_array(np.arange(4000, dtype="f4"), chunks=500)
    weights = xp.ones(4000, chunks=500)
    for lazy in (
        xp.quantile(x, 0.3),
        xp.quantile(x, 0.3, method="higher"),
        xp.quantile(x, 0.3, method="inverted_cdf", weights=weights),
    ):
        plan = PLANNER.optimized(lazy.expr)
        blocks = [node.chunks for node in walk(plan) if isinstance(node, nodes.Node)]
        assert max(max(axis) for grid in blocks for axis in grid) <= 500


@pytest.mark.parametrize("axis", [0, 1, 2, -1, 3])
@pytest.mark.parametrize("endpoint", [True, False])
@pytest.mark.parametrize("dtype", [None, "i4", "f4", "c16"])
def test_lines_between_arrays_of_ends_are_numpys(axis: int, endpoint: bool, dtype: Any) -> None:
    ends = (np.array([[0.0, 2.5], [-1, 5e-324]]), np.array([7, 0.5]))
    for num in (0, 1, 2, 9):
        how: dict[str, Any] = {"axis": axis, "endpoint": endpoint, "dtype": dtype}
        agree(lambda: np.linspace(*ends, num, **how), lambda: xp.linspace(*ends, num, **how))  # noqa: B023
    if axis < 2:
        found, step = xp.linspace(xp.asarray(ends[0]), ends[1], 4, axis=axis, retstep=True)
        expected = np.linspace(*ends, 4, axis=axis, retstep=True)
        np.testing.assert_array_equal(found.compute(), expected[0])
        np.testing.assert_array_equal(step.compute(), expected[1])


@pytest.mark.parametrize("dtype", ["f4", "i8", "u1"])
@pytest.mark.parametrize("data", ["random", "equal", "two values", "in order", "missing"])
def test_what_a_sample_says_little_of_is_found_too(data: str, dtype: str) -> None:
    rng = np.random.default_rng(3)
    size = 200_000
    values = rng.random(size) * 200
    if data == "equal":
        values[:] = 7
    elif data == "two values":
        values = np.where(rng.random(size) < 0.5, 7.0, 8.0)
    elif data == "in order":
        values.sort()
    elif data == "missing" and dtype == "f4":
        values[rng.random(size) < 0.9] = np.nan
    values = values.astype(dtype)
    x = xp.from_array(values, chunks=(30_000, 1, 100_000, 69_999))
    for shares in ([0, 0.5, 1], np.linspace(0, 1, 12)):
        for method in ("linear", "lower", "hazen"):
            found = xp.nanquantile(x, shares, method=method).compute()
            np.testing.assert_array_equal(found, np.nanquantile(values, shares, method=method))
    assert xp.nanmedian(x).compute() == np.nanmedian(values)


@given(
    values=st.lists(st.sampled_from([0.0, 1.0, 2.5, -3.0, np.inf, -np.inf, np.nan]), min_size=1),
    cut=st.integers(0, 30),
)
@LIGHT
def test_a_rank_is_found_where_the_sample_was_wrong(values: list[float], cut: int) -> None:
    line = np.array(values * 3)
    numbers = np.sort(line[~np.isnan(line)])
    blocks = [line[:cut], line[cut:]]
    for rank in range(len(numbers)):
        assert search_rank(blocks, rank) == numbers[rank]
        # the bounds are those of another rank: neither counts nor values have it
        wrong = np.array([[1e6, 1e7]])
        parts = [take_between(block, [wrong]) for block in blocks]
        samples = [sample_block(block, share=1.0, origin=(0,)) for block in blocks]
        share = (rank + 0.5) / len(numbers)
        how: dict[str, Any] = {"method": "inverted_cdf", "skip_nan": True, "inside": None}
        made = quantiles_between(
            blocks, samples, [wrong], parts, shares=(share,), kind=np.dtype("f8"), **how
        )
        assert made[0] == np.nanquantile(line, share, method="inverted_cdf")


@given(data=st.data())
@LIGHT
def test_medians_of_infinite_values(data: st.DataObject) -> None:
    drawn = st.sampled_from([-np.inf, np.inf, 1.0, -2.0, np.nan])
    values = np.array(data.draw(st.lists(drawn, min_size=1, max_size=6)))
    lazy = xp.from_array(values, chunks=data.draw(st.integers(1, 3)))
    for name in ("median", "nanmedian"):
        agree(
            lambda name=name: getattr(np, name)(values), lambda name=name: getattr(xp, name)(lazy)
        )
    for q in (0.25, [0.0, 0.5, 1.0]):
        agree(lambda q=q: np.quantile(values, q), lambda q=q: xp.quantile(lazy, q))
