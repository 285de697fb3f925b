"""Reductions along axes, and running results. Each makes a Reduce node with a Fold (reducers.py) or
a Scan; means and counts are built of sums. What may be asked is asked of NumPy (numpy_probe.py).
"""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from shframe.array import ndarray
from shframe.array.expr import nodes
from shframe.array.expr.program import Refuse
from shframe.array.expr.reducers import Fold, Moments, Place, Ufunc, is_associative, own_dtype
from shframe.array.functions import creation, elementwise, manipulation
from shframe.array.functions.numpy_probe import NO_VALUE, ask, sample_of, sample_shape
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import Axes, listed_axes, normalized_axes, normalized_axis
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType

DType = np.dtype[Any]


def _reduce(
    array: ndarray.Array, fold: Fold, axes: tuple[int, ...], keepdims: bool, dtype: DType
) -> ndarray.Array:
    over = array.chunks
    chunks = tuple(
        (1,) * (n in axes) or lengths for n, lengths in enumerate(over) if keepdims or n not in axes
    )
    return ndarray.Array(nodes.Reduce(fold, axes, keepdims, (), (array.expr,), over, chunks, dtype))


def _asked(
    call: Callable[..., Any], array: ndarray.Array, name: str, *, least: int = 0, **how: Any
) -> DType:
    """The dtype that a NumPy reduction gives; raises what NumPy says of the arguments.

    least: 1 for a function that gives a value, with a warning, of no elements.
    """
    given = {key: value for key, value in how.items() if value is not NO_VALUE}
    shape = sample_shape(array.shape, least=least)
    try:
        hash(tuple(given.values()))
    except TypeError:
        return _answered.__wrapped__(call, name, shape, array.dtype, **given)
    return _answered(call, name, shape, array.dtype, **given)


# typed: 1.0 is no axis, although it is equal to 1
@functools.lru_cache(maxsize=1024, typed=True)
def _answered(
    call: Callable[..., Any], name: str, shape: tuple[int, ...], of: DType, /, **how: Any
) -> DType:
    return ask(lambda values: call(values, **how), name, np.ones(shape, of)).dtype


def _reduced_axes(axis: Axes, ndim: int) -> tuple[int, ...]:
    """The axes of a reduction that NumPy accepts: of no axes it also takes the first, or last."""
    return normalized_axes(axis, ndim) if ndim else ()


