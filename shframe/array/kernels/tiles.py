"""Tiles: a program run on a block tile by tile, so that what is passed between steps stays in the
cache and only the result goes to memory.

The buffers between steps are made once a block and used for all its tiles; a step's result
takes the buffer of an operand that no later step reads.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from shframe.array.expr.program import Constant, Program

NpArray = np.ndarray[Any, Any]
Box = tuple[slice, ...]

# Elements of a tile: 256 KiB a buffer of float64. Of 4 Ki to 128 Ki elements this was the
# fastest for a chain of five and of eight ufuncs (benchmarks/suites/arrays.py: Tile).
TILE = 32768
NARROW = 1024  # columns, at least, of a tile whose rows are reduced: inner loops are long


def boxes(shape: tuple[int, ...], tile: int = TILE, kept: tuple[int, ...] = ()) -> Iterator[Box]:
    """Boxes of about `tile` elements that cover a shape, in C order; whole inner rows where
    they fit.

    kept: axes of a reduction that stay: along them boxes are narrow, so that there is more to
        reduce in each, and less to merge.
    """
    if not shape or math.prod(shape) <= tile:
        yield tuple(slice(0, length) for length in shape)
        return
    steps = [1] * len(shape)
    reduced = [n for n in range(len(shape)) if n not in kept]
    if kept and reduced:
        least = NARROW if len(shape) - 1 in kept else 1
        room = max(least, tile // math.prod(shape[n] for n in reduced))
        tile //= _cut_axes(steps, shape, kept, min(room, tile))
    _cut_axes(steps, shape, reduced or kept, tile)
    cuts = [
        [slice(start, min(start + step, length)) for start in range(0, length, step)]
        for length, step in zip(shape, steps, strict=True)
    ]
    yield from itertools.product(*cuts)


def _cut_axes(steps: list[int], shape: tuple[int, ...], axes: Sequence[int], room: int) -> int:
    """Set the lengths of boxes along some axes, the last ones first, so that a box has about `room`
    elements of these axes; returns how many it has."""
    size = 1
    for axis in reversed(axes):
        count = -(-shape[axis] // max(room // size, 1))
        steps[axis] = -(-shape[axis] // count)
        size *= steps[axis]
        if count > 1:
            break
    return size


# Rows and columns of a tile of an operand that is in memory column by column: 256 KiB of float64,
# of which each cache line is used whole.
SQUARE = (128, 256)


def square_boxes(shape: tuple[int, ...]) -> Iterator[Box]:
    """Boxes of the last two axes that are as high as wide, and one index of all other axes."""
    ahead = [[slice(n, n + 1) for n in range(length)] for length in shape[:-2]]
    cuts = [
        [slice(start, min(start + step, length)) for start in range(0, length, step)]
        for length, step in zip(shape[-2:], SQUARE, strict=True)
    ]
    yield from itertools.product(*ahead, *cuts)


def is_turned(array: NpArray) -> bool:
    """Whether neighbours along the last axis are further apart in memory than along the one
    before, in both of which there are many."""
    if array.ndim < 2 or min(array.shape[-2:]) < SQUARE[0]:
        return False
    before, last = map(abs, array.strides[-2:])
    return last > before > 0


def copy_in_tiles(target: NpArray, source: NpArray) -> None:
    """Copy an array into another of its shape; by squares if one of them is turned, so that what
    is read and written stays in the cache."""
    if is_turned(source) == is_turned(target):
        np.copyto(target, source)
        return
    for box in square_boxes(source.shape):
        target[box] = source[box]


def run(
    program: Program,
    operands: Sequence[NpArray],
    shape: tuple[int, ...],
    out: NpArray | None = None,
    tile: int = TILE,
    kept: tuple[int, ...] = (),
) -> Iterator[tuple[Box, NpArray]]:
    """Boxes of the block with the program's result in each, valid until the next one.

    operands: arrays that broadcast to `shape`.
    out: where the results stay, of that shape; else a buffer that each tile overwrites.
    kept: axes along which boxes are to be narrow, as boxes() has it.
    """
    if not program:  # what is there is the result
        with np.errstate(all="ignore"):
            for box in boxes(shape, tile, kept):
                yield box, operands[0][box]
        return
    slots, code, buffers, owned = _machine(program, len(operands), min(tile, math.prod(shape)))
    result_slot = code[-1][2]
    varying = _inputs(operands, shape, slots)
    shaped: dict[tuple[int, ...], list[NpArray]] = {}
    with np.errstate(all="ignore"):
        turned = tile == TILE and any(is_turned(operand) for _, operand, _ in varying)
        for box in square_boxes(shape) if turned else boxes(shape, tile, kept):
            extent = tuple([part.stop - part.start for part in box])
            views = shaped.get(extent)
            if views is None:
                count = math.prod(extent)
                views = shaped[extent] = [b[:count].reshape(extent) for b in buffers]
            for slot, place in owned:
                slots[slot] = views[place]
            for slot, operand, axes in varying:
                slots[slot] = operand[_clipped(box, axes) if axes else box]
            if out is not None:
                slots[result_slot] = out[box]
            for operation, sources, target in code:
                operation(*[slots[source] for source in sources], out=slots[target])
            yield box, slots[result_slot]


def _clipped(box: Box, axes: tuple[int, ...]) -> Box:
    """The box with all of the axes along which an operand repeats itself."""
    return tuple([slice(None) if n in axes else part for n, part in enumerate(box)])


def _inputs(
    operands: Sequence[NpArray], shape: tuple[int, ...], slots: list[Any]
) -> list[tuple[int, NpArray, tuple[int, ...]]]:
    """Operands that differ from tile to tile, with their repeating axes; the others are put
    into their slots once."""
    varying = []
    for slot, operand in enumerate(operands):
        if operand.size == 1:
            slots[slot] = operand.reshape(())
            continue
        full = operand.reshape((1,) * (len(shape) - operand.ndim) + operand.shape)
        repeated = tuple(n for n, length in enumerate(full.shape) if length == 1 != shape[n])
        varying.append((slot, full, repeated))
    return varying


Code = list[tuple[Any, tuple[int, ...], int]]


def _machine(
    program: Program, n_inputs: int, size: int
) -> tuple[list[Any], Code, list[NpArray], list[tuple[int, int]]]:
    """Slots for all values, the calls on them, the buffers, and which slot is which buffer.

    The slots are: inputs, results of steps, constants.
    """
    slots: list[Any] = [None] * (n_inputs + len(program))
    last_read = {
        ~operand: place
        for place, step in enumerate(program)
        for operand in step.operands
        if not isinstance(operand, Constant) and operand < 0
    }
    buffers: list[NpArray] = []
    free: dict[np.dtype[Any], list[int]] = {}
    place_of: dict[int, int] = {}
    code: Code = []
    for place, step in enumerate(program):
        sources = []
        for operand in step.operands:
            if isinstance(operand, Constant):
                sources.append(len(slots))
                slots.append(operand.value)
            else:
                sources.append(operand if operand >= 0 else n_inputs + ~operand)
        ended = [
            ~operand
            for operand in dict.fromkeys(step.operands)
            if not isinstance(operand, Constant) and operand < 0 and last_read[~operand] == place
        ]
        # only a ufunc is safe when its result replaces an operand
        in_place = isinstance(step.operation, np.ufunc)
        if in_place:
            _release(ended, program, place_of, free)
        spare = free.get(step.dtype)
        if spare:
            place_of[place] = spare.pop()
        else:
            place_of[place] = len(buffers)
            buffers.append(np.empty(size, step.dtype))
        if not in_place:
            _release(ended, program, place_of, free)
        code.append((step.operation, tuple(sources), n_inputs + place))
    owned = [(n_inputs + place, buffer) for place, buffer in place_of.items()]
    return slots, code, buffers, owned


def _release(
    ended: list[int],
    program: Program,
    place_of: dict[int, int],
    free: dict[np.dtype[Any], list[int]],
) -> None:
    for step in ended:
        free.setdefault(program[step].dtype, []).append(place_of[step])


def flattened(
    operands: Sequence[NpArray], shape: tuple[int, ...]
) -> tuple[list[NpArray], tuple[int, ...]]:
    """The operands as flat arrays where all are contiguous in C order or single numbers:
    long tiles of one axis are the fastest; else as they are."""
    flat = len(shape) != 1 and all(
        operand.size == 1 or (operand.shape == shape and operand.flags.c_contiguous)
        for operand in operands
    )
    if not flat:
        return list(operands), shape
    return [operand.reshape(-1) for operand in operands], (math.prod(shape),)
