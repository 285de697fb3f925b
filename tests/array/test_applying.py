"""Users' functions along axes, on core dimensions, on labelled blocks, and as reductions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.array.arrays import LIGHT, pairs, same

pytestmark = pytest.mark.usefixtures("session")
TABLES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7)


@LIGHT
@given(data=st.data())
def test_functions_of_lines_and_axes(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(["i8"], TABLES, finite=True))
    axis = data.draw(st.integers(-values.ndim, values.ndim - 1))
    for function in (np.sum, lambda line: line[::-1], lambda line: np.outer(line[:2], line[:1])):
        expected = np.apply_along_axis(function, axis, values)
        same(xp.apply_along_axis(function, axis, lazy), expected)
    same(xp.apply_over_axes(xp.sum, lazy, [0, -1]), np.apply_over_axes(np.sum, values, [0, -1]))


@LIGHT
@given(data=st.data())
def test_a_gufunc_works_on_core_dimensions(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(["f8"], TABLES, finite=True))
    total = xp.apply_gufunc(lambda b: b.sum(-1), "(i)->()", lazy, output_dtypes=float)
    same(total, values.sum(-1), rtol=1e-9)
    first = xp.apply_gufunc(lambda b: b.sum(-1), "(i)->()", lazy, axis=0, keepdims=True)
    same(first, values.sum(0, keepdims=True), rtol=1e-9)
    low, high = xp.apply_gufunc(
        lambda b: (b.min(-1), b[..., :1]), "(i)->(),(k)", lazy, output_sizes={"k": 1}
    )
    same(low, values.min(-1))
    same(high, values[..., :1])
    each = xp.apply_gufunc(lambda b, c: b @ c, "(i),(i)->()", lazy, lazy[0], vectorize=True)
    same(each, (values * values[0]).sum(-1), rtol=1e-9)
    with pytest.raises(ValueError, match="Not a valid gufunc signature"):
        xp.apply_gufunc(np.sum, "(i->", lazy)
    with pytest.raises(ValueError, match="different lengths"):
        xp.apply_gufunc(np.dot, "(i),(i)->()", lazy, np.ones(values.shape[-1] + 1))


@LIGHT
@given(data=st.data())
def test_blocks_by_labels(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(["i8"], hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)))
    same(xp.blockwise(np.add, "ij", lazy, "ij", 1, None, dtype="i8"), values + 1)
    same(xp.blockwise(np.transpose, "ji", lazy, "ij"), values.T)

    def product(rows: list[Any], columns: list[Any]) -> Any:
        return sum(one @ other for one, other in zip(rows, columns, strict=True))

    turned = lazy.T.rechunk(2)
    same(xp.blockwise(product, "ik", lazy, "ij", turned, "jk", dtype="i8"), values @ values.T)
    joined = xp.blockwise(np.matmul, "ik", lazy, "ij", turned, "jk", concatenate=True)
    same(joined, values @ values.T)
    twice = xp.blockwise(
        lambda b: np.repeat(b, 2, 0), "ij", lazy, "ij", adjust_chunks={"i": lambda n: 2 * n}
    )
    same(twice, np.concatenate([np.repeat(values, 2, 0)]))
    wide = xp.blockwise(lambda b: b[..., None] + np.arange(3), "ijk", lazy, "ij", new_axes={"k": 3})
    same(wide, values[..., None] + np.arange(3))
    with pytest.raises(ValueError, match="new_axes"):
        xp.blockwise(np.add, "ik", lazy, "ij")


@LIGHT
@given(data=st.data())
def test_a_reduction_by_a_users_functions(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(["i8"], TABLES, finite=True))
    for axis in (None, 0, -1, (0, 1)):
        same(xp.reduction(lazy, np.sum, np.sum, axis=axis), values.sum(axis))
        made = xp.reduction(lazy, np.max, np.max, axis=axis, keepdims=True, combine=np.max)
        same(made, values.max(axis, keepdims=True))


@LIGHT
@given(data=st.data(), count=st.integers(1, 3))
def test_coarsened_groups(data: st.DataObject, count: int) -> None:
    values, lazy = data.draw(pairs(["i8"], hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)))
    whole = values[: len(values) // count * count]
    expected = whole.reshape(len(whole) // count, count, values.shape[1]).sum(1)
    same(xp.coarsen(np.sum, lazy, {0: count}, trim_excess=True), expected)
    if len(values) % count:
        with pytest.raises(ValueError, match="do not align"):
            xp.coarsen(np.sum, lazy, {0: count})


def test_arrays_on_one_grid() -> None:
    grid, (one, other) = xp.unify_chunks(xp.ones((4, 6), chunks=(2, 4)), "ij", xp.ones(4), "i")
    assert grid == {"i": (2, 2), "j": (4, 2)}
    assert one.chunks == ((2, 2), (4, 2))
    assert other.chunks == ((2, 2),)


def test_points_and_blocks() -> None:
    values = np.arange(42).reshape(7, 6)
    lazy = xp.from_array(values, chunks=(3, 2))
    same(lazy.vindex[[0, 1], [2, 3]], values[[0, 1], [2, 3]])
    same(lazy.vindex[:, [2, 3]], values[:, [2, 3]].T)
    same(lazy.blocks[1, :], values[3:6])
    same(lazy.blocks[-1, [0, 2]], values[6:, [0, 1, 4, 5]])
    assert lazy.partitions.shape == (3, 3)
    assert lazy.blocks.size == len(lazy.blocks.ravel()) == 9
    with pytest.raises(TypeError, match="None"):
        lazy.vindex[None, [0]]


def test_arrays_are_stored_block_by_block(tmp_path: Any) -> None:
    values = np.arange(60.0).reshape(10, 6)
    lazy = xp.from_array(values, chunks=(4, 3)) * 2
    target = np.zeros((10, 6))
    lazy.store(target)
    assert np.array_equal(target, values * 2)
    wide = np.zeros((30, 6))
    xp.store([lazy], [wide], regions=[(slice(5, 25, 2), slice(None))])
    assert np.array_equal(wide[5:25:2], values * 2)
    assert not wide[:5].any()
    with pytest.raises(ValueError, match="could not broadcast"):
        lazy.store(np.zeros((3, 6)))
    xp.to_npy_stack(tmp_path / "stack", lazy)
    back = xp.from_npy_stack(tmp_path / "stack")
    assert back.chunks == ((4, 4, 2), (6,))
    same(back, values * 2)
    one, other = xp.compute(lazy.sum(), back.max())
    assert (one, other) == (values.sum() * 2, 118)


def test_put_along_axis_makes_a_new_array() -> None:
    values = np.arange(12.0).reshape(3, 4)
    places = np.argsort(-values, axis=1)[:, :2]
    expected = values.copy()
    np.put_along_axis(expected, places, -1, axis=1)
    lazy = xp.from_array(values, chunks=2)
    same(xp.put_along_axis(lazy, places, -1, 1), expected)
    same(lazy, values)
