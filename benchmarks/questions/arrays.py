"""Expressions of arrays in NumPy's functions, for NumPy, shframe and Dask alike.

x and y are one-dimensional, m is a matrix of 1,000 columns; xp is the library.
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


def differences(xp: Any, x: Any) -> Any:
    return x[2:] - 2 * x[1:-1] + x[:-2]
