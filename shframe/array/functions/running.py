"""Running results along an axis. Each makes a Scan node."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.functions import manipulation
from shframe.array.functions.creation import full
from shframe.array.functions.numpy_probe import ask_dtype
from shframe.array.grid.axes import normalize_axis


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
