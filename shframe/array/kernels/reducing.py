"""Kernels of reductions and running results: partial results of blocks, and how they become one.

A block is gone through in tiles where a reducer needs its values more than once, or a program makes
them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from shframe.array.expr.program import Program
from shframe.array.expr.reducers import Reducer
from shframe.array.grid.views import apply_view
from shframe.array.kernels.blockwise import DType, NpArray, Shape, elementwise, read_operands
from shframe.array.kernels.tiles import flattened, run
from shframe.graph.tasks import result_buffer


def partial(*values: Any, program: Program, reducer: Reducer, axes: Shape, whole: Shape) -> Any:
    """A reducer's partial result of a program on a block.

    The last of `values` says where the block begins; it is () for a reducer that is tiled: it does
    not ask, and tasks share their arguments.
    """
    *inputs, parts, shape, origin = values
    operands = read_operands(inputs, parts)
    tiled = reducer.tiled and math.prod(shape)
    if program and not tiled:
        made = elementwise(*inputs, parts, shape, program=program, dtype=program[-1].dtype)
        return reducer.partial(made, axes, origin, whole)
    if not program and not (tiled and reducer.passes > 1):
        with np.errstate(all="ignore"):
            return reducer.partial(operands[0], axes, origin, whole)
    if len(axes) < len(shape):
        return _reduce_tiles(program, operands, shape, reducer, axes)
    operands, flat = flattened(operands, shape)
    every = tuple(range(len(flat)))
    made = _reduce_tiles(program, operands, flat, reducer, every)
    if isinstance(made, tuple):
        return tuple(_with_axes(each, len(flat), len(shape)) for each in made)
    return _with_axes(made, len(flat), len(shape))


def _with_axes(made: NpArray, flat: int, count: int) -> NpArray:
    """A partial result over all axes with so many axes, of length 1, in the place of flat ones."""
    return made.reshape(made.shape[: made.ndim - flat] + (1,) * count)


def partials(*values: Any, program: Program, reducer: Reducer, axes: Shape, whole: Shape) -> Any:
    """The partial result of several blocks, in their order.

    The last of `values` says of each block how many operands it has, its shape and its origin.
    """
    *inputs, parts, blocks = values
    found: Any = None
    at = 0
    for count, shape, origin in blocks:
        own = parts[at : at + count]
        at += count
        how: dict[str, Any] = {"program": program, "reducer": reducer}
        made = partial(*inputs, own, shape, origin, **how, axes=axes, whole=whole)
        found = made if found is None else reducer.merge(found, made)
    return found


def _reduce_tiles(
    program: Program, operands: list[NpArray], shape: Shape, reducer: Reducer, axes: Shape
) -> Any:
    """The partial result of each tile, merged if they differ along a reduced axis only."""
    found: dict[Shape, Any] = {}
    kept = tuple(n for n in range(len(shape)) if n not in axes)
    for box, tile in run(program, operands, shape, kept=kept):
        place = tuple([0 if n in axes else part.start for n, part in enumerate(box)])
        before = found.get(place)
        if before is None:
            found[place] = reducer.begin(tile, axes)
        else:
            found[place] = reducer.add(before, tile, axes)
    with np.errstate(all="ignore"):
        found = {place: reducer.end(state) for place, state in found.items()}
    some = next(iter(found.values()))
    if len(found) == 1:
        return some
    if not isinstance(some, tuple):
        return _put_together(found, shape, axes)
    parts = ({place: made[n] for place, made in found.items()} for n in range(len(some)))
    return tuple(_put_together(each, shape, axes) for each in parts)


def _put_together(found: dict[Shape, NpArray], shape: Shape, axes: Shape) -> NpArray:
    """One partial result of those of tiles that begin at these indices."""
    kept = tuple(1 if n in axes else length for n, length in enumerate(shape))
    some = next(iter(found.values()))
    lead = some.shape[: some.ndim - len(shape)]
    result = np.empty(lead + kept, some.dtype)
    for place, made in found.items():
        size = made.shape[made.ndim - len(shape) :]
        index: Any = (slice(a, a + n) for a, n in zip(place, size, strict=True))
        result[(..., *index)] = made
    return result


def combine(*partials: Any, reducer: Reducer) -> Any:
    """One partial result from several, in their order."""
    with np.errstate(all="ignore"):
        return functools.reduce(reducer.merge, partials)


def finish(*partials: Any, reducer: Reducer, drop: Shape) -> Any:
    """The result of a reducer, or of several a tuple; the axes in `drop`, of length 1, go."""
    with np.errstate(all="ignore"):
        made = reducer.finish(functools.reduce(reducer.merge, partials))
    if isinstance(made, tuple):
        return tuple(_without_axes(each, drop) for each in made)
    return _without_axes(np.asarray(made), drop)


def _without_axes(made: NpArray, drop: Shape) -> NpArray:
    return made.reshape([n for axis, n in enumerate(made.shape) if axis not in drop])


def total(*values: Any, ufunc: np.ufunc, axis: int, dtype: DType | None) -> NpArray:
    """A block's reduction by an associative ufunc along an axis, which is kept."""
    block, view = values
    with np.errstate(all="ignore"):
        source = apply_view(block, view)
        return np.asarray(ufunc.reduce(source, axis=axis, dtype=dtype, keepdims=True))


def take_last(running: NpArray, *, axis: int) -> NpArray:
    """The last of a running result along an axis, which is kept.

    Not by the ufunc's reduce: power.reduce and arctan2.reduce of NumPy 2.4.6 were seen to be wrong
    on a processor with AVX-512 (of 100, 7 and 3 it makes 1e6, its accumulate ends with 1e42).
    """
    return running[(slice(None),) * axis + (slice(-1, None),)].copy()


def join_totals(one: NpArray, other: NpArray, ufunc: np.ufunc) -> NpArray:
    """A ufunc of two small arrays."""
    with np.errstate(all="ignore"):
        return np.asarray(ufunc(one, other))


def scan(*values: Any, ufunc: np.ufunc, axis: int, dtype: DType | None, result: DType) -> NpArray:
    """A block's running result, joined with the total of the blocks before it, if any."""
    *inputs, view = values
    source = apply_view(inputs[0], view)
    made: NpArray = result_buffer.empty(source.shape, result)
    with np.errstate(all="ignore"):
        ufunc.accumulate(source, axis=axis, dtype=dtype, out=made)
        if len(inputs) > 1:
            ufunc(inputs[1], made, out=made)
    return made


def scan_on(
    *values: Any, ufunc: np.ufunc, axis: int, dtype: DType | None, result: DType
) -> NpArray:
    """A block's running result that goes on from the last one of the blocks before it."""
    *inputs, view = values
    source = apply_view(inputs[0], view)
    made: NpArray = result_buffer.empty(source.shape, result)
    with np.errstate(all="ignore"):
        line = _after(inputs[1:], source, axis, dtype)
        run = ufunc.accumulate(line, axis=axis, dtype=dtype)
    first = (slice(None),) * axis + (slice(line.shape[axis] - source.shape[axis], None),)
    np.copyto(made, run[first])
    return made


def _after(before: Sequence[NpArray], block: NpArray, axis: int, dtype: DType | None) -> NpArray:
    """A block behind what comes before it along an axis, if anything does."""
    if not before:
        return block
    kind = before[0].dtype if dtype is None else dtype
    return np.concatenate([*before, block.astype(kind, copy=False)], axis=axis)
