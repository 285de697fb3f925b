"""Kernels of factorisations by panels: a panel is some columns of a matrix in all of its rows.

A step takes one panel, or one and a factored one, so that no task holds more than two. Factored
panels are tuples: what other steps need of them. What is below 64 columns goes to LAPACK.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NpArray = np.ndarray[Any, Any]
Pivoted = tuple[NpArray, NpArray, int]  # L and U in one array; order of rows from start; its sign
Reflected = tuple[NpArray, NpArray, NpArray]  # R; V and T of the product of reflectors 1 - V T V*

NARROW = 16  # columns that are eliminated one by one
SMALL = 64  # rows of a triangle that LAPACK solves as a whole


def solve_triangle(
    triangle: NpArray, right: NpArray, *, lower: bool, unit: bool = False
) -> NpArray:
    """The solution of triangle @ result = right; the other half of the triangle is not read.

    Raises: numpy.linalg.LinAlgError for a zero on the diagonal.
    """
    size = len(triangle)
    if size <= SMALL:
        half = np.tril(triangle) if lower else np.triu(triangle)
        if unit:
            np.fill_diagonal(half, 1)
        elif not np.diagonal(half).all():
            raise np.linalg.LinAlgError("Singular matrix")
        elif lower:  # turned round it needs no pivots, as an upper one
            return np.linalg.solve(half[::-1, ::-1], right[::-1])[::-1]
        return np.linalg.solve(half, right)
    cut = size // 2
    first, second = slice(None, cut), slice(cut, None)
    if not lower:
        first, second = second, first
    result = np.empty(right.shape, np.result_type(triangle, right))
    how: dict[str, bool] = {"lower": lower, "unit": unit}
    result[first] = solve_triangle(triangle[first, first], right[first], **how)
    rest = right[second] - triangle[second, first] @ result[first]
    result[second] = solve_triangle(triangle[second, second], rest, **how)
    return result


# -- LU with rows exchanged


def lu_factor(panel: NpArray, *, start: int) -> Pivoted:
    """The panel with its rows from `start` on as L below the diagonal and U above it, and their
    order.

    Source: S. Toledo, "Locality of reference in LU decomposition with partial pivoting" (1997).
    """
    made = np.array(panel, order="F")
    return made, *_eliminate(made[start:])


def _eliminate(a: NpArray) -> tuple[NpArray, int]:
    """Factor in place; the order of the rows, and its sign."""
    width = a.shape[1]
    if width <= NARROW:
        return _eliminate_columns(a)
    cut = width // 2
    order, sign = _eliminate(a[:, :cut])
    a[:, cut:] = a[order, cut:]
    a[:cut, cut:] = solve_triangle(a[:cut, :cut], a[:cut, cut:], lower=True, unit=True)
    a[cut:, cut:] -= a[cut:, :cut] @ a[:cut, cut:]
    below, sign_below = _eliminate(a[cut:, cut:])
    a[cut:, :cut] = a[cut:, :cut][below]
    order[cut:] = order[cut:][below]
    return order, sign * sign_below


def _eliminate_columns(a: NpArray) -> tuple[NpArray, int]:
    order, sign = np.arange(len(a)), 1
    for n in range(min(a.shape)):
        pivot = n + int(np.argmax(np.abs(a[n:, n])))
        if pivot != n:
            a[[n, pivot]] = a[[pivot, n]]
            order[[n, pivot]] = order[[pivot, n]]
            sign = -sign
        if a[n, n] != 0:
            a[n + 1 :, n] /= a[n, n]
            a[n + 1 :, n + 1 :] -= np.outer(a[n + 1 :, n], a[n, n + 1 :])
    return order, sign


def lu_update(panel: NpArray, factored: Pivoted, *, start: int) -> NpArray:
    """A panel, or a right side, after the elimination of the factored one at `start`."""
    lower, order, _ = factored
    made = np.array(panel, order="F")
    made[start:] = made[start:][order]
    stop = start + lower.shape[1]
    made[start:stop] = solve_triangle(lower[start:stop], made[start:stop], lower=True, unit=True)
    made[stop:] -= lower[stop:] @ made[start:stop]
    return made


def upper_of(factored: Pivoted, *, start: int) -> NpArray:
    """The panel of U."""
    return np.triu(factored[0], -start)


def lower_of(*factored: Pivoted, start: int) -> NpArray:
    """The panel of L of the first; the others, which come after it, exchanged its rows."""
    made = np.tril(factored[0][0], -start)
    for _, order, _ in factored[1:]:
        top = len(made) - len(order)
        made[top:] = made[top:][order]
    diagonal = np.arange(made.shape[1])
    made[start + diagonal, diagonal] = 1
    return made


def permutation_of(*factored: Pivoted, start: int, stop: int, kind: Any) -> NpArray:
    """Some columns of the matrix that puts the rows of L @ U back where they were."""
    size = len(factored[0][1])
    rows = np.arange(size)
    for _, order, _ in factored:
        top = size - len(order)
        rows[top:] = rows[top:][order]
    made = np.zeros((size, stop - start), kind)
    made[rows[start:stop], np.arange(stop - start)] = 1
    return made


def sign_and_log(factored: Pivoted, *, start: int) -> NpArray:
    """The sign of a panel's share in the determinant, and the logarithm of its size."""
    values, _, sign = factored
    diagonal = np.diagonal(values[start:])
    size = np.abs(diagonal)
    signs = np.where(size == 0, 0, diagonal / np.where(size == 0, 1, size))
    return np.array([np.prod(signs) * sign, np.log(size).sum()], values.dtype)


