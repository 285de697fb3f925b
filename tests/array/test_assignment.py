"""Assignment by index makes what NumPy's assignment makes; what was read before stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.array.arrays import ERRORS, LIGHT, NUMBERS, grids, pairs, same, values_of

pytestmark = pytest.mark.usefixtures("session")
SOME = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=7)


@st.composite
def indices(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """An index of any kind that NumPy takes for this shape."""
    kind = draw(st.sampled_from(["basic", "mask", "row mask", "arrays", "mixed"]))
    if kind == "basic":
        return draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    if kind == "mask":
        return draw(hnp.arrays(np.bool_, shape))
    if kind == "row mask":
        return draw(hnp.arrays(np.bool_, shape[:1]))
    if 0 in shape:
        return ...
    if kind == "arrays":
        return draw(hnp.integer_array_indices(shape))
    first = draw(st.lists(st.integers(-shape[0], shape[0] - 1), max_size=5))
    return (np.array(first, np.intp), slice(None, None, -1))[: len(shape)]


@LIGHT
@given(data=st.data())
def test_assignment_is_numpys(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(NUMBERS, SOME, finite=True))
    index = data.draw(indices(values.shape))
    expected = values.copy()
    shape = expected[index].shape
    small = data.draw(st.sampled_from([shape, shape[1:], (), (1, *shape[:0])]))
    one = st.sampled_from([values.dtype, np.dtype("i1"), np.dtype("?")])
    dtype = data.draw(one)
    value = data.draw(hnp.arrays(dtype, small, elements=values_of(dtype, finite=True)))
    before = lazy + 0 if values.dtype.kind != "b" else lazy | False
    lazy_value = xp.from_array(value, chunks=data.draw(grids(value.shape)))
    lazy_value = data.draw(st.sampled_from([value, lazy_value]))
    try:
        expected[index] = value
    except ERRORS as error:
        with pytest.raises(type(error)):
            lazy[index] = lazy_value
        return
    lazy[index] = lazy_value
    same(lazy, expected)
    same(before, values)


def test_of_two_values_for_one_element_the_last_counts() -> None:
    lazy = xp.zeros(6, chunks=2)
    lazy[np.array([1, 4, 1, 4])] = xp.asarray([1, 2, 3, 4.0], chunks=1)
    assert lazy.compute().tolist() == [0, 3, 0, 0, 4, 0]


def test_a_lazy_mask_is_not_computed_for_one_value(session: Any) -> None:
    lazy = xp.arange(10.0, chunks=3)
    last = session.last_trace
    lazy[lazy > 6] = -1
    assert session.last_trace is last
    assert lazy.compute().tolist() == [0, 1, 2, 3, 4, 5, 6, -1, -1, -1]


def test_blocks_that_are_not_written_into_stay() -> None:
    lazy = xp.from_array(np.zeros(100), chunks=10)
    lazy[15:17] = 1
    assert sum("assign" in line for line in lazy.explain(tasks=True).splitlines()) >= 1
    assert lazy.sum().compute() == 2


def test_what_cannot_be_assigned_says_so_at_the_call() -> None:
    lazy = xp.zeros((3, 4), chunks=2)
    with pytest.raises(ValueError, match="could not broadcast input array"):
        lazy[0] = np.ones(3)
    with pytest.raises(IndexError, match="out of bounds"):
        lazy[5] = 1
    with pytest.raises(ValueError, match="could not convert string"):
        lazy[0] = "a"


def test_methods_that_write_make_another_lazy_array() -> None:
    values = np.array([3.0, 1.0, 2.0])
    lazy = xp.from_array(values, chunks=2)
    lazy.sort()
    assert lazy.compute().tolist() == [1, 2, 3]
    lazy.put([0, 2], [7, 8])
    assert lazy.compute().tolist() == [7, 2, 8]
    lazy.fill(4)
    assert lazy.compute().tolist() == [4, 4, 4]
    assert values.tolist() == [3, 1, 2]
