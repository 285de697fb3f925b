"""Generated arrays: NumPy's and the same lazily, in blocks whose edges are drawn."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.examples import examples

LIGHT = settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NUMBERS = ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=8)
FLOATS = st.sampled_from([0.0, -0.0, 1.0, -1.5, 2.25, 1e3, -0.5, np.nan, np.inf, -np.inf])
FINITE = st.sampled_from([0.0, 1.0, -1.5, 2.25, 1e3, -0.5, 7.0])


def values_of(dtype: Any, *, finite: bool = False) -> st.SearchStrategy[Any]:
    """Elements of a dtype, small ones and ends of the range."""
    kind = np.dtype(dtype)
    floats = FINITE if finite else FLOATS
    if kind.kind == "b":
        return st.booleans()
    if kind.kind in "iu":
        info = np.iinfo(kind)
        ends = [info.min, info.max] if not finite else []
        return st.sampled_from([0, 1, 2, 3, 7, 100, *ends])
    if kind.kind == "c":
        return st.builds(complex, floats, floats)
    return floats


@st.composite
def grids(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Uneven blocks: three or more along an axis where it is long enough."""
    chunks = []
    for length in shape:
        few = min(2, max(length - 1, 0))
        inner = st.integers(1, max(length - 1, 1))
        cuts = sorted(draw(st.sets(inner, min_size=few, max_size=max(few, 3)))) if few else []
        edges = [0, *cuts, length]
        chunks.append(tuple(b - a for a, b in itertools.pairwise(edges)))
    return tuple(chunks)


@st.composite
def pairs(
    draw: st.DrawFn,
    dtypes: Any = tuple(NUMBERS),
    shapes: Any = SHAPES,
    *,
    finite: bool = False,
) -> tuple[Any, Any]:
    """A NumPy array, of any layout in memory, and the same lazily."""
    dtype = np.dtype(draw(st.sampled_from(list(dtypes))))
    shape = draw(shapes)
    values = draw(hnp.arrays(dtype, shape, elements=values_of(dtype, finite=finite)))
    layout = draw(st.sampled_from(["C", "F", "back", "strided"]))
    if layout == "F":
        values = np.asfortranarray(values)
    elif layout == "back" and values.ndim:
        values = values[::-1]
    elif layout == "strided" and values.ndim:
        values = np.repeat(values, 2, axis=-1)[..., ::2]
    return values, xp.from_array(values, chunks=draw(grids(values.shape)))


def same(lazy: Any, expected: Any, *, rtol: float = 0.0, atol: float = 0.0) -> None:
    """Shape, dtype and values are the same, and the result is ordinary."""
    assert isinstance(lazy, xp.Array)
    made = lazy.compute()
    expected = np.asarray(expected)
    assert np.shape(made) == expected.shape == lazy.shape
    assert made.dtype == expected.dtype == lazy.dtype
    if rtol or atol:
        np.testing.assert_allclose(made, expected, rtol=rtol, atol=atol)
    else:
        np.testing.assert_array_equal(made, expected)
    if made.ndim:
        assert made.flags.writeable
        assert made.flags.c_contiguous


def quiet(call: Callable[[], Any]) -> Any:
    """What NumPy gives, without its warnings: blocks are computed without them."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return call()
