"""Decompositions and what is solved by them, on matrices in the last two axes.

Stacks of matrices are worked on block by block along the other axes. A tall matrix in several
blocks of rows is decomposed where it is stored (tsqr); any other matrix is gathered into one block,
which LAPACK then works on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import creation, elementwise, manipulation, products, reductions
from shframe.array.functions.calling import call_for_several, call_kernel, whole_along
from shframe.array.functions.convert import node_of
from shframe.array.functions.numpy_probe import ask
from shframe.array.functions.slicing import part
from shframe.array.grid import chunks as grids
from shframe.array.grid.chunks import Chunks
from shframe.array.kernels import matrices as kernels
from shframe.errors import ChunkMismatch, InvalidArgument


class QRResult(NamedTuple):
    """What qr() returns."""

    Q: Any
    R: Any


class SVDResult(NamedTuple):
    """What svd() returns."""

    U: Any
    S: Any
    Vh: Any


class EighResult(NamedTuple):
    """What eigh() returns."""

    eigenvalues: Any
    eigenvectors: Any


class EigResult(NamedTuple):
    """What eig() returns."""

    eigenvalues: Any
    eigenvectors: Any


class SlogdetResult(NamedTuple):
    """What slogdet() returns."""

    sign: Any
    logabsdet: Any


def _check_matrix(x: Node, *, square: bool = False) -> None:
    if x.ndim < 2:
        raise InvalidArgument(
            f"{x.ndim}-dimensional array given. Array must be at least two-dimensional"
        )
    if square and x.shape[-1] != x.shape[-2]:
        raise ChunkMismatch(
            f"Last 2 dimensions of the array must be square\n  the array has the shape {x.shape}"
        )


def _call(name: str, x: Node, cores: list[tuple[int, ...]], **how: Any) -> tuple[Node, ...]:
    """A function of numpy.linalg on each matrix: its results have these shapes a matrix."""
    x = whole_along(x, (x.ndim - 2, x.ndim - 1))
    kinds = _dtypes(name, [x], **how)
    weight = float(max(*x.shape[-2:], 8))
    over: Chunks = (*x.chunks[:-2], (1,), (1,))
    labels = [(*range(x.ndim - 2), x.ndim - 2, x.ndim - 1)]
    grids_ = [(*x.chunks[:-2], *((n,) for n in core)) for core in cores]
    options: dict[str, Any] = {"name": name, "how": tuple(sorted(how.items())), "dtypes": kinds}
    if len(cores) == 1:
        return (
            call_kernel(
                kernels.call_linalg,
                [x],
                grids_[0],
                kinds[0],
                over=over,
                labels=labels,
                weight=weight,
                **options,
            ),
        )
    made = list(zip(grids_, kinds, strict=True))
    return call_for_several(
        kernels.call_linalg, [x], made, over=over, labels=labels, weight=weight, **options
    )


def _dtypes(name: str, given: list[Node], **how: Any) -> tuple[np.dtype[Any], ...]:
    """The dtypes of the results, learned on small matrices."""
    found: list[np.dtype[Any]] = []

    def call(*samples: Any) -> Any:
        made = getattr(np.linalg, name)(*samples, **how)
        several = made if isinstance(made, tuple) else (made,)
        found.extend(np.asarray(each).dtype for each in several)
        return several[0]

    ask(call, name, *(np.eye(1, dtype=each.dtype) for each in given))
    return tuple(found)


def cholesky(x: Node, /, *, upper: bool = False) -> Node:
    """The lower (or upper) triangular factor of positive definite matrices.

    Raises: numpy.linalg.LinAlgError, when computed, if a matrix is not positive definite.
    Cost: each matrix is gathered into one block.
    """
    _check_matrix(x, square=True)
    (made,) = _call("cholesky", x, [x.shape[-2:]], upper=bool(upper))
    return made


def inv(x: Node, /) -> Node:
    """The inverse of matrices.

    Raises: numpy.linalg.LinAlgError, when computed, for a singular matrix.
    Cost: each matrix is gathered into one block.
    """
    _check_matrix(x, square=True)
    return _call("inv", x, [x.shape[-2:]])[0]


def det(x: Node, /) -> Node:
    """The determinant of matrices; each is gathered into one block."""
    _check_matrix(x, square=True)
    return _call("det", x, [()])[0]


def slogdet(x: Node, /) -> SlogdetResult:
    """The sign, and the logarithm of the size, of the determinant of matrices."""
    _check_matrix(x, square=True)
    return SlogdetResult(*_call("slogdet", x, [(), ()]))


def eigh(x: Node, /, UPLO: str = "L") -> EighResult:
    """Eigenvalues, in ascending order, and eigenvectors of Hermitian matrices.

    UPLO: which triangle is read, "L" or "U".
    Cost: each matrix is gathered into one block.
    """
    _check_matrix(x, square=True)
    return EighResult(*_call("eigh", x, [x.shape[-1:], x.shape[-2:]], UPLO=UPLO))


def eigvalsh(x: Node, /, UPLO: str = "L") -> Node:
    """Eigenvalues of Hermitian matrices in ascending order."""
    _check_matrix(x, square=True)
    return _call("eigvalsh", x, [x.shape[-1:]], UPLO=UPLO)[0]


def eig(x: Node, /) -> EigResult:
    """Eigenvalues and eigenvectors of square matrices, complex ones."""
    _check_matrix(x, square=True)
    return EigResult(*_call("eig", _as_complex(x), [x.shape[-1:], x.shape[-2:]]))


def eigvals(x: Node, /) -> Node:
    """Eigenvalues of square matrices, complex ones."""
    _check_matrix(x, square=True)
    return _call("eigvals", _as_complex(x), [x.shape[-1:]])[0]


def _as_complex(x: Node) -> Node:
    """In the complex dtype: whether eigenvalues are real is known only when they are computed."""
    kind = np.result_type(x.dtype, np.float64 if x.dtype.kind in "biu" else x.dtype, np.complex64)
    return elementwise.astype(x, kind)


def qr(x: Node, /, mode: str = "reduced") -> Any:
    """An orthonormal Q and an upper triangular R with Q @ R = x.

    mode: "reduced", "complete" or "r", which returns R alone.
    Cost: a tall matrix in blocks of rows is decomposed where it is stored (tsqr); another one is
        gathered into one block.
    """
    _check_matrix(x)
    if mode not in ("reduced", "complete", "r"):
        raise InvalidArgument(f"Unrecognized mode {mode!r}: 'reduced', 'complete' or 'r'")
    rows, columns = x.shape[-2:]
    if mode != "complete" and _is_tall(x):
        q, r = tsqr(x)
        return r if mode == "r" else QRResult(q, r)
    k = min(rows, columns)
    if mode == "r":
        return _call("qr", x, [(k, columns)], mode="r")[0]
    inner = rows if mode == "complete" else k
    return QRResult(*_call("qr", x, [(rows, inner), (inner, columns)], mode=mode))


def _is_tall(x: Node) -> bool:
    """Whether each block of rows is at least as high as the matrix is wide."""
    whole = x.ndim == 2 and len(x.chunks[0]) > 1 and x.dtype.kind in "biufc"
    return whole and x.shape[1] > 0 and min(x.chunks[0]) >= x.shape[1]


def tsqr(x: Node, /) -> QRResult:
    """Q and R of a tall matrix, block of rows by block of rows: Q @ R = x.

    Raises: ChunkMismatch for a matrix that is no tall one.
    Source: A. Benson, D. Gleich, J. Demmel, "Direct QR factorizations for tall-and-skinny
        matrices in MapReduce architectures" (2013).
    Cost: two passes; in between one task that decomposes the small R's below one another.
    """
    _check_matrix(x)
    if x.ndim != 2 or x.shape[0] < x.shape[1]:
        raise ChunkMismatch(f"tsqr() is for matrices with more rows than columns, not {x.shape}")
    columns = x.shape[1]
    x = on_grid(x, (_high_blocks(x.chunks[0], columns), (columns,)))
    kind = _dtypes("qr", [x])[0]
    x = elementwise.astype(x, kind)
    count = len(x.chunks[0])
    square = ((columns,) * count, (columns,))
    made = [(x.chunks, kind), (square, kind)]
    q1, r1 = call_for_several(kernels.qr_block, [x], made, over=x.chunks, weight=columns)
    stacked = ((columns * count,), (columns,))
    q2, r = call_for_several(
        kernels.qr_of_stack,
        [r1],
        [(stacked, kind), (((columns,), (columns,)), kind)],
        over=((1,), (1,)),
        labels=[(None, 1)],
        weight=columns,
    )
    q2 = on_grid(q2, square)
    q = call_kernel(
        kernels.multiply_pair, [q1, q2], x.chunks, kind, labels=[(0, 1), (0, 1)], weight=columns
    )
    return QRResult(q, r)


def _high_blocks(lengths: grids.Axis, least: int) -> grids.Axis:
    """Blocks of rows of which each has at least as many; neighbours are joined for that."""
    joined: list[int] = []
    for length in lengths:
        if joined and (joined[-1] < least or length < least):
            joined[-1] += length
        else:
            joined.append(length)
    if len(joined) > 1 and joined[-1] < least:
        joined[-2:] = [joined[-2] + joined[-1]]
    return tuple(joined)


def svd(x: Node, /, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, the singular values in descending order, and Vh with (U * S) @ Vh = x.

    compute_uv: False returns the singular values alone.
    Cost: with full_matrices=False a tall matrix in blocks of rows is decomposed where it is stored,
        by tsqr(); another one is gathered into one block.
    """
    _check_matrix(x)
    if not compute_uv:
        return svdvals(x)
    rows, columns = x.shape[-2:]
    k = min(rows, columns)
    if not full_matrices and _is_tall(x):
        q, r = tsqr(x)
        u, s, v = svd(r, full_matrices=False)
        return SVDResult(products.matmul(q, u), s, v)
    if not full_matrices and x.ndim == 2 and _is_tall(manipulation.transpose(x)):
        u, s, v = svd(manipulation.transpose(x), full_matrices=False)
        return SVDResult(manipulation.transpose(v), s, manipulation.transpose(u))
    inner, inner2 = (rows, columns) if full_matrices else (k, k)
    cores = [(rows, inner), (k,), (inner2, columns)]
    return SVDResult(*_call("svd", x, cores, full_matrices=bool(full_matrices)))


