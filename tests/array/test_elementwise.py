"""Elementwise functions and operators against NumPy's."""

from __future__ import annotations

import datetime
import decimal
import fractions
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.array.arrays import LIGHT, NUMBERS, agree, grids, pairs, quiet, same

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

    values, lazy = pair
    agree(lambda: asked(values), lambda: asked(lazy), rtol=1e-6)


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
    with pytest.raises(TypeError, match="Cannot cast ufunc 'add' output"):
        lazy += 0.5
    with pytest.raises(ValueError, match="doesn't match the broadcast shape"):
        lazy += xp.ones((3, 4), dtype=int)


def test_a_numpy_array_takes_a_lazy_result_in_place() -> None:
    target = np.ones(5)
    target += xp.arange(5, chunks=2)
    assert target.tolist() == [1, 2, 3, 4, 5]
    np.multiply(xp.arange(5, chunks=3), 2.0, out=target)
    assert target.tolist() == [0, 2, 4, 6, 8]


def test_records_are_compared_whole() -> None:
    values = np.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i4"), ("b", "f8")])
    lazy = xp.from_array(values, chunks=1)
    same(lazy == values[::-1], values == values[::-1])
    same(lazy != values[0], values != values[0])


TEXT_AND_TIMES = ["U3", "S2", "M8[D]", "m8[s]"]


OBJECTS = [
    None,
    datetime.date(1970, 1, 2),
    datetime.timedelta(seconds=1),
    decimal.Decimal(1),
    fractions.Fraction(5, 2),
    {1: 2},
    np.array([None, 1], object),
]
DAYS = np.array(["1970-01-02", "NaT"], "M8[D]")


@pytest.mark.parametrize("sign", [operator.eq, operator.ne, np.equal, np.not_equal])
@pytest.mark.parametrize("other", OBJECTS, ids=repr)
def test_python_objects_are_compared_as_numpy_compares_them(sign: Any, other: Any) -> None:
    numbers = np.array([1, 2.5])
    for values in (DAYS, DAYS - DAYS[0], numbers, numbers + 1j, np.array(["1", ""])):
        lazy = xp.from_array(values, chunks=1)
        same(sign(lazy, other), sign(values, other))
        same(sign(other, lazy), sign(other, values))


def test_a_missing_time_is_equal_to_none() -> None:
    lazy = xp.from_array(DAYS, chunks=1)
    assert (lazy == None).compute().tolist() == [False, True]  # noqa: E711
    assert (lazy != None).compute().tolist() == [True, False]  # noqa: E711


@LIGHT
@given(
    pairs([*NUMBERS, *TEXT_AND_TIMES]),
    WEAK | st.sampled_from(["1", *OBJECTS[:-1]]),
    st.booleans(),
)
def test_what_cannot_be_compared_is_unequal(pair: Any, value: Any, same_: bool) -> None:
    values, lazy = pair
    sign = operator.eq if same_ else operator.ne
    agree(lambda: sign(values, value), lambda: sign(lazy, value))


@LIGHT
@given(
    pairs([*NUMBERS, "f2", "m8[s]"]),
    st.sampled_from(["add", "multiply", "hypot", "logical_and", "divmod", "isfinite", "negative"]),
    st.sampled_from(["bool", "u1", "i8", "f4", "c16"]),
)
def test_ufuncs_work_in_the_dtype_that_they_are_told(pair: Any, name: str, dtype: str) -> None:
    values, lazy = pair
    count = getattr(np, name).nin
    agree(
        lambda: getattr(np, name)(*[values] * count, dtype=dtype),
        lambda: getattr(xp, name)(*[lazy] * count, dtype=dtype),
        rtol=1e-6,
    )


BOUNDS = st.sampled_from(
    [None, 0, 1, -5, 300, 2.5, -1000, 2**70, np.int8(3), np.float32(1.5), float("nan"), True]
)


