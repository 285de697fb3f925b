"""Histograms and counts: each block is counted, and the counts are added up by a tree."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions import elementwise, manipulation, reductions
from shframe.array.functions.calling import call_kernel
from shframe.array.functions.convert import from_array, node_of, values_of
from shframe.array.functions.numpy_probe import ask
from shframe.array.grid.chunks import Chunks
from shframe.array.kernels import calculus as kernels
from shframe.errors import ChunkMismatch, InvalidArgument


def bincount(x: Node, /, weights: Any = None, minlength: int = 0) -> Node:
    """How often each integer from 0 on is in a vector, or the sums of their weights.

    Raises: InvalidArgument for negative integers.
    Cost: the largest integer, which is the result's length, is computed at the call.
    """
    least = operator.index(minlength)
    if least < 0:
        raise InvalidArgument("'minlength' must not be negative")
    if x.ndim != 1:
        raise InvalidArgument(
            "object too deep for desired array"
            if x.ndim
            else "object of too small depth for desired array"
        )
    ask(np.bincount, "bincount", np.zeros(0, x.dtype))
    given = None if weights is None else elementwise.astype(node_of(weights), np.float64)
    if given is not None and given.shape != x.shape:
        raise ChunkMismatch("The weights and list don't have the same length.")
    length = least
    if x.shape[0]:
        low, high = (int(values_of(f(x))) for f in (reductions.min, reductions.max))
        if low < 0:
            raise InvalidArgument("'list' argument must have no negative elements")
        length = max(least, high + 1)
    x = elementwise.astype(x, np.intp)
    sources = [x] if given is None else [x, on_grid(given, x.chunks)]
    kind = np.dtype(np.intp if given is None else np.float64)
    return _added(kernels.count_bins, sources, (length,), kind, length=length)


def _added(
    kernel: Any, sources: list[Node], shape: tuple[int, ...], dtype: Any, **how: Any
) -> Node:
    """The sum of what a kernel returns for each block."""
    flat = [manipulation.ravel(each) for each in sources]
    grid: Chunks = flat[0].chunks
    rows: Chunks = ((1,) * len(grid[0]), *((n,) for n in shape))
    over = grid
    sources = [on_grid(each, grid) for each in flat]
    labels = [(0,)] * len(sources)
    made = call_kernel(kernel, sources, rows, dtype, over=over, labels=labels, **how)
    return reductions.sum(made, axis=0, dtype=dtype)


def histogram_bin_edges(x: Node, /, bins: Any = 10, range: Any = None, weights: Any = None) -> Node:
    """The edges of a histogram's bins; computed at the call.

    Cost: the smallest and the largest element; for bins by name all of them are gathered.
    """
    return from_array(_edges(x, bins, range)[0])


def _edges(x: Node, bins: Any, span: Any) -> tuple[np.ndarray[Any, Any], Any]:
    """The edges, and what makes NumPy's histogram of a part of the array use the same bins."""
    span = None if span is None else tuple(values_of(end).item() for end in span)
    if isinstance(bins, str):
        values = values_of(x)
        edges = ask(lambda: np.histogram_bin_edges(values, bins, span), "histogram")
        return edges, (len(edges) - 1, (edges[0].item(), edges[-1].item()))
    if np.ndim(bins if not hasattr(bins, "expr") else values_of(bins)):
        edges = values_of(bins)
        return ask(lambda: np.histogram_bin_edges(np.zeros(0), edges), "histogram"), None
    count = operator.index(bins)
    if span is None and x.ndim + 1 and all(x.shape):
        ends = [values_of(f(x)) for f in (reductions.min, reductions.max)]
        sample = np.array(ends, x.dtype)
    else:
        sample = np.zeros(0, x.dtype)
    edges = ask(lambda: np.histogram_bin_edges(sample, count, span), "histogram")
    first = (0, 1) if span is None and not sample.size else span
    if first is None:
        first = (sample[0].item(), sample[1].item())
    return edges, (count, first)


