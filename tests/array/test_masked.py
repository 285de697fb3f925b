"""Masked arrays give what numpy.ma gives, over drawn values, masks and grids."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from shframe.errors import InvalidArgument, UnsupportedType
from tests.array.arrays import ERRORS, LIGHT, computed, grids, quiet, values_of

pytestmark = pytest.mark.usefixtures("session")

KINDS = ("bool", "i2", "i8", "u1", "f4", "f8", "c16")
REALS = ("i2", "i8", "f4", "f8")
ALL = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)
SOME = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6)


@st.composite
def masked_pairs(draw: st.DrawFn, dtypes: Any = KINDS, shapes: Any = ALL) -> tuple[Any, Any]:
    """A numpy.ma array, and the same lazily: some of no mask, some masked everywhere."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    shape = draw(shapes)
    values = draw(hnp.arrays(dtype, shape, elements=values_of(dtype, finite=True)))
    mask = draw(
        hnp.arrays(np.bool_, shape)
        | st.just(np.zeros(shape, np.bool_))
        | st.just(np.ones(shape, np.bool_))
    )
    if len(shape) and draw(st.booleans()):
        mask[..., : shape[-1] // 2] = True  # whole blocks are masked
    lazy = xp.ma.masked_array(
        xp.from_array(values, chunks=draw(grids(shape))),
        xp.from_array(mask, chunks=draw(grids(shape))),
    )
    expected = np.ma.MaskedArray(values, mask=mask)
    if draw(st.booleans()):
        lazy.fill_value = expected.fill_value = dtype.type(1)
    return expected, lazy


def same(made: Any, expected: Any, rtol: float = 1e-5) -> None:
    """Shape, dtype, mask and what is not masked are the same."""
    if isinstance(made, xp.Array):
        assert made.dtype == np.asarray(expected).dtype
        np.testing.assert_allclose(made.compute(), np.asarray(expected), rtol=rtol)
        return
    assert isinstance(made, xp.ma.MaskedArray)
    found = made.compute()
    if not made.ndim and np.ma.getmaskarray(expected).all():
        assert found is np.ma.masked
        return
    assert np.shape(found) == np.shape(expected) == made.shape
    assert found.dtype == np.asarray(expected).dtype == made.dtype
    mask = np.ma.getmaskarray(expected)
    np.testing.assert_array_equal(np.ma.getmaskarray(found), mask)
    ours, theirs = np.ma.getdata(found)[~mask], np.ma.getdata(expected)[~mask]
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=1e-6)


def agree(call: Any, ours: Any, theirs: Any) -> None:
    """A call of xp or numpy and its ma-room gives the same, or an error of the same kind."""
    try:
        expected = quiet(lambda: call(np, *theirs))
    except ERRORS as error:
        with pytest.raises(tuple(kind for kind in ERRORS if isinstance(error, kind))):
            quiet(lambda: computed(call(xp, *ours)))
        return
    made = quiet(lambda: call(xp, *ours))
    if isinstance(expected, tuple):
        for one, other in zip(made, expected, strict=True):
            same(one, other)
    else:
        quiet(lambda: same(made, expected))


