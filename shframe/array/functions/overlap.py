"""Overlap: a function of blocks that see some elements of their neighbours, and sliding windows.

A block of a stored array sees its neighbours' elements in place; of a computed one the task
copies them together.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node, on_grid
from shframe.array.functions.calling import call_kernel
from shframe.array.functions.convert import node_of
from shframe.array.functions.map_blocks import map_blocks
from shframe.array.functions.padding import pad
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import normalize_axis
from shframe.array.grid.defaults import integers_from
from shframe.array.kernels import calculus as kernels
from shframe.errors import ChunkMismatch, InvalidArgument

Depths = tuple[tuple[int, int], ...]
MODES = {"periodic": "wrap", "reflect": "symmetric", "nearest": "edge"}


def _depths(depth: Any, ndim: int) -> Depths:
    """Elements of the neighbours before and behind a block, on each axis."""
    if isinstance(depth, Mapping):
        given: list[Any] = [0] * ndim
        for axis, count in depth.items():
            given[normalize_axis(axis, ndim)] = count
    elif isinstance(depth, tuple | list):
        given = list(depth)
        if len(given) != ndim:
            raise InvalidArgument(f"depth={depth!r} names {len(given)} axes, there are {ndim}")
    else:
        given = [depth] * ndim
    found = []
    for each in given:
        both = integers_from(each, "depth")
        before, behind = both if len(both) == 2 else (both[0], both[0])
        if before < 0 or behind < 0:
            raise InvalidArgument(f"depth must not be negative, got {each!r}")
        found.append((before, behind))
    return tuple(found)


def _boundaries(boundary: Any, ndim: int) -> list[Any]:
    if isinstance(boundary, Mapping):
        given: list[Any] = ["none"] * ndim
        for axis, kind in boundary.items():
            given[normalize_axis(axis, ndim)] = kind
    elif isinstance(boundary, tuple | list):
        given = list(boundary)
    else:
        given = [boundary] * ndim
    for kind in given:
        if isinstance(kind, str) and kind not in (*MODES, "none"):
            raise InvalidArgument(
                f"boundary={kind!r}: 'periodic', 'reflect', 'nearest', 'none' or a number"
            )
    return ["none" if kind is None else kind for kind in given]


def overlap(x: Node, depth: Any, boundary: Any = "none", *, allow_rechunk: bool = True) -> Node:
    """The array with each block's neighbours' elements repeated around it.

    depth: how many, for all axes or by axis; a pair for before and behind.
    boundary: what is around the array: "periodic", "reflect", "nearest", a number, or "none".
    allow_rechunk: is there for Dask's users; blocks may be shorter than `depth`.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.overlap(xp.arange(4, chunks=2), 1, "none").compute().tolist()
    [0, 1, 2, 1, 2, 3]
    """
    depths = _depths(depth, x.ndim)
    kinds = _boundaries(boundary, x.ndim)
    ranges = []
    chunks = []
    padded, added = _padded(x, depths, kinds)
    for lengths, (before, behind), (low, high) in zip(x.chunks, depths, added, strict=True):
        end = sum(lengths) + low + high
        cuts = itertools.pairwise(grids.offsets(lengths))
        spans = [(max(a + low - before, 0), min(b + low + behind, end)) for a, b in cuts]
        ranges.append(tuple(spans))
        chunks.append(tuple(b - a for a, b in spans))
    return nodes.Overlap(padded, tuple(ranges), tuple(chunks), x.dtype)


def _padded(x: Node, depths: Depths, kinds: list[Any]) -> tuple[Node, list[tuple[int, int]]]:
    """The array with what is around it, and how much of it there is on each axis."""
    added = []
    for axis, (pair, kind) in enumerate(zip(depths, kinds, strict=True)):
        if kind == "none" or pair == (0, 0):
            added.append((0, 0))
            continue
        added.append(pair)
        widths = [pair if n == axis else (0, 0) for n in range(x.ndim)]
        if isinstance(kind, str):
            x = pad(x, widths, MODES[kind])
        else:
            x = pad(x, widths, "constant", constant_values=kind)
    return x, added


def trim_overlap(x: Node, depth: Any, boundary: Any = "none") -> Node:
    """The array that overlap() was called on: without what it has added around each block."""
    depths = _depths(depth, x.ndim)
    kinds = _boundaries(boundary, x.ndim)
    cuts = [
        tuple(
            (
                before if n or kind != "none" else 0,
                behind if n < len(lengths) - 1 or kind != "none" else 0,
            )
            for n in range(len(lengths))
        )
        for lengths, (before, behind), kind in zip(x.chunks, depths, kinds, strict=True)
    ]
    return _trimmed(x, cuts)


def _trimmed(x: Node, cuts: list[tuple[tuple[int, int], ...]]) -> Node:
    """The blocks without elements at their ends: (before, behind) of each block on each axis."""
    ranges = []
    chunks = []
    for lengths, pairs in zip(x.chunks, cuts, strict=True):
        starts = itertools.pairwise(grids.offsets(lengths))
        spans = tuple(
            (a + before, max(b - behind, a + before))
            for (a, b), (before, behind) in zip(starts, pairs, strict=True)
        )
        ranges.append(spans)
        chunks.append(tuple(b - a for a, b in spans))
    return nodes.Overlap(x, tuple(ranges), tuple(chunks), x.dtype)


def map_overlap(
    function: Any,
    *arrays: Any,
    depth: Any = 0,
    boundary: Any = "none",
    trim: bool = True,
    align_arrays: bool = True,
    allow_rechunk: bool = True,
    dtype: Any = None,
    chunks: Any = None,
    **keywords: Any,
) -> Node:
    """A function of blocks that see elements of their neighbours.

    depth: how many, for all axes or by axis; a pair for before and behind, or for several arrays
        a list of one for each.
    boundary: what is around the array: "periodic", "reflect", "nearest", a number, or "none".
    trim: whether as many elements are cut off the function's blocks again.
    align_arrays, allow_rechunk: are there for Dask's users: arrays are always aligned.
    dtype, chunks, keywords: as map_blocks() has them.
    Raises: what map_blocks() raises.

    Examples
    --------
    >>> import shframe.array as xp
    >>> x = xp.arange(5, chunks=2)
    >>> xp.map_overlap(lambda b: b + np.roll(b, 1), x, depth=1, dtype=int).compute().tolist()
    [4, 1, 3, 5, 7]
    """
    if not arrays and not callable(function):
        raise InvalidArgument("map_overlap() needs a function and at least one array")
    if arrays and not callable(function):  # Dask's order of old: array, function
        function, arrays = arrays[0], (function, *arrays[1:])
    given = [node_of(each) for each in arrays]
    shape = grids.broadcast_shape([each.shape for each in given], "map_overlap")
    over = grids.unify([each.chunks for each in given], shape)
    given = [on_grid(each, grids.fit(over, each.shape)) for each in given]
    each_depth = depth if isinstance(depth, list) else [depth] * len(given)
    each_boundary = boundary if isinstance(boundary, list) else [boundary] * len(given)
    if len(each_depth) != len(given) or len(each_boundary) != len(given):
        raise InvalidArgument("depth and boundary must name each array, if they are lists")
    wide = [overlap(x, d, b) for x, d, b in zip(given, each_depth, each_boundary, strict=True)]
    first = max(range(len(given)), key=lambda n: given[n].ndim)
    grid = chunks
    if chunks is None and len(wide) > 1:
        grid = wide[first].chunks
    made = _map_wide(function, wide, first, dtype, grid, keywords)
    if not trim:
        return made
    lead = given[first]
    depths = _depths(each_depth[first], lead.ndim)
    kinds = _boundaries(each_boundary[first], lead.ndim)
    if made.ndim != given[first].ndim:
        raise ChunkMismatch("the function changes the number of axes: pass trim=False")
    cuts = [_seen(*each) for each in zip(lead.chunks, depths, kinds, strict=True)]
    return _trimmed(made, cuts)


def _seen(lengths: grids.Axis, depth: tuple[int, int], kind: Any) -> tuple[tuple[int, int], ...]:
    """How much of the neighbours each block sees: near an end without a boundary, less."""
    if kind != "none":
        return (depth,) * len(lengths)
    end = sum(lengths)
    cuts = itertools.pairwise(grids.offsets(lengths))
    return tuple((min(a, depth[0]), min(end - b, depth[1])) for a, b in cuts)


def _map_wide(
    function: Any, wide: list[Node], first: int, dtype: Any, chunks: Any, keywords: Any
) -> Node:
    """map_blocks() of blocks whose lengths differ from array to array."""
    if len(wide) == 1:
        return map_blocks(function, wide[0], dtype=dtype, chunks=chunks, **keywords)
    lead = wide[first]
    if all(each.chunks == lead.chunks for each in wide):
        return map_blocks(function, *wide, dtype=dtype, chunks=chunks, **keywords)
    raise ChunkMismatch(
        "arrays of different depths or numbers of axes are not supported\n"
        "  overlap() each of them with the same depth"
    )


def sliding_window_view(x: Node, window_shape: Any, axis: Any = None) -> Node:
    """The windows of a shape around each element, as new last axes.

    axis: the axes of the windows; all when None.
    Cost: the result is window_shape times as large as the array; a reduction of it reads it block
        by block.

    Examples
    --------
    >>> import shframe.array as xp
    >>> xp.sliding_window_view(xp.arange(4, chunks=2), 2).compute().tolist()
    [[0, 1], [1, 2], [2, 3]]
    """
    sizes = integers_from(window_shape, "window_shape")
    if axis is None:
        axes = tuple(range(x.ndim))
        if len(sizes) != x.ndim:
            raise InvalidArgument(
                "Since axis is None, must provide window_shape for all dimensions of `x`; got "
                f"{len(sizes)} window_shape elements and `x.ndim` is {x.ndim}."
            )
    else:
        axes = tuple(normalize_axis(n, x.ndim) for n in integers_from(axis, "axis"))
        if len(sizes) != len(axes):
            raise InvalidArgument(
                "Must provide matching length window_shape and axis; got "
                f"{len(sizes)} window_shape elements and {len(axes)} axes elements."
            )
    if any(size < 0 for size in sizes):
        raise InvalidArgument("`window_shape` cannot contain negative values")
    behind = [0] * x.ndim
    for size, at in zip(sizes, axes, strict=True):
        if x.shape[at] - behind[at] < size:
            raise InvalidArgument("window shape cannot be larger than input array shape")
        behind[at] += size - 1
    ranges = []
    grid = []
    for lengths, extra in zip(x.chunks, behind, strict=True):
        last = sum(lengths) - extra
        cuts = [(a, min(b, last)) for a, b in itertools.pairwise(grids.offsets(lengths))]
        kept = [(a, b) for a, b in cuts if b > a] or [(0, 0)]
        ranges.append(tuple((a, b + extra) for a, b in kept))
        grid.append(tuple(b - a for a, b in kept))
    chunks = tuple(tuple(b - a for a, b in spans) for spans in ranges)
    wide = nodes.Overlap(x, tuple(ranges), chunks, x.dtype)
    over = tuple(grid)
    return call_kernel(
        kernels.slide,
        [wide],
        (*over, *((size,) for size in sizes)),
        x.dtype,
        over=(*over, *((1,) for _ in sizes)),
        labels=[tuple(range(x.ndim))],
        sizes=sizes,
        axes=axes,
    )
