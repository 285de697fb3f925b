"""Linear algebra under the standard's name for it: xp.linalg."""

from __future__ import annotations

from shframe.array.namespace import (
    diagonal,
    dot,
    matmul,
    matrix_transpose,
    outer,
    tensordot,
    trace,
    vdot,
    vecdot,
    vector_norm,
)

__all__ = [
    "diagonal",
    "dot",
    "matmul",
    "matrix_transpose",
    "outer",
    "tensordot",
    "trace",
    "vdot",
    "vecdot",
    "vector_norm",
]
