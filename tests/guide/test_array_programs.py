"""Programs of images, signals, statistics, matrices and simulations, and corners they meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.guide.array_steps import Step, check_arrays

pytestmark = pytest.mark.usefixtures("session")


def _data() -> dict[str, Any]:
    r = np.random.default_rng(1)
    return {
        "img": (r.random((30, 40, 3)) * 255).astype("u1"),
        "gray": r.random((31, 37)),
        "sig": r.standard_normal(200),
        "x": np.linspace(0, 10, 101),
        "M": r.random((8, 8)),
        "P": r.random((12, 5)),
        "v": r.random(12),
        "lab": r.integers(0, 4, 60),
        "vals": r.random(60),
        "cube": r.random((5, 6, 7)),
        "dates": np.arange("2024-01-01", "2024-03-01", dtype="M8[D]"),
        "i8": r.integers(-100, 100, (6, 9)),
        "b": r.random((6, 9)) > 0.5,
        "f4": r.random((6, 9)).astype("f4"),
        "w": np.array([3, 1, 2], "i2"),
        "rec": np.array([(1, 2.5, "a"), (3, 4.5, "bb")], [("k", "i4"), ("x", "f8"), ("s", "U2")]),
        "e": np.zeros((0, 4)),
    }


def _kmeans(m: Any, d: Any) -> Any:
    c = d.P[:3]
    for _ in range(4):
        dist = ((d.P[:, None, :] - c[None]) ** 2).sum(-1)
        label = dist.argmin(1)
        c = m.stack([d.P[label == k].mean(axis=0) for k in range(3)])
    return [c, label]


def _life(m: Any, d: Any) -> Any:
    g = d.b.astype(int)
    for _ in range(3):
        n = sum(m.roll(m.roll(g, i, 0), j, 1) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j)
        g = ((n == 3) | (g == 1) & (n == 2)).astype(int)
    return g


def _jacobi(m: Any, d: Any) -> Any:
    u = m.zeros((12, 12))
    u[0] = 1
    for _ in range(10):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return u


def _power(m: Any, d: Any) -> Any:
    v = m.ones(8)
    for _ in range(20):
        v = d.M @ v
        v = v / m.linalg.norm(v)
    return [v @ (d.M @ v)]


def _gs(m: Any, d: Any) -> Any:
    Q = []
    for j in range(d.P.shape[1]):
        q = d.P[:, j]
        for p in Q:
            q = q - p @ q * p
        Q.append(q / m.sqrt(q @ q))
    return m.stack(Q, axis=1)


def _movavg(m: Any, d: Any) -> Any:
    c = m.cumsum(m.insert(d.sig, 0, 0))
    return (c[10:] - c[:-10]) / 10


def _hist_eq(m: Any, d: Any) -> Any:
    g = (d.gray * 255).astype(int)
    h = m.bincount(g.ravel(), minlength=256)
    c = h.cumsum()
    return (c[g] * 255 / c[-1]).astype("u1")


def _group(m: Any, d: Any) -> Any:
    return [
        m.bincount(d.lab, weights=d.vals) / m.bincount(d.lab),
        m.stack([d.vals[d.lab == k].max() for k in range(4)]),
    ]


def _assign(m: Any, d: Any) -> Any:
    x = d.i8
    x[x < 0] = 0
    x[2] = m.arange(9)
    x[:, -1] = x[:, 0]
    x[[0, 5], [1, 2]] = 99
    x[d.b] += 1
    return x


def _assign2(m: Any, d: Any) -> Any:
    x = d.cube
    x[..., 0] = 0
    x[1:3, :, m.array([2, 4])] = m.ones((2, 6, 2))
    x[x > 0.9] = m.nan
    return [x, m.nanmean(x, axis=(0, 2))]


def _chol(m: Any, d: Any) -> Any:
    S = d.M @ d.M.T + 8 * m.eye(8)
    L = m.linalg.cholesky(S)
    return [L, m.linalg.solve(S, d.v[:8]), m.linalg.det(S), m.linalg.slogdet(S)]


def _lstsq(m: Any, d: Any) -> Any:
    A = m.column_stack([m.ones(12), d.P])
    return m.linalg.lstsq(A, d.v, rcond=None)[0]


def _pca(m: Any, d: Any) -> Any:
    X = d.P - d.P.mean(axis=0)
    _, s, vt = m.linalg.svd(X, full_matrices=False)
    return [s, s**2 / (s**2).sum(), m.abs(X @ vt.T)]


def _fft(m: Any, d: Any) -> Any:
    F = m.fft.rfft(d.sig)
    f = m.fft.rfftfreq(d.sig.size, d=0.1)
    F[f > 2] = 0
    return [m.abs(F), m.fft.irfft(F, n=d.sig.size)]


def _conv2(m: Any, d: Any) -> Any:
    w = (
        np.lib.stride_tricks.sliding_window_view(d.gray, (3, 3))
        if m is np
        else m.sliding_window_view(d.gray, (3, 3))
    )
    return [
        w.mean(axis=(2, 3)),
        (w * m.ones((3, 3))).sum(axis=(-1, -2)),
        m.einsum("ijkl,kl->ij", w, m.ones((3, 3))),
    ]


def _out(m: Any, d: Any) -> Any:
    o = m.zeros(12)
    m.add(d.v, 1, out=o)
    return o


STEPS: dict[str, Step] = {
    "gray": lambda m, d: d.img @ m.array([0.299, 0.587, 0.114]),
    "mean ch": lambda m, d: d.img.mean(axis=(0, 1)),
    "negative": lambda m, d: 255 - d.img,
    "small integers wrap": lambda m, d: d.img + d.img,
    "small integers and a float": lambda m, d: d.img * 2.5,
    "crop": lambda m, d: d.img[5:-5, 10:20, ::-1],
    "every second": lambda m, d: d.img[::2, ::3],
    "threshold": lambda m, d: m.where(d.gray > 0.5, 1, 0),
    "block mean": lambda m, d: d.gray[:30, :36].reshape(10, 3, 12, 3).mean(axis=(1, 3)),
    "channels first": lambda m, d: d.img.transpose(2, 0, 1),
    "kron": lambda m, d: m.kron(d.gray[:3, :3], m.ones((2, 2))),
    "equalise": _hist_eq,
    "pad": lambda m, d: [
        m.pad(d.gray, 2, mode=k)
        for k in ("edge", "wrap", "symmetric", "constant", "mean", "linear_ramp")
    ],
    "windows": _conv2,
    "rot": lambda m, d: m.rot90(d.img, 3),
    "dstack": lambda m, d: m.dstack([d.gray, d.gray]),
    "clip u1": lambda m, d: m.clip(d.img.astype("i2") - 50, 0, 255).astype("u1"),
    "k-means": _kmeans,
    "game of life": _life,
    "jacobi": _jacobi,
    "power iteration": _power,
    "Gram-Schmidt": _gs,
    "moving average": _movavg,
    "group": _group,
    "assign": _assign,
    "assign2": _assign2,
    "Cholesky": _chol,
    "lstsq": _lstsq,
    "pca": _pca,
    "fft": _fft,
    "out": _out,
    "convolve": lambda m, d: [
        m.convolve(d.sig, m.ones(5) / 5, mode=k) for k in ("same", "full", "valid")
    ],
    "correlate": lambda m, d: m.correlate(d.sig, d.sig[:7], "full"),
    "unwrap": lambda m, d: m.unwrap(m.cumsum(d.sig) % (2 * m.pi)),
    "trapezoid": lambda m, d: [m.trapezoid(m.sin(d.x), d.x), m.trapezoid(d.cube, axis=1, dx=0.5)],
    "gradient": lambda m, d: [m.gradient(m.sin(d.x), d.x), m.gradient(d.cube, axis=(0, 2))],
    "fft2": lambda m, d: m.abs(m.fft.fftshift(m.fft.fft2(d.gray))),
    "ifftn": lambda m, d: m.fft.ifftn(m.fft.fftn(d.cube)).real,
    "sign changes": lambda m, d: m.diff(m.sign(d.sig)) != 0,
    "zero crossings": lambda m, d: m.nonzero(m.diff(m.signbit(d.sig)))[0],
    "peaks": lambda m, d: m.flatnonzero((d.sig[1:-1] > d.sig[:-2]) & (d.sig[1:-1] > d.sig[2:])) + 1,
    "standardised": lambda m, d: (d.P - d.P.mean(0)) / d.P.std(0, ddof=1),
    "to the unit interval": lambda m, d: (d.P - d.P.min(0)) / (d.P.max(0) - d.P.min(0)),
    "cov": lambda m, d: [m.cov(d.P.T), m.corrcoef(d.P.T), m.cov(d.v, ddof=0)],
    "softmax": lambda m, d: (
        m.exp(d.P - d.P.max(1, keepdims=True))
        / m.exp(d.P - d.P.max(1, keepdims=True)).sum(1, keepdims=True)
    ),
    "pairwise distances": lambda m, d: m.sqrt(((d.P[:, None] - d.P[None]) ** 2).sum(-1)),
    "one-hot": lambda m, d: m.eye(4)[d.lab],
    "rank": lambda m, d: m.argsort(m.argsort(d.vals)),
    "percent": lambda m, d: (d.vals > 0.5).mean(),
    "mode": lambda m, d: m.bincount(d.lab).argmax(),
    "returns": lambda m, d: m.cumprod(1 + d.vals / 100) - 1,
    "drawdown": lambda m, d: (d.vals.cumsum() - m.maximum.accumulate(d.vals.cumsum())).min(),
    "lagged correlation": lambda m, d: m.corrcoef(d.sig[:-1], d.sig[1:])[0, 1],
    "weighted mean": lambda m, d: (d.vals * d.lab).sum() / d.lab.sum(),
    "hist2d": lambda m, d: m.histogram2d(d.vals, d.vals**2, bins=4),
    "histogramdd": lambda m, d: m.histogramdd(d.P[:, :3], bins=3),
    "percentiles without NaN": lambda m, d: m.nanpercentile(
        m.where(d.gray > 0.9, m.nan, d.gray), [10, 90], axis=0
    ),
    "tensordot": lambda m, d: [
        m.tensordot(d.cube, d.cube, axes=([0, 1], [0, 1])),
        m.tensordot(d.P, d.P, axes=0).shape,
    ],
    "einsum": lambda m, d: [
        m.einsum("ij,ij->i", d.P, d.P),
        m.einsum("ii", d.M),
        m.einsum("i,j->ij", d.v, d.v),
        m.einsum("ijk->kij", d.cube),
        m.einsum("ij,jk,kl", d.P, d.P.T, d.P),
    ],
    "matrix power": lambda m, d: m.linalg.matrix_power(d.M, 5),
    "pinv": lambda m, d: m.linalg.pinv(d.P),
    "matrix rank": lambda m, d: m.linalg.matrix_rank(d.P),
    "condition": lambda m, d: m.linalg.cond(d.M),
    "qr": lambda m, d: [m.abs(q) for q in m.linalg.qr(d.P)],
    "eigh": lambda m, d: m.linalg.eigvalsh(d.M + d.M.T),
    "norms": lambda m, d: [m.linalg.norm(d.M, k) for k in ("fro", "nuc", 2, -2, 1, np.inf)],
    "stacks of matrices": lambda m, d: [
        m.matmul(d.cube, d.cube.transpose(0, 2, 1)),
        m.linalg.inv(m.matmul(d.cube, d.cube.transpose(0, 2, 1)) + 6 * m.eye(6)),
    ],
    "vecdot": lambda m, d: m.vecdot(d.cube, d.cube),
    "multi_dot": lambda m, d: m.linalg.multi_dot([d.P.T, d.P, d.P.T]),
    "upper triangle": lambda m, d: [
        m.triu(d.M, 1).sum(),
        d.M[m.triu_indices(8, 1)] if m is np else d.M[tuple(map(np.asarray, m.triu_indices(8, 1)))],
    ],
    "dates": lambda m, d: [
        d.dates[1:] - d.dates[:-1],
        d.dates.astype("M8[M]"),
        d.dates >= np.datetime64("2024-02-01"),
        d.dates + np.timedelta64(1, "D"),
        (d.dates - d.dates[0]).astype(int),
        d.dates.max(),
        m.unique(d.dates.astype("M8[M]"), return_counts=True),
    ],
    "month": lambda m, d: d.dates.astype("M8[M]").astype(int) % 12 + 1,
    "isnat": lambda m, d: m.isnat(d.dates).any(),
    "months": lambda m, d: m.arange("2024-01", "2024-06", dtype="M8[M]"),
    "records": lambda m, d: [
        d.rec["x"] * 2,
        d.rec["s"],
        d.rec["k"].sum(),
        m.sort(d.rec, order="x")["k"],
    ],
    "no elements": lambda m, d: [
        d.e.sum(),
        d.e.sum(0),
        d.e.mean(0),
        m.concatenate([d.e, m.ones((2, 4))]),
        d.e.T,
        d.e.reshape(4, 0),
        d.e.prod(axis=1),
    ],
    "error: least of nothing": lambda m, d: d.e.min(),
    "least of no rows": lambda m, d: d.e.min(axis=1),
    "error: index of nothing": lambda m, d: d.e.argmax(),
    "promotion": lambda m, d: [
        (d.f4 + 1).dtype.name,
        (d.f4 + 1.5).dtype.name,
        (d.f4 + np.float64(1)).dtype.name,
        (d.i8 + 1.0).dtype.name,
        (d.w + 1).dtype.name,
        (d.w + np.int64(1)).dtype.name,
        (d.b + d.b).dtype.name,
        (d.b * 2).dtype.name,
        (d.w / 2).dtype.name,
        (d.f4 * d.w).dtype.name,
        m.sum(d.w).dtype.name,
        m.sum(d.f4).dtype.name,
        m.mean(d.w).dtype.name,
        m.mean(d.f4).dtype.name,
        m.cumsum(d.w).dtype.name,
        (d.w // 2).dtype.name,
        m.sqrt(d.w).dtype.name,
    ],
    "error: too large a number": lambda m, d: d.w + 40000,
    "error: minus truth": lambda m, d: -d.b,
    "error: difference of truth": lambda m, d: d.b - d.b,
    "division by zero": lambda m, d: [1 / (d.i8 * 0.0), d.i8 // 0, d.i8 % 0],
    "floor division": lambda m, d: [
        d.i8 // 7,
        d.i8 % 7,
        -d.i8 // 7,
        m.fmod(d.i8, 7),
        m.divmod(d.i8, -7),
    ],
    "bits": lambda m, d: [d.i8 & 15, d.i8 | 1, ~d.i8, m.bitwise_count(d.i8)],
    "reductions": lambda m, d: [
        d.cube.sum(axis=(0, 2)),
        d.cube.max(axis=(1, 2), keepdims=True),
        m.argmin(d.cube, axis=2),
        d.cube.std(axis=1),
        m.any(d.cube > 0.9, axis=0),
        m.count_nonzero(d.cube > 0.5, axis=1),
        d.cube.prod(axis=0, where=d.cube > 0.1, initial=2.0),
    ],
    "running and outer": lambda m, d: [
        m.add.accumulate(d.i8, axis=1),
        m.maximum.accumulate(d.i8, axis=0),
        m.multiply.reduce(d.w),
        m.add.reduce(d.cube, axis=(0, 1)),
        m.subtract.outer(d.w, d.w),
    ],
    "reduceat": lambda m, d: m.add.reduceat(d.v, [0, 4, 8]),
    "broadcast": lambda m, d: [
        d.v[:, None] * d.w,
        m.broadcast_to(d.w, (4, 3)),
        m.broadcast_arrays(d.v[:, None], d.w)[1],
    ],
    "newaxis": lambda m, d: [
        d.cube[None].shape,
        d.cube[:, None, ..., 0].shape,
        d.cube[..., None, 1:3].shape,
    ],
    "axes": lambda m, d: [
        m.moveaxis(d.cube, 0, -1).shape,
        m.swapaxes(d.cube, 0, 2).shape,
        m.rollaxis(d.cube, 2).shape,
        m.squeeze(d.cube[:1]).shape,
        m.atleast_3d(d.v).shape,
    ],
    "mixed indices": lambda m, d: [
        d.cube[[0, 2], :, [1, 1]],
        d.cube[:, [0, 2], [1, 3]],
        d.cube[[[0], [1]], [1, 2]],
        d.cube[1, [0, 2]],
        d.cube[..., [6, 0]],
        d.cube[d.cube[:, 0, 0] > 0.3],
    ],
    "from the end": lambda m, d: [
        d.cube[-1, -2],
        d.i8[[-1, -2]],
        d.i8[::-2, ::-1],
        d.i8[10:],
        d.i8[3:1],
    ],
    "masks": lambda m, d: [d.i8[d.b], d.i8[d.b[:, 0]], d.i8[:, d.b[0]]],
    "lexsort": lambda m, d: m.lexsort((d.vals, d.lab)),
    "searchsorted": lambda m, d: m.searchsorted(m.sort(d.vals), [0.1, 0.5, 0.9]),
    "partition": lambda m, d: m.sort(m.partition(d.vals, 5)[:5]),
    "argpartition": lambda m, d: d.vals[m.argpartition(d.vals, 5)[:5]].max(),
    "take": lambda m, d: m.take(d.i8, [0, -1]),
    "choose": lambda m, d: m.choose(d.lab, [10, 20, 30, 40]),
    "apply_along_axis": lambda m, d: m.apply_along_axis(lambda r: r.max() - r.min(), 1, d.P),
    "vectorize": lambda m, d: (
        np.vectorize(lambda q: q * 2)(d.v)
        if m is np
        else m.map_blocks(np.vectorize(lambda q: q * 2), d.v)
    ),
    "ravel_multi": lambda m, d: [
        m.ravel_multi_index((m.array([1, 2]), m.array([0, 3])), (3, 4)),
        m.unravel_index(m.array([5, 7]), (3, 4)),
    ],
    "indices": lambda m, d: m.indices((2, 3)),
    "logspace": lambda m, d: [
        m.logspace(0, 2, 5),
        m.geomspace(1, 100, 5) if hasattr(m, "geomspace") else np.geomspace(1, 100, 5),
    ],
    "functions without NaN": lambda m, d: [
        m.nanmax(m.where(d.P > 0.5, d.P, m.nan), axis=0),
        m.nanargmin(m.where(d.P > 0.1, d.P, m.nan), axis=1),
        m.nansum(m.where(d.P > 0.5, d.P, m.nan)),
        m.nanstd(m.where(d.P > 0.5, d.P, m.nan), axis=1),
        m.nancumsum(m.where(d.P > 0.5, d.P, m.nan), axis=1),
    ],
    "strings": lambda m, d: m.array(["x", "yy"]) + m.array(["1", "2"]),
    "tolist": lambda m, d: d.w.tolist(),
    "fill": lambda m, d: [
        m.full((2, 3), 7.0),
        m.full_like(d.w, 3),
        m.zeros_like(d.f4),
        m.empty((0, 3)).shape,
    ],
    "floats to integers": lambda m, d: m.array([1.5, -2.7]).astype("i4"),
    "strings to floats": lambda m, d: m.array(["1.5", "2"]).astype(float),
    "view": lambda m, d: d.f4.view("i4"),
    "copy": lambda m, d: m.copy(d.v) if hasattr(m, "copy") else d.v.copy(),
    "iter": lambda m, d: sum(float(q) for q in d.v),
    "format": lambda m, d: f"{d.v.sum():.3f}",
    "rounding": lambda m, d: [
        m.round(m.array([0.5, 1.5, 2.5])),
        m.rint(d.P),
        m.floor(-d.P),
        m.trunc(d.P * -3),
    ],
    "of two and one": lambda m, d: [
        m.hypot(d.v, d.v),
        m.arctan2(d.v, -d.v),
        m.logaddexp(d.v, d.v),
        m.copysign(d.v, -1),
        m.sinc(d.v),
        m.cbrt(d.v),
        m.log1p(d.v),
        m.expm1(d.v),
    ],
}


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    check_arrays(STEPS[name], _data())
