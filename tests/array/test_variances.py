"""Variances in tiles, with means that are given, and reductions that read their values together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe.array as xp
from shframe.array.expr import nodes
from shframe.array.kernels.tiles import TILE, boxes
from shframe.array.plan.planner import PLANNER
from shframe.graph.plan.expr import walk
from tests.array.arrays import LIGHT, agree, axes_of, pairs, quiet, same

pytestmark = pytest.mark.usefixtures("session")

# several tiles: of a line, of wide and narrow tables, of a cube
LARGE = [(70_001,), (300, 401), (3, 40_000), (40_000, 3), (90, 7, 130), (2, 300, 200)]
NAMES = ["var", "std", "nanvar", "nanstd"]


def filled(shape: tuple[int, ...], data: str) -> Any:
    rng = np.random.default_rng(len(shape))
    count = int(np.prod(shape))
    if data == "trend":
        return np.arange(count, dtype=float).reshape(shape)
    if data == "step":
        return np.where(np.arange(count) < count // 3, 0.0, 1e6).reshape(shape) + rng.random(shape)
    if data == "far from zero":
        return 1e9 + rng.random(shape)
    if data == "equal":
        return np.full(shape, 0.1)
    made = rng.random(shape)
    if data == "complex":
        return made + 1j * rng.random(shape)
    if data == "infinite":
        made.reshape(-1)[count // 2] = np.inf
    if data == "missing":
        made.reshape(-1)[:: 1 + count // 50] = np.nan
    return made


@pytest.mark.parametrize("data", ["trend", "step", "far from zero", "complex", "missing"])
@pytest.mark.parametrize("shape", LARGE)
def test_variances_of_several_tiles_are_those_of_numpy(shape: tuple[int, ...], data: str) -> None:
    values = filled(shape, data)
    x = xp.from_array(values, chunks=tuple(-(-n // 2) for n in shape))
    for axis in (None, *range(len(shape))):
        with np.errstate(all="ignore"):
            expected = np.var(values.astype(np.result_type(values, "g")), axis=axis)
        found = xp.var(x, axis=axis).compute()
        # of 1e9 and a fraction the values themselves have seven digits
        np.testing.assert_allclose(found, expected.astype(float), rtol=1e-11)


def test_equal_values_have_no_variance_below_zero_and_infinite_ones_none() -> None:
    for shape in LARGE:
        equal = xp.from_array(filled(shape, "equal"))
        assert 0 <= xp.var(equal).compute() < 1e-30
        assert np.isnan(xp.std(xp.from_array(filled(shape, "infinite"))).compute())


@given(data=st.data())
@LIGHT
def test_a_mean_that_is_given_is_taken(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(["i2", "u1", "f4", "f8", "c16"], finite=True))
    name = data.draw(st.sampled_from(NAMES))
    axis = data.draw(axes_of(values.ndim))
    keepdims = data.draw(st.booleans())
    ddof = data.draw(st.sampled_from([0, 1]))
    center: Any = 2.5
    if data.draw(st.booleans()) and isinstance(axis, int | tuple | None):
        try:
            center = quiet(lambda: np.asarray(np.mean(values, axis=axis, keepdims=True)))
        except ValueError:
            center = 0.5
    how = {"axis": axis, "ddof": ddof, "keepdims": keepdims}
    if not values.ndim and name.startswith("nan"):
        return  # NumPy 2.4 fails for these
    agree(
        lambda: getattr(np, name)(values, mean=center, **how),
        lambda: getattr(xp, name)(lazy, mean=center, **how),
        rtol=1e-5 if values.dtype == np.float32 else 1e-12,
    )


def test_a_lazy_mean_and_methods_take_it_too() -> None:
    values = filled((300, 401), "trend")
    x = xp.from_array(values, chunks=(100, 401))
    center = x.mean(axis=0, keepdims=True)
    for lazy, name in ((x.var, "var"), (x.std, "std")):
        expected = getattr(np, name)(values, axis=0, ddof=1)
        same(lazy(axis=0, mean=center, ddof=1), expected, rtol=1e-12)
    mask = values % 3 == 0
    same(x.var(axis=1, where=mask), np.var(values, axis=1, where=mask), rtol=1e-12)
    same(x.std(correction=2.0), np.std(values, correction=2.0), rtol=1e-12)


def readers_of(lazy: Any) -> list[str]:
    """The kinds of the nodes that read a stored array."""
    plan = PLANNER.optimized(lazy.expr)
    found = []
    for node in walk(plan):
        if any(isinstance(child, nodes.FromArray) for child in node.children()):
            found.append(type(node).__name__)
    return sorted(found)


def test_columns_that_are_standardised_are_read_twice() -> None:
    values = filled((300, 401), "step")
    x = xp.from_array(values, chunks=(100, 401))
    lazy = (x - x.mean(axis=0)) / x.std(axis=0)
    assert readers_of(lazy) == ["Elementwise", "Reductions"]
    same(lazy, (values - values.mean(axis=0)) / values.std(axis=0), rtol=1e-9, atol=1e-12)


@given(data=st.data())
@LIGHT
def test_reductions_together_are_those_one_by_one(data: st.DataObject) -> None:
    shapes = st.sampled_from([(5,), (4, 6), (3, 1, 5), (300, 200), (70_000,)])
    values, x = data.draw(pairs(["i4", "f8", "c16"], shapes, finite=True))
    names = ["sum", "var", "mean", "min", "max", "std", "prod", "any"]
    if values.dtype.kind == "c":
        names = ["sum", "var", "mean", "std", "prod"]
    axis = data.draw(st.none() | st.integers(0, values.ndim - 1))
    keepdims = data.draw(st.booleans())
    # the sum of all of them reads the array once
    wanted = data.draw(st.lists(st.sampled_from(names), min_size=2, max_size=4, unique=True))
    found = [getattr(xp, name)(x, axis=axis, keepdims=keepdims) for name in wanted]
    alone = [one.compute() for one in found]
    stacked = xp.stack([xp.astype(one, "c16") for one in found])
    expected = np.stack(alone).astype("c16")
    np.testing.assert_allclose(stacked.compute(), expected, rtol=1e-12, atol=1e-9)


@given(
    shape=st.lists(st.integers(1, 90), min_size=1, max_size=4),
    kept=st.sets(st.integers(0, 3)),
    tile=st.integers(1, 3000),
)
@LIGHT
def test_boxes_of_a_reduction_cover_each_element_once(
    shape: list[int], kept: set[int], tile: int
) -> None:
    stays = tuple(n for n in range(len(shape)) if n in kept)
    seen = np.zeros(shape, int)
    for box in boxes(tuple(shape), tile, stays):
        seen[box] += 1
        assert seen[box].size <= tile
    assert (seen == 1).all()
    assert len(list(boxes((TILE * 2,)))) == 2
