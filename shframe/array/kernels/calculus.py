"""Kernels of statistics and calculus: counts by bin, quantiles, interpolation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

NpArray = np.ndarray[Any, Any]


def interp(
    x: NpArray,
    places: Sequence[NpArray],
    values: Sequence[NpArray],
    *,
    left: Any,
    right: Any,
    period: Any,
) -> NpArray:
    """Linear interpolation between points."""
    return np.asarray(np.interp(x, places[0], values[0], left, right, period))


def call_numpy(
    block: NpArray, *, name: str, args: Any, how: tuple[tuple[str, Any], ...]
) -> NpArray:
    """A function of NumPy's on a block."""
    return np.asarray(getattr(np, name)(block, *args, **dict(how)))


def call_numpy_weighted(
    block: NpArray, weights: NpArray, *, name: str, args: Any, how: tuple[tuple[str, Any], ...]
) -> NpArray:
    """A function of NumPy's on a block and its weights."""
    return np.asarray(getattr(np, name)(block, *args, weights=weights, **dict(how)))


def count_bins(block: NpArray, weights: NpArray | None = None, *, length: int) -> NpArray:
    """How often each integer is in a block, or the sums of their weights: one row."""
    return np.bincount(block, weights, length)[None]


def count_histogram(
    *blocks: NpArray,
    edges: tuple[NpArray, ...],
    uniform: tuple[Any, ...],
    weighted: bool,
    kind: Any,
) -> NpArray:
    """A histogram of the blocks' elements, or the sums of their weights: one row."""
    samples = blocks[:-1] if weighted else blocks
    weights = blocks[-1].reshape(-1) if weighted else None
    flat = [each.reshape(-1) for each in samples]
    if len(flat) == 1:
        bins, span = uniform[0] if uniform[0] is not None else (edges[0], None)
        made, _ = np.histogram(flat[0], bins, span, weights=weights)
    else:
        made, _ = np.histogramdd(np.stack(flat, axis=1), edges, weights=weights)
    return np.asarray(made).astype(kind, copy=False)[None]


def ramp(edge: NpArray, *, axis: int, count: int, end: Any, first: bool) -> NpArray:
    """Values from `end` to an edge, or from the edge on, without the edge itself."""
    line = np.squeeze(edge, axis)
    made = np.linspace(end, line, count, endpoint=False, dtype=edge.dtype, axis=axis)
    return made if first else np.flip(made, axis)


def pad_odd(block: NpArray, *, axis: int, width: tuple[int, int], mode: Any) -> NpArray:
    """A block with odd reflections along an axis."""
    widths = [width if n == axis else (0, 0) for n in range(block.ndim)]
    return np.asarray(np.pad(block, widths, mode, reflect_type="odd"))


def pad_whole(
    block: NpArray, *, function: Any, widths: Any, how: tuple[tuple[str, Any], ...]
) -> NpArray:
    """An array padded by a user's function."""
    return np.pad(block, widths, function, **dict(how))


def slide(block: NpArray, *, sizes: tuple[int, ...], axes: tuple[int, ...]) -> NpArray:
    """The windows of a block."""
    return np.lib.stride_tricks.sliding_window_view(block, sizes, axes)


def slope(
    block: NpArray,
    *,
    axis: int,
    spans: tuple[Any, ...],
    space: NpArray,
    edge_order: int,
    origin: tuple[int, ...],
) -> NpArray:
    """The slope along an axis of what a block sees, of its own elements."""
    number = [low for (low, _), _ in spans].index(origin[axis])
    (low, high), (first, last) = spans[number]
    step: Any = space[first:last] if space.ndim else space
    find: Any = np.gradient
    made = find(block, step, axis=axis, edge_order=edge_order)
    return np.asarray(made)[(slice(None),) * axis + (slice(low - first, high - first),)]


def correlate(block: NpArray, other: Any) -> NpArray:
    """The products with a shorter vector at each place where it fits."""
    return np.correlate(block, other[0], "valid")


def view(block: NpArray, *, kind: Any) -> NpArray:
    """The bytes of a block as elements of another dtype."""
    return np.ascontiguousarray(block).view(kind)
