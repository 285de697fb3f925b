"""Large matrices are factored by panels: as NumPy's factors, where these are the only ones, and
else by what they multiply to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shframe.array as xp
from shframe.array.functions import panels

pytestmark = pytest.mark.usefixtures("session")
SIZE = 23
NEAR: dict[str, float] = {"rtol": 1e-9, "atol": 1e-9}


@pytest.fixture(autouse=True)
def narrow_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "WHOLE", 0)
    monkeypatch.setattr(panels, "NARROWEST", 6)


def drawn(kind: str, *shape: int) -> Any:
    rng = np.random.default_rng(sum(shape))
    values = rng.normal(size=shape)
    return (values + 1j * rng.normal(size=shape) if kind == "c16" else values).astype(kind)


@pytest.mark.parametrize("kind", ["f8", "c16"])
def test_square_matrices(kind: str) -> None:
    values, right = drawn(kind, SIZE, SIZE), drawn(kind, SIZE, 7)
    lazy, lazy_right = xp.from_array(values, chunks=9), xp.from_array(right, chunks=4)
    p, lower, upper = (each.compute() for each in xp.linalg.lu(lazy))
    np.testing.assert_allclose(p @ lower @ upper, values, **NEAR)
    assert np.array_equal(np.tril(lower), lower)
    assert np.array_equal(np.triu(upper), upper)
    assert abs(lower).max() == 1
    made = xp.linalg.solve(lazy, lazy_right).compute()
    np.testing.assert_allclose(made, np.linalg.solve(values, right), **NEAR)
    made = xp.linalg.solve(lazy, right[:, 0]).compute()
    np.testing.assert_allclose(made, np.linalg.solve(values, right[:, 0]), **NEAR)
    np.testing.assert_allclose(xp.linalg.inv(lazy).compute(), np.linalg.inv(values), **NEAR)
    np.testing.assert_allclose(xp.linalg.det(lazy).compute(), np.linalg.det(values), rtol=1e-9)
    for one, other in zip(xp.linalg.slogdet(lazy), np.linalg.slogdet(values), strict=True):
        np.testing.assert_allclose(one.compute(), other, **NEAR)
        assert one.dtype == other.dtype


@pytest.mark.parametrize("kind", ["f8", "c16"])
def test_positive_definite_matrices_and_triangles(kind: str) -> None:
    values, right = drawn(kind, SIZE, SIZE), drawn(kind, SIZE, 7)
    values = values @ values.conj().T + SIZE * np.eye(SIZE)
    lazy = xp.from_array(values, chunks=9)
    for upper in (False, True):
        made = xp.linalg.cholesky(lazy, upper=upper).compute()
        np.testing.assert_allclose(made, np.linalg.cholesky(values, upper=upper), **NEAR)
        half = np.triu(values) if upper else np.tril(values)
        made = xp.linalg.solve_triangular(lazy, right, lower=not upper).compute()
        np.testing.assert_allclose(made, np.linalg.solve(half, right), **NEAR)
    made = xp.linalg.solve(lazy, right, assume_a="pos").compute()
    np.testing.assert_allclose(made, np.linalg.solve(values, right), **NEAR)


@pytest.mark.parametrize("shape", [(SIZE, SIZE), (17, 25), (25, 17)])
def test_qr_of_every_shape(shape: tuple[int, int]) -> None:
    values = drawn("f8" if shape[0] > shape[1] else "c16", *shape)
    values[:, 3] = 0  # a column that no reflector has to turn
    lazy = xp.from_array(values, chunks=9)
    for mode in ("reduced", "complete"):
        expected = np.linalg.qr(values, mode=mode)  # type: ignore[call-overload]
        for one, other in zip(xp.linalg.qr(lazy, mode=mode), expected, strict=True):
            np.testing.assert_allclose(one.compute(), other, **NEAR)
    r = xp.linalg.qr(lazy, mode="r").compute()
    np.testing.assert_allclose(r, np.linalg.qr(values, mode="r"), **NEAR)


def test_what_cannot_be_solved() -> None:
    lazy = xp.zeros((SIZE, SIZE), chunks=9)
    for call in (xp.linalg.inv, xp.linalg.cholesky, lambda x: xp.linalg.solve_triangular(x, x)):
        with pytest.raises(np.linalg.LinAlgError):
            call(lazy).compute()
    assert xp.linalg.det(lazy).compute() == 0
    with pytest.raises(ValueError, match="no more rows than columns"):
        xp.linalg.sfqr(xp.ones((5, 3)))