def svdvals(x: Node, /) -> Node:
    """The singular values of matrices in descending order."""
    _check_matrix(x)
    if _is_tall(x):
        x = tsqr(x).R
    return _call("svd", x, [(min(x.shape[-2:]),)], compute_uv=False)[0]


def solve(one: Any, other: Any, /) -> Node:
    """The solution of one @ result = other; a vector is one column.

    Raises: numpy.linalg.LinAlgError, when computed, for a singular matrix.
    Cost: each matrix is gathered into one block; columns of `other` are worked on block by block.
    """
    a, b = node_of(one), node_of(other)
    _check_matrix(a, square=True)
    vector = b.ndim == 1
    if vector:
        b = part(b, (slice(None), None))
    if b.ndim < 2 or b.shape[-2] != a.shape[-1]:
        raise ChunkMismatch(
            f"solve: Input operand 1 has a mismatch in its core dimension 0: shapes {a.shape} and "
            f"{node_of(other).shape}"
        )
    (kind,) = _dtypes("solve", [a, b])
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


def matrix_power(x: Node, n: int, /) -> Node:
    """The n-th power of square matrices; of negative n that of the inverse."""
    _check_matrix(x, square=True)
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


def matrix_norm(x: Node, /, *, keepdims: bool = False, ord: Any = "fro") -> Node:
    """A norm of matrices: "fro", "nuc", or by ord 1, -1, 2, -2, inf, -inf."""
    _check_matrix(x)
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
    _check_matrix(x)
    if rcond is not None and rtol is not None:
        raise InvalidArgument("`rtol` and `rcond` can't be both set.")
    share = rcond if rtol is None else rtol
    u, s, v = svd(x, full_matrices=False)
    if not s.shape[-1]:
        empty = (*x.shape[:-2], x.shape[-1], x.shape[-2])
        return creation.zeros(empty, u.dtype)
    above = elementwise.call(np.greater, s, _cut_off(s, x, share))
    inverse = elementwise.where(above, elementwise.call(np.reciprocal, s), s.dtype.type(0))
    scaled = elementwise.call(np.multiply, part(inverse, (..., None)), _adjoint(u))
    return products.matmul(_adjoint(v), scaled)


