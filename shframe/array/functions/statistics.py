"""Statistics: means, averages, and reductions that leave NaN out; variances are in variances.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.expr.program import Refuse
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
    reduced_axes,
    sum,
)
from shframe.array.functions.slicing import part
from shframe.array.grid.axes import Axes, list_axes
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


def count_elements(array: Node, axis: Axes) -> int:
    """How many elements a reduction along axes has."""
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
    count = count_elements(x, axis) if where is True else count_where(x, where, **how)
    return elementwise.astype(elementwise.call(np.divide, added, count), result)


def count_where(x: Node, where: Any, **how: Any) -> Node:
    """How many elements along axes a mask has that broadcasts to the array."""
    mask = elementwise.astype(node_of(where), np.bool_)
    return sum(manipulation.broadcast_to(mask, x.shape), dtype=np.intp, **how)


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


def only_where(x: Node, where: Any) -> Node:
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
    x = only_where(x, where)
    axis = tuple(axis) if isinstance(axis, list) else axis
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    result = ask_dtype(np.nanmean, x, "nanmean", least=1, dtype=dtype, **how)
    there = elementwise.call(np.logical_not, elementwise.call(np.isnan, x))
    added = nansum(x, dtype=_mean_dtype(x, dtype), **how)
    count = sum(there, dtype=np.intp, **how)
    return elementwise.astype(elementwise.call(np.divide, added, count), result)


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
        count = averages.dtype.type(count_elements(x, axis))
        return (averages, full_like(averages, count)) if returned else averages
    scale = spread_weights(x, axis, node_of(weights), axis)
    wide = np.result_type(x.dtype, scale.dtype)
    wide = np.result_type(wide, np.float64) if x.dtype.kind in "biu" else wide
    sums = sum(scale, axis=axis, dtype=wide, keepdims=keepdims)
    added = sum(elementwise.call(np.multiply, x, scale, dtype=wide), axis=axis, keepdims=keepdims)
    divided = elementwise.call(np.divide, added, sums)
    refuse = Refuse(ZeroDivisionError, "Weights sum to zero, can't be normalized")
    nothing = elementwise.call(np.equal, sums, 0)
    averages = elementwise.apply(refuse, (divided, nothing), "average", divided.dtype)
    return (averages, manipulation.broadcast_to(sums, averages.shape)) if returned else averages


def spread_weights(array: Node, axes: tuple[int, ...] | None, weights: Node, axis: Any) -> Node:
    """The weights with an axis for each of the array's; raises as numpy.average does.

    axes, axis: those that are reduced, and as the user named them.
    """
    if weights.shape == array.shape:
        return weights
    if axis is None or axes is None:
        raise UnsupportedType("Axis must be specified when shapes of a and weights differ.")
    if weights.shape != tuple(array.shape[n] for n in axes):
        raise ChunkMismatch(
            "Shape of weights must be consistent with shape of a along specified axis.\n"
            f"  weights {weights.shape}, a {array.shape}, axis={axis!r}"
        )
    ordered = manipulation.permute_dims(weights, np.argsort(axes).tolist())
    return part(ordered, tuple(slice(None) if n in axes else None for n in range(array.ndim)))


def allclose(
    one: Node, other: Node, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> Node:
    """Whether two arrays are equal within tolerances."""
    return all(elementwise.isclose(one, other, rtol, atol, equal_nan))
