"""numpy.ma's functions under NumPy's names: ufuncs, methods as functions, what joins and orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.array.arrays import LIGHT
from tests.array.test_masked import KINDS, REALS, SOME, agree, masked_pairs

pytestmark = pytest.mark.usefixtures("session")

TABLES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=5)
LINES = hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=5)
LINE = hnp.array_shapes(min_dims=1, max_dims=1, min_side=1, max_side=6)
ONE_REAL = (
    *("abs", "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "ceil"),
    *("cos", "cosh", "exp", "fabs", "floor", "log", "log10", "log2", "negative", "sin", "sinh"),
    *("sqrt", "tan", "tanh", "conjugate", "logical_not"),
)
TWO_REAL = (
    *("add", "arctan2", "divide", "true_divide", "equal", "floor_divide", "fmod", "greater"),
    *("greater_equal", "hypot", "less", "less_equal", "logical_and", "logical_or", "logical_xor"),
    *("maximum", "minimum", "mod", "multiply", "not_equal", "power", "remainder", "subtract"),
)
WORDS = ("bool", "i2")
OF_WORDS = ("bitwise_and", "bitwise_or", "bitwise_xor")
REDUCTIONS = (
    *("all", "any", "max", "min", "mean", "prod", "ptp", "std", "sum", "var", "amax", "amin"),
    *("anom", "anomalies", "cumprod", "cumsum", "count", "count_masked", "argmax", "argmin"),
)
OTHERS: list[Any] = [
    ("argsort", REALS, SOME, lambda m, x: _sorted_by(m, x, 0)),
    ("sort", REALS, SOME, lambda m, x: m.ma.sort(x, axis=0)),
    ("sort_first", REALS, SOME, lambda m, x: m.ma.sort(x, axis=-1, endwith=False)),
    ("sort_flat", REALS, SOME, lambda m, x: m.ma.sort(x, axis=None)),
    ("median", REALS, SOME, lambda m, x: m.ma.median(x, axis=0)),
    ("median_all", REALS, SOME, lambda m, x: m.ma.median(x)),
    ("dot", REALS, TABLES, lambda m, x: m.ma.dot(x % 3, x.T % 3)),
    ("clip", REALS, SOME, lambda m, x: m.ma.clip(x, 0, 2)),
    ("compressed", KINDS, SOME, lambda m, x: m.ma.compressed(x)),
    ("copy", KINDS, SOME, lambda m, x: m.ma.copy(x)),
    ("diagonal", KINDS, TABLES, lambda m, x: m.ma.diagonal(x, 1)),
    ("trace", REALS, TABLES, lambda m, x: m.ma.trace(x)),
    ("expand_dims", KINDS, SOME, lambda m, x: m.ma.expand_dims(x, 0)),
    ("ravel", KINDS, SOME, lambda m, x: m.ma.ravel(x)),
    ("repeat", KINDS, SOME, lambda m, x: m.ma.repeat(x, 2, axis=0)),
    ("reshape", KINDS, SOME, lambda m, x: m.ma.reshape(x, (-1, 1))),
    ("round", ("f8",), SOME, lambda m, x: m.ma.round(x, 1)),
    ("around", ("f8",), SOME, lambda m, x: m.ma.around(x)),
    ("squeeze", KINDS, SOME, lambda m, x: m.ma.squeeze(x[:1], axis=0)),
    ("swapaxes", KINDS, SOME, lambda m, x: m.ma.swapaxes(x, 0, -1)),
    ("take", KINDS, SOME, lambda m, x: m.ma.take(x, [0, -1], axis=0)),
    ("transpose", KINDS, SOME, lambda m, x: m.ma.transpose(x)),
    ("concatenate", KINDS, SOME, lambda m, x: m.ma.concatenate([x, x.data, x[:1]])),
    ("stack", KINDS, SOME, lambda m, x: m.ma.stack([x, x.data], axis=-1)),
    ("vstack", KINDS, SOME, lambda m, x: m.ma.vstack([x, x])),
    ("hstack", KINDS, SOME, lambda m, x: m.ma.hstack([x, x])),
    ("dstack", KINDS, SOME, lambda m, x: m.ma.dstack([x, x])),
    ("column_stack", KINDS, TABLES, lambda m, x: m.ma.column_stack([x, x[:, 0]])),
    ("array", REALS, SOME, lambda m, x: m.ma.array(x.data, "f8", mask=x.mask)),
    ("asarray", REALS, SOME, lambda m, x: m.ma.asarray(x, "f8")),
    ("asanyarray", REALS, SOME, lambda m, x: m.ma.asanyarray(x.data)),
    ("nonzero", KINDS, SOME, lambda m, x: x.nonzero()),
    ("one_value", REALS, SOME, lambda m, x: m.ma.masked_array(m.full(x.shape, 2), x.mask) * 3),
    ("one_mask", REALS, SOME, lambda m, x: m.ma.masked_array(x.data, m.zeros(x.shape, "?")) + x),
    ("one_of_both", REALS, SOME, lambda m, x: m.ma.masked_array(m.ones(x.shape), True) - x.data),
    ("cov", REALS, LINES, lambda m, x: m.ma.cov(x)),
    ("cov_columns", REALS, LINES, lambda m, x: m.ma.cov(x, rowvar=False, ddof=0)),
    ("cov_of_two", REALS, LINES, lambda m, x: m.ma.cov(x, x[::-1], bias=True)),
    ("cov_of_others", REALS, TABLES, lambda m, x: m.ma.cov(x, x[:1].data, ddof=2)),
    ("cov_no_masked", REALS, LINES, lambda m, x: m.ma.cov(x, allow_masked=False)),
    ("cov_ddof", REALS, LINES, lambda m, x: m.ma.cov(x, ddof=0.5)),
    ("corrcoef", REALS, LINES, lambda m, x: m.ma.corrcoef(x)),
    ("corrcoef_columns", REALS, LINES, lambda m, x: m.ma.corrcoef(x, x[::-1], rowvar=False)),
    ("zeros", KINDS, SOME, lambda m, x: m.ma.zeros(x.shape, x.dtype)),
    ("ones", KINDS, SOME, lambda m, x: m.ma.ones(x.shape, x.dtype, fill_value=1) * x),
    ("empty", KINDS, SOME, lambda m, x: m.ma.empty(x.shape, x.dtype) * 0),
    ("masked_all", KINDS, SOME, lambda m, x: m.ma.masked_all(x.shape, x.dtype)),
    ("masked_all_like", KINDS, SOME, lambda m, x: m.ma.masked_all_like(x)),
    ("arange", REALS, LINE, lambda m, x: m.ma.arange(x.shape[0], dtype="f8") + x),
    ("identity", KINDS, LINE, lambda m, x: m.ma.identity(x.shape[0], x.dtype) * x),
]


def _sorted_by(m: Any, x: Any, axis: int) -> Any:
    """Places of equal elements may differ; what is there may not."""
    order = m.ma.argsort(x, axis=axis)
    return m.ma.filled(m.ma.sort(x, axis=axis), 9), m.take_along_axis(x.filled(9), order, axis)


def _of_two(name: str, swapped: bool) -> Any:
    def call(m: Any, x: Any) -> Any:
        other = (x.data % 3)[::-1]
        return getattr(m.ma, name)(*((other, x) if swapped else (x, other)))

    return call


CASES = [
    *[(name, REALS, SOME, lambda m, x, n=name: getattr(m.ma, n)(x)) for name in ONE_REAL],
    *[(f"{name}_plain", ("f8",), SOME, lambda m, x, n=name: _plain(m, n, x)) for name in ONE_REAL],
    *[(name, REALS, SOME, _of_two(name, False)) for name in TWO_REAL],
    *[(f"{name}_back", ("f8", "i8"), SOME, _of_two(name, True)) for name in TWO_REAL],
    *[
        (name, ("bool", "i2"), SOME, lambda m, x, n=name: getattr(m.ma, n)(x, x))
        for name in OF_WORDS
    ],
    *[(name, REALS, SOME, lambda m, x, n=name: getattr(m.ma, n)(x, axis=0)) for name in REDUCTIONS],
    *OTHERS,
]


def _plain(m: Any, name: str, x: Any) -> Any:
    return getattr(m.ma, name)(x.data)


@pytest.mark.parametrize(
    ("dtypes", "shapes", "call"), [each[1:] for each in CASES], ids=[each[0] for each in CASES]
)
@LIGHT
@given(data=st.data())
def test_functions(dtypes: Any, shapes: Any, call: Any, data: st.DataObject) -> None:
    theirs, ours = data.draw(masked_pairs(dtypes, shapes), label="array")
    agree(call, (ours,), (theirs,))


@given(pair=masked_pairs(("i8",)))
@LIGHT
def test_what_is_masked_is_said(pair: Any) -> None:
    theirs, ours = pair
    assert xp.ma.is_masked(ours) == np.ma.is_masked(theirs)
    assert not xp.ma.is_masked(ours.data)
    assert xp.ma.isMaskedArray(ours)
    assert not xp.ma.isMaskedArray(ours.data)
    assert ours.tolist() == theirs.tolist()