ONE: list[Any] = [
    ("masked_array", KINDS, lambda m, x: m.ma.masked_array(x, fill_value=1)),
    ("masked_array_dtype", REALS, lambda m, x: m.ma.masked_array(x, dtype="f8")),
    ("masked_array_all", KINDS, lambda m, x: m.ma.masked_array(x, mask=True)),
    ("keep_mask", KINDS, lambda m, x: m.ma.masked_array(x, mask=x.mask[::-1], keep_mask=False)),
    ("masked_equal", REALS, lambda m, x: m.ma.masked_equal(x, 1)),
    ("masked_not_equal", REALS, lambda m, x: m.ma.masked_not_equal(x, 1)),
    ("masked_greater", REALS, lambda m, x: m.ma.masked_greater(x, 1)),
    ("masked_greater_equal", REALS, lambda m, x: m.ma.masked_greater_equal(x, 1)),
    ("masked_less", REALS, lambda m, x: m.ma.masked_less(x, 1)),
    ("masked_less_equal", REALS, lambda m, x: m.ma.masked_less_equal(x, 1)),
    ("masked_inside", REALS, lambda m, x: m.ma.masked_inside(x, 2, 0)),
    ("masked_outside", REALS, lambda m, x: m.ma.masked_outside(x, 0, 2)),
    ("masked_invalid", KINDS, lambda m, x: m.ma.masked_invalid(x)),
    ("masked_values", ("f4", "f8"), lambda m, x: m.ma.masked_values(x, 1.0, 0.6)),
    ("masked_values_integers", ("i2", "i8"), lambda m, x: m.ma.masked_values(x, 1)),
    ("masked_where", REALS, lambda m, x: m.ma.masked_where(x.data > 1, x)),
    ("masked_where_one", REALS, lambda m, x: m.ma.masked_where(False, x)),
    ("fix_invalid", ("f4", "f8"), lambda m, x: m.ma.fix_invalid(x.data * np.inf, fill_value=3)),
    ("fix_invalid_mask", ("f8",), lambda m, x: m.ma.fix_invalid(x.data, mask=x.mask)),
    ("where", REALS, lambda m, x: m.ma.where(x > 1, x, 0)),
    ("where_masked", REALS, lambda m, x: m.ma.where(x > 1, x, m.ma.masked)),
    ("filled", KINDS, lambda m, x: m.ma.filled(x)),
    ("filled_by", REALS, lambda m, x: m.ma.filled(x, 7)),
    ("getdata", KINDS, lambda m, x: m.ma.getdata(x)),
    ("getmaskarray", KINDS, lambda m, x: m.ma.getmaskarray(x)),
    ("getmaskarray_plain", KINDS, lambda m, x: m.ma.getmaskarray(x.data)),
    ("count", KINDS, lambda m, x: m.ma.count(x)),
    ("count_axis", KINDS, lambda m, x: m.ma.count(x, axis=0, keepdims=True)),
    ("nonzero", KINDS, lambda m, x: m.ma.nonzero(x)),
    ("ones_like", KINDS, lambda m, x: m.ma.ones_like(x)),
    ("zeros_like", KINDS, lambda m, x: m.ma.zeros_like(x)),
    ("empty_like", KINDS, lambda m, x: m.ma.getmaskarray(m.ma.empty_like(x))),
    ("compressed", KINDS, lambda m, x: x.compressed()),
    ("index", KINDS, lambda m, x: x[::-2]),
    ("index_new", KINDS, lambda m, x: x[..., None]),
    ("reshape", KINDS, lambda m, x: x.reshape(-1)),
    ("ravel", KINDS, lambda m, x: x.ravel()),
    ("turned", KINDS, lambda m, x: x.T + x.transpose()),
    ("swapaxes", KINDS, lambda m, x: x.swapaxes(0, -1)),
    ("squeeze", KINDS, lambda m, x: x[:1].squeeze(0)),
    ("astype", ("i2", "f4"), lambda m, x: x.astype("f8")),
    ("round", ("f8",), lambda m, x: x.round(1)),
    ("clip", REALS, lambda m, x: x.clip(0, 2)),
    ("negative", REALS, lambda m, x: -x),
    ("abs", REALS, lambda m, x: abs(x)),
    ("invert", ("bool", "i2"), lambda m, x: ~x),
    ("sqrt", ("f8",), lambda m, x: np.sqrt(x)),
    ("log", ("f4", "i8"), lambda m, x: np.log(x)),
    ("arcsin", ("f8",), lambda m, x: np.arcsin(x)),
    ("shift", ("u1",), lambda m, x: (x << 1) | (x >> 1)),
    ("scalar", REALS, lambda m, x: 2 - x * 3),
    ("power", ("f8",), lambda m, x: (x**0.5) + 2**x),
    ("sum_by_name", REALS, lambda m, x: np.sum(x, axis=0)),
    ("mean_by_name", REALS, lambda m, x: np.mean(x)),
    *[
        (f"{name}_{axis}_{keep}", KINDS, lambda m, x, n=name, a=axis, k=keep: _of(x, n, a, k))
        for name in ("sum", "prod", "min", "max", "any", "all", "mean", "var", "std")
        for axis, keep in ((None, False), (0, False), (-1, True), (5, False))
    ],
    *[
        (f"{name}_{axis}", REALS, lambda m, x, n=name, a=axis: getattr(x, n)(a))
        for name in ("argmin", "argmax", "cumsum", "cumprod", "count", "ptp")
        for axis in (None, -1)
    ],
    ("var_ddof", ("f8",), lambda m, x: x.var(0, ddof=1)),
    ("sum_dtype", ("i2",), lambda m, x: x.sum(0, dtype="f8")),
    ("average", ("i8", "f4", "f8"), lambda m, x: m.ma.average(x, axis=0)),
    ("average_weights", ("f8", "i8"), lambda m, x: m.ma.average(x, weights=abs(x) + 1)),
    (
        "average_line",
        ("f8", "f4"),
        lambda m, x: m.ma.average(x, 0, m.arange(1, len(x) + 1), returned=True),
    ),
    ("set_fill_value", REALS, lambda m, x: _fill(m, x)),
    ("assign", REALS, lambda m, x: _assign(x, 0, 3)),
    ("assign_mask", REALS, lambda m, x: _assign(x, 0, np.ma.masked)),
    ("assign_both", REALS, lambda m, x: _assign(x, slice(0, 1), x[-1:])),
]


