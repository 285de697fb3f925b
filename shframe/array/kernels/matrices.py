"""Kernels of linear algebra and fft: NumPy's LAPACK and pocketfft on blocks that hold whole
matrices, or whole lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

NpArray = np.ndarray[Any, Any]


def call_linalg(*blocks: NpArray, name: str, how: tuple[tuple[str, Any], ...], dtypes: Any) -> Any:
    """A function of numpy.linalg on a block; a result in its dtype, or several in theirs.

    Raises: numpy.linalg.LinAlgError.
    """
    made = getattr(np.linalg, name)(*blocks, **dict(how))
    if isinstance(made, tuple):
        return tuple(np.asarray(m).astype(d, copy=False) for m, d in zip(made, dtypes, strict=True))
    return np.asarray(made).astype(dtypes[0], copy=False)


def least_squares(a: NpArray, b: NpArray, *, rcond: float) -> tuple[NpArray, NpArray, NpArray]:
    """The least-squares solution, the rank and the singular values."""
    found, _, rank, values = np.linalg.lstsq(a, b, rcond)
    return found, np.asarray(rank, np.intc), values


def call_fft(block: NpArray, *, name: str, how: tuple[tuple[str, Any], ...]) -> NpArray:
    """A function of numpy.fft on a block."""
    return np.asarray(getattr(np.fft, name)(block, **dict(how)))


def qr_block(block: NpArray) -> tuple[NpArray, NpArray]:
    """Q and R of a block of rows."""
    q, r = np.linalg.qr(block)
    return q, r


def qr_of_stack(blocks: Sequence[NpArray]) -> tuple[NpArray, NpArray]:
    """Q and R of blocks below one another."""
    q, r = np.linalg.qr(np.concatenate(blocks))
    return q, r


def multiply_pair(one: NpArray, other: NpArray) -> NpArray:
    """The product of two matrices."""
    return np.asarray(np.matmul(one, other))
