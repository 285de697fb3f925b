"""Chunk grids: how an array is cut into blocks, axis by axis. Knows sizes only, no data.

`Chunks` holds for each axis the lengths of its blocks. Blocks are counted in C order; `bounds` says
which part of the whole array block `n` is.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import index as as_int
from typing import Any

from shframe.errors import ChunkMismatch, InvalidArgument
from shframe.store.errors import ShframeError
from shframe.store.limits.budget import parse_bytes

Axis = tuple[int, ...]
Chunks = tuple[Axis, ...]
Shape = tuple[int, ...]

# Small blocks are worked on several at a time: a task of 80 KB takes 0.4 ms, of which 10 us are
# work; but so many are left that no worker waits for another for long.
LEAST_WORK = 4 << 20
LEAST_BLOCKS = 16
LARGEST = 32 << 20  # bytes of an automatic block: a task's overhead is below 1 % of its work
SMALLEST = 1 << 20  # below this a second block costs more than it gains


def normalize_chunks(
    chunks: Any,
    shape: Shape,
    itemsize: int,
    *,
    parts: int = 1,
    missing: Chunks | None = None,
    largest: int = LARGEST,
) -> Chunks:
    """The grid that a user's `chunks=` means for an array of this shape.

    chunks: "auto", a number of bytes as a string ("64MiB"), or for all axes or for each one of
        "auto", a length, -1 or None (one block), or the lengths of the blocks.
    parts: blocks that an automatic grid of a large array has at least.
    largest: bytes of an automatic block at most.
    missing: the grid of the axes that a dict does not name; one block when None.
    Raises: InvalidArgument, ChunkMismatch when lengths do not add up to the shape.

    Examples
    --------
    >>> normalize_chunks((2, -1), (5, 3), 8)
    ((2, 2, 1), (3,))
    """
    wanted = _per_axis(chunks, shape, missing)
    target = _target(chunks, math.prod(shape) * itemsize, parts, min(largest, LARGEST))
    automatic = [isinstance(want, str) for want in wanted]
    known = [
        None if isinstance(want, str) else _lengths(want, length, axis)
        for axis, (want, length) in enumerate(zip(wanted, shape, strict=True))
    ]
    if not any(automatic):
        return tuple(lengths for lengths in known if lengths is not None)
    return _split(shape, known, itemsize, target)


def _per_axis(chunks: Any, shape: Shape, missing: Chunks | None) -> list[Any]:
    ndim = len(shape)
    if chunks is None or isinstance(chunks, str):
        return ["auto"] * ndim
    if isinstance(chunks, Mapping):
        wanted: list[Any] = list(missing) if missing is not None else [-1] * ndim
        for axis, want in chunks.items():
            wanted[_axis(axis, ndim)] = want
        return wanted
    if integer_from(chunks) is not None or not isinstance(chunks, Iterable):
        return [chunks] * ndim
    wanted = list(chunks)
    if len(wanted) == ndim:
        return wanted
    if ndim == 1 and wanted and all(integer_from(want) is not None for want in wanted):
        return [tuple(wanted)]
    raise ChunkMismatch(
        f"chunks={chunks!r} names {len(wanted)} axes, the array of shape {shape} has {ndim}\n"
        "  pass one item for each axis, one length for all, or 'auto'"
    )


def _axis(axis: Any, ndim: int) -> int:
    number = integer_from(axis)
    if number is None or not -ndim <= number < ndim:
        raise InvalidArgument(f"chunks name axis {axis!r}, the array has {ndim} axes")
    return number % ndim


def integer_from(value: Any) -> int | None:
    """An integer of any type as Python's own; None for what is none."""
    try:
        return as_int(value)
    except TypeError:
        return None