def histogram(
    x: Node,
    /,
    bins: Any = 10,
    range: Any = None,
    density: bool | None = None,
    weights: Any = None,
) -> tuple[Node, Node]:
    """How many elements are in each of several bins, and the edges of these.

    bins: how many, a name as numpy.histogram_bin_edges takes it, or the edges.
    Cost: the edges are computed at the call, for which the array is read once if no range is
        given; the counts are lazy.

    Examples
    --------
    >>> import shframe.array as xp
    >>> counts, edges = xp.histogram(xp.arange(10, chunks=3), bins=2)
    >>> counts.compute().tolist()
    [5, 5]
    """
    edges, uniform = _edges(x, bins, range)
    counts = _counted([x], (edges,), (uniform,), weights)
    return _density(counts, [edges], density), from_array(edges)


def _counted(
    samples: list[Node], edges: tuple[Any, ...], uniform: tuple[Any, ...], weights: Any
) -> Node:
    sources = list(samples)
    several = len(samples) > 1
    kind = np.dtype(np.float64 if several else np.intp)
    if weights is not None:
        given = node_of(weights)
        if given.shape != samples[0].shape:
            raise ChunkMismatch("weights should have the same shape as a.")
        sources.append(given)
        if not several:
            kind = ask(
                lambda w: np.histogram(np.zeros(0), 1, weights=w)[0],
                "histogram",
                np.zeros(0, given.dtype),
            ).dtype
    shape = tuple(len(each) - 1 for each in edges)
    how = {"edges": edges, "uniform": uniform, "weighted": weights is not None, "kind": kind}
    return _added(kernels.count_histogram, sources, shape, kind, **how)


def _density(counts: Node, edges: list[Any], density: Any) -> Node:
    """The counts as they are, or as a density, whose integral is 1."""
    if not density:
        return counts
    total = reductions.sum(counts)
    for axis, each in enumerate(edges):
        widths = np.diff(each).astype(float)
        shape = [-1 if n == axis else 1 for n in range_of(len(edges))]
        counts = elementwise.call(np.divide, counts, from_array(widths.reshape(shape)))
    return elementwise.call(np.divide, counts, total)


def range_of(count: int) -> Any:
    """The integers below a count: `range` is an argument here."""
    return [*map(int, np.arange(count))]


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Node, list[Node]]:
    """A histogram of points: how many are in each cell of a grid, and the edges along each axis.

    sample: an array of points, a row each, or a sequence of vectors, one for each coordinate.
    """
    if isinstance(sample, list | tuple):
        columns = [node_of(each) for each in sample]
    else:
        points = node_of(sample)
        if points.ndim != 2:
            raise InvalidArgument("sample must be an array of points, a row each")
        columns = list(manipulation.unstack(points, axis=1))
    count = len(columns)
    if isinstance(bins, list | tuple):
        if len(bins) != count:
            raise InvalidArgument(
                "The dimension of bins must be equal to the dimension of the sample x."
            )
        wanted = list(bins)
    else:
        wanted = [bins] * count
    spans = [None] * count if range is None else list(range)
    if len(spans) != count:
        raise InvalidArgument("range argument must have one entry per dimension")
    found = [_edges(x, b, s)[0] for x, b, s in zip(columns, wanted, spans, strict=True)]
    counts = _counted(columns, tuple(found), (None,) * count, weights)
    return _density(counts, found, density), [from_array(each) for each in found]


def histogram2d(
    x: Any,
    y: Any,
    /,
    bins: Any = 10,
    range: Any = None,
    density: bool | None = None,
    weights: Any = None,
) -> tuple[Node, Node, Node]:
    """A histogram of points in the plane: the counts, and the edges along either axis."""
    given = bins
    if np.ndim(bins) == 1 and len(bins) != 2:
        given = [bins, bins]
    counts, (edges, edges2) = histogramdd(
        [x, y],
        list(given) if np.ndim(given) or isinstance(given, list | tuple) else given,
        range,
        density,
        weights,
    )
    return counts, edges, edges2
