"""What tasks call: functions of blocks, run in workers; they know no node and no grid.

A kernel gets the values of its task's inputs and then the task's own arguments. `parts` among
these say for each operand which input it is and what to see of it (views.py). Inputs are
read-only; results are new arrays, born in the store.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from shframe.array.expr.program import Program
from shframe.array.grid.views import View, apply_view
from shframe.array.kernels.tiles import SQUARE, copy_in_tiles, flattened, is_turned, run
from shframe.errors import ChunkMismatch, UnsupportedType
from shframe.graph.tasks import result_buffer
from shframe.graph.tasks.function import UserCode
from shframe.store.reader import writable_copy

NpArray = np.ndarray[Any, Any]
DType = np.dtype[Any]
Shape = tuple[int, ...]
PartialView = tuple[int, View]
Parts = tuple[PartialView, ...]
Destination = int | tuple[slice, ...]  # the byte where a run begins, or the bounds of a block


def read_operands(inputs: Sequence[Any], parts: Parts) -> list[NpArray]:
    """What each operand is: an input, or what is to be seen of it."""
    return [apply_view(inputs[slot], view) for slot, view in parts]


def copy(value: Any, view: View) -> NpArray:
    """What a view shows, as an array of its own."""
    source = apply_view(value, view)
    result: NpArray = result_buffer.empty(source.shape, source.dtype)
    copy_in_tiles(result, source)
    return result


def check_value(value: Any, *, shape: Shape, dtype: DType) -> NpArray:
    """What a user's call returned, as a block; raises ChunkMismatch, UnsupportedType."""
    found = np.asarray(value)
    if found.shape != shape:
        raise ChunkMismatch(f"from_delayed(shape={shape}): the value has the shape {found.shape}")
    if not np.can_cast(found.dtype, dtype, "same_kind"):
        raise UnsupportedType(f"from_delayed(dtype={dtype}): the value is of dtype {found.dtype}")
    return found.astype(dtype, copy=False)


def fill(shape: Shape, value: Any, dtype: DType) -> NpArray:
    """A block with one value everywhere."""
    result: NpArray = result_buffer.empty(shape, dtype)
    result.fill(value)
    return result


def arange(
    first: int, last: int, start: Any, step: Any, fixed: tuple[tuple[int, Any], ...], dtype: DType
) -> NpArray:
    """start + step * n for first <= n < last, but the values that are `fixed` at their indices."""
    result: NpArray = result_buffer.empty((last - first,), dtype)
    wide = np.dtype(np.float32) if dtype == np.float16 else dtype
    values = np.arange(first, last).astype(wide)
    with np.errstate(all="ignore"):
        values *= wide.type(step)
        values += wide.type(start)
    for at, value in fixed:
        values[at - first : at - first + 1][: first <= at < last] = value
    np.copyto(result, values, casting="unsafe")
    return result


def eye(row: int, column: int, shape: Shape, k: int, dtype: DType) -> NpArray:
    """The block of a diagonal matrix that begins at a row and a column."""
    result: NpArray = result_buffer.empty(shape, dtype)
    result[...] = np.eye(shape[0], shape[1], k + row - column, dtype=dtype)
    return result


def random(
    number: int,
    shape: Shape,
    method: str,
    parameters: tuple[Any, ...],
    options: dict[str, Any],
    seed: tuple[int, ...],
    stream: tuple[int, ...],
    dtype: DType,
) -> NpArray:
    """Random numbers of one block; equal to those of the block's spawned SeedSequence."""
    sequence = np.random.SeedSequence(seed, spawn_key=(*stream, number))
    draw = getattr(np.random.default_rng(sequence), method)
    result: NpArray = result_buffer.empty(shape, dtype)
    if method in ("random", "standard_normal", "standard_exponential"):
        draw(out=result, dtype=dtype, **options)
    else:
        result[...] = draw(*parameters, size=shape, **options)
    return result


def elementwise(*values: Any, program: Program, dtype: DType) -> NpArray:
    """A program's result on a block, tile by tile."""
    *inputs, parts, shape = values
    result: NpArray = result_buffer.empty(shape, dtype)
    if result.size:
        operands, flat = flattened(read_operands(inputs, parts), shape)
        for _ in run(program, operands, flat, result.reshape(flat)):
            pass
    return result


@contextmanager
def _spread(whole: Shape, dtype: DType) -> Iterator[Any]:
    """The final array, mapped, for parts that are no runs of it."""
    with result_buffer.window().mapped() as memory:
        size = math.prod(whole) * dtype.itemsize
        yield memory[:size].view(dtype).reshape(whole)


