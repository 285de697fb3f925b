"""Statistics of distributions, as scipy.stats has them: xp.stats. What tests say of chance needs
the package scipy in the workers; their statistics need none."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from shframe.array.functions.numpy_probe import dtype_of
from shframe.array.namespace import abs as absolute
from shframe.array.namespace import asarray, map_blocks, mean, sqrt, sum, var, where
from shframe.array.ndarray import Array
from shframe.errors import InvalidArgument

__all__ = [
    "chisquare",
    "f_oneway",
    "kurtosis",
    "moment",
    "skew",
    "ttest_1samp",
    "ttest_ind",
    "ttest_rel",
]


class StatisticResult(NamedTuple):
    """What a test returns: lazy arrays, or numbers of no axes."""

    statistic: Array
    pvalue: Array


def _chance(name: str, *operands: Array) -> Array:
    """A function of scipy.special, element by element."""

    def call(*blocks: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*blocks)

    return map_blocks(call, *operands, dtype=dtype_of(float))


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


def _by_t(statistic: Array, freedom: Any) -> StatisticResult:
    """Both tails of Student's distribution."""
    below = -absolute(statistic)
    return StatisticResult(statistic, _chance("stdtr", below * 0 + freedom, below) * 2)


def ttest_1samp(
    a: Any, popmean: Any, axis: int | None = 0, nan_policy: str = "propagate"
) -> StatisticResult:
    """Whether the mean along an axis is a given one.

    Raises: ImportError, when the chance is computed without scipy.
    """
    _check_policy(nan_policy)
    x, count = _floats(a, axis)
    spread = var(x, axis=axis, ddof=1) / count
    return _by_t((mean(x, axis=axis) - popmean) / sqrt(spread), count - 1)


def ttest_rel(
    a: Any, b: Any, axis: int | None = 0, nan_policy: str = "propagate"
) -> StatisticResult:
    """Whether two samples of the same objects have one mean; raises as ttest_1samp() does."""
    return ttest_1samp(asarray(a) - asarray(b), 0.0, axis, nan_policy)


def ttest_ind(a: Any, b: Any, axis: int | None = 0, equal_var: bool = True) -> StatisticResult:
    """Whether two independent samples have one mean; raises as ttest_1samp() does.

    equal_var: False for samples of different variances (Welch's test).
    """
    (x, n), (y, m) = _floats(a, axis), _floats(b, axis)
    first, second = var(x, axis=axis, ddof=1), var(y, axis=axis, ddof=1)
    freedom: Any = n + m - 2
    if equal_var:
        spread = ((n - 1) * first + (m - 1) * second) / freedom * (1 / n + 1 / m)
    else:
        first, second = first / n, second / m
        spread = first + second
        freedom = spread**2 / (first**2 / (n - 1) + second**2 / (m - 1))
    return _by_t((mean(x, axis=axis) - mean(y, axis=axis)) / sqrt(spread), freedom)


def chisquare(
    f_obs: Any, f_exp: Any = None, ddof: int = 0, axis: int | None = 0
) -> StatisticResult:
    """Whether counts along an axis are those expected, or equal; raises as ttest_1samp() does."""
    x, count = _floats(f_obs, axis)
    expected = mean(x, axis=axis, keepdims=True) if f_exp is None else asarray(f_exp)
    statistic = sum((x - expected) ** 2 / expected, axis=axis)
    return StatisticResult(
        statistic, _chance("chdtrc", statistic * 0 + (count - 1 - ddof), statistic)
    )


def f_oneway(*samples: Any) -> StatisticResult:
    """Whether samples, along the first axis, have one mean; raises as ttest_1samp() does."""
    if len(samples) < 2:
        raise InvalidArgument(f"at least two inputs are required; got {len(samples)}")
    given = [_floats(each, 0) for each in samples]
    total = int(np.sum([count for _, count in given]))
    whole: Any = 0.0
    for x, _ in given:
        whole = whole + sum(x, axis=0) / total
    between: Any = 0.0
    within: Any = 0.0
    for x, count in given:
        between = between + count * (mean(x, axis=0) - whole) ** 2
        within = within + var(x, axis=0) * count
    first, second = len(given) - 1, total - len(given)
    statistic = (between / first) / (within / second)
    chance = _chance("fdtrc", statistic * 0 + first, statistic * 0 + second, statistic)
    return StatisticResult(statistic, chance)
