"""First steps with arrays: making, looking at, choosing, changing, combining and reducing them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.guide.array_steps import Step, check_arrays

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    r = np.random.default_rng(0)
    return {
        "a": np.arange(15).reshape(3, 5),
        "b": np.array([20, 30, 40, 50]),
        "f": r.random((4, 6)),
        "c": np.array([1.2, 3.5, 5.1]),
        "A": np.array([[1, 1], [0, 1]]),
        "B": np.array([[2, 0], [3, 4]]),
        "g": r.integers(0, 10, (3, 4)),
        "t": np.arange(24).reshape(2, 3, 4),
        "line": np.arange(10) ** 3,
        "s": np.array(["b", "a", "c"]),
        "n": np.array([1.0, np.nan, 3.0, np.inf]),
        "z": np.array([1 + 2j, 3 - 1j]),
    }


def _set(m: Any, d: Any) -> Any:
    d.line[:6:2] = 1000
    return d.line


def _set2(m: Any, d: Any) -> Any:
    d.a[d.a > 7] = 0
    return d.a


def _set3(m: Any, d: Any) -> Any:
    d.f[1:3, [0, 2]] = -1
    return d.f


def _iadd(m: Any, d: Any) -> Any:
    d.f += 3
    d.f *= 2
    return d.f


def _iadd_bad(m: Any, d: Any) -> Any:
    d.a += d.f[0, 0]
    return d.a


def _shape(m: Any, d: Any) -> Any:
    x = d.t
    return [x.ndim, x.shape, x.size, x.itemsize, x.dtype.name, x.nbytes]


def _loop(m: Any, d: Any) -> Any:
    return [row.sum() for row in d.a]


def _mandel(m: Any, d: Any) -> Any:
    y, x = (
        m.ogrid[-1.4:1.4:20j, -2:0.8:20j]
        if hasattr(m, "ogrid")
        else np.ogrid[-1.4:1.4:20j, -2:0.8:20j]
    )
    c = m.asarray(x + y * 1j)
    z = c * 0
    dt = m.full(z.shape, 20)
    for i in range(10):
        z = z**2 + c
        div = m.abs(z) > 2
        now = div & (dt == 20)
        dt = m.where(now, i, dt)
        z = m.where(div, 2, z)
    return dt


STEPS: dict[str, Step] = {
    "attributes": _shape,
    "difference": lambda m, d: d.b - m.arange(4),
    "square": lambda m, d: d.b**2,
    "sin": lambda m, d: 10 * m.sin(d.b),
    "comparison": lambda m, d: d.b < 35,
    "elementwise product": lambda m, d: d.A * d.B,
    "matrix product": lambda m, d: d.A @ d.B,
    "dot": lambda m, d: d.A.dot(d.B),
    "in place": _iadd,
    "in place, floats into integers": _iadd_bad,
    "promotion": lambda m, d: m.ones(3, dtype=m.int32) + m.linspace(0, m.pi, 3),
    "complex exponential": lambda m, d: m.exp(
        (m.ones(3, dtype=m.int32) + m.linspace(0, m.pi, 3)) * 1j
    ),
    "sum": lambda m, d: [d.f.sum(), d.f.min(), d.f.max()],
    "sum of columns": lambda m, d: d.a.sum(axis=0),
    "running sum": lambda m, d: d.a.cumsum(axis=1),
    "universal functions": lambda m, d: [
        m.exp(d.b),
        m.sqrt(d.b),
        m.add(d.b, m.array([2.0, -1.0, 4.0, 1.0])),
    ],
    "index and slices": lambda m, d: [d.line[2], d.line[2:5], d.line[::-1]],
    "set a slice": _set,
    "set where": _set2,
    "set by a list": _set3,
    "fromfunction": lambda m, d: m.fromfunction(lambda x, y: 10 * x + y, (5, 4), dtype=int),
    "several axes": lambda m, d: [d.a[2, 3], d.a[0:5, 1], d.a[:, 1], d.a[1:3, :], d.a[-1]],
    "ellipsis": lambda m, d: [d.t[1, ...].shape, d.t[..., 2]],
    "loop": _loop,
    "all elements": lambda m, d: list(map(int, d.a.ravel())),
    "shape": lambda m, d: [d.g.ravel(), d.g.reshape(6, 2), d.g.T, d.g.reshape(3, -1)],
    "stack": lambda m, d: [
        m.vstack((d.A, d.B)),
        m.hstack((d.A, d.B)),
        m.column_stack((d.A, d.B)),
        m.column_stack((d.b, d.b)),
    ],
    "newaxis": lambda m, d: d.b[:, m.newaxis],
    "split": lambda m, d: m.hsplit(d.g, 2),
    "split at places": lambda m, d: m.hsplit(d.g, (1, 3)),
    "array_split": lambda m, d: m.array_split(d.line, 4),
    "arrays of indices": lambda m, d: [
        (m.arange(12) ** 2)[m.array([1, 1, 3, 8, 5])],
        (m.arange(12) ** 2)[m.array([[3, 4], [9, 7]])],
    ],
    "two arrays of indices": lambda m, d: d.g[m.array([[0, 1], [1, 2]]), m.array([[2, 1], [3, 3]])],
    "an array and an integer": lambda m, d: [
        d.g[m.array([[0, 1], [1, 2]]), 2],
        d.g[:, m.array([0, 1])],
    ],
    "argmax": lambda m, d: d.f.argmax(axis=0),
    "mask": lambda m, d: d.a[d.a > 4],
    "mask of rows": lambda m, d: d.g[m.array([False, True, True]), :],
    "mask of columns": lambda m, d: d.g[:, m.array([True, False, True, False])],
    "masks of both": lambda m, d: d.g[
        m.array([False, True, True]), m.array([True, False, True, False])
    ],
    "ix_": lambda m, d: d.g[np.ix_([0, 2], [1, 3])],
    "mandelbrot": _mandel,
    "tril": lambda m, d: m.tril(d.g, -1),
    "histogram": lambda m, d: m.histogram(d.f, bins=5, density=True),
    "sort": lambda m, d: [
        m.sort(d.f),
        m.sort(d.f, axis=None),
        m.argsort(d.g, axis=0, stable=True)
        if m is not np
        else np.argsort(d.g, axis=0, stable=True),
        m.sort(d.s),
    ],
    "concatenate": lambda m, d: m.concatenate((d.a, d.a), axis=0),
    "expand_dims": lambda m, d: m.expand_dims(d.b, axis=1).shape,
    "nonzero": lambda m, d: m.nonzero(d.a < 5),
    "unique": lambda m, d: m.unique(
        d.g, return_index=True, return_inverse=True, return_counts=True
    ),
    "unique rows": lambda m, d: m.unique(m.array([[1, 2], [1, 2], [0, 1]]), axis=0),
    "flip": lambda m, d: [m.flip(d.a), m.flip(d.a, axis=0), d.a[::-1, ::2]],
    "flatten": lambda m, d: d.a.flatten(),
    "missing values": lambda m, d: [m.nanmean(d.n), m.isnan(d.n), m.nan_to_num(d.n)],
    "norm": lambda m, d: [
        m.linalg.norm(d.f),
        m.linalg.norm(d.f, axis=1),
        m.linalg.norm(d.f, ord=1),
        m.linalg.norm(d.b.astype(float), ord=3),
    ],
    "inv": lambda m, d: m.linalg.inv(d.B.astype(float)),
    "solve": lambda m, d: m.linalg.solve(d.B, m.array([1, 2])),
    "trace": lambda m, d: m.trace(d.B),
    "eye": lambda m, d: m.eye(3, k=1),
    "diag": lambda m, d: [m.diag(d.b), m.diag(d.g)],
    "powers": lambda m, d: m.vander(d.c, 3),
    "repeat": lambda m, d: [m.repeat(d.b, 2), m.tile(d.A, (2, 3)), m.repeat(d.A, [1, 2], axis=0)],
    "dtype of a mix": lambda m, d: (d.b[0] + d.f[0, 0]).dtype.name,
    "compare": lambda m, d: [d.s == "a", d.s < "b"],
    "astype": lambda m, d: [d.c.astype(int), d.b.astype("f4"), d.c.astype(str)],
    "bool ops": lambda m, d: [
        (d.b > 25) & (d.b < 45),
        ~(d.b > 25),
        m.logical_xor(d.b > 25, d.b < 45),
    ],
    "any": lambda m, d: [m.any(d.b > 45), m.all(d.b > 1), bool((d.b > 100).any())],
    "round": lambda m, d: [d.c.round(), m.around(d.f, 2)],
    "minmax": lambda m, d: [m.ptp(d.f, axis=1), d.f.argmin(), m.clip(d.f, 0.2, 0.5)],
    "error: shapes": lambda m, d: d.b + d.c,
    "error: index": lambda m, d: d.b[10],
    "error: axis": lambda m, d: d.f.sum(axis=5),
    "error: reshape": lambda m, d: d.b.reshape(3, 3),
    "error: matrix product": lambda m, d: d.f @ d.f,
    "error: truth value": lambda m, d: bool(d.b),
    "error: float as index": lambda m, d: d.b[1.5],
    "error: length of mask": lambda m, d: d.b[m.array([True, False])],
    "error: concatenate": lambda m, d: m.concatenate((d.a, d.b)),
    "conversions": lambda m, d: [int(d.b[0]), float(d.c[1]), d.b.tolist(), len(d.a)],
    "contains": lambda m, d: [20 in d.b, 21 in d.b],
    "complex": lambda m, d: [d.z.real, d.z.imag, abs(d.z), m.conj(d.z), m.angle(d.z)],
    "power": lambda m, d: [2 ** d.b[:1], d.c**0.5, d.b // 7, d.b % 7, divmod(d.b, 7)],
    "neg int pow": lambda m, d: d.b ** (-1),
    "bits": lambda m, d: [d.b << 1, d.b >> 1, d.b ^ 3],
    "meshgrid": lambda m, d: m.meshgrid(d.c, d.b, indexing="ij"),
    "gradient": lambda m, d: m.gradient(d.f),
    "diff": lambda m, d: m.diff(d.line, n=2),
    "cross": lambda m, d: m.cross(d.c, m.array([1.0, 0, 2])),
    "outer": lambda m, d: m.outer(d.c, d.b),
    "inner": lambda m, d: m.inner(d.a, d.a),
    "interp": lambda m, d: m.interp(m.array([2.0, 4.0]), d.c, d.c * 2),
    "polynomial": lambda m, d: m.polyval(m.array([1, 2, 3]), d.c),
    "covariance": lambda m, d: [m.cov(d.f), m.corrcoef(d.f, rowvar=False)],
    "select": lambda m, d: m.select([d.b < 25, d.b > 45], [d.b, d.b * 2], default=-1),
    "piecewise": lambda m, d: m.piecewise(d.c, [d.c < 2, d.c >= 2], [-1, 1]),
    "digitize": lambda m, d: m.digitize(d.c, m.array([0.0, 2, 4])),
    "bincount": lambda m, d: m.bincount(d.g.ravel()),
    "pad": lambda m, d: m.pad(d.a, ((1, 1), (2, 0)), mode="reflect"),
    "roll": lambda m, d: m.roll(d.a, 2, axis=1),
    "rotate": lambda m, d: m.rot90(d.a),
    "take": lambda m, d: [
        m.take(d.a, [0, 2], axis=1),
        m.take_along_axis(d.f, m.argsort(d.f, axis=1), axis=1),
        m.compress([0, 1, 1], d.a, axis=0),
    ],
    "insert": lambda m, d: [m.insert(d.b, 1, 5), m.delete(d.b, [0, 2]), m.append(d.b, [1, 2])],
    "sets": lambda m, d: [
        m.union1d(d.b, d.g),
        m.intersect1d(d.b, d.b[1:]),
        m.isin(d.b, [20, 50]),
        m.setdiff1d(d.b, [20]),
    ],
    "average": lambda m, d: m.average(d.f, axis=0, weights=m.array([1, 2, 3, 4])),
    "percentile": lambda m, d: [
        m.percentile(d.f, [25, 50, 75]),
        m.median(d.f, axis=1),
        m.quantile(d.f, 0.9, axis=0),
    ],
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check_arrays(STEPS[name], _data())
