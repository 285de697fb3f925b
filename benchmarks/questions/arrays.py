"""Expressions of arrays in NumPy's functions, for NumPy, shframe and Dask alike.

x and y are one-dimensional, m is a matrix of 1,000 columns, s a square one, c has 10,000 blocks;
t is tall, of 50 columns and a tenth of the elements; i are indices of x, a tenth as many as it is
long, as an array of NumPy's. xp is the library.
"""

from __future__ import annotations

from typing import Any


def chain(xp: Any, x: Any, y: Any) -> Any:
    return xp.sqrt(x * x + y * y) * 3 - x / 2


def chain_sum(xp: Any, x: Any, y: Any) -> Any:
    return xp.sum(chain(xp, x, y))


def sum_all(xp: Any, x: Any) -> Any:
    return xp.sum(x)


def variance(xp: Any, x: Any) -> Any:
    return xp.var(x)


def running_sum(xp: Any, x: Any) -> Any:
    return xp.cumsum(x, axis=0)


def mean_of_columns(xp: Any, m: Any) -> Any:
    return xp.mean(m, axis=0)


def deviation_of_rows(xp: Any, m: Any) -> Any:
    return xp.std(m, axis=1)


def standardise(xp: Any, m: Any) -> Any:
    return (m - xp.mean(m, axis=0)) / xp.std(m, axis=0)


def transposed_product(xp: Any, m: Any) -> Any:
    return xp.matmul(m.T, m)


def square_product(xp: Any, s: Any) -> Any:
    return xp.matmul(s, s)


def many_blocks(xp: Any, c: Any) -> Any:
    return xp.sqrt(c) * 2 + c


def many_blocks_sum(xp: Any, c: Any) -> Any:
    return xp.sum(many_blocks(xp, c))


def differences(xp: Any, x: Any) -> Any:
    return x[2:] - 2 * x[1:-1] + x[:-2]


def in_order(xp: Any, x: Any) -> Any:
    return xp.sort(x)


def median(xp: Any, x: Any) -> Any:
    return xp.median(x, axis=0)


def gather(xp: Any, x: Any, i: Any) -> Any:
    return x[i]


def plus_transposed(xp: Any, s: Any) -> Any:
    return s + s.T


def stencil(xp: Any, s: Any) -> Any:
    inner = s[:-2, 1:-1] + s[2:, 1:-1] + s[1:-1, :-2] + s[1:-1, 2:]
    return inner - 4 * s[1:-1, 1:-1]


def quantiles(xp: Any, x: Any) -> Any:
    return xp.quantile(x, [0.05, 0.5, 0.95], axis=0)


def transform(xp: Any, m: Any) -> Any:
    """Lines of all rows; Dask is to be told that they are to be in one block."""
    lines = m.rechunk({0: -1, 1: "auto"}) if _is_dask(xp) else m
    return xp.abs(xp.fft.fft(lines, axis=0))


def tall_svd(xp: Any, t: Any) -> Any:
    """Dask's has no full_matrices=: its own is the reduced one."""
    u, s, _ = xp.linalg.svd(t, **({} if _is_dask(xp) else {"full_matrices": False}))
    return xp.sum(xp.abs(u * s), axis=0)


def random_histogram(xp: Any, x: Any) -> Any:
    """As many numbers as x has, each library's own: they are counted."""
    drawn = xp.random.default_rng(0).random(x.shape)
    return xp.sum(xp.histogram(drawn, bins=50, range=(0.0, 1.0))[0])


def _is_dask(xp: Any) -> bool:
    return str(xp.__name__).startswith("dask")
