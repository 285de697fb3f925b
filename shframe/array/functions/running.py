"""Running results along an axis. Each makes a Scan node."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.functions import elementwise, manipulation
from shframe.array.functions.creation import arange, full
from shframe.array.functions.numpy_probe import ask_dtype
from shframe.array.functions.searching import take_along_axis
from shframe.array.grid.axes import normalize_axis
from shframe.array.grid.defaults import integers_from


def accumulate(ufunc: np.ufunc, x: Node, *, axis: int = 0, dtype: Any = None) -> Node:
    """The running result of a ufunc along an axis."""
    name = f"{ufunc.__name__}.accumulate"
    result = ask_dtype(ufunc.accumulate, x, name, axis=axis, dtype=dtype)
    at = normalize_axis(axis, x.ndim)
    return nodes.Scan(x, ufunc, at, x.chunks, result)


def _running(x: Node, name: str, ufunc: np.ufunc, axis: int | None, dtype: Any) -> Node:
    ask_dtype(getattr(np, name), x, name, axis=axis, dtype=dtype)
    if axis is None or not x.ndim:
        x, axis = manipulation.ravel(x), 0
    return accumulate(ufunc, x, axis=axis, dtype=dtype)


def push(x: Node, n: int | None = None, axis: int = -1, /) -> Node:
    """Each NaN replaced by the last number before it along an axis; the first ones stay NaN.

    n: how many NaN after a number are replaced at most; None: all.
    Raises: AxisNotFound.
    Cost: as a running maximum and a take_along_axis().

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.push(xp.asarray([np.nan, 1, np.nan], chunks=1)).compute().tolist()
    [nan, 1.0, 1.0]
    """
    at = normalize_axis(axis, x.ndim)
    if x.dtype.kind not in "fc":
        return x
    shape = tuple(-1 if n == at else 1 for n in range(x.ndim))
    places = manipulation.reshape(arange(x.shape[at]), shape)
    gaps = elementwise.call(np.isnan, x)
    last = accumulate(np.maximum, elementwise.where(gaps, np.intp(-1), places), axis=at)
    found = take_along_axis(x, elementwise.call(np.maximum, last, 0), axis=at)
    kept = elementwise.call(np.greater_equal, last, 0)
    if n is not None:
        near = elementwise.call(
            np.less_equal, elementwise.call(np.subtract, places, last), integers_from(n, "n")[0]
        )
        kept = elementwise.call(np.logical_and, kept, near)
    return elementwise.where(kept, found, x.dtype.type(np.nan))


def cumsum(x: Node, /, axis: int | None = None, dtype: Any = None) -> Node:
    """The running sum along an axis, or of the elements in C order."""
    return _running(x, "cumsum", np.add, axis, dtype)


def cumprod(x: Node, /, axis: int | None = None, dtype: Any = None) -> Node:
    """The running product along an axis, or of the elements in C order."""
    return _running(x, "cumprod", np.multiply, axis, dtype)


def _cumulative(
    x: Node, name: str, ufunc: np.ufunc, axis: int | None, dtype: Any, include_initial: bool
) -> Node:
    ask_dtype(getattr(np, name), x, name, axis=axis, dtype=dtype)
    x = x if x.ndim else manipulation.ravel(x)
    at = 0 if axis is None else normalize_axis(axis, x.ndim)
    result = accumulate(ufunc, x, axis=at, dtype=dtype)
    if not include_initial:
        return result
    shape = tuple(1 if n == at else length for n, length in enumerate(x.shape))
    first = full(shape, ufunc.identity, result.dtype, chunks=-1)
    return manipulation.concat([first, result], axis=at)


def cumulative_sum(
    x: Node, /, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Node:
    """The running sum along an axis; after a zero if `include_initial`."""
    return _cumulative(x, "cumulative_sum", np.add, axis, dtype, include_initial)


def cumulative_prod(
    x: Node, /, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Node:
    """The running product along an axis; after a one if `include_initial`."""
    return _cumulative(x, "cumulative_prod", np.multiply, axis, dtype, include_initial)
