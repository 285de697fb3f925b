"""Chunk grids: how long the blocks are along each axis."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from shframe.errors import ChunkMismatch
from shframe.store.bytesize import parse_bytes

AUTO_BYTES = 16 << 20  # a block: large against a task's cost, small against memory

Chunks = tuple[tuple[int, ...], ...]
Shape = tuple[int, ...]


def normalized(asked: Any, shape: Shape, itemsize: int) -> Chunks:
    """Block lengths along each axis.

    asked: "auto", a size in bytes as text, a length for all axes, or one entry per axis: a
        length, -1 for the whole axis, or the lengths themselves. A dict names axes.

    Raises: ChunkMismatch when the lengths do not add up to the shape.
    """
    if isinstance(asked, str):
        limit = AUTO_BYTES if asked == "auto" else parse_bytes(asked)
        return _by_bytes(shape, itemsize, limit)
    if isinstance(asked, dict):
        asked = tuple(asked.get(n, asked.get(n - len(shape), -1)) for n in range(len(shape)))
    if isinstance(asked, (int, np.integer)):
        asked = (int(asked),) * len(shape)
    if len(shape) == 1 and len(asked) > 1 and all(isinstance(n, int) for n in asked):
        asked = (tuple(asked),)
    if len(asked) != len(shape):
        raise ChunkMismatch(
            f"chunks={asked!r} has {len(asked)} axes, the shape {shape} {len(shape)}"
        )
    return tuple(_axis(one, length, shape) for one, length in zip(asked, shape, strict=True))


def _axis(asked: Any, length: int, shape: Shape) -> tuple[int, ...]:
    if isinstance(asked, (tuple, list)):
        sizes = tuple(int(size) for size in asked)
        if sum(sizes) != length or any(size < 0 for size in sizes) or not sizes:
            raise ChunkMismatch(f"chunks {sizes} do not add up to {length} of the shape {shape}")
        return sizes
    if asked is None or asked == -1 or asked == "auto":
        return (length,)
    size = int(asked)
    if size < 1:
        raise ChunkMismatch(f"a chunk of length {size} was asked for; at least 1 is needed")
    return regular(length, size)


def regular(length: int, size: int) -> tuple[int, ...]:
    """Blocks of one length, the last of them what is left."""
    if length == 0:
        return (0,)
    whole, rest = divmod(length, size)
    return (size,) * whole + ((rest,) if rest else ())


def _by_bytes(shape: Shape, itemsize: int, limit: int) -> Chunks:
    """Cut along the first axes, so that a block is one run of memory where that is possible."""
    items = max(limit // max(itemsize, 1), 1)
    found = []
    for n, length in enumerate(shape):
        inner = math.prod(shape[n + 1 :]) or 1
        size = min(max(items // inner, 1), max(length, 1))
        found.append(regular(length, size))
    return tuple(found)


def shape_of(chunks: Chunks) -> Shape:
    """The shape that the blocks have together."""
    return tuple(sum(sizes) for sizes in chunks)


def grid(chunks: Chunks) -> Iterator[tuple[int, ...]]:
    """Block numbers in C order."""
    return itertools.product(*(range(len(sizes)) for sizes in chunks))


def place(chunks: Chunks, block: tuple[int, ...]) -> tuple[slice, ...]:
    """Where a block lies in the whole array."""
    found = []
    for sizes, n in zip(chunks, block, strict=True):
        start = sum(sizes[:n])
        found.append(slice(start, start + sizes[n]))
    return tuple(found)


def block_shape(chunks: Chunks, block: tuple[int, ...]) -> Shape:
    """The shape of a block."""
    return tuple(sizes[n] for sizes, n in zip(chunks, block, strict=True))


def broadcast_shape(*shapes: Shape) -> Shape:
    """NumPy's broadcasting of shapes; raises ChunkMismatch that names them."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError as error:
        text = " and ".join(map(str, shapes))
        raise ChunkMismatch(f"shapes {text} do not broadcast together") from error


def unified(every: Sequence[Chunks], shape: Shape) -> Chunks:
    """One grid for arrays that are broadcast to `shape`: along each axis the finest one given."""
    found = []
    for n, length in enumerate(shape):
        candidates = []
        for chunks in every:
            axis = n - (len(shape) - len(chunks))
            if axis >= 0 and sum(chunks[axis]) == length:
                candidates.append(chunks[axis])
        found.append(max(candidates, key=len) if candidates else (length,))
    return tuple(found)


def pieces(old: tuple[int, ...], new: tuple[int, ...]) -> list[list[tuple[int, slice, slice]]]:
    """For each new block along an axis: (old block, slice in it, slice in the new block)."""
    edges = np.cumsum([0, *old])
    found, start = [], 0
    for size in new:
        stop, parts = start + size, []
        for n in range(len(old)):
            low, high = max(start, int(edges[n])), min(stop, int(edges[n + 1]))
            if low < high:
                inside = slice(low - int(edges[n]), high - int(edges[n]))
                parts.append((n, inside, slice(low - start, high - start)))
        found.append(parts)
        start = stop
    return found
