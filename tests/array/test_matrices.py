"""Decompositions: their factors multiply to the matrix, and have the shapes that NumPy's have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import shframe.array as xp
from tests.array.arrays import LIGHT, pairs
from tests.examples import examples

pytestmark = pytest.mark.usefixtures("session")
NEAR: dict[str, float] = {"rtol": 1e-7, "atol": 1e-7}
STACKS = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7)


def tall(rows: int = 60, columns: int = 4) -> tuple[Any, Any]:
    """A matrix in several blocks along both axes."""
    values = np.random.default_rng(rows).normal(size=(rows, columns))
    return values, xp.from_array(values, chunks=(7, 3))


@settings(LIGHT, max_examples=examples(8))
@given(data=st.data())
def test_qr_svd_and_eigenvectors(data: st.DataObject) -> None:
    values, lazy = data.draw(pairs(["f8", "c16", "f4"], STACKS, finite=True))
    values, lazy = values % 3 if values.dtype.kind == "f" else values, lazy
    lazy = lazy % 3 if values.dtype.kind == "f" else lazy
    near = {"rtol": 1e-2, "atol": 1e-2} if values.dtype == "f4" else {"rtol": 1e-7, "atol": 1e-5}
    for mode in ("reduced", "complete"):
        q, r = xp.linalg.qr(lazy, mode=mode)
        expected = np.linalg.qr(values, mode=mode)  # type: ignore[call-overload]
        assert (q.shape, r.shape) == (expected.Q.shape, expected.R.shape)
        np.testing.assert_allclose((q @ r).compute(), values, **near)
    for full in (False, True):
        u, s, v = xp.linalg.svd(lazy, full_matrices=full)
        numpys = np.linalg.svd(values, full_matrices=full)
        assert [u.shape, s.shape, v.shape] == [each.shape for each in numpys]
        np.testing.assert_allclose(s.compute(), numpys.S, **near)
        k = s.shape[-1]
        made = (u[..., :k] * s[..., None, :].astype(u.dtype)) @ v[..., :k, :]
        np.testing.assert_allclose(made.compute(), values, **near)
    symmetric = lazy @ xp.linalg.matrix_transpose(lazy).conj()
    values2, vectors = xp.linalg.eigh(symmetric)
    made = symmetric @ vectors - vectors * values2[..., None, :].astype(vectors.dtype)
    scale = max(float(abs(np.asarray(values2)).max()), 1.0)
    np.testing.assert_allclose(made.compute() / scale, 0, atol=near["atol"])


def test_a_tall_matrix_is_decomposed_block_by_block() -> None:
    values, lazy = tall()
    q, r = xp.linalg.tsqr(lazy)
    assert len(q.chunks[0]) > 3
    np.testing.assert_allclose((q @ r).compute(), values, **NEAR)
    np.testing.assert_allclose((q.T @ q).compute(), np.eye(4), **NEAR)
    assert np.array_equal(r.compute(), np.triu(r.compute()))
    u, s, v = xp.linalg.svd(lazy.T, full_matrices=False)
    np.testing.assert_allclose(((u * s) @ v).compute(), values.T, **NEAR)
    np.testing.assert_allclose(s.compute(), np.linalg.svd(values)[1], **NEAR)
    with pytest.raises(ValueError, match="more rows than columns"):
        xp.linalg.tsqr(lazy.T)


def test_least_squares() -> None:
    values, lazy = tall()
    right = np.random.default_rng(1).normal(size=(60, 2))
    for b in (right, right[:, 0]):
        made = xp.linalg.lstsq(lazy, xp.from_array(b, chunks=9))
        for one, expected in zip(made, np.linalg.lstsq(values, b), strict=True):
            np.testing.assert_allclose(one.compute(), np.squeeze(expected), **NEAR)


def test_solving_by_stacks_columns_and_triangles() -> None:
    rng = np.random.default_rng(0)
    stack = rng.normal(size=(3, 5, 5)) + 5 * np.eye(5)
    right = rng.normal(size=(5, 4))
    lazy, lazy_right = xp.from_array(stack, chunks=2), xp.from_array(right, chunks=2)
    made = xp.linalg.solve(lazy, lazy_right).compute()
    np.testing.assert_allclose(made, np.linalg.solve(stack, right), **NEAR)
    one = xp.linalg.solve(lazy[0], right[:, 0]).compute()
    np.testing.assert_allclose(one, np.linalg.solve(stack[0], right[:, 0]), **NEAR)
    with pytest.raises(ValueError, match="must be square"):
        xp.linalg.inv(xp.ones((2, 3)))
    with pytest.raises(ValueError, match="mismatch in its core dimension"):
        xp.linalg.solve(lazy, xp.ones((4, 4)))
    with pytest.raises(np.linalg.LinAlgError):
        xp.linalg.inv(xp.zeros((2, 2))).compute()