def put_in_place(value: Any, view: View, place: Destination, whole: Shape, dtype: DType) -> None:
    """Put a block where it belongs in the final array."""
    block = apply_view(value, view)
    if not isinstance(place, int):
        with _spread(whole, dtype) as final:
            copy_in_tiles(final[place], block)
    elif is_turned(block):
        _put_rows(place, block.shape, dtype, lambda out, at: copy_in_tiles(out, block[at]))
    else:
        result_buffer.window().write(place, block)


def _put_rows(
    place: int, shape: Shape, dtype: DType, fill: Callable[[NpArray, tuple[Any, ...]], None]
) -> None:
    """Put a block, which is a run of the final array, some rows at a time: pages that are written
    cost half of those that are mapped.

    fill: puts what is at an index of the block into an array.
    """
    window = result_buffer.window()
    rows, columns = shape[-2:]
    panel = np.empty((min(SQUARE[0], rows), columns), dtype)
    for ahead in np.ndindex(*shape[:-2]):
        for first in range(0, rows, SQUARE[0]):
            out = panel[: min(SQUARE[0], rows - first)]
            fill(out, (*ahead, slice(first, first + len(out))))
            window.write(place, out)
            place += out.nbytes


def stream(*values: Any, program: Program, whole: Shape, dtype: DType) -> None:
    """A program's result on a block, put tile by tile where it belongs in the final array."""
    *inputs, parts, shape, place = values
    if not math.prod(shape):
        return
    operands, flat = flattened(read_operands(inputs, parts), shape)
    if not isinstance(place, int):
        with _spread(whole, dtype) as final:
            for _ in run(program, read_operands(inputs, parts), shape, final[place]):
                pass
        return
    if any(map(is_turned, operands)):  # tiles are no runs
        _put_rows(place, shape, dtype, functools.partial(_run_at, program, operands, shape))
        return
    window = result_buffer.window()
    strides = [math.prod(flat[n + 1 :]) * dtype.itemsize for n in range(len(flat))]
    # a tile is a run of the block: axes before the one that is cut have length 1 in it
    for box, tile in run(program, operands, flat):
        ahead = sum(part.start * stride for part, stride in zip(box, strides, strict=True))
        window.write(place + ahead, tile)


def _run_at(
    program: Program,
    operands: list[NpArray],
    shape: Shape,
    out: NpArray,
    index: tuple[Any, ...],
) -> None:
    """A program's result at an index of a block."""
    parts = [each if each.size == 1 else np.broadcast_to(each, shape)[index] for each in operands]
    for _ in run(program, parts, out.shape, out):
        pass


def assemble(*values: Any, dtype: DType) -> NpArray:
    """A block put together from parts of others."""
    *inputs, parts, places, shape = values
    result: NpArray = result_buffer.empty(shape, dtype)
    for (slot, view), place in zip(parts, places, strict=True):
        copy_in_tiles(result[place], apply_view(inputs[slot], view))
    return result


def assemble_flat(*values: Any, dtype: DType) -> NpArray:
    """A block put together from runs of other blocks' elements in C order."""
    *inputs, parts, runs, shape = values
    result: NpArray = result_buffer.empty(shape, dtype)
    flat = result.reshape(-1)
    for (slot, view), (source, target) in zip(parts, runs, strict=True):
        flat[target] = apply_view(inputs[slot], view).reshape(-1)[source]
    return result


def take(*values: Any, axis: int, dtype: DType) -> NpArray:
    """The elements of an axis at an array of indices, from the blocks that hold them.

    parts: the array of indices, then the blocks; starts: where each block begins on the axis.
    """
    *inputs, parts, starts, shape = values
    indices, *blocks = read_operands(inputs, parts)
    result: NpArray = result_buffer.empty(shape, dtype)
    ahead: tuple[Any, ...] = (slice(None),) * axis
    for block, start in zip(blocks, starts, strict=True):
        if len(blocks) == 1:
            local = indices - start if start else indices
            np.take(block, local, axis=axis, out=result, mode="clip")
            break
        here = np.flatnonzero((indices >= start) & (indices < start + block.shape[axis]))
        result[(*ahead, here)] = np.take(block, indices[here] - start, axis=axis)
    return result


