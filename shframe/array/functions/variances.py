"""Variances, standard deviations and central moments, with and without NaN.

Most go by counts, means and squared distances of tiles (expr/reducers.py: Moments), in one pass
through the array; those with a mask, or with a mean that is given, by the distances from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr.moments import Moments
from shframe.array.expr.nodes import Node
from shframe.array.expr.program import Constant
from shframe.array.functions import elementwise, manipulation
from shframe.array.functions import statistics as means
from shframe.array.functions.numpy_probe import NO_VALUE, ask_dtype, sample_of
from shframe.array.functions.reductions import reduce_by, reduced_axes, sum
from shframe.array.functions.statistics import count_elements, count_where, only_where
from shframe.array.grid.axes import Axes
from shframe.array.grid.defaults import integers_from
from shframe.errors import InvalidArgument, UnsupportedType


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
    mean: Any = NO_VALUE,
) -> Node:
    """The variance along axes; the divisor is the count less `correction` (NumPy's ddof).

    where: a mask of the elements that count. mean: the mean, if it is known, with an axis of
    length 1 for each that is reduced.
    """
    off = _ddof(ddof, correction)
    return _of_all(x, "var", axis, dtype, off, keepdims, where, mean)


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
    mean: Any = NO_VALUE,
) -> Node:
    """The standard deviation along axes; the divisor is the count less `correction` (NumPy's ddof).

    where: a mask of the elements that count. mean: the mean, if it is known, with an axis of
    length 1 for each that is reduced.
    """
    off = _ddof(ddof, correction)
    return _of_all(x, "std", axis, dtype, off, keepdims, where, mean)


def nanvar(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: float | None = None,
) -> Node:
    """The variance of what is not NaN; NaN where no more than `ddof` values are
    there.

    where: a mask of the elements that count. mean: the mean, if it is known, with an axis of
    length 1 for each that is reduced. correction: the standard's name for ddof.
    """
    off = _ddof(ddof, correction)
    return _of_known(x, "var", axis, dtype, off, keepdims, where, mean)


def nanstd(
    x: Node,
    /,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: float | None = None,
) -> Node:
    """The standard deviation of what is not NaN; NaN where no more than `ddof` values are
    there.

    where: a mask of the elements that count. mean: the mean, if it is known, with an axis of
    length 1 for each that is reduced. correction: the standard's name for ddof.
    """
    off = _ddof(ddof, correction)
    return _of_known(x, "std", axis, dtype, off, keepdims, where, mean)


def _of_all(
    x: Node,
    name: str,
    axis: Axes,
    dtype: Any,
    correction: Any,
    keepdims: bool,
    where: Any,
    mean: Any,
) -> Node:
    """var or std of what a mask has."""
    if where is not True or mean is not NO_VALUE:
        return _about(x, name, mean, where, axis, dtype, correction, keepdims)
    return _moments(x, name, axis, dtype, correction, keepdims)


def _of_known(
    x: Node,
    name: str,
    axis: Axes,
    dtype: Any,
    correction: Any,
    keepdims: bool,
    where: Any,
    mean: Any,
) -> Node:
    """The same without NaN, of which only floats have any."""
    if x.dtype.kind not in "fc" and (where is not True or mean is not NO_VALUE):
        return _of_all(x, name, axis, dtype, correction, keepdims, where, mean)
    return _of_all(
        only_where(x, where), f"nan{name}", axis, dtype, correction, keepdims, True, mean
    )


def _about(
    x: Node,
    name: str,
    center: Any,
    where: Any,
    axis: Axes,
    dtype: Any,
    correction: Any,
    keepdims: bool,
) -> Node:
    """A variance, or its root, by the distances of what a mask has from the mean."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    given: dict[str, Any] = {}
    if center is NO_VALUE:
        center = means.mean(x, axis=axis, dtype=dtype, keepdims=True, where=where)
    else:
        center = elementwise.operand_of(center)
        plain = isinstance(center, Constant)
        given["mean"] = center.value if plain else sample_of(center.shape, center.dtype)
    result = ask_dtype(getattr(np, name), x, name, least=1, dtype=dtype, **how, **given)
    apart = elementwise.call(np.subtract, x, center)
    squares = elementwise.call(np.square, elementwise.call(np.absolute, apart))
    if name.startswith("nan"):
        there = elementwise.call(np.logical_not, elementwise.call(np.isnan, x))
        added, count = means.nansum(squares, **how), sum(there, dtype=np.intp, **how)
    else:
        added, count = sum(squares, where=where, **how), count_where(x, where, **how)
    left = elementwise.call(np.subtract, count, _real(correction))
    few = np.nan if name.startswith("nan") else 0.0
    left = elementwise.where(elementwise.call(np.greater, left, 0), left, few)
    divided = elementwise.call(np.divide, added, left)
    root = elementwise.call(np.sqrt, divided) if name.endswith("std") else divided
    return elementwise.astype(root, result)


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
    whole = means.mean(x, axis=axis, dtype=dtype, keepdims=True)
    apart = elementwise.call(np.subtract, x, whole)
    powers = elementwise.call(np.power, apart, power)
    count = count_elements(x, axis) - ddof
    total = sum(powers, axis=axis, dtype=dtype, keepdims=keepdims)
    return elementwise.call(np.divide, total, count)
