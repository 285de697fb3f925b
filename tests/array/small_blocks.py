"""A plugin for pytest: arrays whose grid is chosen have blocks of two and three elements along
each axis, and all work is done by worker processes.

Each process of a run has a session of its own: `pytest -p tests.array.small_blocks`.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import shframe as sf
from shframe.array.functions import convert, creation, manipulation
from shframe.array.grid import chunks as grids
from shframe.array.grid.defaults import choose_grid

LENGTHS = (2, 3)
MOST = 20  # blocks along an axis, so that a line of 10,000 elements is not 4,000 tasks
RUN = 3  # elements of a block where blocks have to be runs of an array


def pytest_sessionstart() -> None:
    convert.choose_grid = creation.choose_grid = _choose_small  # type: ignore[attr-defined]
    manipulation.choose_grid = _choose_runs  # type: ignore[attr-defined]
    sf.init(executor="processes", workers=2, inline_bytes=0)


def pytest_sessionfinish() -> None:
    sf.shutdown()


def _choose_small(
    chunks: Any, shape: grids.Shape, dtype: np.dtype[Any], missing: Any = None
) -> grids.Chunks:
    """The grid with all axes in short blocks where none is named."""
    if chunks is None or chunks == "auto":
        return tuple(map(cut, shape))
    return choose_grid(chunks, shape, dtype, missing)


def _choose_runs(
    chunks: Any, shape: grids.Shape, dtype: np.dtype[Any], missing: Any = None
) -> grids.Chunks:
    """The grid whose blocks are short runs, for what is reshaped."""
    if chunks == "auto" and np.prod(shape) <= MOST * RUN:
        chunks = f"{RUN * dtype.itemsize}B"
    return choose_grid(chunks, shape, dtype, missing)


def cut(length: int) -> grids.Axis:
    """Blocks of two and three elements by turns; what is left, or too long, is the last one.

    >>> cut(6)
    (2, 3, 1)
    """
    found = []
    for size in itertools.islice(itertools.cycle(LENGTHS), MOST - 1):
        if length <= size:
            break
        found.append(size)
        length -= size
    return (*found, length)
