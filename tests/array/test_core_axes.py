"""Products of vectors and matrices: NumPy's four ufuncs of core dimensions, with their options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.array.arrays import LIGHT, agree, compare

pytestmark = pytest.mark.usefixtures("session")

TABLES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=5)
KINDS = ("bool", "i2", "i8", "f8", "c16")
CASES: list[Any] = [
    ("matmul", lambda m, x: m.matmul(x, x, axes=[(-2, -1), (-1, -2), (-2, -1)])),
    ("matmul_turned", lambda m, x: m.matmul(x, x, axes=[(-1, -2), (-2, -1), (0, 1)])),
    (
        "matmul_vector",
        lambda m, x: m.matmul(x, x[0, 0] if x.ndim > 2 else x[0], axes=[(0, -1), 0, 0]),
    ),
    ("matmul_left", lambda m, x: m.matmul(x[..., 0].ravel(), x, axes=[(0,), (0, 1), -1])),
    ("matmul_dtype", lambda m, x: m.matmul(x, x, axes=[(0, 1), (1, 0), (1, 0)], dtype="c16")),
    ("matvec", lambda m, x: m.matvec(x, x[..., 0, :])),
    ("matvec_axes", lambda m, x: m.matvec(x, x, axes=[(-1, 0), 0, -1])),
    ("matvec_wrong", lambda m, x: m.matvec(x, x[..., :, 0])),
    ("vecmat", lambda m, x: m.vecmat(x[..., :, 0], x)),
    ("vecmat_axes", lambda m, x: m.vecmat(x, x, axes=[(1,), (1, 0), (0,)])),
    ("vecmat_dtype", lambda m, x: m.vecmat(x[..., :, 0], x, dtype="c16")),
    ("vecdot", lambda m, x: m.vecdot(x, x[:1])),
    ("vecdot_axis", lambda m, x: m.vecdot(x, x, axis=0, keepdims=True)),
    ("vecdot_keepdims", lambda m, x: m.vecdot(x, x, keepdims=True)),
    ("vecdot_axes", lambda m, x: m.vecdot(x, x, axes=[0, 0])),
    ("vecdot_axes_kept", lambda m, x: m.vecdot(x, x, axes=[1, (1,), (0,)], keepdims=True)),
    ("vecdot_both", lambda m, x: m.vecdot(x, x, axis=0, axes=[0, 0])),
]


@pytest.mark.parametrize("call", [call for _, call in CASES], ids=[name for name, _ in CASES])
@LIGHT
@given(data=st.data())
def test_as_numpy(call: Any, data: st.DataObject) -> None:
    compare(call, data, KINDS, TABLES, finite=True, rtol=1e-12)


@pytest.mark.parametrize(
    "axes",
    [
        3,
        ((0, 1), (0, 1), (0, 1)),
        [(0, 1), (0, 1)],
        [(0, 1), (0,), (0, 1)],
        [(0, 1), 0, (0, 1)],
        [(0, 1), [0, 1], (0, 1)],
        [(0, 0), (0, 1), (0, 1)],
        [(0, 1), (0, 5), (0, 1)],
        [(0, 1), (0, 1), (0, 2)],
        [(0, 1), (0, 1.0), (0, 1)],
    ],
)
def test_what_is_no_axes(axes: Any) -> None:
    values = np.arange(6.0).reshape(2, 3)
    lazy = xp.from_array(values, chunks=2)
    with pytest.raises((TypeError, ValueError)):
        np.matmul(values, values.T, axes=axes)
    agree(
        lambda: np.matmul(values, values.T, axes=axes), lambda: xp.matmul(lazy, lazy.T, axes=axes)
    )


def test_numpys_functions_stay_lazy() -> None:
    values = np.arange(6.0).reshape(2, 3)
    lazy = xp.from_array(values, chunks=2)
    agree(lambda: np.matvec(values, values[0]), lambda: np.matvec(lazy, lazy[0]))
    agree(lambda: np.vecmat(values[:, 0], values), lambda: np.vecmat(lazy[:, 0], lazy))
    axes = [(0, 1), (1, 0), (1, 0)]
    agree(lambda: np.matmul(values, values, axes=axes), lambda: np.matmul(lazy, lazy, axes=axes))
