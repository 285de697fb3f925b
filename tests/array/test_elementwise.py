"""Elementwise functions and operators against NumPy's."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.array.arrays import LIGHT, grids, pairs, quiet, same

pytestmark = pytest.mark.usefixtures("session")

WHOLE_AXES = {"matmul", "vecdot", "matvec", "vecmat"}
UFUNCS = {
    name: value
    for name, value in vars(np).items()
    # not what another library has set in NumPy
    if isinstance(value, np.ufunc) and name not in WHOLE_AXES and name in np.__all__
}


def test_every_ufunc_of_numpy_is_there() -> None:
    assert len(UFUNCS) > 90
    assert [name for name in UFUNCS if name not in xp.__all__] == []


@pytest.mark.parametrize("name", sorted(UFUNCS))
def test_ufunc_gives_what_numpy_gives_for_every_dtype(name: str) -> None:
    ufunc, ours = UFUNCS[name], getattr(xp, name)
    kinds = ["bool", "i1", "u2", "i4", "i8", "f2", "f4", "f8", "c8"]
    defined = 0
    for number, dtype in enumerate(kinds):
        other = kinds[(number + 3) % len(kinds)] if name != "ldexp" else "i4"
        values = [np.array([0, 1, 2, 3, 5, 1, 7], dtype), np.array([1, 2, 3, 1, 1, 2, 4], other)]
        operands = values[: ufunc.nin]
        lazy = [xp.from_array(v, chunks=(2, 3, 2)) for v in operands]
        try:
            expected = quiet(lambda o=operands: ufunc(*o))
        except TypeError:
            with pytest.raises(TypeError, match=ufunc.__name__):
                ours(*lazy)
            continue
        made, wanted = ours(*lazy), expected
        for one, two in zip(
            made if ufunc.nout == 2 else [made],
            wanted if ufunc.nout == 2 else [wanted],
            strict=True,
        ):
            same(one, two)
        defined += 1
    assert defined or name == "isnat"


SIGNS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.and_,
    operator.or_,
    operator.xor,
    operator.lshift,
    operator.rshift,
    operator.lt,
    operator.le,
    operator.eq,
    operator.ne,
    operator.gt,
    operator.ge,
]
WEAK = st.sampled_from([True, 0, 1, 2, 3, 2.5, -1.0, 1j, np.float32(2), np.int8(3), np.uint64(2)])


@LIGHT
@given(pairs(), WEAK, st.sampled_from(SIGNS), st.booleans())
def test_operators_with_a_number_promote_as_numpy_does(
    pair: Any, number: Any, sign: Any, reflected: bool
) -> None:
    def asked(values: Any) -> Any:
        return sign(number, values) if reflected else sign(values, number)

    agree(asked, *pair)


def agree(asked: Any, values: Any, lazy: Any) -> None:
    """The lazy call gives what NumPy gives, or raises its error when called or computed."""
    try:
        expected = quiet(lambda: asked(values))
    except (TypeError, OverflowError, ValueError) as error:
        kinds = tuple(k for k in (TypeError, OverflowError, ValueError) if isinstance(error, k))
        with pytest.raises(kinds):
            asked(lazy).compute()
    else:
        same(asked(lazy), expected, rtol=1e-6 if expected.dtype.char in "fF" else 1e-12)


@LIGHT
@given(pairs(shapes=st.just((5, 4))), st.sampled_from(SIGNS), st.data())
def test_operators_broadcast_blocks_of_different_grids(
    pair: Any, sign: Any, data: st.DataObject
) -> None:
    shapes = st.sampled_from([(5, 4), (1, 4), (5, 1), (4,), (1,), (), (3, 5, 4), (2, 1, 1)])
    values, lazy = data.draw(pairs(shapes=shapes))
    try:
        expected = quiet(lambda: sign(pair[0], values))
    except (TypeError, ValueError) as error:
        with pytest.raises(TypeError if isinstance(error, TypeError) else ValueError):
            sign(pair[1], lazy).compute()
        return
    expected = np.asarray(expected)
    same(sign(pair[1], lazy), expected, rtol=1e-6 if expected.dtype.char in "fF" else 1e-12)


@LIGHT
@given(pairs(["f8", "i8"], st.just((6, 4)), finite=True), pairs(["f8"], st.just((6, 4))))
def test_operators_with_a_numpy_array_stay_lazy_on_both_sides(one: Any, two: Any) -> None:
    same(one[1] * two[0], quiet(lambda: one[0] * two[0]))
    same(two[0] - one[1], quiet(lambda: two[0] - one[0]))
    same(np.hypot(one[1], two[0]), quiet(lambda: np.hypot(one[0], two[0])))


@LIGHT
@given(pairs(["f8", "f4", "i4"], finite=True))
def test_in_place_operators_change_the_name_and_no_other_array(pair: Any) -> None:
    values, lazy = pair
    kept, before = lazy + 0, lazy.copy()
    expected = values.copy(order="C")
    lazy += 2
    lazy *= 3
    expected += 2
    expected *= 3
    same(lazy, expected)
    same(kept, values + 0)
    same(before, values)


def test_in_place_operators_refuse_another_dtype_or_shape() -> None:
    lazy = xp.arange(4, chunks=2)
    with pytest.raises(TypeError, match="cannot be put into int64"):
        lazy += 0.5
    with pytest.raises(ValueError, match="does not fit"):
        lazy += xp.ones((3, 4), dtype=int)


def test_a_numpy_array_takes_a_lazy_result_in_place() -> None:
    target = np.ones(5)
    target += xp.arange(5, chunks=2)
    assert target.tolist() == [1, 2, 3, 4, 5]
    np.multiply(xp.arange(5, chunks=3), 2.0, out=target)
    assert target.tolist() == [0, 2, 4, 6, 8]


@LIGHT
@given(pairs(["f8"]), st.data())
def test_where_and_clip_are_numpys(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    mask = data.draw(hnp.arrays(bool, values.shape))
    blocks = xp.from_array(mask, chunks=data.draw(grids(values.shape)))
    other = data.draw(st.sampled_from([1, 2.5, np.float32(2), 1j]))
    same(xp.where(blocks, lazy, other), np.where(mask, values, other))
    same(xp.where(blocks, other, 3), np.where(mask, other, 3))
    same(lazy.clip(-1, 2), quiet(lambda: values.clip(-1, 2)))
    same(xp.clip(lazy, None, 0.5), quiet(lambda: np.clip(values, None, 0.5)))


@LIGHT
@given(pairs(), st.sampled_from(["bool", "i2", "u1", "i8", "f4", "f8", "c16"]))
def test_astype_casts_as_numpy_does(pair: Any, dtype: str) -> None:
    values, lazy = pair
    if values.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        values, lazy = values.real, lazy.real
    if values.dtype.kind == "f" and np.dtype(dtype).kind in "iu":
        values = np.where(np.isfinite(values) & (values >= 0), values, 1)
        lazy = xp.where(xp.isfinite(lazy) & (lazy >= 0), lazy, 1)
    same(lazy.astype(dtype), quiet(lambda: values.astype(dtype)))


@LIGHT
@given(pairs(["f8", "f4", "c16"]), st.integers(-2, 3))
def test_round_and_parts_of_numbers_are_numpys(pair: Any, decimals: int) -> None:
    values, lazy = pair
    same(lazy.round(decimals), quiet(lambda: values.round(decimals)))
    same(lazy.real, values.real)
    same(lazy.imag, values.imag)
    same(xp.angle(lazy), quiet(lambda: np.angle(values)))
    same(xp.nan_to_num(lazy), np.nan_to_num(values))


@LIGHT
@given(pairs(["f8"], finite=True), pairs(["f8"], st.just((5,))))
def test_a_chain_is_one_program_and_gives_what_numpy_gives(pair: Any, vector: Any) -> None:
    def chain(q: Any, x: Any) -> Any:
        shared = q.sin(x) + 1
        return q.sqrt(shared * shared + x**2) * 3 - q.where(x > 0, shared, x) / 2

    values, lazy = pair
    made = chain(xp, lazy)
    same(made, quiet(lambda: chain(np, values)), rtol=1e-12)
    assert made.explain().count("elementwise-") == 1


def test_a_chain_of_a_thousand_steps_runs() -> None:
    lazy = xp.from_array(np.arange(10.0), chunks=4)
    for _ in range(1000):
        lazy = lazy + 1
    same(lazy, np.arange(10.0) + 1000)


@pytest.mark.parametrize("shape", [(100_000,), (300, 400), (7, 40_000), (40_000, 3), (50, 60, 40)])
def test_blocks_of_many_tiles_give_what_one_tile_gives(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    x, row = rng.normal(size=shape), rng.normal(size=shape[-1:])
    lazy, other = xp.from_array(x, chunks=-1), xp.from_array(row, chunks=-1)
    same(xp.exp(lazy) + other * 2 > lazy, np.exp(x) + row * 2 > x)
    same(xp.from_array(x.T, chunks=-1) * 2 + 1, x.T * 2 + 1)
    same((lazy * other).sum(axis=0), (x * row).sum(axis=0), rtol=1e-9, atol=1e-9)
    same((lazy * other).max(axis=-1), (x * row).max(axis=-1))
