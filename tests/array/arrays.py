"""Generated arrays: NumPy's and the same lazily, in blocks whose edges are drawn."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
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
ERRORS = (TypeError, ValueError, IndexError, OverflowError, ZeroDivisionError)
OTHERS = ["f2", "g", "G", "M8[D]", "m8[s]", "U3", "S2"]
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
    if kind.kind in "mM":
        return st.sampled_from([1, 2, 50, -3, *(["NaT"] if not finite else [])]).map(
            lambda n: np.array(n, "m8[s]").view(kind)[()]
        )
    if kind.kind in "SU":
        return st.sampled_from(["", "1", "ab", "xyz"]).map(lambda s: np.array(s, kind)[()])
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
    if lazy.dtype == object and not isinstance(made, np.ndarray):  # one of the objects
        made, expected = np.array([made, None])[0:1], np.array([expected, None])[0:1]
        lazy = lazy[None]
    expected = np.asarray(expected)
    assert np.shape(made) == expected.shape == lazy.shape
    assert made.dtype == expected.dtype == lazy.dtype
    if (rtol or atol) and made.dtype.kind in "fc":
        np.testing.assert_allclose(made, expected, rtol=rtol, atol=atol)
    else:
        np.testing.assert_array_equal(made, expected)
    if made.ndim:
        assert made.flags.writeable
        assert made.flags.c_contiguous


def agree(numpys: Callable[[], Any], ours: Callable[[], Any], **near: float) -> None:
    """Our call gives what NumPy's gives, or an error of its kind when called or computed."""
    try:
        expected = quiet(numpys)
    except ERRORS as error:
        kinds = tuple(kind for kind in ERRORS if isinstance(error, kind))
        with pytest.raises(kinds):
            quiet(lambda: computed(ours()))
        return
    made = quiet(ours)
    several = isinstance(expected, tuple | list)
    assert not several or len(made) == len(expected)
    for one, other in zip(
        made if several else [made], expected if several else [expected], strict=True
    ):
        same(one, other, **near)


def computed(lazy: Any) -> Any:
    """The values of an array, or of several."""
    return [each.compute() for each in (lazy if isinstance(lazy, tuple | list) else [lazy])]


def near(expected_dtype: Any, values: Any) -> dict[str, float]:
    """How far sums may differ from NumPy's, by the digits of what was added."""
    dtype = np.dtype(expected_dtype)
    if dtype.kind not in "fc":
        return {}
    digits = {"e": 1e-2, "f": 1e-5, "F": 1e-5}.get(dtype.char, 1e-13)
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "biufc":
        return {"rtol": digits}
    size = np.abs(np.where(np.isfinite(numbers), numbers, 0)).astype("f8")
    scale = float(size.sum() * size.max(initial=1.0)) or 1.0
    return {"rtol": max(digits, 1e-9), "atol": digits * scale}


@st.composite
def axes_of(draw: st.DrawFn, ndim: int, *, several: bool = True) -> Any:
    """None, an axis or several, of any type that is an integer; now and then a wrong one."""
    kinds = st.sampled_from([int, np.int64, np.int8])
    wrong = [ndim, -ndim - 1, 1.5, "a", *([(0, 0)] if several else [])]
    if not ndim:
        return draw(st.sampled_from([None, None, *wrong]))
    one = st.builds(lambda n, kind: kind(n), st.integers(-ndim, ndim - 1), kinds)
    some = st.sets(st.integers(-ndim, -1)).map(tuple) if several else one
    return draw(st.none() | one | some | st.sampled_from(wrong))


def quiet(call: Callable[[], Any]) -> Any:
    """What NumPy gives, without its warnings: blocks are computed without them."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return call()


def compare(
    call: Callable[[Any, Any], Any], data: st.DataObject, dtypes: Any, shapes: Any, **how: Any
) -> None:
    """A call of a namespace and an array returns the same of NumPy's and of ours, for a drawn
    array; `how` says how near floats are."""
    finite = how.pop("finite", False)
    values, lazy = data.draw(pairs(dtypes, shapes, finite=finite), label="array")
    agree(lambda: call(np, values), lambda: call(xp, lazy), **how)
