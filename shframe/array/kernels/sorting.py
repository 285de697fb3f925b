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
    result.sort()
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


# what is added to q * n for the place of a quantile among n sorted values: R. Hyndman and Y. Fan,
# "Sample quantiles in statistical packages" (1996), by NumPy's names for their methods
SMOOTH = {
    "weibull": (0.0, 0.0),
    "hazen": (0.5, 0.5),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


def quantiles_of_runs(
    runs: Sequence[NpArray],
    *,
    shares: tuple[float, ...],
    method: str,
    skip_nan: bool,
    inside: Any,
    kind: Any,
) -> NpArray:
    """The values below which shares of the elements of sorted runs are, as numpy.quantile has them
    by a method. NaN where there is none, or not to be skipped.

    inside: the dtype in which is interpolated. kind: that of the result.
    """
    numbers = list(runs)
    if runs[0].dtype.kind == "f":
        numbers = [run[: np.searchsorted(run, np.nan)] for run in runs]
    count = sum(map(len, numbers))
    if not count or (not skip_nan and count < sum(map(len, runs))):
        return np.full(len(shares), np.nan, kind)
    below, above, share = _places_of(method, count, np.asarray(shares))
    wanted = runs[0].dtype if inside is None else inside
    low, high = (
        np.array([_of_rank(numbers, rank) for rank in np.clip(at, 0, count - 1).astype(int)])
        for at in (below, above)
    )
    low, high = low.astype(wanted), high.astype(wanted)
    if (below == above).all():
        return low.astype(kind)
    with np.errstate(all="ignore"):
        apart = high - low
        # as much of each share as the result's dtype holds
        part, rest = share.astype(kind), (1 - share).astype(kind)
        made = np.where(share >= 0.5, high - apart * rest, low + apart * part)
    return np.where(apart == 0, low, made).astype(kind)


def _places_of(method: str, count: int, part: NpArray) -> tuple[NpArray, NpArray, NpArray]:
    """The ranks between which quantiles are, and how far from the first to the second."""
    last = (count - 1) * part
    if method in ("lower", "higher", "nearest"):
        at = np.floor(last) if method == "lower" else np.ceil(last)
        at = np.around(last) if method == "nearest" else at
        return at, at, np.zeros(at.shape)
    if method in ("inverted_cdf", "closest_observation"):
        index = count * part - (1 if method == "inverted_cdf" else 1.5)
        at = np.floor(index)
        here = index == at
        if method == "closest_observation":  # of two as near the one with an even number
            here &= at % 2 == 1
        at = np.where(here, at, at + 1)
        return at, at, np.zeros(at.shape)
    if method == "midpoint":
        index = 0.5 * (np.floor(last) + np.ceil(last))
        share = np.where(index % 1 == 0, 0.0, 0.5)
    elif method == "averaged_inverted_cdf":
        index = count * part - 1
        share = np.where(index % 1 == 0, 0.5, 1.0)
    else:
        alpha, beta = SMOOTH.get(method, (1.0, 1.0))
        index = count * part + (alpha + part * (1 - alpha - beta)) - 1
        index = last if method == "linear" else index
        share = index - np.floor(index)
    below = np.floor(index)
    return below, below + 1, share


def _of_rank(runs: Sequence[NpArray], rank: int) -> Any:
    """The element of sorted runs that has a rank."""
    cuts = _cut_at(runs, rank)
    return min(run[at] for run, at in zip(runs, cuts, strict=True) if at < len(run))


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
