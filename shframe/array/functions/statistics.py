"""Statistics: means, variances, averages, and the reductions that leave NaN out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.expr.program import Refuse
from shframe.array.expr.reducers import Moments
from shframe.array.functions import elementwise, manipulation
from shframe.array.functions.convert import node_of
from shframe.array.functions.creation import full_like
from shframe.array.functions.numpy_probe import ask_dtype
from shframe.array.functions.reductions import (
    all,
    extreme_index,
    max,
    min,
    prod,
    reduce,
    reduce_by,
    reduced_axes,
    sum,
)
from shframe.array.functions.slicing import part
from shframe.array.grid.axes import Axes, list_axes
from shframe.array.grid.defaults import integers_from
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType


def ptp(x: Node, /, axis: Axes = None, keepdims: bool = False) -> Node:
    """The largest minus the smallest element along axes."""
    high = max(x, axis=axis, keepdims=keepdims)
    low = min(x, axis=axis, keepdims=keepdims)
    return elementwise.call(np.subtract, high, low)


def count_nonzero(x: Node, /, axis: Axes = None, keepdims: bool = False) -> Node:
    """How many elements along axes are not zero."""
    true = elementwise.astype(x, np.bool_)
    return sum(true, axis=axis, dtype=np.intp, keepdims=keepdims)


def _count(array: Node, axis: Axes) -> int:
    return math.prod(array.shape[n] for n in reduced_axes(axis, array.ndim))


def _mean_dtype(array: Node, dtype: Any) -> Any:
    """What the sum of a mean is taken in; None: what sums are taken in."""
    if dtype is not None:
        return dtype
    if array.dtype.kind in "biu":
        return np.float64
    return np.float32 if array.dtype == np.float16 else None


def mean(x: Node, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Node:
    """The mean along axes; NaN of no elements."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    result = ask_dtype(np.mean, x, "mean", least=1, dtype=dtype, **how)
    if x.dtype.hasobject and dtype is None:  # what a sum of objects divided is, they say
        result = x.dtype
    added = sum(x, dtype=_mean_dtype(x, dtype), **how)
    return elementwise.astype(elementwise.call(np.divide, added, _count(x, axis)), result)


def _moments(x: Node, name: str, axis: Axes, dtype: Any, correction: float, keepdims: bool) -> Node:
    axis = tuple(axis) if isinstance(axis, list) else axis
    # nanvar() of no axes fails in NumPy 2.4
    wrong = name.startswith("nan") and not x.ndim
    line = manipulation.expand_dims(x) if wrong else x
    how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    result = ask_dtype(getattr(np, name), line, name, least=1, **how)
    if dtype is not None and np.dtype(dtype).kind not in ("c" if x.dtype.kind == "c" else "fc"):
        raise UnsupportedType(
            f"{name}(dtype={dtype!r}) of {x.dtype} would lose parts of the values\n"
            "  take a floating dtype, a complex one for complex numbers"
        )
    axes = reduced_axes(axis, x.ndim)
    if x.dtype.hasobject:
        raise UnsupportedType(
            f"{name}() of Python objects is not supported\n  astype(float) makes numbers of them"
        )
    wide = np.result_type(x.dtype, np.float64)
    skip = name.startswith("nan") and x.dtype.kind in "fc"
    reducer = Moments(wide, result, _real(correction), name.endswith("std"), skip)
    return reduce_by(x, reducer, axes, bool(keepdims), result)


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
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    correction: float | None = None,
    keepdims: bool = False,
) -> Node:
    """The variance along axes; the divisor is the count less `correction` (NumPy's ddof)."""
    return _moments(x, "var", axis, dtype, _ddof(ddof, correction), keepdims)


def std(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    correction: float | None = None,
    keepdims: bool = False,
) -> Node:
    """The standard deviation along axes."""
    return _moments(x, "std", axis, dtype, _ddof(ddof, correction), keepdims)


# -- without NaN


def moment(
    x: Node,
    /,
    order: int,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    ddof: float = 0,
) -> Node:
    """The central moment of an order along axes: the mean of powers of distances from the mean.

    ddof: is taken off the count of elements.
    Raises: InvalidArgument for an order that is no integer of at least 0.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.moment(xp.arange(4, chunks=2), 2).compute().item()
    1.25
    """
    power = integers_from(order, "order")[0]
    if power < 0:
        raise InvalidArgument("Order must be an integer >= 0")
    whole = mean(x, axis=axis, dtype=dtype, keepdims=True)
    apart = elementwise.call(np.subtract, x, whole)
    powers = elementwise.call(np.power, apart, power)
    count = _count(x, axis) - ddof
    total = sum(powers, axis=axis, dtype=dtype, keepdims=keepdims)
    return elementwise.call(np.divide, total, count)


def _without_nan(x: Node, value: float) -> Node:
    if x.dtype.kind not in "fc":
        return x
    return elementwise.where(elementwise.call(np.isnan, x), x.dtype.type(value), x)


