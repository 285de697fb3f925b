"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array import nodes
from shframe.array.array import Array, normal_axes
from shframe.array.creation import asarray
from shframe.errors import ChunkMismatch


def matmul(a: Any, b: Any) -> Array:
    """The matrix product of arrays of one or two axes, or of stacks of matrices."""
    a, b = asarray(a), asarray(b)
    if not a.ndim or not b.ndim:
        raise ValueError("matmul() needs arrays with at least one axis")
    if a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise ChunkMismatch(f"shapes {a.shape} and {b.shape} do not fit for matmul")
    if a.ndim > 2 or b.ndim > 2:
        return _stacked(a, b)
    left = a if a.ndim == 2 else a[None, :]
    right = b if b.ndim == 2 else b[:, None]
    right = right.rechunk((left.chunks[1], right.chunks[1]))
    dtype = np.matmul(np.ones((1, 1), a.dtype), np.ones((1, 1), b.dtype)).dtype
    made = Array(nodes.MatMul((left.chunks[0], right.chunks[1]), dtype.str, left.expr, right.expr))
    index: tuple[Any, ...] = (slice(None) if a.ndim == 2 else 0, slice(None) if b.ndim == 2 else 0)
    return made[index]


def _stacked(a: Array, b: Array) -> Array:
    """Stacks of matrices are multiplied in one task."""
    sample = (
        np.matmul(
            np.broadcast_to(np.ones((), a.dtype), a.shape),
            np.broadcast_to(np.ones((), b.dtype), b.shape),
        )
        if a.size + b.size < 1 << 16
        else None
    )
    shape = (
        sample.shape
        if sample is not None
        else (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    )
    dtype = np.matmul(np.ones((1, 1), a.dtype), np.ones((1, 1), b.dtype)).dtype
    sources = (a.rechunk(-1).expr, b.rechunk(-1).expr)
    return Array(nodes.Whole(tuple((n,) for n in shape), dtype.str, sources, "matmul", (), ()))


def dot(a: Any, b: Any) -> Array:
    """numpy.dot of arrays of at most two axes."""
    a, b = asarray(a), asarray(b)
    return a * b if not a.ndim or not b.ndim else matmul(a, b)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Array:
    """Sums of products over the last `axes` axes of a and the first of b, or over named pairs."""
    a, b = asarray(a), asarray(b)
    if isinstance(axes, (int, np.integer)):
        ours, theirs = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        ours, theirs = normal_axes(axes[0], a.ndim), normal_axes(axes[1], b.ndim)
    if [a.shape[n] for n in ours] != [b.shape[n] for n in theirs]:
        raise ChunkMismatch(f"shapes {a.shape} and {b.shape} do not fit over axes {axes}")
    free_a = [n for n in range(a.ndim) if n not in ours]
    free_b = [n for n in range(b.ndim) if n not in theirs]
    inner = int(np.prod([a.shape[n] for n in ours], dtype=int))
    left = a.transpose((*free_a, *ours)).reshape((-1 if inner else 0, inner))
    right = b.transpose((*theirs, *free_b)).reshape((inner, -1 if inner else 0))
    shape = (*(a.shape[n] for n in free_a), *(b.shape[n] for n in free_b))
    return matmul(left, right).reshape(shape)
