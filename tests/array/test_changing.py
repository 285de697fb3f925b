"""Functions that change their first argument, and results that are put into an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shframe.array as xp
from tests.array.arrays import LIGHT, agree, compare, pairs
from tests.array.test_superset import FLOATS, LINES, SOME, SQUARE, TABLES

pytestmark = pytest.mark.usefixtures("session")

REALS: Any = ("i2", "i8", "f4", "f8", "u1")


def changed(m: Any, name: str, x: Any, *args: Any, **how: Any) -> Any:
    """The array after a function has changed it."""
    given = x.copy()
    getattr(m, name)(given, *args, **how)
    return given


CALLS: dict[str, tuple[Any, Any, Callable[[Any, Any], Any]]] = {
    "copyto": (REALS, SOME, lambda m, x: changed(m, "copyto", x, x[:1])),
    "copyto where": (REALS, SOME, lambda m, x: changed(m, "copyto", x, 3, where=x > 1)),
    "copyto refused": (("i2", "i8"), SOME, lambda m, x: changed(m, "copyto", x, x * 1.5)),
    "putmask": (REALS, SOME, lambda m, x: changed(m, "putmask", x, x > 1, [1, 2, 3])),
    "place": (REALS, SOME, lambda m, x: changed(m, "place", x, x > 1, [1, 2])),
    "place nothing": (REALS, SOME, lambda m, x: changed(m, "place", x, x > 1, [])),
    "fill_diagonal": (REALS, SQUARE, lambda m, x: changed(m, "fill_diagonal", x, 7)),
    "fill_diagonal of tables": (REALS, TABLES, lambda m, x: changed(m, "fill_diagonal", x, [7, 8])),
    "fill_diagonal wrap": (
        REALS,
        TABLES,
        lambda m, x: changed(m, "fill_diagonal", x, 7, wrap=True),
    ),
    "fill_diagonal refused": (REALS, LINES, lambda m, x: changed(m, "fill_diagonal", x, 7)),
    "copy": (REALS, SOME, lambda m, x: m.copy(x)),
    "piecewise": (FLOATS, SOME, lambda m, x: m.piecewise(x, [x < 0, x > 1], [-1, lambda v: v * 2])),
    "piecewise else": (FLOATS, SOME, lambda m, x: m.piecewise(x, [x < 0], [abs, 5])),
    "piecewise refused": (FLOATS, SOME, lambda m, x: m.piecewise(x, [x < 0], [1, 2, 3])),
    "vander": (("i8", "f8"), LINES, lambda m, x: m.vander(x % 5, 3)),
    "vander increasing": (("i8", "f8"), LINES, lambda m, x: m.vander(x % 5, increasing=True)),
    "geomspace": (("f8",), LINES, lambda m, x: m.geomspace(1, 1000, len(x))),
    "out": (("i8", "f8"), SOME, lambda m, x: m.add(x, 1, out=x.copy())),
    "out of another kind": (("i8",), SOME, lambda m, x: m.multiply(x, 1.5, out=x.copy())),
    "out where": (("f8",), SOME, lambda m, x: m.divide(x, x, out=m.zeros_like(x), where=x != 0)),
    "sum out": (("f8",), TABLES, lambda m, x: m.sum(x, axis=0, out=m.zeros(x.shape[1]))),
    "out of another shape": (("f8",), TABLES, lambda m, x: m.sum(x, axis=0, out=m.zeros(1))),
    "reduceat": (("i8", "f8"), SOME, lambda m, x: m.add.reduceat(x, [0, 0], axis=-1)),
    "reduceat beyond": (("i8",), LINES, lambda m, x: m.maximum.reduceat(x, [0, 50])),
}


@pytest.mark.parametrize("name", CALLS)
@given(data=st.data())
@LIGHT
def test_calls_are_numpys(name: str, data: st.DataObject) -> None:
    dtypes, shapes, call = CALLS[name]
    compare(call, data, dtypes, shapes, finite=True, rtol=1e-9, atol=1e-9)


@given(data=st.data(), p=st.sampled_from([None, 1, -1, 2, -2, np.inf, "fro"]))
@LIGHT
def test_condition_numbers_are_numpys(data: st.DataObject, p: Any) -> None:
    side = data.draw(st.integers(1, 5))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = rng.random((side, side)) + 3 * np.eye(side)
    x = xp.from_array(values, chunks=2)
    agree(lambda: np.linalg.cond(values, p), lambda: xp.linalg.cond(x, p), rtol=1e-9)


@given(pairs(["f8"], st.just((4, 6))))
@LIGHT
def test_a_result_is_put_into_an_array_of_numpys(pair: Any) -> None:
    values, lazy = pair
    out = np.full(values.shape, 5.0)
    made = np.full(values.shape, 5.0)
    mask = values > 1
    np.multiply(values, 2, out=out, where=mask)
    assert xp.multiply(lazy, 2, out=made, where=mask) is made
    np.testing.assert_array_equal(made, out)
    target = np.zeros(6)
    assert xp.max(lazy, axis=0, out=target) is target
    np.testing.assert_array_equal(target, values.max(axis=0))


def test_a_mask_without_out_is_refused() -> None:
    x = xp.ones((3, 4), chunks=2)
    for call in (xp.sqrt, np.sqrt):
        with pytest.raises(TypeError, match="supported with out= only"):
            call(x, where=x > 1)


def test_what_an_array_of_integers_cannot_hold_is_refused() -> None:
    for value in (np.nan, np.inf, "a", 2**70, 1j, np.float64("nan")):
        values = np.zeros((3, 4), int)
        lazy = xp.from_array(values, chunks=2)

        def put(x: Any, value: Any = value) -> Any:
            x[0] = value
            return x

        agree(lambda: put(values), lambda: put(lazy))  # noqa: B023


def test_values_are_formatted_and_taken_by_index() -> None:
    values = np.arange(6.0).reshape(2, 3) / 7
    x = xp.from_array(values, chunks=1)
    assert f"{x[1, 2]:.3f}" == f"{values[1, 2]:.3f}"
    assert f"{x.sum()}" == repr(x.sum())
    with pytest.raises(TypeError, match="unsupported format string"):
        f"{x:.3f}"
    assert (x.item(4), x.item(1, 2), x.item((0, 1)), x.item(-1)) == tuple(
        values.item(at) for at in (4, (1, 2), (0, 1), -1)
    )
    with pytest.raises(IndexError):
        x.item(6)
