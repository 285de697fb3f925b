"""Kernels that call users' functions along axes, on core dimensions and on labelled blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from shframe.array.grid.chunks import Chunks, offsets
from shframe.errors import ChunkMismatch
from shframe.graph.tasks.function import UserCode

NpArray = np.ndarray[Any, Any]
Words = tuple[tuple[str, Any], ...]


def apply_along(
    block: NpArray, *, function: UserCode, axis: int, args: tuple[Any, ...], how: Words
) -> NpArray:
    """A user's function of each line of a block."""
    return np.asarray(np.apply_along_axis(function, axis, block, *args, **dict(how)))


def coarsen(block: NpArray, *, function: UserCode, groups: tuple[int, ...], how: Words) -> NpArray:
    """A user's reduction of groups of neighbours."""
    pairs = zip(block.shape, groups, strict=True)
    shape = [n for length, count in pairs for n in (length // count, count)]
    axes = tuple(range(1, 2 * block.ndim, 2))
    return np.asarray(function(block.reshape(shape), axis=axes, **dict(how)))


def apply_core(
    *blocks: NpArray,
    function: UserCode,
    how: Words,
    cores: tuple[tuple[int, ...], ...],
    dtypes: tuple[Any, ...],
    several: bool,
) -> Any:
    """A user's function of blocks with whole core dimensions; raises ChunkMismatch."""
    made = function(*blocks, **dict(how))
    results = tuple(made) if several else (made,)
    if len(results) != len(cores):
        raise ChunkMismatch(f"{function.name} returned {len(results)} results, not {len(cores)}")
    found = []
    for each, core, dtype in zip(results, cores, dtypes, strict=True):
        result = np.asarray(each).astype(dtype, copy=False)
        if result.shape[result.ndim - len(core) :] != core:
            raise ChunkMismatch(
                f"{function.name} returned an array of shape {result.shape}, its core dimensions "
                f"are {core}"
            )
        found.append(result)
    return tuple(found) if several else found[0]


def call_blockwise(
    *operands: Any,
    function: UserCode,
    nesting: tuple[tuple[tuple[int, int], ...], ...],
    literals: tuple[tuple[int, Any], ...],
    join: bool,
    how: Words,
) -> NpArray:
    """A user's function of blocks; all blocks along contracted axes are nested lists, or joined."""
    given: list[Any] = []
    for operand, contracted in zip(operands, nesting, strict=True):
        if not contracted:
            given.append(operand)
            continue
        nested = _nested(list(operand), [count for _, count in contracted])
        given.append(_joined(nested, [axis for axis, _ in contracted]) if join else nested)
    for position, value in literals:
        given.insert(position, value)
    return np.asarray(function(*given, **dict(how)))


def _nested(blocks: list[Any], counts: list[int]) -> list[Any]:
    if len(counts) == 1:
        return blocks
    step = len(blocks) // counts[0]
    return [_nested(blocks[n * step : (n + 1) * step], counts[1:]) for n in range(counts[0])]


def _joined(nested: Any, axes: list[int]) -> NpArray:
    if len(axes) > 1:
        nested = [_joined(each, axes[1:]) for each in nested]
    return np.concatenate(nested, axis=axes[0])


def reduce_lines(
    block: NpArray, *, ufunc: np.ufunc, axis: int, how: tuple[tuple[str, Any], ...]
) -> NpArray:
    """A ufunc between the elements of each line along an axis, which is kept."""
    return np.asarray(ufunc.reduce(block, axis=axis, keepdims=True, **dict(how)))


def reduce_runs(
    block: NpArray, *, ufunc: np.ufunc, axis: int, places: tuple[int, ...], inside: Any
) -> NpArray:
    """A ufunc between the elements of each run of an axis."""
    at = np.asarray(places, np.intp)
    return np.asarray(ufunc.reduceat(block, at, axis=axis, dtype=inside))


@dataclass(frozen=True)
class BlockInfo:
    """A function that is told of its blocks by a keyword block_info, as Dask has it: by the number
    of each array, and by None for the result, a dictionary of their shapes and places.

    grids, dtypes: of the arrays; made, dtype: of the result.
    """

    function: Callable[..., Any]
    grids: tuple[Chunks, ...]
    dtypes: tuple[Any, ...]
    made: Chunks
    dtype: Any

    @property
    def __name__(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)

    def __call__(self, *blocks: Any, block_id: tuple[int, ...], **keywords: Any) -> Any:
        info: dict[int | None, dict[str, Any]] = {}
        kinds = zip(self.grids, self.dtypes, strict=True)
        for number, (grid, dtype) in enumerate(kinds):
            ahead = block_id[len(block_id) - len(grid) :]
            place = [0 if len(axis) == 1 else at for at, axis in zip(ahead, grid, strict=True)]
            info[number] = _facts(grid, tuple(place)) | {"dtype": dtype}
        if len(block_id) == len(self.made):
            facts = _facts(self.made, block_id)
            bounds = facts["array-location"]
            info[None] = facts | {
                "dtype": self.dtype,
                "chunk-shape": tuple(b - a for a, b in bounds),
            }
        return self.function(*blocks, block_info=info, **keywords)


def _facts(grid: Chunks, place: tuple[int, ...]) -> dict[str, Any]:
    ends = [offsets(axis) for axis in grid]
    return {
        "shape": tuple(map(sum, grid)),
        "num-chunks": tuple(map(len, grid)),
        "array-location": [(e[at], e[at + 1]) for e, at in zip(ends, place, strict=True)],
        "chunk-location": place,
    }