def nansum(x: Node, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Node:
    """The sum of what is not NaN."""
    return sum(_without_nan(x, 0), axis=axis, dtype=dtype, keepdims=keepdims)


def nanprod(x: Node, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Node:
    """The product of what is not NaN."""
    return prod(_without_nan(x, 1), axis=axis, dtype=dtype, keepdims=keepdims)


def nanmin(x: Node, /, axis: Axes = None, keepdims: bool = False) -> Node:
    """The smallest of what is not NaN; NaN where there is nothing else."""
    return reduce(np.fmin, x, axis=axis, keepdims=keepdims, name="nanmin")


def nanmax(x: Node, /, axis: Axes = None, keepdims: bool = False) -> Node:
    """The largest of what is not NaN; NaN where there is nothing else."""
    return reduce(np.fmax, x, axis=axis, keepdims=keepdims, name="nanmax")


def nanmean(x: Node, /, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Node:
    """The mean of what is not NaN."""
    if x.dtype.kind not in "fc":
        return mean(x, axis=axis, dtype=dtype, keepdims=keepdims)
    axis = tuple(axis) if isinstance(axis, list) else axis
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    result = ask_dtype(np.nanmean, x, "nanmean", least=1, dtype=dtype, **how)
    there = elementwise.call(np.logical_not, elementwise.call(np.isnan, x))
    added = nansum(x, dtype=_mean_dtype(x, dtype), **how)
    count = sum(there, dtype=np.intp, **how)
    return elementwise.astype(elementwise.call(np.divide, added, count), result)


def nanvar(
    x: Node, /, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
) -> Node:
    """The variance of what is not NaN; NaN where no more than `ddof` values are there."""
    return _moments(x, "nanvar", axis, dtype, ddof, keepdims)


def nanstd(
    x: Node, /, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
) -> Node:
    """The standard deviation of what is not NaN; NaN where no more than `ddof` are there."""
    return _moments(x, "nanstd", axis, dtype, ddof, keepdims)


def _extreme_index_of_numbers(
    x: Node, name: str, axis: Any, keepdims: bool, worst: float, *, largest: bool
) -> Node:
    indices = extreme_index(_without_nan(x, worst), name, axis, keepdims, largest=largest)
    if x.dtype.kind not in "fc":
        return indices
    nothing = all(elementwise.call(np.isnan, x), axis=axis, keepdims=keepdims)
    refuse = Refuse(InvalidArgument, "All-NaN slice encountered")
    return elementwise.apply(refuse, (indices, nothing), name, indices.dtype)


def nanargmin(x: Node, /, axis: int | None = None, keepdims: bool = False) -> Node:
    """The index of the first smallest element that is not NaN; computing raises when none is."""
    return _extreme_index_of_numbers(x, "nanargmin", axis, keepdims, np.inf, largest=False)


def nanargmax(x: Node, /, axis: int | None = None, keepdims: bool = False) -> Node:
    """The index of the first largest element that is not NaN; computing raises when none is."""
    return _extreme_index_of_numbers(x, "nanargmax", axis, keepdims, -np.inf, largest=True)


def average(
    x: Node,
    /,
    axis: Axes = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Node | tuple[Node, Node]:
    """The mean along axes, weighted if weights are given; computing raises ZeroDivisionError
    where weights add up to zero.

    weights: in the array's shape, or in the shape of the axes that are named.
    Returns: the averages, or (averages, sums of weights) if `returned`.
    """
    axis = None if axis is None else list_axes(axis, x.ndim)
    if weights is None:
        averages = mean(x, axis=axis, keepdims=keepdims)
        count = averages.dtype.type(_count(x, axis))
        return (averages, full_like(averages, count)) if returned else averages
    scale = _weights(x, axis, node_of(weights))
    wide = np.result_type(x.dtype, scale.dtype)
    wide = np.result_type(wide, np.float64) if x.dtype.kind in "biu" else wide
    sums = sum(scale, axis=axis, dtype=wide, keepdims=keepdims)
    added = sum(elementwise.call(np.multiply, x, scale, dtype=wide), axis=axis, keepdims=keepdims)
    divided = elementwise.call(np.divide, added, sums)
    refuse = Refuse(ZeroDivisionError, "Weights sum to zero, can't be normalized")
    nothing = elementwise.call(np.equal, sums, 0)
    averages = elementwise.apply(refuse, (divided, nothing), "average", divided.dtype)
    return (averages, manipulation.broadcast_to(sums, averages.shape)) if returned else averages


def _weights(array: Node, axis: tuple[int, ...] | None, weights: Node) -> Node:
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
    return part(ordered, tuple(slice(None) if n in axis else None for n in range(array.ndim)))


def allclose(
    one: Node, other: Node, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> Node:
    """Whether two arrays are equal within tolerances."""
    return all(elementwise.isclose(one, other, rtol, atol, equal_nan))
