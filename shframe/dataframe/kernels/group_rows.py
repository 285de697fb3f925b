"""Rows of equal keys as groups: a small number for each row's group.

Where rows come in the order of their codes, each run of equal ones is a group. Where there are few
codes for the rows they are the numbers. Else the code of each row and its
place are packed into one number and sorted: NumPy sorts plain numbers four times as fast as it
finds the order of codes (benchmarks/bench_kernels.py), and the sort is stable. Of a hash there is
room for its upper bits only; the few keys of which these are equal are told apart afterwards.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from shframe.dataframe.kernels.key_codes import ALL, Codes, hash_bits

LEAST_DIRECT = 1 << 16  # so many codes are counted directly even for fewer rows
FIRST_LOOK = 1 << 10  # rows by which it is mostly seen that they are not in order


@dataclass(frozen=True)
class Groups:
    """The number of each row's group, below `total`; not all numbers need to be there.

    present: the numbers that are, in the order in which they appear; first: the rows where.
    """

    codes: Any
    total: int
    present: Any
    first: Any

    @functools.cached_property
    def sizes(self) -> Any:
        """How many rows have each number."""
        return np.bincount(self.codes, minlength=self.total)


def group_rows(codes: Codes) -> Groups:
    """The groups of rows with equal keys."""
    rows = len(codes.values)
    if not codes.proofs and is_in_order(codes.values):
        return _number_runs(codes.values)
    if codes.size <= max(LEAST_DIRECT, 2 * rows):
        return _number_directly(codes.values.astype(np.intp), codes.size)
    return _number_packed(codes)


def number_each(rows: int) -> Groups:
    """Each row as a group of its own."""
    numbers = np.arange(rows)
    return Groups(numbers, rows, numbers, numbers)


def is_in_order(values: Any) -> bool:
    """Whether none is less than the one before it; rows that are not are mostly found at once."""
    return all(bool((one[1:] >= one[:-1]).all()) for one in (values[:FIRST_LOOK], values))


def _number_runs(values: Any) -> Groups:
    begins = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    first = np.flatnonzero(begins)
    numbers = np.cumsum(begins, dtype=np.intp)
    numbers -= 1
    return Groups(numbers, len(first), np.arange(len(first)), first)


def _number_directly(codes: Any, total: int) -> Groups:
    first = np.full(total, -1, np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    present = np.flatnonzero(first >= 0)
    order = sorted_places(first[present])
    present = present[order]
    return Groups(codes, total, present, first[present])


def _number_packed(codes: Codes) -> Groups:
    """By sorting codes with places."""
    rows = len(codes.values)
    bits = max(rows - 1, 1).bit_length()
    hashed = codes.size > ALL >> bits
    values = hash_bits(codes.values) >> np.uint64(bits) if hashed else codes.values
    order, starts = sort_packed(values, bits)
    numbers = _number_sorted(order, starts)
    proofs = codes.proofs or ((codes.values,) if hashed else ())
    first = order[starts]
    if not all(bool((proof == proof[first][numbers]).all()) for proof in proofs):
        starts = _part_unequal(proofs, order, starts)
        numbers, first = _number_sorted(order, starts), order[starts]
    present = sorted_places(first)
    return Groups(numbers, len(first), present, first[present])


def _number_sorted(order: Any, starts: Any) -> Any:
    """The number of each row's run, where rows in this order have runs that begin there."""
    steps = np.zeros(len(order), np.intp)
    steps[starts[1:]] = 1
    np.cumsum(steps, out=steps)
    numbers = np.empty(len(order), np.intp)
    numbers[order] = steps
    return numbers


def sort_packed(values: Any, bits: int) -> tuple[Any, Any]:
    """(rows in the order of their values, where each value begins); places take `bits` bits."""
    rows = len(values)
    packed = values << np.uint64(bits)
    packed |= np.arange(rows, dtype=np.uint64)
    packed.sort()
    order = (packed & np.uint64((1 << bits) - 1)).astype(np.intp)
    packed >>= np.uint64(bits)
    starts = np.flatnonzero(packed[1:] != packed[:-1]) + 1
    return order, np.concatenate([np.zeros(min(rows, 1), np.intp), starts])


def _part_unequal(proofs: tuple[Any, ...], order: Any, starts: Any) -> Any:
    """Where each key begins, of which several may have one hash; their rows are put in order."""
    rows = len(order)
    follows = np.ones(rows, bool)
    follows[starts] = False
    places = np.flatnonzero(follows)
    one, other = order[places], order[places - 1]
    differ = np.zeros(len(places), bool)
    for proof in proofs:
        differ |= proof[one] != proof[other]
    met = np.unique(np.searchsorted(starts, places[differ], side="right") - 1)
    ends = np.append(starts, rows)
    sizes = ends[met + 1] - starts[met]
    runs = np.repeat(met, sizes)
    places = np.arange(len(runs)) + np.repeat(starts[met] - np.cumsum(sizes) + sizes, sizes)
    among = order[places]
    keys = [proof[among] for proof in proofs]
    again = np.lexsort([among, *keys, runs])
    order[places] = among[again]
    parts = np.zeros(len(runs), bool)
    for key in (runs, *keys):
        parts[1:] |= key[again][1:] != key[again][:-1]
    follows[places[parts]] = False
    return np.flatnonzero(~follows)


def sorted_places(numbers: Any) -> Any:
    """The order of different numbers from 0 on, as argsort gives it."""
    count = len(numbers)
    bits = max(count - 1, 1).bit_length()
    if not count or int(numbers.max()) >> (63 - bits):
        return np.argsort(numbers, kind="stable")
    packed = (numbers.astype(np.int64) << bits) | np.arange(count)
    packed.sort()
    return packed & ((1 << bits) - 1)