def _adjoint(x: Node) -> Node:
    turned = manipulation.swapaxes(x, -1, -2)
    return elementwise.call(np.conjugate, turned) if x.dtype.kind == "c" else turned


def lstsq(a: Any, b: Any, /) -> tuple[Node, Node, Node, Node]:
    """The least-squares solution, the sums of squared residuals, the rank and the singular values.

    Cost: by QR, block of rows by block of rows for a tall matrix.
    """
    matrix, right = node_of(a), node_of(b)
    _check_matrix(matrix)
    q, r = qr(matrix)
    vector = right.ndim == 1
    columns = part(right, (slice(None), None)) if vector else right
    if columns.shape[0] != matrix.shape[0]:
        raise ChunkMismatch(f"Incompatible dimensions: {matrix.shape} and {right.shape}")
    found = solve(r, products.matmul(_adjoint(q), columns))
    apart = elementwise.call(np.subtract, columns, products.matmul(matrix, found))
    size = elementwise.call(np.absolute, apart)
    residuals = reductions.sum(elementwise.call(np.multiply, size, size), axis=0)
    if matrix.shape[0] <= matrix.shape[1]:
        residuals = creation.zeros((0,), residuals.dtype)
    solution = part(found, (..., 0)) if vector else found
    return solution, residuals, matrix_rank(r), svdvals(r)


