"""Products of matrices and vectors. Each block of a product is one task, which reads a row of
blocks of one operand and a column of blocks of the other in place.
"""

from __future__ import annotations

import math
from functools import partial
from operator import index as as_int
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import elementwise, manipulation, reductions
from shframe.array.functions.convert import node_of
from shframe.array.functions.core_axes import call_along
from shframe.array.functions.indexing import item_of
from shframe.array.functions.slicing import part
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import list_axes, normalize_axis
from shframe.array.grid.defaults import integers_from
from shframe.errors import ChunkMismatch, InvalidArgument, UnsupportedType


def matmul(
    one: Node,
    other: Node,
    /,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
    axes: Any = None,
) -> Node:
    """The matrix product over the last axis of one and the last but one of the other.

    A vector is a row in front and a column behind; leading axes broadcast.

    dtype, casting: what the products are computed in, and how the operands may be cast to it.
    axes: where matrices stand in the operands and the result, such as [(0, 1), (0, 1), (1, 0)].

    Raises: ChunkMismatch when the lengths differ, InvalidArgument for arrays without axes.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.matmul(xp.ones((2, 3)), xp.ones((3,))).compute().tolist()
    [3.0, 3.0]
    """
    first, second = _cast((one, other), dtype, casting)
    if not first.ndim or not second.ndim:
        raise InvalidArgument(
            f"matmul: Input operand {int(first.ndim > 0)} does not have enough dimensions (has 0, "
            "gufunc core with signature (n?,k),(k,m?)->(n?,m?) requires 1)\n"
            "  multiply by a number with *"
        )
    if axes is not None:
        cores = (min(first.ndim, 2), min(second.ndim, 2))
        return call_along("matmul", matmul, (first, second), axes, (*cores, sum(cores) - 2))
    row, column = first.ndim == 1, second.ndim == 1
    first = part(first, (None, ...)) if row else first
    second = part(second, (..., None)) if column else second
    if first.shape[-1] != second.shape[-2]:
        raise ChunkMismatch(
            "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature "
            f"(n?,k),(k,m?)->(n?,m?) (size {second.shape[-2]} is different from {first.shape[-1]})"
            f"\n  shapes {one.shape} and {other.shape}"
        )
    result = _product(first, second)
    if row:
        result = part(result, (..., 0, slice(None)))
    return part(result, (..., 0)) if column else result


def _cast(operands: tuple[Node, Node], dtype: Any, casting: Any) -> tuple[Node, Node]:
    if dtype is None:
        return operands
    for each in operands:
        elementwise.check_casting(each, dtype, casting)
    one, other = operands
    return elementwise.astype(one, dtype), elementwise.astype(other, dtype)


def _product(first: Node, second: Node) -> Node:
    call = lambda a, b: np.matmul(a[:, None], b[None, :])  # noqa: E731
    dtype = elementwise.learn_dtype(call, [first, second], "matmul")
    batches = [first.shape[:-2], second.shape[:-2]]
    shape = grids.broadcast_shape(batches, "matmul")
    grid = grids.unify([first.chunks[:-2], second.chunks[:-2]], shape)
    # fewer blocks between the operands mean fewer, larger products to add up
    inner = min(first.chunks[-1], second.chunks[-2], key=lambda axis: (len(axis), axis))
    left = (*grids.fit(grid, batches[0]), first.chunks[-2], inner)
    right = (*grids.fit(grid, batches[1]), inner, second.chunks[-1])
    chunks = (*grid, first.chunks[-2], second.chunks[-1])
    a = on_grid(elementwise.astype(first, dtype), left)
    b = on_grid(elementwise.astype(second, dtype), right)
    return nodes.MatMul(a, b, chunks, dtype)


def dot(one: Node, other: Node, /) -> Node:
    """The product over the last axis of one and the last but one of the other, as numpy.dot."""
    first, second = one, other
    if not first.ndim or not second.ndim:
        return elementwise.call(np.multiply, first, second)
    if second.ndim > 2:
        return tensordot(first, second, axes=((-1,), (-2,)))
    return matmul(first, second)


def tensordot(one: Node, other: Node, /, axes: Any = 2) -> Node:
    """The sum of products over pairs of axes: the last and first `axes`, or those named."""
    first, second = one, other
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
    count = grids.integer_from(axes)
    if count is None:
        given, given2 = (integers_from(each, "axes") for each in axes)
    else:
        given, given2 = tuple(range(-count, 0)), tuple(range(count))
    return list(list_axes(given, ndim)), list(list_axes(given2, ndim2))


