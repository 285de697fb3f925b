"""Arrays and delayed calls: an array of what a call returns, and delayed values of blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr.nodes import FromDelayed
from shframe.array.functions.numpy_probe import dtype_of
from shframe.array.grid.defaults import shape_from
from shframe.array.ndarray import Array
from shframe.lazy.delayed import delayed

__all__ = ["from_delayed", "to_delayed"]


def from_delayed(
    value: Any, shape: Any, dtype: Any = None, meta: Any = None, name: Any = None
) -> Array:
    """The array that a delayed call returns, in one block; concatenate() puts several together.

    shape, dtype: of what is returned; float64 when neither the dtype nor a `meta` is given.
    name: is there for Dask's users.
    Raises: when computed, ChunkMismatch for a value of another shape, and UnsupportedType for one
        that cannot be cast to the dtype without loss of its kind.
    Cost: none; the call runs in a worker when the array is computed.

    Examples
    --------
    >>> import shframe as sf, shframe.array as xp
    >>> parts = [xp.from_delayed(sf.delayed(np.full)(2, n), (2,), int) for n in range(3)]
    >>> xp.concatenate(parts).compute().tolist()
    [0, 0, 1, 1, 2, 2]
    """
    if dtype is None and meta is not None:
        dtype = meta.dtype
    kind = dtype_of(np.float64 if dtype is None else dtype)
    grid = tuple((length,) for length in shape_from(shape))
    return Array(FromDelayed(delayed(value), grid, kind))


def to_delayed(x: Array, optimize_graph: bool = True) -> np.ndarray[Any, Any]:
    """The blocks as delayed values, in an object array of the shape of the grid.

    optimize_graph: is there for Dask's users.
    Cost: none; what several blocks need runs once when these are computed together.

    Examples
    --------
    >>> import shframe as sf, shframe.array as xp
    >>> first, *_ = xp.to_delayed(xp.arange(4, chunks=2))
    >>> sf.delayed(sum)(first).compute().item()
    1
    """
    blocks = x.blocks
    found = np.empty(x.numblocks, object)
    for place in np.ndindex(*x.numblocks):
        found[place] = delayed(blocks[place])
    return found
