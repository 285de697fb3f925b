"""What is solved by decompositions: linear equations, inverses, determinants, least squares.

Large matrices in several blocks are worked on by panels (panels.py); stacks of matrices, and small
ones, by LAPACK.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import (
    creation,
    elementwise,
    manipulation,
    panels,
    products,
    reductions,
)
from shframe.array.functions.calling import call_for_several, call_kernel
from shframe.array.functions.convert import node_of
from shframe.array.functions.decompositions import cholesky, is_tall, qr, svd, svdvals
from shframe.array.functions.lapack import adjoint, call_lapack, check_matrix, learn_dtypes
from shframe.array.functions.norms import norm
from shframe.array.functions.slicing import part
from shframe.array.grid import chunks as grids
from shframe.array.kernels import matrices as kernels
from shframe.errors import ChunkMismatch, InvalidArgument


class SlogdetResult(NamedTuple):
    """What slogdet() returns."""

    sign: Any
    logabsdet: Any


def inv(x: Node, /) -> Node:
    """The inverse of matrices.

    Raises: numpy.linalg.LinAlgError, when computed, for a singular matrix.
    Cost: as solve() has it.
    """
    check_matrix(x, square=True)
    if panels.is_large(x):
        return solve(x, creation.eye(x.shape[0], dtype=learn_dtypes("inv", [x])[0]))
    return call_lapack("inv", x, [x.shape[-2:]])[0]


def cond(x: Node, /, p: Any = None) -> Node:
    """The condition number of matrices: by singular values, or by a norm of a matrix and its
    inverse.

    p: as norm() has `ord`; None is 2.
    Raises: numpy.linalg.LinAlgError, when computed, for a singular matrix and another norm than 2.
    """
    check_matrix(x, square=p not in (None, 2, -2))
    if p in (None, 2, -2):
        values = svdvals(x)
        first, last = part(values, (..., 0)), part(values, (..., -1))
        made = elementwise.call(np.divide, *((last, first) if p == -2 else (first, last)))
        # of two values that are 0 it is infinite; of NaN it is NaN
        lost = elementwise.call(np.logical_and, elementwise.call(np.isnan, made), _is_zero(last))
        return elementwise.where(lost, made.dtype.type(np.inf), made)
    sizes = [norm(each, ord=p, axis=(-2, -1)) for each in (x, inv(x))]
    return elementwise.call(np.multiply, *sizes)


def _is_zero(x: Node) -> Node:
    return elementwise.call(np.equal, x, 0)


def det(x: Node, /) -> Node:
    """The determinant of matrices.

    Cost: a large matrix in several blocks is worked on by panels; others are gathered into one.
    """
    check_matrix(x, square=True)
    if panels.is_large(x):
        sign, size = slogdet(x)
        return elementwise.call(np.multiply, sign, elementwise.call(np.exp, size))
    return call_lapack("det", x, [()])[0]


def slogdet(x: Node, /) -> SlogdetResult:
    """The sign, and the logarithm of the size, of the determinant of matrices.

    Cost: as det() has it.
    """
    check_matrix(x, square=True)
    if panels.is_large(x):
        return SlogdetResult(*panels.slogdet(elementwise.astype(x, learn_dtypes("inv", [x])[0])))
    return SlogdetResult(*call_lapack("slogdet", x, [(), ()]))


def solve(one: Any, other: Any, /, assume_a: str = "gen") -> Node:
    """The solution of one @ result = other; a vector is one column.

    assume_a: "gen", or "pos" for a positive definite matrix, which takes half of the time.
    Raises: numpy.linalg.LinAlgError, when computed, for a singular matrix.
    Cost: a large matrix in several blocks is worked on by panels, which are some columns each;
        others are gathered into one block, columns of `other` worked on block by block.
    """
    if assume_a not in ("gen", "pos"):
        raise InvalidArgument(f"assume_a={assume_a!r} is not supported, only 'gen' and 'pos'")
    a, b = node_of(one), node_of(other)
    check_matrix(a, square=True)
    vector = b.ndim == 1
    if vector:
        b = part(b, (slice(None), None))
    if b.ndim < 2 or b.shape[-2] != a.shape[-1]:
        raise ChunkMismatch(
            f"solve: Input operand 1 has a mismatch in its core dimension 0: shapes {a.shape} and "
            f"{node_of(other).shape}"
        )
    (kind,) = learn_dtypes("solve", [a, b])
    if a.ndim == b.ndim == 2 and panels.is_large(a):
        a, b = elementwise.astype(a, kind), elementwise.astype(b, kind)
        if assume_a == "pos":
            lower = cholesky(a)
            half = panels.solve_triangular(lower, b, lower=True)
            made = panels.solve_triangular(adjoint(lower), half, lower=False)
        else:
            made = panels.solve(a, b)
        return part(made, (..., 0)) if vector else made
    lead = grids.broadcast_shape([a.shape[:-2], b.shape[:-2]], "solve")
    n = a.shape[-1]
    grid = grids.unify([a.chunks[:-2], b.chunks[:-2]], lead)
    a = on_grid(a, (*grids.fit(grid, a.shape[:-2]), (n,), (n,)))
    b = on_grid(b, (*grids.fit(grid, b.shape[:-2]), (n,), b.chunks[-1]))
    over = (*grid, (1,), b.chunks[-1])
    size = len(over)
    labels: list[tuple[int | None, ...]] = [
        (*range(size - a.ndim, size - 2), size - 2, size - 2),
        tuple(range(size - b.ndim, size)),
    ]
    made = call_kernel(
        kernels.call_linalg,
        [a, b],
        (*grid, (n,), b.chunks[-1]),
        kind,
        over=over,
        labels=labels,
        weight=float(max(n, 8)),
        name="solve",
        how=(),
        dtypes=(kind,),
    )
    return part(made, (..., 0)) if vector else made


def solve_triangular(a: Any, b: Any, /, lower: bool = False) -> Node:
    """The solution of a @ result = b for a triangular matrix, of which one half is read.

    Raises: numpy.linalg.LinAlgError, when computed, for a zero on the diagonal.
    Cost: as solve() has it.
    """
    matrix, right = node_of(a), node_of(b)
    check_matrix(matrix, square=True)
    fits = matrix.ndim == 2 and right.ndim in (1, 2) and right.shape[0] == matrix.shape[0]
    if not (fits and panels.is_large(matrix)):
        return solve(creation.tril(matrix) if lower else creation.triu(matrix), right)
    columns = part(right, (slice(None), None)) if right.ndim == 1 else right
    (kind,) = learn_dtypes("solve", [matrix, columns])
    matrix, columns = elementwise.astype(matrix, kind), elementwise.astype(columns, kind)
    made = panels.solve_triangular(matrix, columns, bool(lower))
    return part(made, (..., 0)) if right.ndim == 1 else made


def matrix_power(x: Node, n: int, /) -> Node:
    """The n-th power of square matrices; of negative n that of the inverse."""
    check_matrix(x, square=True)
    try:
        times = int(np.asarray(n).__index__())
    except TypeError:
        raise InvalidArgument("exponent must be an integer") from None
    if times < 0:
        x, times = inv(x), -times
    if times == 0:
        eye = creation.eye(x.shape[-1], dtype=x.dtype)
        return manipulation.broadcast_to(eye, x.shape)
    result: Node | None = None
    while times:
        if times & 1:
            result = x if result is None else products.matmul(result, x)
        times >>= 1
        if times:
            x = products.matmul(x, x)
    assert result is not None
    return result


def matrix_rank(x: Node, /, *, tol: Any = None, rtol: Any = None, hermitian: bool = False) -> Node:
    """How many singular values are larger than `tol`, or than `rtol` times the largest."""
    if tol is not None and rtol is not None:
        raise InvalidArgument("`tol` and `rtol` can't be both set.")
    if x.ndim < 2:
        return elementwise.astype(reductions.any(x), np.intp)
    values = svdvals(x)
    tol = _cut_off(values, x, rtol) if tol is None else part(node_of(tol), (..., None))
    above = elementwise.call(np.greater, values, tol)
    return reductions.sum(above, axis=-1, dtype=np.intp)


def _cut_off(values: Node, x: Node, rtol: Any) -> Node:
    largest = reductions.max(values, axis=-1, keepdims=True, initial=0)
    if rtol is None:
        rtol = max(x.shape[-2:]) * float(np.finfo(values.dtype).eps)
        return elementwise.call(np.multiply, largest, values.dtype.type(rtol))
    share = node_of(rtol)
    return elementwise.call(np.multiply, largest, part(share, (..., None)))


def pinv(x: Node, /, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Node:
    """The pseudo-inverse of matrices; singular values up to `rtol` times the largest count as 0."""
    check_matrix(x)
    if rcond is not None and rtol is not None:
        raise InvalidArgument("`rtol` and `rcond` can't be both set.")
    share = rcond if rtol is None else rtol
    u, s, v = svd(x, full_matrices=False)
    if not s.shape[-1]:
        empty = (*x.shape[:-2], x.shape[-1], x.shape[-2])
        return creation.zeros(empty, u.dtype)
    above = elementwise.call(np.greater, s, _cut_off(s, x, share))
    inverse = elementwise.where(above, elementwise.call(np.reciprocal, s), s.dtype.type(0))
    scaled = elementwise.call(np.multiply, part(inverse, (..., None)), adjoint(u))
    return products.matmul(adjoint(v), scaled)


def lstsq(a: Any, b: Any, /, rcond: Any = None) -> tuple[Node, Node, Node, Node]:
    """The least-squares solution, the sums of squared residuals, the rank and the singular values.

    rcond: singular values up to so many times the largest count as 0; None: as numpy.linalg.lstsq.
    Sums of residuals are there for each tall matrix, also for one of less than full rank.

    Raises: ChunkMismatch when the lengths differ.
    Cost: a tall matrix in blocks of rows is made a small triangle where it is stored; another one
        is gathered into one block.
    """
    matrix, right = node_of(a), node_of(b)
    check_matrix(matrix)
    vector = right.ndim == 1
    columns = part(right, (slice(None), None)) if vector else right
    if matrix.ndim != 2 or columns.shape[0] != matrix.shape[0]:
        raise ChunkMismatch(f"Incompatible dimensions: {matrix.shape} and {right.shape}")
    small, target = matrix, columns
    if is_tall(matrix):
        q, small = qr(matrix)
        target = products.matmul(adjoint(q), columns)
    if rcond is None:  # what counts as 0 depends on the shape of the whole matrix
        (kind, _) = learn_dtypes("qr", [matrix])
        rcond = float(np.finfo(kind).eps) * max(matrix.shape)
    found, rank, values = _least_squares(small, target, float(rcond))
    apart = elementwise.call(np.subtract, columns, products.matmul(matrix, found))
    size = elementwise.call(np.absolute, apart)
    residuals = reductions.sum(elementwise.call(np.multiply, size, size), axis=0)
    if matrix.shape[0] <= matrix.shape[1]:
        residuals = creation.zeros((0,), residuals.dtype)
    return part(found, (..., 0)) if vector else found, residuals, rank, values


def _least_squares(a: Node, b: Node, rcond: float) -> tuple[Node, ...]:
    """numpy.linalg.lstsq on a matrix in one block: the solution, the rank and singular values."""
    rows, columns = a.shape
    (kind, _) = learn_dtypes("qr", [a])
    kind = np.result_type(kind, learn_dtypes("qr", [b])[0])
    real = np.empty(0, kind).real.dtype
    a = on_grid(elementwise.astype(a, kind), ((rows,), (columns,)))
    b = on_grid(elementwise.astype(b, kind), tuple((n,) for n in b.shape))
    grids_ = (((columns,), b.chunks[1]), (), ((min(rows, columns),),))
    kinds = (kind, np.dtype(np.intc), real)
    return call_for_several(
        kernels.least_squares,
        [a, b],
        list(zip(grids_, kinds, strict=True)),
        over=((1,), (1,)),
        weight=float(max(columns, 8)),
        rcond=rcond,
    )
