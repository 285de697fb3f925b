"""Indexing against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from shframe.session import Session
from tests.array.arrays import LIGHT, agree, pairs, same

pytestmark = pytest.mark.usefixtures("session")
FEW = ["f8", "i2", "bool"]
FULL = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=8)


@LIGHT
@given(pairs(FEW), st.data())
def test_basic_indexing_is_that_of_numpy(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    index = data.draw(hnp.basic_indices(values.shape, allow_newaxis=True, allow_ellipsis=True))
    same(lazy[index], values[index])
    same((lazy * 2)[index], (values * 2)[index])


@LIGHT
@given(pairs(FEW, FULL, finite=True), st.data())
def test_slices_of_slices_and_of_broadcast_work_are_numpys(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    first = data.draw(hnp.basic_indices(values.shape, allow_newaxis=True))
    part = values[first]
    second = data.draw(hnp.basic_indices(part.shape))
    row = values[..., :1]
    same((lazy[first] * 3)[second], (part * 3)[second])
    same((lazy + lazy[..., :1].astype("i8"))[first], (values + row.astype("i8"))[first])


@LIGHT
@given(pairs(FEW, FULL), st.data())
def test_arrays_of_places_are_numpys(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    shapes = hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=4)
    result = hnp.broadcastable_shapes((1,), max_dims=2)
    index = data.draw(hnp.integer_array_indices(values.shape[:2], result_shape=shapes | result))
    same(lazy[index], values[index])
    same((lazy * 1)[index[0]], (values * 1)[index[0]])
    same(lazy[..., index[0] % values.shape[-1]], values[..., index[0] % values.shape[-1]])


@LIGHT
@given(pairs(["f8"], FULL), st.data())
def test_masks_are_numpys(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    mask = data.draw(hnp.arrays(bool, values.shape))
    same(lazy[xp.from_array(mask, chunks=2)], values[mask])
    same(lazy[lazy > 0], values[values > 0])
    rows = mask.reshape(len(mask), -1)[:, 0]
    same(lazy[rows], values[rows])


@pytest.mark.parametrize("shape", [(2, 0), (0, 3), (2, 3)])
@pytest.mark.parametrize("of_mask", [(1, 0), (3, 0), (0, 1), (0, 0), (0, 3), (0,), (2, 0)])
def test_masks_without_elements(shape: Any, of_mask: Any) -> None:
    mask = np.zeros(of_mask, bool)
    agree(lambda: np.ones(shape)[mask], lambda: xp.ones(shape)[mask])


@pytest.mark.parametrize(
    "index",
    [
        ([0, 2], slice(None), [1, 3]),
        (1, slice(None), [0, 3, 3]),
        (slice(None), 2, [0, 3]),
        ([[0], [2]], [1, 0]),
        (slice(1, None), [2, 0, -1], None),
        ([], 0),
        np.int64(1),
        (..., np.array([True, False, True, True])),
    ],
)
def test_mixed_indices_are_numpys(index: Any) -> None:
    values = np.arange(3 * 3 * 4).reshape(3, 3, 4)
    same(xp.from_array(values, chunks=(2, 1, 3))[index], values[index])


@LIGHT
@given(pairs(["i4"], FULL), st.data())
def test_take_and_repeat_are_numpys(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(st.integers(0, values.ndim - 1))
    places = data.draw(st.lists(st.integers(-values.shape[axis], values.shape[axis] - 1)))
    wanted = np.array(places, dtype=int)
    same(xp.take(lazy, wanted, axis=axis), np.take(values, wanted, axis=axis))
    same(xp.repeat(lazy, 2, axis=axis), np.repeat(values, 2, axis=axis))


def test_nonzero_gives_the_places() -> None:
    values = np.array([[0, 3], [4, 0], [0, 5]])
    lazy = xp.from_array(values, chunks=2)
    for made, expected in zip(xp.nonzero(lazy), values.nonzero(), strict=True):
        same(made, expected)
    same(xp.argwhere(lazy), np.argwhere(values))


def test_slicing_runs_no_task_of_its_own(session: Session) -> None:
    values = np.arange(1000.0)
    lazy = xp.from_array(values, chunks=300)
    made = lazy[1:] - lazy[:-1]
    same(made, np.diff(values))
    calls = {span.call for span in session.last_trace.spans}
    assert calls == {"elementwise"}


def test_blocks_that_a_slice_does_not_meet_are_not_computed(session: Session) -> None:
    lazy = xp.from_array(np.arange(1000.0), chunks=100) * 2
    same(lazy[250:260], np.arange(250.0, 260) * 2)
    assert len(session.last_trace.spans) == 1


@pytest.mark.parametrize(
    ("index", "error", "words"),
    [
        (5, IndexError, "index 5 is out of bounds for axis 0 with size 3"),
        ((0, -5), IndexError, "index -5 is out of bounds for axis 1"),
        ((0, 0, 0), IndexError, "too many indices"),
        ((..., 0, ...), IndexError, "single ellipsis"),
        ([0, 7], IndexError, "index 7 is out of bounds"),
        (np.array([True, False]), IndexError, "boolean index did not match"),
        (np.array([0.5]), TypeError, "arrays used as indices must be of integer"),
        ("a", IndexError, "only integers, slices"),
    ],
)
def test_an_index_that_is_not_there_raises_at_the_call(index: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        xp.ones((3, 4), chunks=2)[index]
