"""Linear algebra under the standard's name for it: xp.linalg."""

from __future__ import annotations

from numpy.linalg import LinAlgError

from shframe.array.functions import decompositions, norms, products, solving
from shframe.array.namespace import (
    cross,
    dot,
    inner,
    matmul,
    matrix_transpose,
    outer,
    tensordot,
    vdot,
    vecdot,
    vector_norm,
)
from shframe.array.wrapping import making, of_any, of_one, of_one_for_any

cholesky = of_one(decompositions.cholesky)
cond = of_one(solving.cond)
det = of_one(solving.det)
diagonal = of_one(products.matrix_diagonal)
eig = of_one_for_any(decompositions.eig)
eigh = of_one_for_any(decompositions.eigh)
eigvals = of_one(decompositions.eigvals)
eigvalsh = of_one(decompositions.eigvalsh)
inv = of_one(solving.inv)
lstsq = of_any(solving.lstsq)
lu = of_one_for_any(decompositions.lu)
matrix_norm = of_one(norms.matrix_norm)
matrix_power = of_one(solving.matrix_power)
matrix_rank = of_one(solving.matrix_rank)
multi_dot = making(products.multi_dot)
norm = of_one(norms.norm)
pinv = of_one(solving.pinv)
qr = of_one_for_any(decompositions.qr)
sfqr = of_one_for_any(decompositions.sfqr)
slogdet = of_one_for_any(solving.slogdet)
solve = making(solving.solve)
svd = of_one_for_any(decompositions.svd)
solve_triangular = making(solving.solve_triangular)
svd_compressed = of_one_for_any(decompositions.svd_compressed)
svdvals = of_one(decompositions.svdvals)
trace = of_one(products.matrix_trace)
tsqr = of_one_for_any(decompositions.tsqr)

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "dot",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inner",
    "inv",
    "lstsq",
    "lu",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "sfqr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svd_compressed",
    "svdvals",
    "tensordot",
    "trace",
    "tsqr",
    "vdot",
    "vecdot",
    "vector_norm",
]
