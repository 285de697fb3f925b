"""Kernels of quantiles of all elements: of a vector in blocks those of some ranks are found without
sorting it.

A sample of the blocks says between which two values an element of a rank is, nearly for sure. Each
block counts what is below them and returns what is between; where the sample was wrong, the
element is searched for in all blocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from shframe.array.kernels.tiles import TILE

NpArray = np.ndarray[Any, Any]
Sample = tuple[NpArray, int]  # some numbers in order, and how many numbers the block has
Between = tuple[NpArray, NpArray]  # of each pair of bounds the counts, and all that is between

MANY = 8  # pairs of bounds: a block is sorted for more of them in the time of so many passes
DRAWN = 1000  # elements of each block of which one is tried
SURE = 6  # standard deviations of a rank in a sample: one of a thousand million is further off

# what is added to q * n for the place of a quantile among n sorted values: R. Hyndman and Y. Fan,
# "Sample quantiles in statistical packages" (1996), by NumPy's names for their methods
SMOOTH = {
    "weibull": (0.0, 0.0),
    "hazen": (0.5, 0.5),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


def sample_block(block: NpArray, *, share: float, origin: tuple[int, ...]) -> Sample:
    """Some of a block's numbers in order, and how many it has; NaN is none. The same ones in each
    run."""
    floats = block.dtype.kind == "f"
    count = len(block)
    if floats:
        count -= sum(int(np.count_nonzero(np.isnan(tile))) for tile in _tiles(block))
    size = math.ceil(share * len(block))
    if size < len(block):
        at = np.random.default_rng(origin[0]).integers(0, len(block), size)
        found = block[at]
    else:
        found = block
    found = found[~np.isnan(found)] if floats else found
    return np.sort(found), count


def bound_ranks(
    samples: Sequence[Sample], *, shares: tuple[float, ...], method: str, kind: Any
) -> NpArray:
    """Two values for each share, between which the elements of its ranks are nearly for sure."""
    sample = np.sort(np.concatenate([found for found, _ in samples]))
    count = sum(number for _, number in samples)
    ends = _ends_of(kind)
    bounds = np.empty((len(shares), 2), kind)
    bounds[:] = ends
    if not len(sample):
        return bounds
    below, above, _ = places_of(method, count, np.asarray(shares))
    for n, ranks in enumerate(zip(below, above, strict=True)):
        for side, rank in enumerate(ranks):
            part = min(max((rank + 0.5) / count, 0.0), 1.0)
            off = SURE * math.sqrt(len(sample) * part * (1 - part)) + 2
            at = math.floor(part * len(sample) + (off if side else -off))
            if 0 <= at < len(sample):
                bounds[n, side] = sample[at]
    return bounds


def _ends_of(kind: Any) -> tuple[Any, Any]:
    if np.dtype(kind).kind == "f":
        return -np.inf, np.inf
    return np.iinfo(kind).min, np.iinfo(kind).max


def take_between(block: NpArray, bounds: Sequence[NpArray]) -> Between:
    """For each pair of bounds how many elements are below the first, equal to it, between, and
    equal to the second; and all those that are between, one pair after the other."""
    line = np.sort(block) if len(bounds[0]) > MANY else None
    made = [
        _between(block, low, high) if line is None else _between_sorted(line, low, high)
        for low, high in bounds[0]
    ]
    counts = np.array([each for each, _ in made], np.int64).reshape(-1, 4)
    return counts, np.concatenate([block[:0], *(part for _, values in made for part in values)])


def _between(block: NpArray, low: Any, high: Any) -> tuple[list[int], list[NpArray]]:
    """Counts and elements for one pair of bounds, by a pass over the block."""
    counts = [0, 0, 0, 0]
    found = []
    for tile in _tiles(block):
        less = tile < low
        counts[0] += int(np.count_nonzero(less))
        # `less` is false for NaN, and so is this
        inside = tile[np.greater(tile <= high, less)]
        counts[1] += int(np.count_nonzero(inside == low))
        if high > low:
            counts[3] += int(np.count_nonzero(inside == high))
            inside = inside[(inside > low) & (inside < high)]
            counts[2] += len(inside)
            found.append(inside)
    return counts, found


def _between_sorted(line: NpArray, low: Any, high: Any) -> tuple[list[int], list[NpArray]]:
    """The same of a block in order."""
    a, b = np.searchsorted(line, low, "left"), np.searchsorted(line, low, "right")
    if low == high:
        return [int(a), int(b - a), 0, 0], []
    c, d = np.searchsorted(line, high, "left"), np.searchsorted(line, high, "right")
    return [int(a), int(b - a), int(c - b), int(d - c)], [line[b:c]]


def _tiles(block: NpArray) -> Iterator[NpArray]:
    for start in range(0, len(block), TILE):
        yield block[start : start + TILE]


def quantiles_between(
    blocks: Sequence[NpArray],
    samples: Sequence[Sample],
    bounds: Sequence[NpArray],
    parts: Sequence[Between],
    *,
    shares: tuple[float, ...],
    method: str,
    skip_nan: bool,
    inside: Any,
    kind: Any,
) -> NpArray:
    """The values below which shares of the elements are, as numpy.quantile has them by a method.
    NaN where there is none, or not to be skipped.

    inside: the dtype in which is interpolated; None: that of the blocks. kind: that of the result.
    """
    count = sum(number for _, number in samples)
    if not count or (not skip_nan and count < sum(map(len, blocks))):
        return np.full(len(shares), np.nan, kind)
    below, above, share = places_of(method, count, np.asarray(shares))
    found = np.empty((2, len(shares)), blocks[0].dtype)
    for n, ranks in enumerate(zip(below, above, strict=True)):
        between = _join(parts, n)
        for side, rank in enumerate(ranks):
            at = int(np.clip(rank, 0, count - 1))
            found[side, n] = _pick(blocks, between, bounds[0][n], at)
    low, high = found.astype(inside) if inside is not None else found
    if (below == above).all():
        return low.astype(kind)
    with np.errstate(all="ignore"):
        apart = high - low
        # as much of each share as the result's dtype holds
        part, rest = share.astype(kind), (1 - share).astype(kind)
        made = np.where(share >= 0.5, high - apart * rest, low + apart * part)
        if inside is not None:  # the mean of two, where numpy.quantile has NaN of infinite ones
            made = np.where(np.isfinite(apart), made, np.where(share == 0, low, low + high))
    return np.where(apart == 0, low, made).astype(kind)


def _join(parts: Sequence[Between], number: int) -> Between:
    """The counts of all blocks for a pair of bounds, and what is between."""
    counts = np.sum([each[number] for each, _ in parts], axis=0)
    found = []
    for each, values in parts:
        start = int(each[:number, 2].sum())
        found.append(values[start : start + int(each[number, 2])])
    return counts, np.concatenate(found)


def _pick(blocks: Sequence[NpArray], between: Between, bounds: NpArray, rank: int) -> Any:
    """The element of a rank."""
    (less, first, middle, last), values = between
    at = rank - int(less)
    if 0 <= at < first:
        return bounds[0]
    if 0 <= at - first < middle:
        return np.partition(values, at - int(first))[at - int(first)]
    if 0 <= at - first - middle < last:
        return bounds[1]
    return search_rank(blocks, rank)


def search_rank(blocks: Sequence[NpArray], rank: int) -> Any:
    """The element of a rank, found by what is less than one that is drawn, again and again."""
    rng = np.random.default_rng(rank)
    low = high = None  # it is strictly between them
    while True:
        drawn = _draw(blocks, low, high, rng)
        pivot = np.sort(drawn)[len(drawn) // 2]
        counts = [_between(block, pivot, pivot)[0] for block in blocks]
        less, equal = (sum(each[n] for each in counts) for n in (0, 1))
        if less <= rank < less + equal:
            return pivot
        if rank < less:
            high = pivot
        else:
            low = pivot


def _draw(blocks: Sequence[NpArray], low: Any, high: Any, rng: np.random.Generator) -> NpArray:
    """Some elements between two values, of which there are some; NaN is none."""
    for some in (True, False):
        found = []
        for block in filter(len, blocks):
            part = block[rng.integers(0, len(block), DRAWN)] if some else block
            part = part[part == part]
            part = part if low is None else part[part > low]
            part = part if high is None else part[part < high]
            found.append(rng.permutation(part)[:DRAWN])
        joined = np.concatenate(found)
        if len(joined):
            break
    return joined


def places_of(method: str, count: int, part: NpArray) -> tuple[NpArray, NpArray, NpArray]:
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
