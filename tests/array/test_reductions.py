"""Reductions and running results against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from shframe.errors import UnsupportedType
from tests.array.arrays import (
    LIGHT,
    NUMBERS,
    OTHERS,
    SHAPES,
    agree,
    axes_of,
    near,
    pairs,
    quiet,
    same,
    values_of,
)

pytestmark = pytest.mark.usefixtures("session")

FOLDS = ["sum", "prod", "min", "max", "any", "all", "mean", "var", "std", "ptp", "count_nonzero"]
NAN_FOLDS = ["nansum", "nanprod", "nanmin", "nanmax", "nanmean", "nanvar", "nanstd"]
PLACES = ["argmin", "argmax", "nanargmin", "nanargmax"]
BINARY = {
    name: ufunc
    for name, ufunc in vars(np).items()
    if isinstance(ufunc, np.ufunc)
    and (ufunc.nin, ufunc.nout, ufunc.signature) == (2, 1, None)
    and name in xp.__all__
}


@LIGHT
@given(pairs([*NUMBERS, *OTHERS]), st.sampled_from(FOLDS + NAN_FOLDS), st.data())
def test_reductions_are_those_of_numpy(pair: Any, name: str, data: st.DataObject) -> None:
    values, lazy = pair
    assume(values.ndim or name not in ("nanvar", "nanstd"))  # NumPy 2.4 fails on those of 0-d
    product = name.removeprefix("nan") == "prod"
    # an infinite product of complex numbers, or of halves, depends on the order
    assume(not product or values.dtype.char not in "eFDG")
    # NumPy squares halves as halves, which are infinite from 256 on; here the root is taken before
    assume(not name.endswith("std") or values.dtype != "f2" or not (np.abs(values) > 100).any())
    how = {"axis": data.draw(axes_of(values.ndim)), "keepdims": data.draw(st.booleans())}
    if name.endswith(("var", "std")):
        how["ddof"] = data.draw(st.sampled_from([0, 1, 2, 0.5, np.int64(3)]))
    exact = name in ("min", "max", "nanmin", "nanmax", "any", "all")
    close = (
        {} if exact else near(np.result_type(values.dtype, "f2"), values) if numeric(values) else {}
    )
    ask = data.draw(st.sampled_from([np, xp]))
    agree(
        lambda: getattr(np, name)(values, **how), lambda: getattr(ask, name)(lazy, **how), **close
    )


def test_roots_of_halves_are_taken_before_they_overflow() -> None:
    values = np.array([0, 0, 0, 1000], "f2")
    expected = np.std(values.astype("f4")).astype("f2")
    for chunks in (1, 3, 4):
        same(xp.std(xp.from_array(values, chunks=chunks)), expected)


def numeric(values: Any) -> bool:
    return values.dtype.kind in "biufc"


@LIGHT
@given(
    pairs([*NUMBERS, "m8[s]"], finite=True),
    st.sampled_from(["sum", "prod", "min", "max", "any", "all"]),
    st.sampled_from([{}, {"initial": 2}, {"initial": -3.5}, {"initial": 300}]),
    st.data(),
)
def test_reductions_begin_somewhere_and_take_a_mask(
    pair: Any, name: str, how: Any, data: st.DataObject
) -> None:
    values, lazy = pair
    assume(not (how and name in ("any", "all")))
    mask = data.draw(hnp.arrays(bool, values.shape))
    where = data.draw(st.sampled_from([{}, {"where": mask}, {"where": False}]))
    axis = data.draw(axes_of(values.ndim))
    close = near(np.result_type(values.dtype, "f4"), values) if numeric(values) else {}
    agree(
        lambda: getattr(np, name)(values, axis=axis, **how, **where),
        lambda: getattr(xp, name)(lazy, axis=axis, **how, **where),
        **close,
    )


@LIGHT
@given(
    pairs([*NUMBERS, "f2", "M8[D]", "m8[s]"], st.tuples(st.integers(1, 7), st.integers(1, 4))),
    st.sampled_from(sorted(BINARY)),
    st.sampled_from(["reduce", "accumulate"]),
    st.data(),
)
def test_methods_of_ufuncs_do_not_depend_on_the_blocks(
    pair: Any, name: str, method: str, data: st.DataObject
) -> None:
    values, lazy = pair
    # an infinite product of complex numbers depends on the order
    assume(values.dtype.kind != "c" or np.isfinite(values).all())
    assume((name, values.dtype.char) not in {("add", "e"), ("multiply", "e")})
    # NumPy 2.4.6's own is wrong on some processors (test_a_running_result_goes_on_...)
    assume(method == "accumulate" or name not in ("power", "pow", "atan2", "arctan2"))
    axis = data.draw(axes_of(2, several=method == "reduce"))
    # asked of NumPy's own, an error would leave the array behind: NumPy 2.4 forgets to let it go
    agree(
        lambda: getattr(BINARY[name], method)(values, axis=axis),
        lambda: getattr(getattr(xp, name), method)(lazy, axis=axis),
        rtol=1e-4 if values.dtype.itemsize < 8 else 1e-9,
        atol=1e-12,
    )


@pytest.mark.parametrize("kind", ["bool", "i1", "i4", "i8", "f4"])
def test_ldexp_has_no_running_results_but_is_reduced_line_by_line(kind: str) -> None:
    values = np.arange(6).reshape(3, 2).astype(kind)
    x = xp.from_array(values, chunks=2)
    with pytest.raises(UnsupportedType, match=r"ldexp.accumulate of"):
        xp.ldexp.accumulate(x, axis=0)
    for axis in (0, 1):
        agree(lambda: np.ldexp.reduce(values, axis=axis), lambda: xp.ldexp.reduce(x, axis=axis))  # noqa: B023


@LIGHT
@given(
    pairs([*NUMBERS, "f2", "m8[s]"], hnp.array_shapes(max_dims=2, max_side=3)),
    pairs(shapes=hnp.array_shapes(max_dims=1, max_side=3)),
    st.sampled_from(sorted(BINARY)),
    st.sampled_from([None, "f8", "i8", "bool"]),
)
def test_outer_pairs_are_those_of_numpy(one: Any, two: Any, name: str, dtype: Any) -> None:
    ufunc = BINARY[name]
    agree(
        lambda: ufunc.outer(one[0], two[0], dtype=dtype),
        lambda: ufunc.outer(one[1], two[1], dtype=dtype),
        rtol=1e-6,
    )


@LIGHT
@given(pairs([*NUMBERS, *OTHERS]), st.sampled_from(PLACES), st.booleans(), st.data())
def test_places_of_extremes_are_those_of_numpy(
    pair: Any, name: str, keepdims: bool, data: st.DataObject
) -> None:
    values, lazy = pair
    axis = data.draw(axes_of(values.ndim, several=False))
    how = {"axis": axis, "keepdims": keepdims}
    agree(lambda: getattr(np, name)(values, **how), lambda: getattr(xp, name)(lazy, **how))


@LIGHT
@given(pairs(["f8", "f4", "i8", "c16"], finite=True), st.sampled_from([0, 1, 0.5]), st.data())
def test_variances_take_a_correction_and_a_dtype(pair: Any, ddof: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(axes_of(values.ndim))
    close = near(values.dtype if values.dtype.kind in "fc" else "f8", values)
    numpys = lambda: np.var(values, axis=axis, ddof=ddof)  # noqa: E731
    agree(numpys, lambda: lazy.var(axis=axis, ddof=ddof), **close)
    agree(numpys, lambda: xp.var(lazy, axis=axis, correction=ddof), **close)


@LIGHT
@given(pairs(["i1", "u1", "f4", "bool"], finite=True), st.sampled_from(["f8", "i8", "c16"]))
def test_sums_and_means_take_a_dtype(pair: Any, dtype: str) -> None:
    values, lazy = pair
    assume(values.size or dtype != "i8")
    # of a product that overflows, NumPy's order decides whether a zero makes it 0 or NaN
    digits = np.log10(np.abs(values[values != 0].astype("f8"))).sum()
    for name in ("sum", "prod", "mean"):
        if (name == "mean" and dtype == "i8") or (name == "prod" and digits > 300):
            continue
        expected = quiet(lambda n=name: getattr(np, n)(values, dtype=dtype))
        same(getattr(xp, name)(lazy, dtype=dtype), expected, rtol=1e-9)


@LIGHT
@given(pairs(["f8", "i4"], finite=True), st.data())
def test_a_reduction_runs_with_the_work_below_it(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(st.none() | st.integers(-values.ndim, -1)) if values.ndim else None
    made = (lazy * 2 + xp.abs(lazy)).sum(axis=axis)
    expected = (values * 2 + np.abs(values)).sum(axis=axis)
    same(made, expected, **near(expected.dtype, values))
    assert len(made.explain("fuse").splitlines()) == 3


@LIGHT
@given(pairs(["f8", "f2", "i4", "u1", "bool", "c16", "m8[s]"], SHAPES, finite=True), st.data())
def test_running_results_are_those_of_numpy(pair: Any, data: st.DataObject) -> None:
    values, lazy = pair
    axis = data.draw(axes_of(values.ndim, several=False))
    for name in ("cumsum", "cumprod", "cumulative_sum", "cumulative_prod"):
        how: dict[str, Any] = {"axis": axis}
        if "ative" in name:
            how["include_initial"] = data.draw(st.booleans())
        agree(
            lambda n=name, h=how: getattr(np, n)(values, **h),
            lambda n=name, h=how: getattr(xp, n)(lazy, **h),
            rtol=1e-9,
            atol=1e-9,
        )


@LIGHT
@given(
    pairs([*NUMBERS, "f2"], hnp.array_shapes(max_dims=3, max_side=3)),
    st.sampled_from(["u1", "i8", "f8", "c16", "bool"]),
    st.data(),
)
def test_averages_are_those_of_numpy(pair: Any, dtype: str, data: st.DataObject) -> None:
    values, lazy = pair
    # what halves add up to, and infinite products of complex numbers, depend on the order
    assume(values.dtype != np.float16 or dtype in ("i8", "f8", "c16"))
    assume(values.dtype.kind in "biu" or np.isfinite(values).all())
    axis = data.draw(axes_of(values.ndim))
    every = data.draw(st.booleans())
    named = () if axis is None else axis if isinstance(axis, tuple) else (axis,)
    wrong = not all(
        isinstance(n, int | np.integer) and -values.ndim <= n < values.ndim for n in named
    )
    shape = values.shape if every or wrong else tuple(values.shape[n] for n in named)
    weights = data.draw(hnp.arrays(dtype, shape, elements=values_of(dtype, finite=True)))
    given = data.draw(st.sampled_from([weights, xp.from_array(weights, chunks=1)]))
    how = {"axis": axis, "returned": data.draw(st.booleans()), "keepdims": data.draw(st.booleans())}
    agree(
        lambda: np.average(values, weights=weights, **how),
        lambda: data.draw(st.sampled_from([np, xp])).average(lazy, weights=given, **how),
        rtol=1e-4 if values.dtype.itemsize < 8 else 1e-6,
        atol=1e-6,
    )


def test_weights_that_add_up_to_nothing_raise_as_in_numpy() -> None:
    lazy = xp.from_array(np.arange(6.0).reshape(2, 3), chunks=1)
    with pytest.raises(ZeroDivisionError, match="Weights sum to zero"):
        xp.average(lazy, axis=1, weights=[1, -1, 0]).compute()


def test_two_runs_give_the_same_bits() -> None:
    values = np.random.default_rng(5).normal(size=200_000) * 1e10
    lazy = xp.from_array(values, chunks=3000)
    made = {float((xp.sin(lazy) * lazy).sum()) for _ in range(3)}
    assert len(made) == 1


def test_variance_loses_nothing_to_a_large_mean() -> None:
    values = np.random.default_rng(5).normal(size=100_000) + 1e9
    lazy = xp.from_array(values, chunks=7000)
    assert float(lazy.var()) == pytest.approx(np.var(values), rel=1e-9)


def test_ufuncs_reduce_accumulate_and_pair() -> None:
    values = np.arange(1.0, 13).reshape(4, 3)
    lazy = xp.from_array(values, chunks=(2, 2))
    same(np.add.reduce(lazy, axis=1), np.add.reduce(values, axis=1))
    same(xp.logaddexp.reduce(lazy), np.logaddexp.reduce(values), rtol=1e-12)
    same(np.multiply.accumulate(lazy, axis=0), np.multiply.accumulate(values, axis=0))
    same(np.subtract.outer(lazy, values[0]), np.subtract.outer(values, values[0]))


@pytest.mark.parametrize("name", ["power", "arctan2", "subtract", "divide", "hypot"])
@pytest.mark.parametrize("chunks", [1, 2, 3, 7])
def test_a_running_result_goes_on_from_block_to_block(name: str, chunks: int) -> None:
    """NumPy's accumulate is the oracle of reduce too: its reduce is wrong on some processors."""
    values = np.array([100.0, 7, 3, 2, 1.5, 9, 4])
    lazy = xp.from_array(values, chunks=chunks)
    expected = quiet(lambda: getattr(np, name).accumulate(values))
    np.testing.assert_allclose(getattr(xp, name).accumulate(lazy).compute(), expected, rtol=1e-12)
    found = getattr(xp, name).reduce(lazy).compute()
    np.testing.assert_allclose(found, expected[-1], rtol=1e-12)
