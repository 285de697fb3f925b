"""What is done to blocks, in workers; knows no node of a plan.

An elementwise program runs over a block in tiles that stay in the cache, each step with `out=`
into a buffer of its own, the last one straight into the result's memory in the shared store.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from shframe.graph import output

TILE = 1 << 15  # elements: 256 KiB of float64 a buffer; benchmarks/bench_array.py, Tile


@dataclass(frozen=True, slots=True)
class Op:
    """One step of a program: an operation on slots.

    A slot is ("s", n) for source n, ("t", n) for the result of step n, ("c", value) for a value.
    """

    name: str
    slots: tuple[tuple[str, Any], ...]
    dtype: str  # of its result

    def __shframe_token__(self) -> str:
        from shframe.graph.tokens import tokenize

        return tokenize(self.name, self.slots, self.dtype)


Program = tuple[Op, ...]


def applied(name: str, values: list[Any], out: Any = None) -> Any:
    """One operation on arrays and values, into `out` where it is given."""
    if name == "where":
        if out is None:
            return np.where(*values)
        np.copyto(out, values[2], casting="unsafe")
        np.copyto(out, values[1], where=values[0], casting="unsafe")
        return out
    if name.startswith("astype:"):
        if out is None:
            return np.asarray(values[0]).astype(name[len("astype:") :])
        np.copyto(out, values[0], casting="unsafe")
        return out
    function: Any = getattr(np, name)
    return function(*values) if out is None else function(*values, out=out)


def elementwise(*blocks: Any, program: Program) -> Any:
    """The program's result on one block, blocks broadcast against each other."""
    shape = np.broadcast_shapes(*(block.shape for block in blocks))
    result = output.empty(shape, np.dtype(program[-1].dtype))
    if not result.size:
        return result
    flat = all(block.shape == shape and block.flags.c_contiguous for block in blocks)
    if flat:
        _run_tiles([b.reshape(-1) for b in blocks], result.reshape(-1), program, TILE)
    elif not shape:
        _run_tiles([b.reshape(1) for b in blocks], result.reshape(1), program, 1)
    else:
        views = [np.broadcast_to(block, shape) for block in blocks]
        rows = max(TILE // max(math.prod(shape[1:]), 1), 1)
        _run_tiles(views, result, program, rows)
    return result


def _run_tiles(blocks: list[Any], result: Any, program: Program, rows: int) -> None:
    inner = result.shape[1:]
    last = len(program) - 1
    buffers = [np.empty((min(rows, len(result)), *inner), op.dtype) for op in program[:-1]]
    with np.errstate(all="ignore"):
        for start in range(0, len(result), rows):
            stop = min(start + rows, len(result))
            made: list[Any] = []
            for n, op in enumerate(program):
                values = [
                    blocks[v][start:stop] if kind == "s" else made[v] if kind == "t" else v
                    for kind, v in op.slots
                ]
                out = result[start:stop] if n == last else buffers[n][: stop - start]
                made.append(applied(op.name, values, out))


def block_of(whole: Any, *, place: tuple[slice, ...]) -> Any:
    """A block of an array that is stored as one object: a view."""
    return whole[place]


def taken(block: Any, *, index: tuple[Any, ...]) -> Any:
    """Basic indexing of one block."""
    return block[index]


def transposed(block: Any, *, axes: tuple[int, ...]) -> Any:
    """One block with its axes in another order."""
    return np.ascontiguousarray(block.transpose(axes))


def reshaped(block: Any, *, shape: tuple[int, ...]) -> Any:
    """One block in another shape, in C order."""
    return np.ascontiguousarray(block).reshape(shape)


def broadcast(block: Any, *, shape: tuple[int, ...]) -> Any:
    """One block repeated to a shape."""
    return np.broadcast_to(block, shape)


def assembled(
    *blocks: Any,
    shape: tuple[int, ...],
    parts: tuple[tuple[tuple[slice, ...], tuple[slice, ...]], ...],
) -> Any:
    """One block put together from pieces of others: (where in the other, where in this)."""
    if len(blocks) == 1 and blocks[0][parts[0][0]].shape == shape:
        return blocks[0][parts[0][0]]
    result = output.empty(shape, blocks[0].dtype)
    for block, (source, target) in zip(blocks, parts, strict=True):
        result[target] = block[source]
    return result


def made_full(*, shape: tuple[int, ...], value: Any, dtype: str) -> Any:
    """A block of one value."""
    result = output.empty(shape, np.dtype(dtype))
    result[...] = value
    return result


def made_arange(*, start: Any, step: Any, first: int, count: int, dtype: str) -> Any:
    """Elements first to first + count of start, start + step, ..."""
    return (start + step * np.arange(first, first + count)).astype(dtype)


def made_linspace(
    *, start: Any, stop: Any, num: int, endpoint: bool, first: int, count: int, dtype: str
) -> Any:
    """Elements first to first + count of numpy.linspace."""
    parts = num - 1 if endpoint else num
    step = (stop - start) / parts if parts > 0 else np.nan
    values = (
        np.arange(first, first + count) * step + start if parts > 0 else np.full(count, start, "f8")
    )
    if endpoint and num > 1 and first + count == num and count:
        values[-1] = stop
    return values.astype(dtype)


def made_random(*, name: str, args: tuple[Any, ...], seed: Any, shape: tuple[int, ...]) -> Any:
    """A block of random numbers from a seed of its own."""
    return getattr(np.random.default_rng(seed), name)(*args, size=shape)


def multiplied(*blocks: Any) -> Any:
    """Sum of products of the first half of the blocks with the second half."""
    half = len(blocks) // 2
    total = np.matmul(blocks[0], blocks[half])
    for a, b in zip(blocks[1:half], blocks[half + 1 :], strict=True):
        total += np.matmul(a, b)
    return total


def by_user(*blocks: Any, function: Any, args: Any, kwargs: Any) -> Any:
    """A user's function on blocks, which it may change."""
    return np.asarray(function(*(block.copy() for block in blocks), *args, **kwargs))


def of_whole(*arrays: Any, name: str, args: Any, kwargs: Any) -> Any:
    """A NumPy function on whole arrays, by its dotted name."""
    function: Any = functools.reduce(getattr, name.split("."), np)
    return np.asarray(function(*arrays, *args, **kwargs))


def along(block: Any, *, name: str, axis: int, kwargs: Any) -> Any:
    """A NumPy function along an axis that lies in one block."""
    return getattr(np, name)(block, axis=axis, **kwargs)


def written(block: Any, *, shape: tuple[int, ...], place: tuple[slice, ...], dtype: str) -> None:
    """Put a block where it belongs in a final array."""
    inner = math.prod(shape[1:])
    itemsize = np.dtype(dtype).itemsize
    if not block.size:
        return
    if block.shape[1:] == shape[1:]:
        start = (place[0].start if place else 0) * inner * itemsize
        output.window().write(start, block)
        return
    with output.window().mapped() as memory:
        memory[: math.prod(shape) * itemsize].view(dtype).reshape(shape)[place] = block


# --- reductions: what a block gives, how parts are combined, and the result -------------


def partial(
    block: Any, *, name: str, axes: tuple[int, ...], start: tuple[int, ...], shape: Any, kwargs: Any
) -> Any:
    """A block's part of a reduction, its reduced axes kept with length 1."""
    with np.errstate(all="ignore"):
        if name in (
            "sum",
            "prod",
            "min",
            "max",
            "any",
            "all",
            "nansum",
            "nanprod",
            "nanmin",
            "nanmax",
        ):
            if not block.size and name in ("min", "max", "nanmin", "nanmax"):
                return None
            return getattr(np, name)(block, axis=axes, keepdims=True, **kwargs)
        if name in ("argmin", "argmax"):
            return _extreme_place(block, name, axes, start, shape)
        wide = np.result_type(block.dtype, "f8")
        skip = name.startswith("nan")
        values = block
        count: Any = math.prod(block.shape[a] for a in axes)
        if skip:
            gaps = np.isnan(block)
            count = (~gaps).sum(axis=axes, keepdims=True)
            values = np.where(gaps, 0, block)
        total = values.sum(axis=axes, keepdims=True, dtype=wide)
        if name in ("mean", "nanmean"):
            return total, count
        mean = total / np.maximum(count, 1)
        apart = values - mean
        if skip:
            apart[gaps] = 0
        spread = (apart * np.conj(apart)).real.sum(axis=axes, keepdims=True, dtype="f8")
        return count, mean, spread


def _extreme_place(block: Any, name: str, axes: tuple[int, ...], start: Any, shape: Any) -> Any:
    """The extreme value and its flat place along the reduced axes of the whole array."""
    if not block.size:
        return None
    kept = [a for a in range(block.ndim) if a not in axes]
    moved = block.transpose([*kept, *axes])
    flat = moved.reshape([*(block.shape[a] for a in kept), -1])
    local = getattr(flat, name)(axis=-1)
    values = np.take_along_axis(flat, local[..., None], -1)[..., 0]
    inside = np.unravel_index(local, [block.shape[a] for a in axes])
    whole = np.zeros_like(local)
    for a, places in zip(axes, inside, strict=True):
        whole = whole * shape[a] + places + start[a]
    ones = [1 if a in axes else block.shape[a] for a in range(block.ndim)]
    return values.reshape(ones), whole.reshape(ones)


def combined(*parts: Any, name: str) -> Any:
    """One part of several, in their order."""
    filled = [part for part in parts if part is not None]
    if not filled:
        return None
    with np.errstate(all="ignore"):
        return functools.reduce(functools.partial(_pair, name), filled)


def _pair(name: str, a: Any, b: Any) -> Any:
    if name in ("sum", "nansum"):
        return a + b
    if name in ("prod", "nanprod"):
        return a * b
    if name in ("min", "max"):
        return (np.minimum if name == "min" else np.maximum)(a, b)
    if name in ("nanmin", "nanmax"):
        return (np.fmin if name == "nanmin" else np.fmax)(a, b)
    if name == "any":
        return a | b
    if name == "all":
        return a & b
    if name in ("argmin", "argmax"):
        better = b[0] < a[0] if name == "argmin" else b[0] > a[0]
        better |= (b[0] == a[0]) & (b[1] < a[1])
        if a[0].dtype.kind in "fc":  # NumPy gives the first NaN where there is one
            gap_a, gap_b = np.isnan(a[0]), np.isnan(b[0])
            better = np.where(gap_a, gap_b & (b[1] < a[1]), better | gap_b)
        return np.where(better, b[0], a[0]), np.where(better, b[1], a[1])
    if name in ("mean", "nanmean"):
        return a[0] + b[0], a[1] + b[1]
    count = a[0] + b[0]
    apart = b[1] - a[1]
    safe = np.maximum(count, 1)
    spread = a[2] + b[2] + (apart * np.conj(apart)).real * a[0] * b[0] / safe
    return count, a[1] + apart * b[0] / safe, spread


def finished(*parts: Any, name: str, shape: tuple[int, ...], dtype: str, ddof: float) -> Any:
    """The result's block in its shape and dtype."""
    made = combined(*parts, name=name)
    with np.errstate(all="ignore"):
        if name in ("argmin", "argmax"):
            made = made[1]
        elif name in ("mean", "nanmean"):
            made = made[0] / made[1]
        elif name.removeprefix("nan") in ("var", "std"):
            free = np.asarray(made[0] - ddof, "f8")
            made = made[2] / np.where(
                free > 0, free, np.nan if name.startswith("nan") else np.maximum(free, 0)
            )
            made = np.sqrt(made) if name.endswith("std") else made
        return np.asarray(made).reshape(shape).astype(dtype, copy=False)
