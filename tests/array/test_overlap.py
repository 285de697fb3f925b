"""Overlap: blocks with their neighbours' elements, functions of them, and windows."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.array.arrays import LIGHT, pairs, same

pytestmark = pytest.mark.usefixtures("session")
MODES = {"periodic": "wrap", "reflect": "symmetric", "nearest": "edge", 7: "constant"}
SOME = hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=9)


def smoothed(block: Any) -> Any:
    """Each element with its neighbours two places away along the first axis."""
    return block + 2 * np.roll(block, 1, 0) + 4 * np.roll(block, -2, 0)


@LIGHT
@given(data=st.data(), boundary=st.sampled_from(list(MODES)), stored=st.booleans())
def test_a_stencil_by_blocks_is_that_of_the_padded_array(
    data: st.DataObject, boundary: Any, stored: bool
) -> None:
    values, lazy = data.draw(pairs(["i8"], SOME, finite=True))
    wide = [(2, 2)] + [(0, 0)] * (values.ndim - 1)
    how: dict[str, Any] = {"constant_values": 7} if boundary == 7 else {}
    expected = smoothed(np.pad(values, wide, MODES[boundary], **how))[2:-2]
    source = lazy if stored else lazy + 0
    made = xp.map_overlap(smoothed, source, depth={0: 2}, boundary=boundary, dtype="i8")
    same(made, expected)


@LIGHT
@given(data=st.data(), before=st.integers(0, 12), behind=st.integers(0, 12))
def test_without_a_boundary_a_block_sees_what_is_there(
    data: st.DataObject, before: int, behind: int
) -> None:
    values, lazy = data.draw(pairs(["i8"], hnp.array_shapes(max_dims=1, max_side=20), finite=True))
    made = xp.map_overlap(lambda b: b, lazy, depth={0: (before, behind)}, dtype="i8")
    same(made, values)
    wide = xp.overlap(lazy, [(before, behind)], "none")
    cuts = np.cumsum([0, *lazy.chunks[0]])
    parts = [values[max(a - before, 0) : b + behind] for a, b in itertools.pairwise(cuts)]
    same(wide, np.concatenate(parts))


@LIGHT
@given(data=st.data(), boundary=st.sampled_from([*MODES, "none"]), depth=st.integers(0, 1))
def test_trimming_undoes_overlapping(data: st.DataObject, boundary: Any, depth: int) -> None:
    values, lazy = data.draw(pairs(["f8"], SOME))
    same(xp.trim_overlap(xp.overlap(lazy, depth, boundary), depth, boundary), values)


@LIGHT
@given(data=st.data())
def test_windows_are_numpys(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(["i4", "i8"], SOME, finite=True))
    sizes = data.draw(st.tuples(*(st.integers(1, n) for n in values.shape)))
    view = np.lib.stride_tricks.sliding_window_view
    same(xp.sliding_window_view(lazy, sizes), view(values, sizes))
    same(xp.sliding_window_view(lazy, sizes[0], axis=0).sum(-1), view(values, sizes[0], 0).sum(-1))
    with pytest.raises(ValueError, match="cannot be larger"):
        xp.sliding_window_view(lazy, values.shape[0] + 1, axis=0)


def test_a_stored_array_is_not_copied_to_overlap(session: Any) -> None:
    lazy = xp.from_array(np.arange(4000.0), chunks=1000)
    made = xp.map_overlap(lambda b: b * 2, lazy, depth=1, boundary="none", dtype=float)
    np.testing.assert_array_equal(made.compute(), np.arange(4000.0) * 2)
    assert not any("assemble" in span.call for span in session.last_trace.spans)


def test_what_cannot_overlap_says_so() -> None:
    lazy = xp.zeros((4, 4), chunks=2)
    with pytest.raises(ValueError, match="boundary='mirror'"):
        xp.overlap(lazy, 1, "mirror")
    with pytest.raises(ValueError, match="must not be negative"):
        xp.overlap(lazy, -1)
    with pytest.raises(ValueError, match="names 3 axes"):
        xp.overlap(lazy, (1, 1, 1))
