"""Reductions along axes, and running results. Each makes a Reduce node with a fold (folds.py);
means and counts are built of sums.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from shframe.array import creation, elementwise, manipulation, ndarray, nodes
from shframe.array.axes import Axes, normalized_axes, normalized_axis
from shframe.array.folds import Fold, Moments, Place, Ufunc
from shframe.errors import InvalidArgument, UnsupportedType

DType = np.dtype[Any]


def _reduce(
    array: ndarray.Array, fold: Fold, axes: tuple[int, ...], keepdims: bool, dtype: DType
) -> ndarray.Array:
    over = array.chunks
    chunks = tuple(
        (1,) * builtins.bool(n in axes) or lengths
        for n, lengths in enumerate(over)
        if keepdims or n not in axes
    )
    return ndarray.Array(nodes.Reduce(fold, axes, keepdims, (), (array.expr,), over, chunks, dtype))


def _learned(call: Any, array: ndarray.Array, name: str) -> DType:
    """The dtype that a NumPy reduction gives; raises UnsupportedType."""
    try:
        result: DType = np.asarray(call(np.ones((1,), array.dtype))).dtype
    except TypeError as error:
        raise UnsupportedType(f"{name} is not defined for {array.dtype}\n  {error}") from error
    return result


def folded(
    ufunc: np.ufunc,
    x: Any,
    *,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    name: str = "",
) -> ndarray.Array:
    """The ufunc between all elements along axes.

    Raises: InvalidArgument for an axis of length 0 where the ufunc has no identity.
    """
    array = creation.asarray(x)
    axes = normalized_axes(axis, array.ndim)
    name = name or f"{ufunc.__name__}.reduce"
    result = _learned(lambda v: ufunc.reduce(v, dtype=dtype), array, name)
    if ufunc.identity is None:
        _not_empty(array, axes, name)
    # sums of halves lose their digits after some thousand terms
    inside = np.dtype(np.float32) if result == np.float16 else result
    if result.kind == "b" and ufunc not in (np.add, np.multiply):
        array = elementwise.astype(array, np.bool_) if array.dtype.kind in "biufc" else array
    return _reduce(array, Ufunc(ufunc, inside, result), axes, keepdims, result)


def _not_empty(array: ndarray.Array, axes: tuple[int, ...], name: str) -> None:
    if any_of(array.shape[n] == 0 for n in axes) and 0 not in (
        length for n, length in enumerate(array.shape) if n not in axes
    ):
        raise InvalidArgument(
            f"{name} of no elements: the array has shape {array.shape}\n"
            "  it has no value that could stand for nothing"
        )


any_of = builtins.any


def sum(x: Any, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> ndarray.Array:
    """The sum along axes, in NumPy's dtype for it.

    The sum of floats is the same in each run on the same grid; it may differ from NumPy's in the
    last digits.
    """
    return folded(np.add, x, axis=axis, dtype=dtype, keepdims=keepdims, name="sum")


def prod(x: Any, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> ndarray.Array:
    """The product along axes."""
    return folded(np.multiply, x, axis=axis, dtype=dtype, keepdims=keepdims, name="prod")


def min(x: Any, /, axis: Axes = None, keepdims: bool = False) -> ndarray.Array:
    """The smallest element along axes, NaN where there is one."""
    return folded(np.minimum, x, axis=axis, keepdims=keepdims, name="min")


def max(x: Any, /, axis: Axes = None, keepdims: bool = False) -> ndarray.Array:
    """The largest element along axes, NaN where there is one."""
    return folded(np.maximum, x, axis=axis, keepdims=keepdims, name="max")


def any(x: Any, /, axis: Axes = None, keepdims: bool = False) -> ndarray.Array:
    """Whether an element along axes is true."""
    return folded(np.logical_or, x, axis=axis, keepdims=keepdims, name="any")


def all(x: Any, /, axis: Axes = None, keepdims: bool = False) -> ndarray.Array:
    """Whether all elements along axes are true."""
    return folded(np.logical_and, x, axis=axis, keepdims=keepdims, name="all")


amin, amax = min, max


def ptp(x: Any, /, axis: Axes = None, keepdims: bool = False) -> ndarray.Array:
    """The largest minus the smallest element along axes."""
    array = creation.asarray(x)
    high = max(array, axis=axis, keepdims=keepdims)
    low = min(array, axis=axis, keepdims=keepdims)
    return elementwise.subtract(high, low)


def count_nonzero(x: Any, /, axis: Axes = None, keepdims: bool = False) -> ndarray.Array:
    """How many elements along axes are not zero."""
    true = elementwise.astype(creation.asarray(x), np.bool_)
    return sum(true, axis=axis, dtype=np.intp, keepdims=keepdims)


def _count(array: ndarray.Array, axis: Axes) -> int:
    return math.prod(array.shape[n] for n in normalized_axes(axis, array.ndim))


def _mean_dtype(array: ndarray.Array, dtype: Any) -> DType:
    """What the sum of a mean is taken in."""
    if dtype is not None:
        return np.dtype(dtype)
    if array.dtype.kind in "biu":
        return np.dtype(np.float64)
    wide: DType = np.dtype(np.float32) if array.dtype == np.float16 else array.dtype
    return wide


def mean(x: Any, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> ndarray.Array:
    """The mean along axes; NaN of no elements."""
    array = creation.asarray(x)
    result = _learned(lambda v: np.mean(v, dtype=dtype), array, "mean")
    added = sum(array, axis=axis, dtype=_mean_dtype(array, dtype), keepdims=keepdims)
    return elementwise.astype(elementwise.divide(added, _count(array, axis)), result)


def _moments(
    x: Any, name: str, axis: Axes, dtype: Any, correction: float, keepdims: bool
) -> ndarray.Array:
    array = creation.asarray(x)
    call = getattr(np, name)
    result = _learned(lambda v: call(v, dtype=dtype), array, name)
    wide = np.result_type(array.dtype, np.float64)
    skip = name.startswith("nan") and array.dtype.kind in "fc"
    fold = Moments(wide, result, correction, name.endswith("std"), skip)
    return _reduce(array, fold, normalized_axes(axis, array.ndim), keepdims, result)


def var(
    x: Any,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    correction: float = 0,
    keepdims: bool = False,
) -> ndarray.Array:
    """The variance along axes; the divisor is the count less `correction` (NumPy's ddof)."""
    return _moments(x, "var", axis, dtype, ddof or correction, keepdims)


def std(
    x: Any,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    correction: float = 0,
    keepdims: bool = False,
) -> ndarray.Array:
    """The standard deviation along axes."""
    return _moments(x, "std", axis, dtype, ddof or correction, keepdims)


def _place(
    x: Any, name: str, axis: int | None, keepdims: bool, *, largest: bool, skip: bool = False
) -> ndarray.Array:
    array = creation.asarray(x)
    if array.dtype.kind not in "biufcmM":
        raise UnsupportedType(f"{name} is not defined for {array.dtype}")
    axes = tuple(range(array.ndim)) if axis is None else (normalized_axis(axis, array.ndim),)
    _not_empty(array, axes, name)
    fold = Place(largest, None if axis is None else axes[0], skip)
    return _reduce(array, fold, axes, keepdims, np.dtype(np.intp))


def argmin(x: Any, /, axis: int | None = None, keepdims: bool = False) -> ndarray.Array:
    """The place of the first smallest element, or of the first NaN."""
    return _place(x, "argmin", axis, keepdims, largest=False)


def argmax(x: Any, /, axis: int | None = None, keepdims: bool = False) -> ndarray.Array:
    """The place of the first largest element, or of the first NaN."""
    return _place(x, "argmax", axis, keepdims, largest=True)


# -- without NaN


def _without_nan(x: Any, value: float) -> ndarray.Array:
    array = creation.asarray(x)
    if array.dtype.kind not in "fc":
        return array
    return elementwise.where(elementwise.isnan(array), array.dtype.type(value), array)


def nansum(
    x: Any, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False
) -> ndarray.Array:
    """The sum of what is not NaN."""
    return sum(_without_nan(x, 0), axis=axis, dtype=dtype, keepdims=keepdims)


def nanprod(
    x: Any, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False
) -> ndarray.Array:
    """The product of what is not NaN."""
    return prod(_without_nan(x, 1), axis=axis, dtype=dtype, keepdims=keepdims)


def nanmin(x: Any, /, axis: Axes = None, keepdims: bool = False) -> ndarray.Array:
    """The smallest of what is not NaN; NaN where there is nothing else."""
    return folded(np.fmin, x, axis=axis, keepdims=keepdims, name="nanmin")


def nanmax(x: Any, /, axis: Axes = None, keepdims: bool = False) -> ndarray.Array:
    """The largest of what is not NaN; NaN where there is nothing else."""
    return folded(np.fmax, x, axis=axis, keepdims=keepdims, name="nanmax")


def nanmean(
    x: Any, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False
) -> ndarray.Array:
    """The mean of what is not NaN."""
    array = creation.asarray(x)
    if array.dtype.kind not in "fc":
        return mean(array, axis=axis, dtype=dtype, keepdims=keepdims)
    result = _learned(lambda v: np.nanmean(v, dtype=dtype), array, "nanmean")
    wide = _mean_dtype(array, dtype)
    there = elementwise.logical_not(elementwise.isnan(array))
    added = nansum(array, axis=axis, dtype=wide, keepdims=keepdims)
    count = sum(there, axis=axis, dtype=np.intp, keepdims=keepdims)
    return elementwise.astype(elementwise.divide(added, count), result)


def nanvar(
    x: Any, /, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
) -> ndarray.Array:
    """The variance of what is not NaN."""
    return _moments(x, "nanvar", axis, dtype, ddof, keepdims)


def nanstd(
    x: Any, /, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
) -> ndarray.Array:
    """The standard deviation of what is not NaN."""
    return _moments(x, "nanstd", axis, dtype, ddof, keepdims)


def nanargmin(x: Any, /, axis: int | None = None, keepdims: bool = False) -> ndarray.Array:
    """The place of the first smallest element that is not NaN; computing raises when none is."""
    return _place(x, "nanargmin", axis, keepdims, largest=False, skip=True)


def nanargmax(x: Any, /, axis: int | None = None, keepdims: bool = False) -> ndarray.Array:
    """The place of the first largest element that is not NaN; computing raises when none is."""
    return _place(x, "nanargmax", axis, keepdims, largest=True, skip=True)


# -- running results


def scanned(ufunc: np.ufunc, x: Any, *, axis: int = 0, dtype: Any = None) -> ndarray.Array:
    """The running result of a ufunc along an axis."""
    array = creation.asarray(x)
    place = normalized_axis(axis, array.ndim)
    name = f"{ufunc.__name__}.accumulate"
    result = _learned(lambda v: ufunc.accumulate(v, dtype=dtype), array, name)
    return ndarray.Array(nodes.Scan(array.expr, ufunc, place, array.chunks, result))


def cumsum(x: Any, /, axis: int | None = None, dtype: Any = None) -> ndarray.Array:
    """The running sum along an axis, or of the elements in C order."""
    array = creation.asarray(x)
    if axis is None:
        array, axis = manipulation.ravel(array), 0
    return scanned(np.add, array, axis=axis, dtype=dtype)


def cumprod(x: Any, /, axis: int | None = None, dtype: Any = None) -> ndarray.Array:
    """The running product along an axis, or of the elements in C order."""
    array = creation.asarray(x)
    if axis is None:
        array, axis = manipulation.ravel(array), 0
    return scanned(np.multiply, array, axis=axis, dtype=dtype)


def _cumulative(
    x: Any, ufunc: np.ufunc, axis: int | None, dtype: Any, include_initial: bool
) -> ndarray.Array:
    array = creation.asarray(x)
    if axis is None:
        if array.ndim != 1:
            raise InvalidArgument(f"axis= is needed for an array of {array.ndim} axes")
        axis = 0
    place = normalized_axis(axis, array.ndim)
    result = scanned(ufunc, array, axis=place, dtype=dtype)
    if not include_initial:
        return result
    shape = tuple(1 if n == place else length for n, length in enumerate(array.shape))
    first = creation.full(shape, ufunc.identity, result.dtype, chunks=-1)
    return manipulation.concat([first, result], axis=place)


def cumulative_sum(
    x: Any, /, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> ndarray.Array:
    """The running sum along an axis; after a zero if `include_initial`."""
    return _cumulative(x, np.add, axis, dtype, include_initial)


def cumulative_prod(
    x: Any, /, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> ndarray.Array:
    """The running product along an axis; after a one if `include_initial`."""
    return _cumulative(x, np.multiply, axis, dtype, include_initial)


def average(
    x: Any, /, axis: Axes = None, weights: Any = None, keepdims: bool = False
) -> ndarray.Array:
    """The mean along axes, weighted if weights are given, which broadcast to the array."""
    array = creation.asarray(x)
    if weights is None:
        return mean(array, axis=axis, keepdims=keepdims)
    scale = creation.asarray(weights)
    added = sum(array * scale, axis=axis, keepdims=keepdims)
    shared = manipulation.broadcast_to(scale, array.shape)
    return elementwise.divide(added, sum(shared, axis=axis, keepdims=keepdims))


def allclose(one: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08) -> ndarray.Array:
    """Whether two arrays are equal within tolerances."""
    return all(elementwise.isclose(one, other, rtol, atol))
