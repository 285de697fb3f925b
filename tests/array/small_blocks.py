"""A plugin for pytest: arrays whose grid is chosen have blocks of two and three elements along
each axis, and all work is done by worker processes.

Each process of a run has a session of its own: `pytest -p tests.array.small_blocks`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import shframe as sf
from shframe.array.grid import chunks as grids

LENGTHS = (2, 3)
MOST = 20  # blocks along an axis, so that a line of 10,000 elements is not 4,000 tasks


def pytest_sessionstart() -> None:
    grids._split = _split  # type: ignore[assignment]
    sf.init(executor="processes", workers=2, inline_bytes=0)


def pytest_sessionfinish() -> None:
    sf.shutdown()


def _split(
    shape: grids.Shape, known: Sequence[grids.Axis | None], itemsize: int, target: int
) -> grids.Chunks:
    """The grid with each axis that is not known in short blocks."""
    return tuple(
        cut(length) if axis is None else axis for length, axis in zip(shape, known, strict=True)
    )


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
