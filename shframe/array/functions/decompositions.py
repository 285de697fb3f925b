"""Decompositions of matrices in the last two axes.

A tall matrix in several blocks of rows is decomposed where it is stored (tsqr), another large one
by panels (panels.py). Stacks of matrices, and small ones, go to LAPACK.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import elementwise, manipulation, panels, products, reductions
from shframe.array.functions.calling import call_for_several, call_kernel
from shframe.array.functions.convert import node_of
from shframe.array.functions.lapack import adjoint, call_lapack, check_matrix, learn_dtypes
from shframe.array.functions.slicing import part
from shframe.array.grid import chunks as grids
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


class LUResult(NamedTuple):
    """What lu() returns."""

    P: Any
    L: Any
    U: Any


def cholesky(x: Node, /, *, upper: bool = False, lower: bool | None = None) -> Node:
    """The lower (or upper) triangular factor of positive definite matrices.

    lower: Dask's name for the opposite of `upper`.

    Raises: numpy.linalg.LinAlgError, when computed, if a matrix is not positive definite.
    Cost: a large matrix in several blocks is worked on by panels; others are gathered into one.
    """
    upper = upper if lower is None else not lower
    check_matrix(x, square=True)
    if panels.is_large(x):
        kind = learn_dtypes("cholesky", [x])[0]
        made = panels.cholesky(elementwise.astype(adjoint(x) if upper else x, kind))
        return adjoint(made) if upper else made
    (made,) = call_lapack("cholesky", x, [x.shape[-2:]], upper=bool(upper))
    return made


def lu(x: Node, /) -> LUResult:
    """P, L and U with P @ L @ U = x: a permutation, a lower and an upper triangular matrix.

    Raises: ChunkMismatch for a matrix that is not square.
    Cost: by panels, which are some columns each; no task holds more than two of them.

    Examples
    --------
    >>> import shframe.array as xp
    >>> p, l, u = xp.linalg.lu(xp.asarray([[1.0, 2.0], [4.0, 6.0]]))
    >>> u.compute().tolist()
    [[4.0, 6.0], [0.0, 0.5]]
    """
    check_matrix(x, square=True)
    if x.ndim > 2:
        raise InvalidArgument(f"lu() is for one matrix, not for a stack of shape {x.shape}")
    if not x.shape[0]:
        raise InvalidArgument("lu() needs a matrix with rows")
    return LUResult(*panels.lu(elementwise.astype(x, learn_dtypes("inv", [x])[0])))


def qr(x: Node, /, mode: str = "reduced") -> Any:
    """An orthonormal Q and an upper triangular R with Q @ R = x.

    mode: "reduced", "complete" or "r", which returns R alone.
    Cost: a tall matrix in blocks of rows is decomposed where it is stored (tsqr); another large
        one by panels, which are some columns each; a small one is gathered into one block.
    """
    check_matrix(x)
    if mode not in ("reduced", "complete", "r"):
        raise InvalidArgument(f"Unrecognized mode {mode!r}: 'reduced', 'complete' or 'r'")
    rows, columns = x.shape[-2:]
    if mode != "complete" and is_tall(x):
        q, r = tsqr(x)
        return r if mode == "r" else QRResult(q, r)
    if panels.is_large(x):
        q, r = panels.qr(elementwise.astype(x, learn_dtypes("qr", [x])[0]), mode)
        return r if q is None else QRResult(q, r)
    k = min(rows, columns)
    if mode == "r":
        return call_lapack("qr", x, [(k, columns)], mode="r")[0]
    inner = rows if mode == "complete" else k
    return QRResult(*call_lapack("qr", x, [(rows, inner), (inner, columns)], mode=mode))


def is_tall(x: Node) -> bool:
    """Whether each block of rows is at least as high as the matrix is wide."""
    whole = x.ndim == 2 and len(x.chunks[0]) > 1 and x.dtype.kind in "biufc"
    return whole and x.shape[1] > 0 and min(x.chunks[0]) >= x.shape[1]


def sfqr(x: Node, /) -> QRResult:
    """Q and R of a matrix that is not taller than wide: Q @ R = x.

    Raises: ChunkMismatch for a tall matrix.
    Cost: as qr() has it.
    """
    check_matrix(x)
    if x.ndim != 2 or x.shape[0] > x.shape[1]:
        raise ChunkMismatch(f"sfqr() is for matrices with no more rows than columns, not {x.shape}")
    found: QRResult = qr(x)
    return found


def tsqr(x: Node, /) -> QRResult:
    """Q and R of a tall matrix, block of rows by block of rows: Q @ R = x.

    Raises: ChunkMismatch for a matrix that is no tall one.
    Source: A. Benson, D. Gleich, J. Demmel, "Direct QR factorizations for tall-and-skinny
        matrices in MapReduce architectures" (2013).
    Cost: two passes; in between one task that decomposes the small R's below one another.
    """
    check_matrix(x)
    if x.ndim != 2 or x.shape[0] < x.shape[1]:
        raise ChunkMismatch(f"tsqr() is for matrices with more rows than columns, not {x.shape}")
    columns = x.shape[1]
    x = on_grid(x, (_high_blocks(x.chunks[0], columns), (columns,)))
    kind = learn_dtypes("qr", [x])[0]
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


def svd(
    x: Node, /, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """U, the singular values in descending order, and Vh with (U * S) @ Vh = x.

    compute_uv: False returns the singular values alone. hermitian: has no effect: what is found for
        any matrix holds for such ones too.
    Raises: StoreFull, when computed, for a matrix that has no room in one block.
    Cost: with full_matrices=False a tall matrix in blocks of rows, and a wide one in blocks of
        columns, is decomposed where it is stored, by tsqr(). Any other is gathered into one block,
        which LAPACK copies: about 4 times its bytes in one task, and one core.
    """
    check_matrix(x)
    if not compute_uv:
        return svdvals(x)
    rows, columns = x.shape[-2:]
    k = min(rows, columns)
    if not full_matrices and is_tall(x):
        q, r = tsqr(x)
        u, s, v = svd(r, full_matrices=False)
        return SVDResult(products.matmul(q, u), s, v)
    if not full_matrices and x.ndim == 2 and is_tall(manipulation.transpose(x)):
        u, s, v = svd(manipulation.transpose(x), full_matrices=False)
        return SVDResult(manipulation.transpose(v), s, manipulation.transpose(u))
    inner, inner2 = (rows, columns) if full_matrices else (k, k)
    cores = [(rows, inner), (k,), (inner2, columns)]
    return SVDResult(*call_lapack("svd", x, cores, full_matrices=bool(full_matrices)))


def svdvals(x: Node, /) -> Node:
    """The singular values of matrices in descending order. Cost: as svd(full_matrices=False)."""
    check_matrix(x)
    if x.ndim == 2 and is_tall(manipulation.transpose(x)):
        x = manipulation.transpose(x)
    if is_tall(x):
        x = tsqr(x).R
    return call_lapack("svd", x, [(min(x.shape[-2:]),)], compute_uv=False)[0]


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
    check_matrix(x)
    rows, columns = x.shape
    width = min(k + n_oversamples, rows, columns)
    state = np.random.default_rng(seed)
    test = node_of(state.standard_normal((columns, width)))
    basis = products.matmul(x, test)
    for _ in range(n_power_iter):
        basis = products.matmul(x, products.matmul(adjoint(x), qr(basis).Q))
    q = qr(basis).Q
    u, s, v = svd(products.matmul(adjoint(q), x), full_matrices=False)
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


def eigh(x: Node, /, UPLO: str = "L") -> EighResult:
    """Eigenvalues, in ascending order, and eigenvectors of Hermitian matrices.

    UPLO: which triangle is read, "L" or "U".
    Raises: StoreFull, when computed, for a matrix that has no room in one block.
    Cost: each matrix is gathered into one block, which LAPACK copies: about 4 times its bytes in
        one task, and one core; matrices of a stack are worked on side by side.
    """
    check_matrix(x, square=True)
    return EighResult(*call_lapack("eigh", x, [x.shape[-1:], x.shape[-2:]], UPLO=UPLO))


def eigvalsh(x: Node, /, UPLO: str = "L") -> Node:
    """Eigenvalues of Hermitian matrices in ascending order. Cost: as eigh(), without vectors."""
    check_matrix(x, square=True)
    return call_lapack("eigvalsh", x, [x.shape[-1:]], UPLO=UPLO)[0]


def eig(x: Node, /) -> EigResult:
    """Eigenvalues and eigenvectors of square matrices, complex ones."""
    check_matrix(x, square=True)
    return EigResult(*call_lapack("eig", _as_complex(x), [x.shape[-1:], x.shape[-2:]]))


def eigvals(x: Node, /) -> Node:
    """Eigenvalues of square matrices, complex ones."""
    check_matrix(x, square=True)
    return call_lapack("eigvals", _as_complex(x), [x.shape[-1:]])[0]


def _as_complex(x: Node) -> Node:
    """In the complex dtype: whether eigenvalues are real is known only when they are computed."""
    kind = np.result_type(x.dtype, np.float64 if x.dtype.kind in "biu" else x.dtype, np.complex64)
    return elementwise.astype(x, kind)