@LIGHT
@given(pairs([*NUMBERS, "f2", "m8[s]"]), BOUNDS, BOUNDS, st.data())
def test_clip_takes_the_bounds_that_numpy_takes(
    pair: Any, low: Any, high: Any, data: st.DataObject
) -> None:
    values, lazy = pair
    low = data.draw(st.sampled_from([low, values]))
    how = data.draw(st.sampled_from([{"a_min": low, "a_max": high}, {"min": low, "max": high}]))
    ask = data.draw(st.sampled_from([np, xp]))
    agree(lambda: np.clip(values, **how), lambda: ask.clip(lazy, **how))
    agree(lambda: values.clip(low, high), lambda: lazy.clip(low, high))


@LIGHT
@given(pairs([*NUMBERS, "f2"]), pairs(shapes=st.just((1,))), st.booleans(), st.data())
def test_closeness_is_numpys(one: Any, two: Any, equal_nan: bool, data: st.DataObject) -> None:
    how = {"equal_nan": equal_nan, "atol": data.draw(st.sampled_from([0, 2, 1e-8]))}
    for name in ("isclose", "allclose"):
        agree(
            lambda n=name: getattr(np, n)(one[0], two[0], **how),
            lambda n=name: getattr(xp, n)(one[1], two[1], **how),
        )


KINDS = st.sampled_from(
    [str, bytes, "U", "S", "V", "M8", "m8", "M8[s]", "U12", "f4", "i2", "bool", "c8", "zz"]
)


@LIGHT
@given(pairs([*NUMBERS, "f2", *TEXT_AND_TIMES], hnp.array_shapes(max_dims=2)), KINDS)
def test_a_dtype_that_says_only_its_kind_means_what_numpy_means(pair: Any, kind: Any) -> None:
    values, lazy = pair
    assume(values.dtype.kind != "f" or np.isfinite(values).all())
    assume(kind != "V")  # compared below
    agree(lambda: values.astype(kind), lambda: lazy.astype(kind))
    agree(
        lambda: np.concatenate([values, values], dtype=kind),
        lambda: xp.concat([lazy, lazy.rechunk(1)], dtype=kind),
    )


def test_the_unit_of_times_in_text_is_that_of_the_whole() -> None:
    text = np.array(["2020-01-05", "2020-01-05T10", "2021-01-01"])
    same(xp.from_array(text, chunks=1).astype("M8"), text.astype("M8"))
    assert np.dtype("V8") == xp.ones(3).astype("V").dtype
    with pytest.raises(ValueError, match="Error parsing"):
        xp.from_array(np.array(["2020", "no"]), chunks=1).astype("M8")


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
@given(pairs(["f8", "f4", "c16", "i2", "u1"]), st.integers(-2, 3))
def test_round_and_parts_of_numbers_are_numpys(pair: Any, decimals: int) -> None:
    values, lazy = pair
    same(lazy.round(decimals), quiet(lambda: values.round(decimals)))
    same(lazy.real, values.real)
    same(lazy.imag, values.imag)
    # the last digit depends on the layout in memory in NumPy too
    same(xp.angle(lazy), quiet(lambda: np.angle(values.copy(order="C"))))
    same(xp.nan_to_num(lazy), np.nan_to_num(values))
    same(xp.nan_to_num(lazy, nan=7, posinf=3), np.nan_to_num(values, nan=7, posinf=3))


@LIGHT
@given(pairs(["f8"], finite=True), pairs(["f8"], st.just((5,))))
def test_a_chain_is_one_program_and_gives_what_numpy_gives(pair: Any, vector: Any) -> None:
    def chain(q: Any, x: Any) -> Any:
        shared = q.sin(x) + 1
        return q.sqrt(shared * shared + x**2) * 3 - q.where(x > 0, shared, x) / 2

    values, lazy = pair
    made = chain(xp, lazy)
    same(made, quiet(lambda: chain(np, values)), rtol=1e-12)
    assert len(made.explain("fuse").splitlines()) == 3


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
