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
from shframe.array.expr.reducers import Reducer
from shframe.array.grid.views import View, apply_view
from shframe.array.kernels.tiles import copy_in_tiles, flattened, is_turned, run
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


def _operands(inputs: Sequence[Any], parts: Parts) -> list[NpArray]:
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
        operands, flat = flattened(_operands(inputs, parts), shape)
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
    if isinstance(place, int) and not is_turned(block):
        result_buffer.window().write(place, block)
        return
    with _spread(whole, dtype) as final:
        target = _run_at(final, place, block.shape) if isinstance(place, int) else final[place]
        copy_in_tiles(target, block)


def _run_at(final: NpArray, place: int, shape: Shape) -> NpArray:
    """The run of a final array that begins at a byte, as a block of this shape."""
    first = place // final.itemsize
    return final.reshape(-1)[first : first + math.prod(shape)].reshape(shape)


def stream(*values: Any, program: Program, whole: Shape, dtype: DType) -> None:
    """A program's result on a block, put tile by tile where it belongs in the final array."""
    *inputs, parts, shape, place = values
    if not math.prod(shape):
        return
    operands, flat = flattened(_operands(inputs, parts), shape)
    if not isinstance(place, int) or any(map(is_turned, operands)):  # tiles are no runs
        with _spread(whole, dtype) as final:
            out = _run_at(final, place, shape) if isinstance(place, int) else final[place]
            for _ in run(program, _operands(inputs, parts), shape, out):
                pass
        return
    window = result_buffer.window()
    strides = [math.prod(flat[n + 1 :]) * dtype.itemsize for n in range(len(flat))]
    # a tile is a run of the block: axes before the one that is cut have length 1 in it
    for box, tile in run(program, operands, flat):
        ahead = sum(part.start * stride for part, stride in zip(box, strides, strict=True))
        window.write(place + ahead, tile)


def partial(*values: Any, program: Program, reducer: Reducer, axes: Shape, whole: Shape) -> Any:
    """A reducer's partial result of a program on a block.

    The last of `values` says where the block begins; it is () for a reducer that is tiled: it does
    not ask, and tasks share their arguments.
    """
    *inputs, parts, shape, origin = values
    operands = _operands(inputs, parts)
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
    indices, *blocks = _operands(inputs, parts)
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
    operands = _operands(inputs, parts)
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
    blocks = _operands(inputs, parts[:count])
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
    block, value = _operands(inputs, parts)
    result: NpArray = result_buffer.empty(block.shape, dtype)
    np.copyto(result, block)
    result[where] = value
    return result


def put(*values: Any, axis: int, dtype: DType) -> NpArray:
    """A block with the elements of an axis at some indices replaced."""
    *inputs, parts, start = values
    indices, block, value = _operands(inputs, parts)
    result: NpArray = result_buffer.empty(block.shape, dtype)
    np.copyto(result, block)
    result[(slice(None),) * axis + (indices - start,)] = value
    return result
