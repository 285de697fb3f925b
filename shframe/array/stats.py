"""Statistics of distributions, as scipy.stats has them: xp.stats. Closed forms only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shframe.array.namespace import asarray, mean, sqrt, where
from shframe.array.ndarray import Array
from shframe.errors import InvalidArgument

__all__ = ["kurtosis", "moment", "skew"]


def _central(x: Array, axis: int | None, order: int) -> Array:
    """The mean of powers of the distances from the mean along an axis."""
    apart = x - mean(x, axis=axis, keepdims=True)
    return mean(apart**order, axis=axis)


def _floats(a: Any, axis: int | None) -> tuple[Array, int]:
    x = asarray(a)
    if x.dtype.kind in "biu":
        x = x.astype(float)
    count = math.prod(x.shape) if axis is None else x.shape[axis]
    return x, count


def _check_policy(nan_policy: str) -> None:
    if nan_policy != "propagate":
        raise InvalidArgument(f"nan_policy={nan_policy!r} is not supported, only 'propagate'")


def moment(a: Any, order: int = 1, axis: int | None = 0, nan_policy: str = "propagate") -> Array:
    """The central moment of an order along an axis."""
    _check_policy(nan_policy)
    x, _ = _floats(a, axis)
    if order == 0:
        return mean(x * 0 + 1, axis=axis)
    if order == 1:
        return mean(x, axis=axis) * 0
    return _central(x, axis, order)


def _ratio(x: Array, axis: int | None, order: int) -> tuple[Array, Array]:
    """A moment over as large a power of the variance, and where the variance is only rounding."""
    second = _central(x, axis, 2)
    smallest = (np.finfo(x.dtype).eps * mean(x, axis=axis)) ** 2
    constant = second <= smallest
    safe = where(constant, second.dtype.type(1), second)
    power = safe * sqrt(safe) if order == 3 else safe * safe
    return _central(x, axis, order) / power, constant


def skew(a: Any, axis: int | None = 0, bias: bool = True, nan_policy: str = "propagate") -> Array:
    """The skewness along an axis; NaN of equal values.

    bias: False corrects for the size of the sample.
    """
    _check_policy(nan_policy)
    x, count = _floats(a, axis)
    found, constant = _ratio(x, axis, 3)
    if not bias and count > 2:
        found = found * (math.sqrt((count - 1.0) * count) / (count - 2.0))
    return where(constant, found.dtype.type(np.nan), found)


def kurtosis(
    a: Any,
    axis: int | None = 0,
    fisher: bool = True,
    bias: bool = True,
    nan_policy: str = "propagate",
) -> Array:
    """The kurtosis along an axis, less 3 if `fisher`; NaN of equal values.

    bias: False corrects for the size of the sample.
    """
    _check_policy(nan_policy)
    x, n = _floats(a, axis)
    found, constant = _ratio(x, axis, 4)
    if not bias and n > 3:
        corrected = ((n**2 - 1.0) * found - 3 * (n - 1) ** 2.0) / ((n - 2) * (n - 3))
        found = corrected + 3.0
    found = where(constant, found.dtype.type(np.nan), found)
    return found - 3 if fisher else found
