"""Kernels of sorting: sorted runs, where to cut them, and runs merged. Where indices are sorted
with the elements, equal ones keep their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from shframe.graph.tasks import result_buffer

NpArray = np.ndarray[Any, Any]
Pair = tuple[NpArray, NpArray]


def sort_block(block: NpArray, *, axis: int) -> NpArray:
    """A block sorted along an axis."""
    result: NpArray = result_buffer.empty(block.shape, block.dtype)
    np.copyto(result, block)
    result.sort(axis=axis)  # the fastest: equal elements cannot be told apart
    return result


def argsort_block(block: NpArray, *, axis: int) -> NpArray:
    """The indices that sort a block along an axis."""
    return np.argsort(block, axis=axis, kind="stable")


def sort_with_indices(block: NpArray, *, origin: tuple[int, ...]) -> Pair:
    """A sorted vector, and where its elements were in the whole one."""
    order = np.argsort(block, kind="stable")
    return block[order], order + origin[0]


def cut_runs(runs: Sequence[NpArray], *, ranks: tuple[int, ...]) -> NpArray:
    """Where to cut sorted runs so that as many elements as each rank says are before the cuts,
    none of them larger than one after: a row a rank. Of equal elements those of the first runs
    come first.

    Source: multisequence selection, P. Varman et al., "Merging multiple lists on hierarchical-
    memory multiprocessors" (1991). Cost: some log(n) searches a run for each rank.
    """
    found = np.empty((len(ranks), len(runs)), np.intp)
    for row, rank in enumerate(ranks):
        found[row] = _cut_at(runs, rank)
    return found


def _cut_at(runs: Sequence[NpArray], rank: int) -> NpArray:
    low = np.zeros(len(runs), np.intp)
    high = np.array([len(run) for run in runs], np.intp)
    if rank >= high.sum():
        return high
    while True:
        widest = int(np.argmax(high - low))
        pivot = runs[widest][(low[widest] + high[widest]) // 2]
        below = np.array([np.searchsorted(run, pivot, "left") for run in runs], np.intp)
        through = np.array([np.searchsorted(run, pivot, "right") for run in runs], np.intp)
        if below.sum() > rank:
            high = np.minimum(high, below)
        elif through.sum() < rank:
            low = np.maximum(low, through)
        else:
            rest = rank - int(below.sum())
            ahead = np.minimum(np.cumsum(through - below), rest)
            return below + np.diff(ahead, prepend=0)


def _row_of(ranks: tuple[int, ...], origin: tuple[int, ...]) -> int:
    return ranks.index(origin[0])


def merge_runs(
    runs: Sequence[NpArray],
    cuts: Sequence[NpArray],
    *,
    ranks: tuple[int, ...],
    origin: tuple[int, ...],
) -> NpArray:
    """The elements of sorted runs from one rank to the next, in order."""
    row = _row_of(ranks, origin)
    low, high = cuts[0][row], cuts[0][row + 1]
    result: NpArray = result_buffer.empty((int((high - low).sum()),), runs[0].dtype)
    np.concatenate([run[a:b] for run, a, b in zip(runs, low, high, strict=True)], out=result)
    # NumPy's stable sort finds the runs and merges them: 5 million in 4 runs take it 60 ms, and
    # the one that is the fastest for random numbers 560 ms
    result.sort(kind="stable")
    return result


def merge_indices(
    runs: Sequence[Pair],
    cuts: Sequence[NpArray],
    *,
    ranks: tuple[int, ...],
    origin: tuple[int, ...],
) -> NpArray:
    """Where the elements from one rank to the next were, in order of the elements."""
    row = _row_of(ranks, origin)
    bounds = list(zip(runs, cuts[0][row], cuts[0][row + 1], strict=True))
    order = np.argsort(np.concatenate([run[a:b] for (run, _), a, b in bounds]), kind="stable")
    return np.concatenate([indices[a:b] for (_, indices), a, b in bounds])[order]


def search_sorted(runs: Sequence[NpArray], values: NpArray, *, side: Any) -> NpArray:
    """Where values belong in a sorted vector, which is given in blocks.

    Sorted first, the values that belong into a block are neighbours, and each is searched for once.
    """
    order = np.argsort(values, axis=None)
    line = values.reshape(-1)[order]
    found = np.zeros(line.shape, np.intp)
    ends: Any = "right" if side == "left" else "left"  # of values outside the block
    for run in runs:
        if len(run):
            first, last = np.searchsorted(line, run[[0, -1]], ends)
            found[first:last] += np.searchsorted(run, line[first:last], side)
            found[max(first, last) :] += len(run)
    result: NpArray = result_buffer.empty(values.shape, np.dtype(np.intp))
    result.reshape(-1)[order] = found
    return result


def take_along_axis(
    blocks: Sequence[NpArray], indices: NpArray, *, axis: int, starts: tuple[int, ...]
) -> NpArray:
    """The elements of an axis, which is given in blocks, at indices of the same axes.

    Raises: IndexError beyond the ends.
    """
    length = starts[-1]
    wrong = (indices < -length) | (indices >= length)
    if wrong.any():
        raise IndexError(
            f"index {indices[wrong][0]} is out of bounds for axis {axis} with size {length}"
        )
    wanted = np.where(indices < 0, indices + length, indices).astype(np.intp)
    others = [max(a, b) for a, b in zip(blocks[0].shape, wanted.shape, strict=True)]
    others[axis] = wanted.shape[axis]
    result: NpArray = result_buffer.empty(tuple(others), blocks[0].dtype)
    for block, start in zip(blocks, starts, strict=False):
        there = (wanted >= start) & (wanted < start + block.shape[axis])
        if there.any():
            local = np.where(there, wanted - start, 0)
            np.copyto(result, np.take_along_axis(block, local, axis), where=there)
    return result


def is_in(block: NpArray, tests: Sequence[NpArray], *, invert: bool) -> NpArray:
    """Which elements are among others, which are given in blocks."""
    found = np.zeros(block.shape, np.bool_)
    for test in tests:
        found |= np.isin(block, test)
    return ~found if invert else found
