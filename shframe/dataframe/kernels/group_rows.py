"""Rows of equal keys as groups: a small number for each row's group.

Where rows come in the order of their codes, each run of equal ones is a group. Where there are few
codes for the rows they are the numbers. Else rows find each other in a hash table, all of them at
once: four passes of NumPy and a few more of the rows whose slot another key has, which together
take a third of the time of sorting them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from shframe.dataframe.kernels.key_codes import Codes, hash_bits

LEAST_DIRECT = 1 << 16  # so many codes are counted directly even for fewer rows
FIRST_LOOK = 1 << 10  # rows by which it is mostly seen that they are not in order
DRAWN = 1 << 12  # rows by which the number of keys is guessed
CLOSE = 9  # numbers to a row up to which different ones are put into an array
LEAST_BITS, MOST_BITS = 10, 23  # of a table's slots: the largest one takes 32 MB


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

    @property
    def of_one(self) -> bool:
        """Whether each row is a group of its own."""
        return len(self.first) == len(self.codes)

    def take_first(self, column: Any) -> Any:
        """The values of an Arrow column in the first row of each group."""
        return column if self.of_one else column.take(pa.array(self.first))


def group_rows(codes: Codes) -> Groups:
    """The groups of rows with equal keys."""
    rows = len(codes.values)
    if not codes.proofs and is_in_order(codes.values):
        return _number_runs(codes.values)
    if codes.size <= max(LEAST_DIRECT, 2 * rows):
        return _number_directly(codes.values.view(np.intp), codes.size)
    return _number_hashed(codes)


def number_rows(codes: Codes) -> tuple[Any, int]:
    """(a number of each row that rows of equal keys share, what all numbers are below)."""
    if not codes.proofs and codes.size <= max(LEAST_DIRECT, 2 * len(codes.values)):
        return codes.values.view(np.intp), codes.size
    groups = group_rows(codes)
    return groups.codes, groups.total


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
    sizes = np.bincount(codes, minlength=total)
    there = np.flatnonzero(sizes)
    first = np.full(total, -1)
    stop = FIRST_LOOK + 32 * len(there)  # rows among which each code is likely to be
    for rows in (min(stop, len(codes)), len(codes)):
        first[codes[:rows][::-1]] = np.arange(rows - 1, -1, -1)
        if rows == len(codes) or (first[there] >= 0).all():
            break
    order = sorted_places(first[there])
    present = there[order]
    made = Groups(codes, total, present, first[present])
    made.__dict__["sizes"] = sizes
    return made


def _number_hashed(codes: Codes) -> Groups:
    """By tables in which the first row of each slot stands for its key.

    Rows that equal it are its group; the others look into the next table by other bits. All rows of
    a key share their slots, so a round settles whole keys: one for each slot that is used.
    """
    bits = codes.values if codes.proofs else hash_bits(codes.values)  # what has proofs is a hash
    rows = np.arange(len(bits), dtype=np.int32 if len(bits) < 1 << 31 else np.int64)
    settled, width = rows.copy(), MOST_BITS  # the first row of each row's key
    left: Any = slice(None)
    while len(bits):
        width = min(width, _slot_bits(bits))
        found = _find_first(bits, rows, width)
        settled[left] = found
        other = found != rows
        if np.count_nonzero(other) < len(rows) // 2:
            among = np.flatnonzero(other)
            other[among] = _differ(codes, found[among], rows[among])
        else:
            other = _differ(codes, found, left)
        rows = left = rows[other]
        bits = hash_bits(bits[other])
    return _number_firsts(settled)


def _differ(codes: Codes, one: Any, other: Any) -> Any:
    """Whether rows have different keys, (rows,) bool."""
    differ = np.zeros(len(one), bool)
    for values in codes.proofs or (codes.values,):
        differ |= values[one] != values[other]
    return differ


def _find_first(bits: Any, rows: Any, width: int) -> Any:
    """For each row the first one of the same upper bits."""
    slots = (bits >> np.uint64(64 - width)).view(np.int64)
    table = np.empty(1 << width, rows.dtype)
    table[slots[::-1]] = rows[::-1]  # of several the last one stays
    return table[slots]


def _slot_bits(bits: Any) -> int:
    """Bits that give most keys a slot of their own, by pairs of equal ones among some of them."""
    rows = len(bits)
    drawn = np.sort(bits[:: max(rows // DRAWN, 1)])
    pairs = int(np.count_nonzero(drawn[1:] == drawn[:-1]))
    keys = min(len(drawn) ** 2 // (2 * pairs), rows) if pairs else rows
    return min(max((4 * keys).bit_length(), LEAST_BITS), MOST_BITS)


def _number_firsts(settled: Any) -> Groups:
    """Groups of rows, numbered as they appear, by the first row of each row's group."""
    begins = np.zeros(len(settled), bool)
    begins[settled] = True
    first = np.flatnonzero(begins)
    numbers = np.cumsum(begins, dtype=np.intp)
    numbers -= 1
    return Groups(numbers[settled], len(first), np.arange(len(first)), first)


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


def sorted_places(numbers: Any) -> Any:
    """The order of numbers from 0 on, equal ones as they are: a stable argsort.

    Cost: of different numbers that are near each other three passes, else a sort.
    """
    count = len(numbers)
    largest = int(numbers.max()) if count else 0
    if count <= largest + 1 <= CLOSE * count:
        rows: Any = np.full(largest + 1, -1, np.int32 if count < 1 << 31 else np.int64)
        rows[numbers] = np.arange(count, dtype=rows.dtype)
        found = np.flatnonzero(rows >= 0)
        if len(found) == count:
            return rows[found].astype(np.intp)
    bits = max(count - 1, 1).bit_length()
    if largest >> (63 - bits):
        return np.argsort(numbers, kind="stable")
    packed = (numbers.astype(np.int64) << bits) | np.arange(count)
    packed.sort()
    return packed & ((1 << bits) - 1)
