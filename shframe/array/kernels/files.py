"""Kernels that read files of blocks."""

from __future__ import annotations

from typing import Any

import numpy as np


def load_npy(
    *, names: tuple[str, ...], starts: tuple[int, ...], axis: int, mode: Any, origin: Any
) -> np.ndarray[Any, Any]:
    """The block in the file that is at this origin."""
    name = names[starts.index(origin[axis])]
    return np.array(np.load(name, mmap_mode=mode))


def read_slices(*, source: Any, shape: Any, origin: Any) -> np.ndarray[Any, Any]:
    """The block of an object that is read by slices, which begins at this origin.

    shape: lengths of the blocks along each axis, by where they begin.
    """
    pairs = zip(origin, shape, strict=True)
    return np.asarray(source[tuple(slice(at, at + dict(ends)[at]) for at, ends in pairs)])


def write_slices(
    block: np.ndarray[Any, Any], *, target: Any, starts: tuple[int, ...], origin: Any
) -> np.ndarray[Any, Any]:
    """Write a block into an object, as far behind `starts` as it is in the array: nothing is left
    to be returned but that it is done."""
    pairs = zip(origin, starts, block.shape, strict=True)
    target[tuple(slice(at + start, at + start + n) for at, start, n in pairs)] = block
    return np.ones((1,) * block.ndim, np.bool_)