def matmul(*values: Any, dtype: DType) -> NpArray:
    """The sum of matrix products of pairs of blocks; `parts` are all first, then all second."""
    *inputs, parts, shape = values
    operands = read_operands(inputs, parts)
    half = len(operands) // 2
    result: NpArray = result_buffer.empty(shape, dtype)
    with np.errstate(all="ignore"):
        np.matmul(operands[0], operands[half], out=result)
        for one, other in zip(operands[1:half], operands[half + 1 :], strict=True):
            result += np.matmul(one, other)
    return result


def map_block(
    *values: Any,
    function: UserCode,
    keywords: dict[str, Any],
    words: tuple[str, ...],
    dtype: DType | None,
    writable: bool,
) -> Any:
    """A user's function of blocks, and of whole values by the keywords in `words`; the
    block's position, if any, is passed as `block_id`."""
    *inputs, parts, shape, position = values
    extra = {} if position is None else {"block_id": position}
    count = len(parts) - len(words)
    blocks = read_operands(inputs, parts[:count])
    if writable:
        blocks = [writable_copy(block) for block in blocks]
    given = {w: _whole(inputs[n], view) for w, (n, view) in zip(words, parts[count:], strict=True)}
    result = np.asarray(function(*blocks, **keywords, **given, **extra))
    if shape is not None and result.shape != shape:
        raise ChunkMismatch(
            f"{function.name} returned a block of shape {result.shape}, expected {shape}\n"
            "  set the grid of the result by chunks=, drop_axis= or new_axis="
        )
    return result if dtype is None else _exactly(result, dtype, function.name)


def _whole(value: Any, view: View) -> Any:
    """A value as a user's function gets it: an array without axes as a scalar."""
    return apply_view(value, view)[()] if view or isinstance(value, np.ndarray) else value


def _exactly(block: NpArray, dtype: DType, name: str) -> NpArray:
    """The block in another dtype; floats may be rounded, nothing else may change.

    Raises: UnsupportedType.
    """
    rounded = dtype.kind in "fc" and np.can_cast(block.dtype, dtype, "same_kind")
    if block.dtype == dtype or rounded or np.can_cast(block.dtype, dtype, "safe"):
        return block.astype(dtype, copy=False)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that imaginary parts go, which is looked at
        try:
            made = block.astype(dtype)
            gaps = all(kind in "fcmM" for kind in (block.dtype.kind, dtype.kind))
            if np.array_equal(made, block, equal_nan=gaps):
                return made
        except (TypeError, ValueError, OverflowError, RuntimeError):  # of times in short strings
            pass
    raise UnsupportedType(
        f"{name} returned a block of dtype {block.dtype}, whose values {dtype} cannot hold\n"
        "  that is the dtype= of map_blocks(), or else the dtype of the first block: "
        f"pass dtype={str(block.dtype)!r}"
    )


def call_kernel(
    *values: Any,
    kernel: Callable[..., Any],
    options: dict[str, Any],
    gathered: tuple[bool, ...],
) -> Any:
    """A kernel of blocks; where it reads all blocks along an axis it gets them as a list."""
    *inputs, parts, lengths, origin = values
    # a tuple is several results of a kernel, which are read as they are
    blocks = [
        value if isinstance(value := inputs[slot], tuple) else apply_view(value, view)
        for slot, view in parts
    ]
    operands: list[Any] = []
    at = 0
    for length, several in zip(lengths, gathered, strict=True):
        operands.append(blocks[at : at + length] if several else blocks[at])
        at += length
    extra = {} if origin is None else {"origin": origin}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kernel(*operands, **options, **extra)


def item(several: tuple[Any, ...], *, number: int) -> NpArray:
    """One of several results."""
    return np.asarray(several[number])


def assign(*values: Any, dtype: DType) -> NpArray:
    """A block with part of it replaced."""
    *inputs, parts, where = values
    block, value = read_operands(inputs, parts)
    result: NpArray = result_buffer.empty(block.shape, dtype)
    np.copyto(result, block)
    result[where] = value
    return result


def put(*values: Any, axis: int, ufunc: np.ufunc | None, dtype: DType) -> NpArray:
    """A block with the elements of an axis at some indices replaced, or changed by a ufunc."""
    *inputs, parts, start = values
    indices, block, value = read_operands(inputs, parts)
    result: NpArray = result_buffer.empty(block.shape, dtype)
    np.copyto(result, block)
    at = (*(slice(None),) * axis, indices - start)
    if ufunc is None:
        result[at] = value
    else:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)  # said at the call
            ufunc.at(result, at, *(value,) * (ufunc.nin - 1))
    return result
