"""The expressions of arrays.py that numba compiles, for all threads, as its users write them."""

from __future__ import annotations

from typing import Any

import numpy as np


def chain(x: Any, y: Any) -> Any:
    return np.sqrt(x * x + y * y) * 3 - x / 2


def chain_sum(x: Any, y: Any) -> Any:
    return np.sum(np.sqrt(x * x + y * y) * 3 - x / 2)


def sum_all(x: Any) -> Any:
    return np.sum(x)


def variance(x: Any) -> Any:
    return np.var(x)


def differences(x: Any) -> Any:
    return x[2:] - 2 * x[1:-1] + x[:-2]


def plus_transposed(s: Any) -> Any:
    return s + s.T


def stencil(s: Any) -> Any:
    inner = s[:-2, 1:-1] + s[2:, 1:-1] + s[1:-1, :-2] + s[1:-1, 2:]
    return inner - 4 * s[1:-1, 1:-1]