def matvec(
    one: Node,
    other: Node,
    /,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
    axes: Any = None,
) -> Node:
    """The products of matrices and vectors, in the last axes; the other axes broadcast.

    dtype, casting, axes: as matmul() has them.
    """
    first, second = _cast((one, other), dtype, casting)
    _check_core("matvec", "(m,n),(n)->(m)", (first, second), (2, 1))
    if axes is not None:
        return call_along("matvec", matvec, (first, second), axes, (2, 1, 1))
    _check_inner("matvec", "(m,n),(n)->(m)", 0, first.shape[-1], second.shape[-1])
    return part(matmul(first, part(second, (..., None))), (..., 0))


def vecmat(
    one: Node,
    other: Node,
    /,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
    axes: Any = None,
) -> Node:
    """The products of vectors, which are conjugated, and matrices, in the last axes; the other
    axes broadcast.

    dtype, casting, axes: as matmul() has them.
    """
    first, second = _cast((one, other), dtype, casting)
    _check_core("vecmat", "(n),(n,m)->(m)", (first, second), (1, 2))
    if axes is not None:
        return call_along("vecmat", vecmat, (first, second), axes, (1, 2, 1))
    _check_inner("vecmat", "(n),(n,m)->(m)", 0, first.shape[-1], second.shape[-2])
    if first.dtype.kind == "c":
        first = elementwise.call(np.conjugate, first)
    return part(matmul(part(first, (..., None, slice(None))), second), (..., 0, slice(None)))


def _check_core(
    name: str, signature: str, operands: tuple[Node, Node], cores: tuple[int, int]
) -> None:
    """Raises InvalidArgument for an operand of fewer axes than core dimensions."""
    for number, (each, core) in enumerate(zip(operands, cores, strict=True)):
        if each.ndim < core:
            raise InvalidArgument(
                f"{name}: Input operand {number} does not have enough dimensions (has {each.ndim}, "
                f"gufunc core with signature {signature} requires {core})"
            )


def _check_inner(name: str, signature: str, core: int, left: int, right: int) -> None:
    """Raises ChunkMismatch for vectors of another length than the matrices' rows or columns."""
    if left != right:
        raise ChunkMismatch(
            f"{name}: Input operand 1 has a mismatch in its core dimension {core}, with gufunc "
            f"signature {signature} (size {right} is different from {left})"
        )


def vecdot(
    one: Node,
    other: Node,
    /,
    axis: int = -1,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
    axes: Any = None,
    keepdims: bool = False,
) -> Node:
    """The sum of products along an axis, the last one unless another is named, the first operand
    conjugated.

    dtype, casting, axes: as matmul() has them. keepdims: whether the axis stays, of length 1.
    """
    first, second = _cast((one, other), dtype, casting)
    _check_core("vecdot", "(n),(n)->()", (first, second), (1, 1))
    if axes is not None:
        if axis != -1:
            raise UnsupportedType("cannot specify both 'axis' and 'axes'")
        if keepdims and isinstance(axes, list) and len(axes) == 2:
            axes = [*axes, axes[0]]
        call = partial(vecdot, keepdims=keepdims)
        return call_along("vecdot", call, (first, second), axes, (1, 1, int(keepdims)))
    if keepdims and axis != -1:
        return vecdot(first, second, axes=[axis] * 3, keepdims=True)
    first = manipulation.moveaxis(first, normalize_axis(axis, first.ndim), -1)
    second = manipulation.moveaxis(second, normalize_axis(axis, second.ndim), -1)
    if first.shape[-1] != second.shape[-1]:
        raise ChunkMismatch(
            f"shapes {one.shape} and {other.shape} not aligned: vecdot of axis {axis}, "
            f"{first.shape[-1]} != {second.shape[-1]}"
        )
    if first.dtype.kind == "c":
        first = elementwise.call(np.conjugate, first)
    products = elementwise.call(np.multiply, first, second)
    small = products.dtype if products.dtype.kind in "biu" else None
    return reductions.sum(products, axis=-1, dtype=small, keepdims=keepdims)


