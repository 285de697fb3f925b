"""Expressions of arrays in NumPy's functions, for NumPy, shframe and Dask alike.

x and y are one-dimensional, m is a matrix of 1,000 columns, s a square one, c has 10,000 blocks;
i are indices of x, a tenth as many as it is long, as an array of NumPy's. xp is the library.
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