def _target(chunks: Any, nbytes: int, parts: int, largest: int) -> int:
    """Bytes of an automatic block."""
    if isinstance(chunks, str) and chunks != "auto":
        try:
            return max(1, parse_bytes(chunks))
        except ShframeError as error:
            raise InvalidArgument(
                f"chunks={chunks!r} is neither 'auto' nor a size\n  such as '64MiB'"
            ) from error
    size = max(SMALLEST, min(largest, -(-nbytes // max(parts, 1))))
    count = -(-nbytes // size)
    if parts <= count < 8 * parts:  # as many for each worker, so that none works alone at the end
        count = -(-2 * count // parts) * parts // 2
        size = nbytes // count + nbytes // (64 * count)  # rows are not to be cut
    return size


def _lengths(want: Any, length: int, axis: int) -> Axis:
    """The blocks of one axis as the user wants them."""
    size = integer_from(want)
    if want is None or size == -1:
        return (length,)
    if size is None:
        return _named_lengths(want, length, axis)
    if size < 1:
        raise InvalidArgument(f"chunk size must be at least 1, got {size} for axis {axis}")
    return (size,) * (length // size) + ((length % size,) if length % size else ()) or (0,)


def _named_lengths(want: Any, length: int, axis: int) -> Axis:
    try:
        lengths = tuple(map(as_int, want))
    except TypeError:
        raise InvalidArgument(
            f"chunks of axis {axis} must be a length, -1, 'auto' or lengths, got {want!r}"
        ) from None
    if sum(lengths) != length or any(item < 0 for item in lengths) or not lengths:
        raise ChunkMismatch(
            f"chunks {lengths} of axis {axis} add up to {sum(lengths)}, not to {length}"
        )
    return drop_empty(lengths)


def _split(shape: Shape, known: Sequence[Axis | None], itemsize: int, target: int) -> Chunks:
    """Cut the axes that are not known, the first ones first: blocks stay contiguous in C order."""
    sizes = [
        length if axis is None else max(axis) for length, axis in zip(shape, known, strict=True)
    ]
    result: list[Axis] = []
    whole = False
    for place, (length, axis) in enumerate(zip(shape, known, strict=True)):
        if axis is not None:
            result.append(axis)
            continue
        rest = max(1, itemsize * math.prod(sizes[:place]) * math.prod(sizes[place + 1 :]))
        if whole or rest * length <= target:
            result.append((length,))
            whole = True
            continue
        step = max(1, target // rest)
        result.append(even(length, -(-length // step)))
        sizes[place] = max(result[-1])
        whole = step > 1
    return tuple(result)


def cut_runs(shape: Shape, count: int) -> Chunks:
    """About `count` blocks that are runs of an array's elements in C order.

    Examples
    --------
    >>> cut_runs((4, 6), 4)
    ((1, 1, 1, 1), (6,))
    """
    return _split(shape, [None] * len(shape), 1, -(-math.prod(shape) // max(count, 1)))


def even(length: int, count: int) -> Axis:
    """`count` blocks whose lengths differ by one at most.

    Examples
    --------
    >>> even(7, 3)
    (3, 2, 2)
    """
    count = max(1, min(count, length))
    base, more = divmod(length, count)
    return (base + 1,) * more + (base,) * (count - more)


def drop_empty(lengths: Axis) -> Axis:
    """The blocks that hold something; one empty block when none does."""
    return tuple(item for item in lengths if item) or (0,)


def shape_of(chunks: Chunks) -> Shape:
    """The shape of the whole array."""
    return tuple(map(sum, chunks))


def numblocks(chunks: Chunks) -> Shape:
    """How many blocks each axis has."""
    return tuple(map(len, chunks))


def offsets(lengths: Axis) -> Axis:
    """Where each block of an axis begins, and at last where the axis ends."""
    return tuple(itertools.accumulate(lengths, initial=0))


def positions(chunks: Chunks) -> Iterator[Shape]:
    """Positions in the grid, in C order."""
    return itertools.product(*(range(len(axis)) for axis in chunks))


def block_shapes(chunks: Chunks) -> Iterator[Shape]:
    """Shapes of the blocks, in C order."""
    return itertools.product(*chunks)


def bounds(chunks: Chunks) -> Iterator[tuple[slice, ...]]:
    """The part of the whole array that each block is, in C order."""
    axes = []
    for lengths in chunks:
        starts = offsets(lengths)
        axes.append([slice(a, b) for a, b in itertools.pairwise(starts)])
    return itertools.product(*axes)


def number(position: Sequence[int], blocks: Shape) -> int:
    """The C order number of the block at a position in the grid."""
    found = 0
    for place, count in zip(position, blocks, strict=True):
        found = found * count + place
    return found


def broadcast_shape(shapes: Sequence[Shape], what: str) -> Shape:
    """The common shape; raises ChunkMismatch that names the shapes."""
    ndim = max(map(len, shapes), default=0)
    result = []
    for axis in range(-ndim, 0):
        lengths = {shape[axis] for shape in shapes if len(shape) >= -axis}
        lengths.discard(1)
        if len(lengths) > 1:
            shown = " and ".join(map(str, shapes))
            raise ChunkMismatch(
                f"operands could not be broadcast together with shapes {shown}\n"
                f"  {what}: axis {axis} has lengths {' and '.join(map(str, sorted(lengths)))}"
            )
        result.append(lengths.pop() if lengths else 1)
    return tuple(result)


def unify(grids: Sequence[Chunks], shape: Shape) -> Chunks:
    """One grid for operands that broadcast to `shape`.

    An axis gets the boundaries of all operands, so that each new block is within one old block
    and is read in place; where that would more than double the blocks, those of the finest.
    """
    result: list[Axis] = []
    for axis in range(-len(shape), 0):
        length = shape[axis]
        axes = {grid[axis] for grid in grids if len(grid) >= -axis and sum(grid[axis]) == length}
        if len(axes) <= 1:
            result.append(axes.pop() if axes else (length,))
            continue
        finest = max(axes, key=lambda lengths: (len(lengths), lengths))
        cuts = sorted({cut for lengths in axes for cut in offsets(lengths)})
        merged = tuple(b - a for a, b in itertools.pairwise(cuts))
        result.append(merged if len(merged) <= 2 * len(finest) else finest)
    return tuple(result)


def fit(chunks: Chunks, shape: Shape) -> Chunks:
    """The part of a grid that an operand of this shape has when it broadcasts to the grid."""
    if not shape:
        return ()
    grid = chunks[-len(shape) :]
    return tuple(
        axis if sum(axis) == length else (length,) for axis, length in zip(grid, shape, strict=True)
    )


def contiguous(chunks: Chunks) -> bool:
    """Whether each block is one run of the array's elements in C order, the runs in order."""
    cut = False
    for lengths in reversed(chunks):
        if cut and any(length != 1 for length in lengths):
            return False
        cut = cut or len(lengths) > 1
    return True


@dataclass(frozen=True, slots=True)
class Run:
    """Where part of a new block of an axis comes from: a slice of an old block."""

    block: int
    source: slice
    target: slice


def regroup(old: Axis, new: Axis) -> list[list[Run]]:
    """For each new block of an axis the runs of old blocks that make it up.

    Examples
    --------
    >>> [len(runs) for runs in regroup((4, 2), (2, 3, 1))]
    [1, 2, 1]
    """
    return runs_of(old, list(itertools.pairwise(offsets(new))))


def runs_of(old: Axis, ranges: Sequence[tuple[int, int]]) -> list[list[Run]]:
    """For each range of an axis the runs of its blocks that make it up; ranges may overlap."""
    starts = offsets(old)
    result: list[list[Run]] = []
    for low, high in ranges:
        runs: list[Run] = []
        at = low
        block = max(bisect.bisect_right(starts, low, hi=len(old)) - 1, 0)
        while at < high:
            while starts[block + 1] <= at:
                block += 1
            end = min(high, starts[block + 1])
            source = slice(at - starts[block], end - starts[block])
            runs.append(Run(block, source, slice(at - low, end - low)))
            at = end
        result.append(runs or [Run(0, slice(0, 0), slice(0, 0))])
    return result


def cut(lengths: Axis, want: slice | int) -> list[tuple[int, slice | int]]:
    """Blocks of an axis that a slice (its bounds inside) or an index meets, and where in each."""
    starts = offsets(lengths)
    if isinstance(want, int):
        block = bisect.bisect_right(starts, want) - 1
        return [(block, want - starts[block])]
    places = range(want.start, want.stop if want.stop is not None else -1, want.step)
    found: list[tuple[int, slice | int]] = []
    first = 0
    while first < len(places):
        block = bisect.bisect_right(starts, places[first]) - 1
        low, high = starts[block], starts[block + 1]
        room = high - 1 - places[first] if want.step > 0 else places[first] - low
        count = min(room // abs(want.step) + 1, len(places) - first)
        found.append((block, run_of(places[first] - low, count, want.step)))
        first += count
    return found or [(0, slice(0, 0, 1))]


def run_of(first: int, count: int, step: int) -> slice:
    """The slice of `count` indices from `first` on."""
    stop = first + count * step
    return slice(first, stop if stop >= 0 else None, step)


def length_of(want: slice) -> int:
    """How many elements a slice with its bounds inside has."""
    return len(range(want.start, want.stop if want.stop is not None else -1, want.step))
