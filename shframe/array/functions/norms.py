"""Norms of vectors and of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import elementwise, manipulation, reductions
from shframe.array.functions.decompositions import svdvals
from shframe.array.functions.lapack import check_matrix
from shframe.array.functions.slicing import part
from shframe.errors import InvalidArgument


def matrix_norm(x: Node, /, *, keepdims: bool = False, ord: Any = "fro") -> Node:
    """A norm of matrices: "fro", "nuc", or by ord 1, -1, 2, -2, inf, -inf."""
    check_matrix(x)
    if x.dtype.kind in "biu":
        x = elementwise.astype(x, float)
    size = elementwise.call(np.absolute, x)
    if ord == "fro":
        squares = elementwise.call(np.multiply, size, size)
        total = reductions.sum(squares, axis=(-2, -1), keepdims=keepdims)
        return elementwise.call(np.sqrt, total)
    if ord in ("nuc", 2, -2):
        values = svdvals(x)
        if ord == "nuc":
            found = reductions.sum(values, axis=-1)
        else:
            found = reductions.max(values, axis=-1) if ord == 2 else reductions.min(values, axis=-1)
        return manipulation.expand_dims(found, axis=(-2, -1)) if keepdims else found
    if ord not in (1, -1, np.inf, -np.inf):
        raise InvalidArgument("Invalid norm order for matrices.")
    sums = reductions.sum(size, axis=-2 if abs(ord) == 1 else -1, keepdims=True)
    pick = reductions.max if ord > 0 else reductions.min
    found = pick(sums, axis=(-2, -1), keepdims=True)
    return found if keepdims else part(found, (..., 0, 0))


def norm(x: Node, /, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:
    """A norm of vectors or matrices, as numpy.linalg.norm has it."""
    if axis is None and (ord is None or (ord in ("f", "fro") and x.ndim == 2)):
        return vector_norm(x, axis=None, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(axis).tolist())
    if len(axes) == 1:
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise InvalidArgument("Improper number of dimensions to norm.")
    moved = manipulation.moveaxis(x, axes, (-2, -1))
    found = matrix_norm(moved, ord="fro" if ord in (None, "f") else ord)
    return manipulation.expand_dims(found, axis=[a % x.ndim for a in axes]) if keepdims else found


def vector_norm(x: Node, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Node:
    """A norm of vectors along axes: by ord the root of the sum of powers, the count of what is
    not 0, or the largest or smallest size.
    """
    if x.dtype.kind in "biu":  # squares of integers may wrap
        x = elementwise.astype(x, float)
    size = elementwise.call(np.absolute, x)
    how: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    if ord == np.inf:
        return reductions.max(size, **how)
    if ord == -np.inf:
        return reductions.min(size, **how)
    if ord == 0:
        there = elementwise.call(np.not_equal, size, 0)
        return reductions.sum(there, dtype=size.dtype, **how)
    if ord == 1:
        return reductions.sum(size, **how)
    if ord == 2:
        squares = elementwise.call(np.multiply, size, size)
        return elementwise.call(np.sqrt, reductions.sum(squares, **how))
    if isinstance(ord, str):
        raise InvalidArgument(f"Invalid norm order {ord!r} for vectors")
    power = size.dtype.type(ord)
    total = reductions.sum(elementwise.call(np.power, size, power), **how)
    return elementwise.call(np.power, total, size.dtype.type(1 / ord))