def folded(
    ufunc: np.ufunc,
    x: Any,
    *,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = NO_VALUE,
    where: Any = True,
    name: str = "",
) -> ndarray.Array:
    """The ufunc between all elements along axes; in their order if the ufunc is not associative.

    name: of the NumPy function that is asked what is possible.
    Raises: InvalidArgument for an axis of length 0 where the ufunc has no identity.
    """
    array = creation.asarray(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    call = getattr(np, name) if name else ufunc.reduce
    how: dict[str, Any] = {} if dtype is None else {"dtype": dtype}
    if where is not True:
        mask = creation.asarray(where)
        how["where"] = sample_of(mask.shape, mask.dtype)
    name = name or f"{ufunc.__name__}.reduce"
    result = _asked(call, array, name, axis=axis, keepdims=keepdims, initial=initial, **how)
    associative = is_associative(ufunc, _inside(ufunc, result))
    if where is not True and not associative and ufunc.identity is None:
        raise UnsupportedType(f"{name}(where=...) is not supported\n  index with the mask first")
    if where is not True:
        array = _masked(array, mask, initial if ufunc.identity is None else ufunc.identity)
    axes = _reduced_axes(axis, array.ndim)
    if not associative:
        return _in_order(ufunc, array, axes, builtins.bool(keepdims), result, initial)
    if ufunc.identity is None and _is_of_nothing(array, axes):
        return creation.full(_shape_without(array, axes, keepdims), initial, result)
    made = _reduce(array, Ufunc(ufunc, _inside(ufunc, result), result), axes, keepdims, result)
    return made if initial is NO_VALUE else _begun(ufunc, made, initial)


def _masked(array: ndarray.Array, mask: ndarray.Array, neutral: Any) -> ndarray.Array:
    """The array with what changes no result where the mask is false."""
    if grids.broadcast_shape([array.shape, mask.shape], "where") != array.shape:
        raise ChunkMismatch(
            f"where: shape {mask.shape} does not broadcast to that of the array, {array.shape}"
        )
    return elementwise.where(mask, array, np.asarray(neutral).astype(array.dtype)[()])


def _begun(ufunc: np.ufunc, made: ndarray.Array, initial: Any) -> ndarray.Array:
    first = np.asarray(initial).astype(made.dtype)[()]
    return elementwise.astype(elementwise.called(ufunc, (first, made))[0], made.dtype)


def _inside(ufunc: np.ufunc, result: DType) -> DType | None:
    """The dtype of partial results: sums of halves lose their digits after some thousand terms."""
    half = result == np.float16 and ufunc in (np.add, np.multiply)
    return np.dtype(np.float32) if half else own_dtype(ufunc, result)


def _is_of_nothing(array: ndarray.Array, axes: tuple[int, ...]) -> bool:
    return any_of(array.shape[n] == 0 for n in axes)


def _shape_without(array: ndarray.Array, axes: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    lengths = enumerate(array.shape)
    return tuple(1 if n in axes else k for n, k in lengths if keepdims or n not in axes)


def _in_order(
    ufunc: np.ufunc,
    array: ndarray.Array,
    axes: tuple[int, ...],
    keepdims: bool,
    result: DType,
    initial: Any,
) -> ndarray.Array:
    """The last running result along an axis; along several, one after the other."""
    dtype = own_dtype(ufunc, result)
    last = slice(-1, None) if keepdims else -1
    for axis in reversed(axes):
        if initial is not NO_VALUE and axis == axes[0]:
            array = _after_initial(array, axis, initial, result)
        array = scanned(ufunc, array, axis=axis, dtype=dtype)[(slice(None),) * axis + (last,)]
    return elementwise.astype(array, result)


def _after_initial(array: ndarray.Array, axis: int, initial: Any, dtype: DType) -> ndarray.Array:
    """The array with a first value along an axis."""
    shape = tuple(1 if n == axis else length for n, length in enumerate(array.shape))
    first = creation.full(shape, initial, dtype)
    return manipulation.concat([first, elementwise.astype(array, dtype)], axis=axis)


any_of = builtins.any


def sum(
    x: Any,
    /,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> ndarray.Array:
    """The sum along axes, in NumPy's dtype for it.

    The sum of floats is the same in each run on the same grid; it may differ from NumPy's in the
    last digits.

    initial: is added to each sum. where: a mask of the elements that count.
    """
    how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    return folded(np.add, x, initial=initial, where=where, name="sum", **how)


def prod(
    x: Any,
    /,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> ndarray.Array:
    """The product along axes; `initial` is a further factor, `where` a mask of what counts."""
    how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    return folded(np.multiply, x, initial=initial, where=where, name="prod", **how)


def min(
    x: Any,
    /,
    axis: Axes = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> ndarray.Array:
    """The smallest element along axes, NaN where there is one.

    initial: the largest that a result can be. where: a mask of the elements that count.
    """
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims, "initial": initial}
    return folded(np.minimum, x, where=where, name="min", **how)


def max(
    x: Any,
    /,
    axis: Axes = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> ndarray.Array:
    """The largest element along axes, NaN where there is one.

    initial: the smallest that a result can be. where: a mask of the elements that count.
    """
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims, "initial": initial}
    return folded(np.maximum, x, where=where, name="max", **how)


def any(
    x: Any, /, axis: Axes = None, keepdims: bool = False, *, where: Any = True
) -> ndarray.Array:
    """Whether an element along axes, where the mask is true, is true."""
    return folded(np.logical_or, x, axis=axis, keepdims=keepdims, where=where, name="any")


def all(
    x: Any, /, axis: Axes = None, keepdims: bool = False, *, where: Any = True
) -> ndarray.Array:
    """Whether all elements along axes, where the mask is true, are true."""
    return folded(np.logical_and, x, axis=axis, keepdims=keepdims, where=where, name="all")


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
    return math.prod(array.shape[n] for n in _reduced_axes(axis, array.ndim))


def _mean_dtype(array: ndarray.Array, dtype: Any) -> Any:
    """What the sum of a mean is taken in; None: what sums are taken in."""
    if dtype is not None:
        return dtype
    if array.dtype.kind in "biu":
        return np.float64
    return np.float32 if array.dtype == np.float16 else None


def mean(x: Any, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> ndarray.Array:
    """The mean along axes; NaN of no elements."""
    array = creation.asarray(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    result = _asked(np.mean, array, "mean", least=1, dtype=dtype, **how)
    added = sum(array, dtype=_mean_dtype(array, dtype), **how)
    return elementwise.astype(elementwise.divide(added, _count(array, axis)), result)


def _moments(
    x: Any, name: str, axis: Axes, dtype: Any, correction: float, keepdims: bool
) -> ndarray.Array:
    array = creation.asarray(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    # nanvar() of no axes fails in NumPy 2.4
    wrong = name.startswith("nan") and not array.ndim
    line = manipulation.expand_dims(array) if wrong else array
    how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    result = _asked(getattr(np, name), line, name, least=1, **how)
    if dtype is not None and np.dtype(dtype).kind not in ("c" if array.dtype.kind == "c" else "fc"):
        raise UnsupportedType(
            f"{name}(dtype={dtype!r}) of {array.dtype} would lose parts of the values\n"
            "  take a floating dtype, a complex one for complex numbers"
        )
    axes = _reduced_axes(axis, array.ndim)
    wide = np.result_type(array.dtype, np.float64)
    skip = name.startswith("nan") and array.dtype.kind in "fc"
    fold = Moments(wide, result, _real(correction), name.endswith("std"), skip)
    return _reduce(array, fold, axes, builtins.bool(keepdims), result)


def _real(correction: Any) -> float:
    """A number for the divisor of a variance; raises UnsupportedType."""
    try:
        return float(correction)
    except (TypeError, ValueError) as error:
        raise UnsupportedType(f"ddof={correction!r}: {error}") from None


def _ddof(ddof: Any, correction: Any) -> Any:
    if correction is None:
        return ddof
    if ddof != 0:
        raise InvalidArgument("ddof and correction can't be provided simultaneously.")
    return correction


def var(
    x: Any,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    correction: float | None = None,
    keepdims: bool = False,
) -> ndarray.Array:
    """The variance along axes; the divisor is the count less `correction` (NumPy's ddof)."""
    return _moments(x, "var", axis, dtype, _ddof(ddof, correction), keepdims)


def std(
    x: Any,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    correction: float | None = None,
    keepdims: bool = False,
) -> ndarray.Array:
    """The standard deviation along axes."""
    return _moments(x, "std", axis, dtype, _ddof(ddof, correction), keepdims)


def _place(x: Any, name: str, axis: Any, keepdims: bool, *, largest: bool) -> ndarray.Array:
    array = creation.asarray(x)
    call = getattr(np, name)
    result = _asked(call, array, name, axis=axis, keepdims=keepdims)
    axes = _reduced_axes(axis, array.ndim)
    fold = Place(largest, None if axis is None or not axes else axes[0])
    return _reduce(array, fold, axes, builtins.bool(keepdims), result)


def argmin(x: Any, /, axis: int | None = None, keepdims: bool = False) -> ndarray.Array:
    """The index of the first smallest element, or of the first NaN."""
    return _place(x, "argmin", axis, keepdims, largest=False)


def argmax(x: Any, /, axis: int | None = None, keepdims: bool = False) -> ndarray.Array:
    """The index of the first largest element, or of the first NaN."""
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
    axis = tuple(axis) if isinstance(axis, list) else axis
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    result = _asked(np.nanmean, array, "nanmean", least=1, dtype=dtype, **how)
    there = elementwise.logical_not(elementwise.isnan(array))
    added = nansum(array, dtype=_mean_dtype(array, dtype), **how)
    count = sum(there, dtype=np.intp, **how)
    return elementwise.astype(elementwise.divide(added, count), result)


def nanvar(
    x: Any, /, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
) -> ndarray.Array:
    """The variance of what is not NaN; NaN where no more than `ddof` values are there."""
    return _moments(x, "nanvar", axis, dtype, ddof, keepdims)


def nanstd(
    x: Any, /, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
) -> ndarray.Array:
    """The standard deviation of what is not NaN; NaN where no more than `ddof` are there."""
    return _moments(x, "nanstd", axis, dtype, ddof, keepdims)


def _place_of_numbers(
    x: Any, name: str, axis: Any, keepdims: bool, worst: float, *, largest: bool
) -> ndarray.Array:
    array = creation.asarray(x)
    places = _place(_without_nan(array, worst), name, axis, keepdims, largest=largest)
    if array.dtype.kind not in "fc":
        return places
    nothing = all(elementwise.isnan(array), axis=axis, keepdims=keepdims)
    refuse = Refuse(InvalidArgument, "All-NaN slice encountered")
    return elementwise.applied(refuse, (places, nothing), name, places.dtype)


def nanargmin(x: Any, /, axis: int | None = None, keepdims: bool = False) -> ndarray.Array:
    """The index of the first smallest element that is not NaN; computing raises when none is."""
    return _place_of_numbers(x, "nanargmin", axis, keepdims, np.inf, largest=False)


def nanargmax(x: Any, /, axis: int | None = None, keepdims: bool = False) -> ndarray.Array:
    """The index of the first largest element that is not NaN; computing raises when none is."""
    return _place_of_numbers(x, "nanargmax", axis, keepdims, -np.inf, largest=True)


# -- running results


def scanned(ufunc: np.ufunc, x: Any, *, axis: int = 0, dtype: Any = None) -> ndarray.Array:
    """The running result of a ufunc along an axis."""
    array = creation.asarray(x)
    name = f"{ufunc.__name__}.accumulate"
    result = _asked(ufunc.accumulate, array, name, axis=axis, dtype=dtype)
    place = normalized_axis(axis, array.ndim)
    return ndarray.Array(nodes.Scan(array.expr, ufunc, place, array.chunks, result))


def _running(x: Any, name: str, ufunc: np.ufunc, axis: int | None, dtype: Any) -> ndarray.Array:
    array = creation.asarray(x)
    _asked(getattr(np, name), array, name, axis=axis, dtype=dtype)
    if axis is None or not array.ndim:
        array, axis = manipulation.ravel(array), 0
    return scanned(ufunc, array, axis=axis, dtype=dtype)


def cumsum(x: Any, /, axis: int | None = None, dtype: Any = None) -> ndarray.Array:
    """The running sum along an axis, or of the elements in C order."""
    return _running(x, "cumsum", np.add, axis, dtype)


def cumprod(x: Any, /, axis: int | None = None, dtype: Any = None) -> ndarray.Array:
    """The running product along an axis, or of the elements in C order."""
    return _running(x, "cumprod", np.multiply, axis, dtype)


def _cumulative(
    x: Any, name: str, ufunc: np.ufunc, axis: int | None, dtype: Any, include_initial: bool
) -> ndarray.Array:
    array = creation.asarray(x)
    _asked(getattr(np, name), array, name, axis=axis, dtype=dtype)
    array = array if array.ndim else manipulation.ravel(array)
    place = 0 if axis is None else normalized_axis(axis, array.ndim)
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
    return _cumulative(x, "cumulative_sum", np.add, axis, dtype, include_initial)


def cumulative_prod(
    x: Any, /, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> ndarray.Array:
    """The running product along an axis; after a one if `include_initial`."""
    return _cumulative(x, "cumulative_prod", np.multiply, axis, dtype, include_initial)


def average(
    x: Any,
    /,
    axis: Axes = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """The mean along axes, weighted if weights are given; computing raises ZeroDivisionError
    where weights add up to zero.

    weights: in the array's shape, or in the shape of the axes that are named.
    Returns: the averages, or (averages, sums of weights) if `returned`.
    """
    array = creation.asarray(x)
    axis = None if axis is None else listed_axes(axis, array.ndim)
    if weights is None:
        averages = mean(array, axis=axis, keepdims=keepdims)
        count = averages.dtype.type(_count(array, axis))
        return (averages, creation.full_like(averages, count)) if returned else averages
    scale = _weights(array, axis, creation.asarray(weights))
    wide = np.result_type(array.dtype, scale.dtype)
    wide = np.result_type(wide, np.float64) if array.dtype.kind in "biu" else wide
    sums = sum(scale, axis=axis, dtype=wide, keepdims=keepdims)
    added = sum(elementwise.multiply(array, scale, dtype=wide), axis=axis, keepdims=keepdims)
    divided = elementwise.divide(added, sums)
    refuse = Refuse(ZeroDivisionError, "Weights sum to zero, can't be normalized")
    nothing = elementwise.equal(sums, 0)
    averages = elementwise.applied(refuse, (divided, nothing), "average", divided.dtype)
    return (averages, manipulation.broadcast_to(sums, averages.shape)) if returned else averages


def _weights(
    array: ndarray.Array, axis: tuple[int, ...] | None, weights: ndarray.Array
) -> ndarray.Array:
    """The weights with an axis for each of the array's; raises as numpy.average does."""
    if weights.shape == array.shape:
        return weights
    if axis is None:
        raise UnsupportedType("Axis must be specified when shapes of a and weights differ.")
    if weights.shape != tuple(array.shape[n] for n in axis):
        raise ChunkMismatch(
            "Shape of weights must be consistent with shape of a along specified axis.\n"
            f"  weights {weights.shape}, a {array.shape}, axis={axis!r}"
        )
    ordered = manipulation.permute_dims(weights, np.argsort(axis).tolist())
    return ordered[tuple(slice(None) if n in axis else None for n in range(array.ndim))]


def allclose(
    one: Any, other: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> ndarray.Array:
    """Whether two arrays are equal within tolerances."""
    return all(elementwise.isclose(one, other, rtol, atol, equal_nan))
