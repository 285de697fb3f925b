"""Sources: arrays whose blocks are read by the workers from an object that takes slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions.calling import call_kernel
from shframe.array.grid import chunks as grids
from shframe.array.grid.defaults import choose_grid
from shframe.array.kernels import files


def read_by_slices(source: Any, chunks: Any) -> Node:
    """The array that an object holds, which has a shape, a dtype and what is at slices of it.

    Cost: none; the object is pickled for the workers, which read each its own blocks.
    """
    dtype = np.dtype(source.dtype)
    grid = choose_grid(chunks, tuple(map(int, source.shape)), dtype)
    shape = tuple(tuple(zip(grids.offsets(lengths), lengths, strict=False)) for lengths in grid)
    how: dict[str, Any] = {"source": source, "shape": shape}
    return call_kernel(files.read_slices, [], grid, dtype, with_origin=True, **how)
