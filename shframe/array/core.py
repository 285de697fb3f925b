"""Grids under the names that Dask has for them: what libraries ask of chunks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shframe.array.functions.numpy_probe import dtype_of
from shframe.array.grid import chunks as grids
from shframe.array.grid.chunks import Chunks
from shframe.array.grid.defaults import largest, shape_from
from shframe.array.ndarray import Array
from shframe.errors import InvalidArgument
from shframe.store.limits.budget import parse_bytes

__all__ = ["Array", "normalize_chunks", "slices_from_chunks"]


def normalize_chunks(
    chunks: Any,
    shape: Any = None,
    limit: int | str | None = None,
    dtype: Any = None,
    previous_chunks: Any = None,
) -> Chunks:
    """The lengths of the blocks along each axis that `chunks` means.

    chunks: as rechunk() takes it. shape: may be left out where all lengths are named.
    limit: bytes of an automatic block at most. dtype: of the elements, for "auto".
    previous_chunks: the grid of the axes that a dict does not name.
    Raises: InvalidArgument, ChunkMismatch when lengths do not add up to the shape.

    Examples
    --------
    >>> normalize_chunks((2, -1), (5, 3))
    ((2, 2, 1), (3,))
    """
    if shape is None:
        if not isinstance(chunks, tuple | list) or not all(map(_is_named, chunks)):
            raise InvalidArgument("normalize_chunks() needs a shape where lengths are not named")
        lengths = tuple(tuple(map(int, axis)) for axis in chunks)
        return grids.normalize_chunks(lengths, tuple(map(sum, lengths)), 1)
    itemsize = 8 if dtype is None else max(dtype_of(dtype).itemsize, 1)
    most = largest() if limit is None else parse_bytes(limit)
    found = shape_from(shape)
    missing = None
    if previous_chunks is not None:
        missing = grids.normalize_chunks(tuple(previous_chunks), found, itemsize)
    parts = -(-math.prod(found) * itemsize // max(most, 1))
    how: dict[str, Any] = {"parts": parts, "missing": missing, "largest": most}
    return grids.normalize_chunks(chunks, found, itemsize, **how)


def _is_named(lengths: Any) -> bool:
    return isinstance(lengths, tuple | list | np.ndarray)


def slices_from_chunks(chunks: Any) -> list[tuple[slice, ...]]:
    """The part of the array that each block is, in C order.

    Examples
    --------
    >>> slices_from_chunks(((2, 1),))
    [(slice(0, 2, None),), (slice(2, 3, None),)]
    """
    return list(grids.bounds(normalize_chunks(tuple(chunks))))