def vdot(one: Node, other: Node, /) -> Node:
    """vecdot() of the raveled arrays."""
    return vecdot(manipulation.ravel(one), manipulation.ravel(other))


def outer(one: Node, other: Node, /) -> Node:
    """The products of all pairs of elements of two vectors."""
    rows = part(manipulation.ravel(one), (slice(None), None))
    return elementwise.call(np.multiply, rows, manipulation.ravel(other))


def matrix_transpose(x: Node, /) -> Node:
    """The array with its last two axes exchanged."""
    if x.ndim < 2:
        raise InvalidArgument(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return manipulation.swapaxes(x, -1, -2)


def diagonal(x: Node, /, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """The diagonal of matrices in two axes, as the last axis of the result."""
    if x.ndim < 2:
        raise InvalidArgument("diag requires an array of at least two dimensions")
    one, other = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    if one == other:
        raise InvalidArgument("axis1 and axis2 cannot be the same")
    return diagonal_of_axes(x, as_int(offset), one, other)


def diagonal_of_axes(x: Node, offset: int, one: int, other: int) -> Node:
    """The diagonal in two axes, which are counted from the front."""
    rows, columns = x.shape[one], x.shape[other]
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    steps = np.arange(count)
    moved = manipulation.moveaxis(x, (one, other), (-2, -1))
    ahead = (slice(None),) * (x.ndim - 2)
    return item_of(moved, (*ahead, steps + max(-offset, 0), steps + max(offset, 0)))


def trace(x: Node, /, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Node:
    """The sum of the diagonal of matrices in two axes."""
    return reductions.sum(diagonal(x, offset, axis1, axis2), axis=-1, dtype=dtype)


def matrix_diagonal(x: Node, /, *, offset: int = 0) -> Node:
    """The diagonal of matrices in the last two axes."""
    return diagonal(x, offset, -2, -1)


def matrix_trace(x: Node, /, *, offset: int = 0, dtype: Any = None) -> Node:
    """The sum of the diagonal of matrices in the last two axes."""
    return trace(x, offset, -2, -1, dtype)


def inner(one: Node, other: Node, /) -> Node:
    """The sum of products over the last axis of both."""
    if not one.ndim or not other.ndim:
        return elementwise.call(np.multiply, one, other)
    return tensordot(one, other, axes=((-1,), (-1,)))


def multi_dot(arrays: Any) -> Node:
    """The product of several matrices, in the order that takes the fewest multiplications."""
    given = [node_of(each) for each in arrays]
    if len(given) < 2:
        raise InvalidArgument("Expecting at least two arrays.")
    while len(given) > 1:
        # the widest contraction first: what is left is smallest
        at = max(range(len(given) - 1), key=lambda n: given[n].shape[-1])
        given[at : at + 2] = [dot(given[at], given[at + 1])]
    return given[0]


def cross(
    one: Any,
    other: Any,
    /,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Node:
    """The cross product of vectors of three along an axis.

    axisa, axisb, axisc: the axis of vectors in each array and in the result, where they differ.
    """
    a, b = node_of(one), node_of(other)
    if axis is None and (axisa, axisb, axisc) != (-1, -1, -1):
        a, b = manipulation.moveaxis(a, axisa, -1), manipulation.moveaxis(b, axisb, -1)
        return manipulation.moveaxis(cross(a, b), -1, axisc)
    axis = -1 if axis is None else axis
    if min(a.ndim, b.ndim) == 0 or a.shape[axis] != 3 or b.shape[axis] != 3:
        raise InvalidArgument(
            "Both input arrays must be (arrays of) 3-dimensional vectors, but they have the "
            f"shapes {a.shape} and {b.shape}"
        )
    first = manipulation.unstack(manipulation.moveaxis(a, axis, -1), axis=-1)
    second = manipulation.unstack(manipulation.moveaxis(b, axis, -1), axis=-1)

    def multiply(i: int, j: int) -> Node:
        return elementwise.call(np.multiply, first[i], second[j])

    made = [
        elementwise.call(np.subtract, multiply(i, j), multiply(j, i))
        for i, j in ((1, 2), (2, 0), (0, 1))
    ]
    stacked = manipulation.stack(made, axis=-1)
    at = axis if axis < 0 else axis - max(a.ndim, b.ndim)
    return manipulation.moveaxis(stacked, -1, at)