def cross(one: Any, other: Any, /, axis: int = -1) -> Node:
    """The cross product of vectors of three along an axis."""
    a, b = node_of(one), node_of(other)
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


def multi_dot(arrays: Any) -> Node:
    """The product of several matrices, the widest contraction first."""
    return products.multi_dot([node_of(each) for each in arrays])


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


def svd_compressed(
    x: Node,
    /,
    k: int,
    iterator: str = "power",
    n_power_iter: int = 0,
    n_oversamples: int = 10,
    seed: Any = None,
    compute: bool = False,
    coerce_signs: bool = True,
) -> SVDResult:
    """About the k largest singular values with their vectors, by a random projection.

    n_power_iter: passes that make it more exact where singular values fall off slowly.
    seed: an integer that makes the result the same in each run.
    iterator, compute: are there for Dask's users.
    Source: N. Halko, P.-G. Martinsson, J. Tropp, "Finding structure with randomness" (2011).
    """
    _check_matrix(x)
    rows, columns = x.shape
    width = min(k + n_oversamples, rows, columns)
    state = np.random.default_rng(seed)
    test = node_of(state.standard_normal((columns, width)))
    basis = products.matmul(x, test)
    for _ in range(n_power_iter):
        basis = products.matmul(x, products.matmul(_adjoint(x), qr(basis).Q))
    q = qr(basis).Q
    u, s, v = svd(products.matmul(_adjoint(q), x), full_matrices=False)
    u = products.matmul(q, u)
    if coerce_signs:
        u, v = _with_signs(u, v)
    cut = slice(0, min(k, width))
    return SVDResult(part(u, (..., cut)), part(s, (cut,)), part(v, (cut,)))


def _with_signs(u: Node, v: Node) -> tuple[Node, Node]:
    """Factors whose signs do not change from run to run: rows of v have a sum that is not
    negative."""
    total = reductions.sum(elementwise.real(v), axis=1)
    below = elementwise.call(np.less, total, 0)
    one = v.dtype.type(1)
    sign = elementwise.where(below, -one, one)
    turned = elementwise.call(np.multiply, v, part(sign, (slice(None), None)))
    return elementwise.call(np.multiply, u, sign), turned


def solve_triangular(a: Any, b: Any, /, lower: bool = False) -> Node:
    """The solution of a @ result = b for a triangular matrix, of which one half is read."""
    matrix = node_of(a)
    _check_matrix(matrix, square=True)
    half = creation.tril(matrix) if lower else creation.triu(matrix)
    return solve(half, b)
