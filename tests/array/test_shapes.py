"""Grids, shapes, orders and joins against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from shframe.array.grid.chunks import normalize_chunks, regroup, unify
from shframe.errors import ChunkMismatch, InvalidArgument
from shframe.session import Session
from tests.array.arrays import LIGHT, grids, pairs, quiet, same

pytestmark = pytest.mark.usefixtures("session")
FEW = ["f8", "i2", "bool"]
FULL = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=8)


@LIGHT
@given(pairs(FEW), st.data())
def test_rechunk_keeps_every_element(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    grid = data.draw(grids(values.shape))
    same(lazy.rechunk(grid), values)
    made = (lazy * 1).rechunk(grid)
    assert made.chunks == tuple(tuple(n for n in axis if n) or (0,) for axis in grid)
    same(made, values * 1)


@st.composite
def factored(draw: st.DrawFn, size: int) -> tuple[int, ...]:
    """A shape of this size."""
    shape = []
    while size > 1:
        length = draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
        shape.append(length)
        size //= length
        if len(shape) == 3:
            break
    return (*shape, size)


@LIGHT
@given(pairs(FEW, FULL), st.data())
def test_reshape_keeps_the_order_of_elements(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    shape = data.draw(factored(values.size))
    same(lazy.reshape(shape), values.reshape(shape))
    same((lazy * 1).reshape(shape), values.reshape(shape) * 1)
    same(lazy.reshape(shape, order="F"), values.reshape(shape, order="F"))
    same((lazy * 1).ravel("F"), (values * 1).ravel("F"))
    same(lazy.T.flatten("F"), values.T.flatten("F"))
    same(lazy.T.reshape(shape), values.T.reshape(shape))
    same((lazy * 1).ravel()[1:], values.ravel()[1:] * 1)
    same(lazy.reshape(-1, values.shape[-1]), values.reshape(-1, values.shape[-1]))


@LIGHT
@given(pairs(FEW), st.data())
def test_orders_of_axes_are_numpys(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axes = tuple(data.draw(st.permutations(range(values.ndim))))
    same(lazy.transpose(axes), values.transpose(axes))
    expected = quiet(lambda: values.transpose(axes) * 1 + 1)
    same(xp.permute_dims(lazy * 1, axes) + 1, expected)
    same(lazy.T, values.T)
    same(xp.flip(lazy), np.flip(values))
    if values.ndim:
        one = data.draw(st.integers(-values.ndim, values.ndim - 1))
        same(xp.flip(lazy, axis=one), np.flip(values, one))
        same(xp.moveaxis(lazy, 0, one), np.moveaxis(values, 0, one))
        same(lazy.swapaxes(0, one), values.swapaxes(0, one))


@LIGHT
@given(pairs(FEW, FULL), st.integers(-20, 20), st.data())
def test_roll_is_numpys(pair: Any, shift: int, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(st.none() | st.integers(0, values.ndim - 1))
    same(xp.roll(lazy, shift, axis=axis), np.roll(values, shift, axis))
    every = tuple(range(values.ndim))
    same(xp.roll(lazy, (shift,) * values.ndim, axis=every), np.roll(values, shift, every))


@LIGHT
@given(pairs(FEW, FULL), st.data())
def test_axes_of_length_one_come_and_go(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(st.integers(-values.ndim - 1, values.ndim))
    made = xp.expand_dims(lazy, axis=axis)
    same(made, np.expand_dims(values, axis))
    same(made.squeeze(axis), values)
    same(made.squeeze(), values.squeeze())
    wide = (3, *values.shape)
    same(xp.broadcast_to(lazy, wide), np.broadcast_to(values, wide))
    same(xp.broadcast_to(lazy[..., :1], wide) * 1, np.broadcast_to(values[..., :1], wide) * 1)


@LIGHT
@given(pairs(FEW, st.just((4, 5))), pairs(FEW, st.just((4, 5))), st.integers(-2, 1))
def test_joins_are_numpys(one: Any, two: Any, axis: int) -> None:
    values, lazy = [one[0], two[0], one[0]], [one[1], two[1], one[1]]
    same(xp.concat(lazy, axis=axis), np.concatenate(values, axis=axis))
    same(np.concatenate(lazy, axis=None), np.concatenate(values, axis=None))
    same(xp.stack(lazy, axis=axis), np.stack(values, axis=axis))
    same(xp.vstack(lazy), np.vstack(values))
    same(xp.hstack(lazy), np.hstack(values))
    for made, expected in zip(
        xp.unstack(lazy[0], axis=axis), np.unstack(values[0], axis=axis), strict=True
    ):
        same(made, expected)


@LIGHT
@given(pairs(["f8", "bool", "i4"], FULL, finite=True), st.data())
def test_tile_and_diff_are_numpys(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    times = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple))
    same(xp.tile(lazy, times), np.tile(values, times))
    axis = data.draw(st.integers(0, values.ndim - 1))
    same(xp.diff(lazy, axis=axis), np.diff(values, axis=axis))


def test_views_make_no_task_and_copy_nothing(session: Session) -> None:
    values = np.arange(24_000.0).reshape(40, 20, 30)
    lazy = xp.from_array(values, chunks=(15, 20, 10))
    same(lazy.T.swapaxes(0, 1)[::-2, None, 3:] + 1, values.T.swapaxes(0, 1)[::-2, None, 3:] + 1)
    assert {span.call for span in session.last_trace.spans} == {"elementwise"}
    same(xp.concat([lazy, lazy], axis=1).sum(), values.sum() * 2, rtol=1e-12)
    assert {span.call for span in session.last_trace.spans} <= {"partial", "combine", "finish"}


GRIDS = [
    ("auto", (10, 10), 8, ((10,), (10,))),
    ("auto", (4000, 1000), 8, ((1000,) * 4, (1000,))),
    ("1MiB", (4, 1 << 20), 8, ((1,) * 4, (131072,) * 8)),
    (3, (7, 2), 8, ((3, 3, 1), (2,))),
    ((3, -1), (7, 2), 8, ((3, 3, 1), (2,))),
    ((None, "auto"), (7, 2), 8, ((7,), (2,))),
    ({1: 1}, (7, 2), 8, ((7,), (1, 1))),
    (((5, 0, 2), 2), (7, 2), 8, ((5, 2), (2,))),
    ((3, 4), (7,), 8, ((3, 4),)),
    (5, (0,), 8, ((0,),)),
    (-1, (), 8, ()),
]


@pytest.mark.parametrize(("asked", "shape", "itemsize", "expected"), GRIDS)
def test_chunks_mean_this_grid(asked: Any, shape: Any, itemsize: int, expected: Any) -> None:
    assert normalize_chunks(asked, shape, itemsize, parts=4) == expected


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ((1, 2, 3), ChunkMismatch, "names 3 axes"),
        (((3, 3), 2), ChunkMismatch, "add up to 6, not to 7"),
        (0, InvalidArgument, "at least 1, got 0"),
        ("ten", InvalidArgument, "neither 'auto' nor a size"),
        ({2: 1}, InvalidArgument, "name axis 2"),
        (2.5, InvalidArgument, "got 2.5"),
    ],
)
def test_chunks_that_do_not_fit_are_refused(asked: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        normalize_chunks(asked, (7, 2), 8)


@LIGHT
@given(st.integers(1, 40), st.data())
def test_regrouped_blocks_hold_the_same_places(length: int, data: st.DataObject) -> None:
    (old,), (new,) = data.draw(grids((length,))), data.draw(grids((length,)))
    places = np.arange(length)
    blocks = np.split(places, np.cumsum(old)[:-1])
    for runs, expected in zip(
        regroup(old, new), np.split(places, np.cumsum(new)[:-1]), strict=True
    ):
        made = np.concatenate([blocks[run.block][run.source] for run in runs])
        assert made.tolist() == expected.tolist()
        assert runs[-1].target.stop == len(expected)


@LIGHT
@given(st.integers(1, 40), st.data())
def test_a_unified_grid_is_never_much_finer_than_the_finest(
    length: int, data: st.DataObject
) -> None:
    axes = [data.draw(grids((length,))) for _ in range(3)]
    (made,) = unify(axes, (length,))
    assert sum(made) == length
    assert len(made) <= 2 * max(len(axis) for (axis,) in axes)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.reshape(5, 5),
        lambda x: x.reshape(-1, 5),
        lambda x: xp.broadcast_to(x, (4, 4)),
        lambda x: xp.stack([x, x[:1]]),
        lambda x: xp.concat([x, x.T]),
        lambda x: x.squeeze(0),
        lambda x: xp.expand_dims(x, axis=9),
        lambda x: xp.roll(x, (1, 2, 3), axis=(0, 1)),
    ],
)
def test_shapes_that_do_not_fit_raise_at_the_call(call: Any) -> None:
    with pytest.raises((ChunkMismatch, InvalidArgument)):
        call(xp.ones((3, 4), chunks=2))
