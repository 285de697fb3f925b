"""Products of matrices and vectors. Each block of a product is one task, which reads a row of
blocks of one operand and a column of blocks of the other in place.
"""

from __future__ import annotations

import math
from operator import index as as_int
from typing import Any

import numpy as np

from shframe.array import ndarray
from shframe.array.expr import nodes
from shframe.array.functions import creation, elementwise, manipulation, reductions
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import listed_axes, normalized_axis
from shframe.errors import ChunkMismatch, InvalidArgument


def matmul(one: Any, other: Any, /) -> ndarray.Array:
    """The matrix product over the last axis of one and the last but one of the other.

    A vector is a row in front and a column behind; leading axes broadcast.

    Raises: ChunkMismatch when the lengths differ, InvalidArgument for arrays without axes.

    Examples
    --------
    >>> matmul(creation.ones((2, 3)), creation.ones((3,))).compute().tolist()
    [3.0, 3.0]
    """
    first, second = creation.asarray(one), creation.asarray(other)
    if not first.ndim or not second.ndim:
        raise InvalidArgument("matmul() needs axes; multiply by a number with *")
    row, column = first.ndim == 1, second.ndim == 1
    first = first[None, :] if row else first
    second = second[:, None] if column else second
    if first.shape[-1] != second.shape[-2]:
        raise ChunkMismatch(
            f"matmul: shapes {first.shape} and {second.shape} do not fit\n"
            f"  {first.shape[-1]} columns meet {second.shape[-2]} rows"
        )
    result = _product(first, second)
    if row:
        result = result[..., 0, :]
    return result[..., 0] if column else result


def _product(first: ndarray.Array, second: ndarray.Array) -> ndarray.Array:
    call = lambda a, b: np.matmul(a[:, None], b[None, :])  # noqa: E731
    dtype = elementwise.learned(call, [first.expr, second.expr], "matmul")
    batches = [first.shape[:-2], second.shape[:-2]]
    shape = grids.broadcast_shape(batches, "matmul")
    grid = grids.unified([first.chunks[:-2], second.chunks[:-2]], shape)
    # fewer blocks between the operands mean fewer, larger products to add up
    inner = min(first.chunks[-1], second.chunks[-2], key=lambda axis: (len(axis), axis))
    left = (*grids.fitted(grid, batches[0]), first.chunks[-2], inner)
    right = (*grids.fitted(grid, batches[1]), inner, second.chunks[-1])
    chunks = (*grid, first.chunks[-2], second.chunks[-1])
    a = manipulation.on_grid(elementwise.astype(first, dtype).expr, left)
    b = manipulation.on_grid(elementwise.astype(second, dtype).expr, right)
    return ndarray.Array(nodes.MatMul(a, b, chunks, dtype))


def dot(one: Any, other: Any, /) -> ndarray.Array:
    """The product over the last axis of one and the last but one of the other, as numpy.dot."""
    first, second = creation.asarray(one), creation.asarray(other)
    if not first.ndim or not second.ndim:
        return elementwise.multiply(first, second)
    if second.ndim > 2:
        return tensordot(first, second, axes=((-1,), (-2,)))
    return matmul(first, second)


def tensordot(one: Any, other: Any, /, axes: Any = 2) -> ndarray.Array:
    """The sum of products over pairs of axes: the last and first `axes`, or those named."""
    first, second = creation.asarray(one), creation.asarray(other)
    left, right = _paired_axes(axes, first.ndim, second.ndim)
    lengths = tuple(first.shape[axis] for axis in left)
    if lengths != tuple(second.shape[axis] for axis in right):
        raise ChunkMismatch(
            "shape-mismatch for sum\n"
            f"  tensordot: axes {left} of shape {first.shape}, {right} of {second.shape}"
        )
    kept = [axis for axis in range(first.ndim) if axis not in left]
    kept2 = [axis for axis in range(second.ndim) if axis not in right]
    shape = tuple(first.shape[a] for a in kept) + tuple(second.shape[a] for a in kept2)
    inner = math.prod(lengths)
    rows = math.prod(first.shape[a] for a in kept)
    columns = math.prod(second.shape[a] for a in kept2)
    a = manipulation.reshape(manipulation.permute_dims(first, kept + left), (rows, inner))
    b = manipulation.reshape(manipulation.permute_dims(second, right + kept2), (inner, columns))
    return manipulation.reshape(matmul(a, b), shape)


def _paired_axes(axes: Any, ndim: int, ndim2: int) -> tuple[list[int], list[int]]:
    """The axes of two arrays over which products are added up."""
    count = grids.whole_number(axes)
    if count is None:
        given, given2 = (creation.whole_numbers(each, "axes") for each in axes)
    else:
        given, given2 = tuple(range(-count, 0)), tuple(range(count))
    return list(listed_axes(given, ndim)), list(listed_axes(given2, ndim2))


def vecdot(one: Any, other: Any, /, axis: int = -1) -> ndarray.Array:
    """The sum of products along an axis, the first operand conjugated."""
    first, second = creation.asarray(one), creation.asarray(other)
    first = manipulation.moveaxis(first, normalized_axis(axis, first.ndim), -1)
    second = manipulation.moveaxis(second, normalized_axis(axis, second.ndim), -1)
    if first.shape[-1] != second.shape[-1]:
        raise ChunkMismatch(
            f"vecdot: shapes {first.shape} and {second.shape} do not fit: "
            f"axis {axis} has lengths {first.shape[-1]} and {second.shape[-1]}"
        )
    if first.dtype.kind == "c":
        first = elementwise.conj(first)
    products = first * second
    small = products.dtype if products.dtype.kind in "biu" else None
    return reductions.sum(products, axis=-1, dtype=small)


def vdot(one: Any, other: Any, /) -> ndarray.Array:
    """vecdot() of the raveled arrays."""
    return vecdot(manipulation.ravel(one), manipulation.ravel(other))


def outer(one: Any, other: Any, /) -> ndarray.Array:
    """The products of all pairs of elements of two vectors."""
    rows, columns = manipulation.ravel(one)[:, None], manipulation.ravel(other)[None, :]
    return elementwise.multiply(rows, columns)


def matrix_transpose(x: Any, /) -> ndarray.Array:
    """The array with its last two axes exchanged."""
    array = creation.asarray(x)
    if array.ndim < 2:
        raise InvalidArgument(f"a matrix is needed, found an array of shape {array.shape}")
    return manipulation.swapaxes(array, -1, -2)


def diagonal(x: Any, /, offset: int = 0) -> ndarray.Array:
    """The diagonal of a matrix."""
    matrix = creation.asarray(x)
    if matrix.ndim != 2:
        raise InvalidArgument(f"a matrix is needed, found an array of shape {matrix.shape}")
    rows, columns = matrix.shape
    offset = as_int(offset)
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    places = np.arange(count)
    return matrix[places + max(-offset, 0), places + max(offset, 0)]


def trace(x: Any, /, offset: int = 0, dtype: Any = None) -> ndarray.Array:
    """The sum of the diagonal of a matrix."""
    return reductions.sum(diagonal(x, offset=offset), dtype=dtype)


def vector_norm(x: Any, /, axis: Any = None, keepdims: bool = False) -> ndarray.Array:
    """The root of the sum of squares along axes."""
    array = creation.asarray(x)
    if array.dtype.kind in "biu":  # squares of integers may wrap
        array = elementwise.astype(array, float)
    size = elementwise.abs(array)
    return elementwise.sqrt(reductions.sum(size * size, axis=axis, keepdims=keepdims))