# -- triangles


def substitute(right: NpArray, panel: NpArray | Pivoted, *, start: int, lower: bool) -> NpArray:
    """A right side with the rows of a panel of a triangle solved, and the others rid of them."""
    triangle = panel[0] if isinstance(panel, tuple) else panel
    stop = start + triangle.shape[1]
    made = np.array(right, np.result_type(right, triangle), order="F")
    made[start:stop] = solve_triangle(triangle[start:stop], made[start:stop], lower=lower)
    rest = slice(stop, None) if lower else slice(None, start)
    made[rest] -= triangle[rest] @ made[start:stop]
    return made


# -- Cholesky


def cholesky_factor(panel: NpArray, *, start: int) -> NpArray:
    """The panel of the lower factor; raises numpy.linalg.LinAlgError."""
    width = panel.shape[1]
    made = np.zeros_like(panel, order="F")
    stop = start + width
    top = np.linalg.cholesky(panel[start:stop])
    made[start:stop] = top
    below = solve_triangle(top, panel[stop:].conj().T, lower=True)
    made[stop:] = below.conj().T
    return made


def cholesky_update(panel: NpArray, factored: NpArray, *, start: int) -> NpArray:
    """A panel that begins at row and column `start`, less what a factored one has a share of."""
    made = np.array(panel, order="F")
    top = factored[start : start + panel.shape[1]]
    made[start:] -= factored[start:] @ top.conj().T
    return made


# -- QR by Householder's reflectors


def qr_factor(panel: NpArray, *, start: int) -> Reflected:
    """The panel of R, and the reflectors that make it of the rows from `start` on.

    Source: C. Puglisi, "Modification of the Householder method based on the compact WY
    representation" (1992), for T.
    """
    turned, tau = np.linalg.qr(panel[start:], mode="raw")
    packed = turned.T
    upper = np.zeros_like(panel, order="F")
    upper[:start] = panel[:start]
    upper[start:] = np.triu(packed)
    v = np.tril(packed[:, : len(tau)], -1)
    np.fill_diagonal(v, 1)
    v[:, tau == 0] = 0
    inverse = np.triu(v.conj().T @ v, 1)
    np.fill_diagonal(inverse, 1 / np.where(tau == 0, 1, tau))
    t = solve_triangle(inverse, np.eye(len(tau), dtype=panel.dtype), lower=False)
    return upper, v, t


def qr_update(panel: NpArray, factored: Reflected, *, start: int) -> NpArray:
    """A panel after the reflectors of a factored one at `start`."""
    _, v, t = factored
    made = np.array(panel, order="F")
    made[start:] -= v @ (t.conj().T @ (v.conj().T @ made[start:]))
    return made


def reflect_back(panel: NpArray, factored: Reflected, *, start: int) -> NpArray:
    """A panel of Q before the reflectors of a factored one were applied."""
    _, v, t = factored
    made = np.array(panel, order="F")
    made[start:] -= v @ (t @ (v.conj().T @ made[start:]))
    return made
