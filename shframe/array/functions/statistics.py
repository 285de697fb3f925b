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
from shframe.array.functions.numpy_probe import NO_VALUE, ask_dtype
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


def mean(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Node:
    """The mean along axes; NaN of no elements. where: a mask of the elements that count."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    result = ask_dtype(np.mean, x, "mean", least=1, dtype=dtype, **how)
    if x.dtype.hasobject and dtype is None:  # what a sum of objects divided is, they say
        result = x.dtype
    added = sum(x, dtype=_mean_dtype(x, dtype), where=where, **how)
    count = _count(x, axis) if where is True else _count_where(x, where, **how)
    return elementwise.astype(elementwise.call(np.divide, added, count), result)


def _count_where(x: Node, where: Any, **how: Any) -> Node:
    """How many elements along axes a mask has that broadcasts to the array."""
    mask = elementwise.astype(node_of(where), np.bool_)
    return sum(manipulation.broadcast_to(mask, x.shape), dtype=np.intp, **how)


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
    *,
    where: Any = True,
) -> Node:
    """The variance along axes; the divisor is the count less `correction` (NumPy's ddof).

    where: a mask of the elements that count.
    """
    off = _ddof(ddof, correction)
    if where is not True:
        return _variance_where(x, where, axis, dtype, off, keepdims)
    return _moments(x, "var", axis, dtype, off, keepdims)


def _variance_where(
    x: Node, where: Any, axis: Axes, dtype: Any, correction: Any, keepdims: bool
) -> Node:
    """The variance of what a mask has, by the distances from its mean."""
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    result = ask_dtype(np.var, x, "var", least=1, dtype=dtype, **how)
    whole = mean(x, axis=axis, dtype=dtype, keepdims=True, where=where)
    apart = elementwise.call(np.subtract, x, whole)
    squares = elementwise.call(np.square, elementwise.call(np.absolute, apart))
    added = sum(squares, where=where, **how)
    left = elementwise.call(np.subtract, _count_where(x, where, **how), _real(correction))
    divided = elementwise.call(np.divide, added, elementwise.call(np.maximum, left, 0))
    return elementwise.astype(divided, result)


def std(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    correction: float | None = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Node:
    """The standard deviation along axes. where: a mask of the elements that count."""
    off = _ddof(ddof, correction)
    if where is not True:
        return elementwise.call(np.sqrt, _variance_where(x, where, axis, dtype, off, keepdims))
    return _moments(x, "std", axis, dtype, off, keepdims)


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


def nansum(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Node:
    """The sum of what is not NaN; `initial` and `where` as sum() has them."""
    how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    return sum(_without_nan(x, 0), initial=initial, where=where, **how)


def nanprod(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Node:
    """The product of what is not NaN; `initial` and `where` as prod() has them."""
    how: dict[str, Any] = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    return prod(_without_nan(x, 1), initial=initial, where=where, **how)


def nanmin(
    x: Node,
    /,
    axis: Axes = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Node:
    """The smallest of what is not NaN; NaN where there is nothing else."""
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims, "initial": initial}
    return reduce(np.fmin, x, where=where, name="nanmin", **how)


def nanmax(
    x: Node,
    /,
    axis: Axes = None,
    keepdims: bool = False,
    *,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Node:
    """The largest of what is not NaN; NaN where there is nothing else."""
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims, "initial": initial}
    return reduce(np.fmax, x, where=where, name="nanmax", **how)


def _only(x: Node, where: Any) -> Node:
    """The array with NaN where a mask is false."""
    if where is True:
        return x
    mask = elementwise.astype(node_of(where), np.bool_)
    return elementwise.where(mask, x, x.dtype.type(np.nan))


def nanmean(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Node:
    """The mean of what is not NaN. where: a mask of the elements that count."""
    if x.dtype.kind not in "fc":
        return mean(x, axis=axis, dtype=dtype, keepdims=keepdims, where=where)
    x = _only(x, where)
    axis = tuple(axis) if isinstance(axis, list) else axis
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    result = ask_dtype(np.nanmean, x, "nanmean", least=1, dtype=dtype, **how)
    there = elementwise.call(np.logical_not, elementwise.call(np.isnan, x))
    added = nansum(x, dtype=_mean_dtype(x, dtype), **how)
    count = sum(there, dtype=np.intp, **how)
    return elementwise.astype(elementwise.call(np.divide, added, count), result)


def nanvar(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    correction: float | None = None,
) -> Node:
    """The variance of what is not NaN; NaN where no more than `ddof` values are there.

    where: a mask of the elements that count. correction: the standard's name for ddof.
    """
    off = _ddof(ddof, correction)
    if x.dtype.kind not in "fc" and where is not True:
        return var(x, axis=axis, dtype=dtype, ddof=off, keepdims=keepdims, where=where)
    return _moments(_only(x, where), "nanvar", axis, dtype, off, keepdims)


def nanstd(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    correction: float | None = None,
) -> Node:
    """The standard deviation of what is not NaN; NaN where no more than `ddof` values are there.

    where: a mask of the elements that count. correction: the standard's name for ddof.
    """
    off = _ddof(ddof, correction)
    if x.dtype.kind not in "fc" and where is not True:
        return std(x, axis=axis, dtype=dtype, ddof=off, keepdims=keepdims, where=where)
    return _moments(_only(x, where), "nanstd", axis, dtype, off, keepdims)


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
