"""Defaults: shapes as users give them, and the grid that an array gets when the user names none."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index as as_int
from typing import Any

import numpy as np

from shframe import session
from shframe.array.grid import chunks as grids
from shframe.array.grid.chunks import Chunks, Shape
from shframe.errors import InvalidArgument, UnsupportedType


def parts() -> int:
    """Blocks that a large array has at least: two for each worker, so that none waits long."""
    return 2 * session.current().options.worker_count


def largest() -> int:
    """Bytes of an automatic block at most, so that tasks fit into the session's memory."""
    return session.current().options.partition_bytes


def choose_grid(
    chunks: Any, shape: Shape, dtype: np.dtype[Any], missing: Chunks | None = None
) -> Chunks:
    """The grid that `chunks=` means for an array of this shape.

    missing: the grid of the axes that a dict does not name; one block when None.
    """
    itemsize = max(dtype.itemsize, 1)
    how: dict[str, Any] = {"parts": parts(), "missing": missing, "largest": largest()}
    return grids.normalize_chunks(chunks, shape, itemsize, **how)


def shape_from(shape: Any) -> Shape:
    """Lengths of axes as users give them; raises UnsupportedType, InvalidArgument."""
    found = integers_from(shape, "shape")
    if any(length < 0 for length in found):
        raise InvalidArgument(f"negative dimensions are not allowed: shape={found}")
    return found


def integers_from(given: Any, name: str) -> tuple[int, ...]:
    """One integer or several, of any type that is one; raises UnsupportedType."""
    one = grids.integer_from(given)
    if one is not None:
        return (one,)
    try:
        return tuple(map(as_int, given if isinstance(given, Iterable) else [given]))
    except TypeError as error:
        raise UnsupportedType(f"{name} must be integers, got {given!r}: {error}") from None