def _of(x: Any, name: str, axis: Any, keepdims: bool) -> Any:
    return getattr(x, name)(axis=axis, keepdims=keepdims)


def _fill(m: Any, x: Any) -> Any:
    y = x.copy()
    m.ma.set_fill_value(y, 5)
    return y


def _assign(x: Any, index: Any, value: Any) -> Any:
    y = x.copy()
    y[index] = value
    return y


@pytest.mark.parametrize(
    ("dtypes", "call"), [each[1:] for each in ONE], ids=[each[0] for each in ONE]
)
@LIGHT
@given(data=st.data())
def test_functions_of_one(dtypes: Any, call: Any, data: st.DataObject) -> None:
    theirs, ours = data.draw(masked_pairs(dtypes, SOME), label="array")
    agree(call, (ours,), (theirs,))


SIGNS = [
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"),
    *("lt", "le", "gt", "ge", "eq", "ne", "iadd", "isub", "imul", "itruediv"),
]


@pytest.mark.parametrize("sign", SIGNS)
@LIGHT
@given(data=st.data())
def test_operators(sign: str, data: st.DataObject) -> None:
    shape = data.draw(ALL, label="shape")
    one, lazy = data.draw(masked_pairs(REALS, st.just(shape)), label="one")
    other, second = data.draw(masked_pairs(REALS, st.just(shape)), label="other")
    plain = data.draw(st.sampled_from(["both", "left", "right"]))
    if plain == "left" and not sign.startswith("i"):
        one, lazy = one.data, lazy.data
    elif plain == "right":
        other, second = other.data, second.data
    call = getattr(operator, sign)
    agree(lambda _, x, y: call(x.copy(), y), (lazy, second), (one, other))


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.ma.masked_array(x, fill_value=1),
        lambda m, x: m.ma.masked_array(x),
        lambda m, x: m.ma.masked_equal(x, 3),
        lambda m, x: m.ma.masked_values(x, 2.0),
        lambda m, x: m.ma.masked_greater(x, 3),
        lambda m, x: x[1:],
        lambda m, x: x.T.reshape(-1),
        lambda m, x: -x * 2,
        lambda m, x: x > 1,
        lambda m, x: x.astype("f4"),
        lambda m, x: x.round(),
        _fill,
    ],
)
@given(value=st.sampled_from([None, 1.5, 7.0]))
@LIGHT
def test_fill_values_are_numpys(call: Any, value: float | None) -> None:
    values, mask = np.arange(6.0).reshape(2, 3), np.eye(2, 3, dtype=np.bool_)
    theirs = call(np, np.ma.MaskedArray(values, mask=mask, fill_value=value))
    ours = call(xp, xp.ma.masked_array(values, mask, fill_value=value))
    assert ours.fill_value == theirs.fill_value
    np.testing.assert_array_equal(ours.filled().compute(), theirs.filled())


def test_an_assignment_changes_one_array_alone() -> None:
    plain, mask = xp.arange(4, chunks=2), xp.asarray([True, False, False, False])
    made = xp.ma.masked_array(plain, mask)
    other = xp.ma.masked_greater(made, 2)
    made[1], made[2] = 9, np.ma.masked
    assert plain.compute().tolist() == [0, 1, 2, 3]
    assert mask.compute().tolist() == [True, False, False, False]
    assert made.compute().tolist() == [None, 9, None, 3]
    assert other.compute().tolist() == [None, 1, 2, None]
    made.mask = False
    assert made.compute().tolist() == [0, 9, 2, 3]
    made.mask = [False, True, True, False]
    assert made.sum().compute() == 3


@given(pair=masked_pairs())
@LIGHT
def test_values_do_not_come_without_their_mask(pair: Any) -> None:
    theirs, ours = pair
    with pytest.raises(UnsupportedType, match="no plain values"):
        np.asarray(ours)
    with pytest.raises(UnsupportedType, match="lose the mask"):
        xp.asarray(theirs)
    with pytest.raises(UnsupportedType, match="is no index"):
        ours[ours]
    with pytest.raises(InvalidArgument, match="hard_mask"):
        xp.ma.masked_array(theirs, hard_mask=True)


def test_a_large_masked_array_comes_in_one_piece() -> None:
    values = np.arange(600_000.0).reshape(600, 1000)
    lazy = xp.ma.masked_greater(xp.from_array(values, chunks=(100, 300)), 3e5)
    expected = np.ma.masked_greater(values, 3e5)
    same(lazy / 2, expected / 2)
    same(lazy.mean(axis=0), expected.mean(axis=0))
    same(lazy.persist().std(), expected.std())
