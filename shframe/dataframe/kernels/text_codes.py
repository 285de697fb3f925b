"""Strings as numbers: their bytes, eight at once as one uint64.

Where few different bytes stand at each place, as in identifiers, a string is a number whose digits
are the bytes' distances from the smallest one there: equal only for equal strings, and in their
order. Digits are put together in pairs, then pairs, then fours (Lamport, "Multiple byte processing
with full-word instructions", 1975).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

BLOCK = 1 << 14  # numbers that are worked on while they are in the cache
LONGEST = 32  # bytes of a string that may be a number
MOST = 1 << 64  # numbers that there are
SIDE = 1 << 9  # strings whose bytes lie beside each other while the smallest ones are found

_LOWER = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # masks of n bytes
# shift, and mask of the digits that go before those that are as far above them
_STEPS = ((8, 0x00FF00FF00FF00FF), (16, 0x0000FFFF0000FFFF), (32, 0x00000000FFFFFFFF))


def offsets_of(array: Any) -> Any:
    """Where each string begins, and the last one ends."""
    width = np.int64 if pa.types.is_large_string(array.type) else np.int32
    whole = np.frombuffer(array.buffers()[1], width)
    return whole[array.offset : array.offset + len(array) + 1]


def lengths_of(array: Any) -> Any:
    """The bytes of each string, (rows,) int64; of a missing one 0."""
    lengths = np.diff(offsets_of(array)).astype(np.int64)
    if array.null_count:
        lengths[array.is_null().to_numpy(zero_copy_only=False)] = 0
    return lengths


def read_words(array: Any, lengths: Any) -> Iterator[tuple[Any, Any]]:
    """All bytes of the strings, eight at once: (rows of strings that go on there, uint64 of each).

    The last eight of a string that is longer end with it, so that nothing is filled up.
    """
    least, most = (int(lengths.min()), int(lengths.max())) if len(lengths) else (0, 0)
    if not most:
        return
    if least == most >= 8:
        for place in (*range(0, most - 8, 8), most - 8):
            yield slice(None), _read_at(array, most, place)
        return
    yield slice(None), _read_filled(array, lengths, 0)
    begins, raw = offsets_of(array)[:-1], np.frombuffer(array.buffers()[2], np.uint8)
    for place in range(8, most, 8):
        rows = np.flatnonzero(lengths > place)
        seen = np.ndarray((len(raw) - 7,), "<u8", raw, strides=(1,))
        yield rows, seen[begins[rows] + np.minimum(lengths[rows] - 8, place)]


def number_strings(array: Any, lengths: Any) -> tuple[Any, int] | None:
    """(a number of each string, all numbers are below); None where 64 bits do not hold them.

    Numbers are in the order of the strings; that of a missing one is of no meaning.
    Cost: about 6 ns for eight bytes of a string.
    """
    rows = len(lengths)
    if not rows or int(lengths.max()) > LONGEST:
        return None
    drawn = np.linspace(0, rows - 1, min(rows, SIDE)).astype(np.int64)
    some = array.take(pa.array(drawn))
    if rows > len(drawn) and _number(some, lengths[drawn]) is None:
        return None  # those of all strings take no fewer
    return _number(array, lengths)


def _number(array: Any, lengths: Any) -> tuple[Any, int] | None:
    least, most = int(lengths.min()), int(lengths.max())
    values, total = np.zeros(len(lengths), np.uint64), 1
    for place in range(0, most, 8):
        words = _read_digits(array, lengths, least == most, place)
        size = _join_digits(words)
        total *= size
        if total > MOST:
            return None
        if place:
            values *= np.uint64(size % MOST)  # a size of all numbers comes alone
        values += words
    if least == most:
        return values, total
    total *= most - least + 1  # of strings that are alike but for zeros at their ends
    if total > MOST:
        return None
    values *= np.uint64(most - least + 1)
    values += (lengths - least).astype(np.uint64)
    return values, total


def _read_digits(array: Any, lengths: Any, alike: bool, place: int) -> Any:
    """Eight bytes of each string from a place on, fewer as the last ones of the eight."""
    most = int(lengths.max())
    if not alike or most < 8:
        words = _read_filled(array, lengths, place)
        if most - place < 8:
            words <<= np.uint64(8 * (8 - most + place))
        return words
    begin = min(place, most - 8)
    words = _read_at(array, most, begin)
    if begin < place:
        words &= ~_LOWER[place - begin]
    return words


def _join_digits(words: Any) -> int:
    """Make numbers of words, from 0 on, in place; how many there may be."""
    low, high = _bounds_of_bytes(words)
    base = int((high - low).max()) + 1
    smallest = np.uint64(int.from_bytes(low.tobytes(), "little"))
    for start in range(0, len(words), BLOCK):
        block = words[start : start + BLOCK]
        block -= smallest  # no byte is less than its smallest, so none borrows
        unit = base
        for shift, mask in _STEPS:
            upper = block >> np.uint64(shift)
            upper &= np.uint64(mask)
            block &= np.uint64(mask)
            block *= np.uint64(unit)
            block += upper
            unit *= unit
    first, last = words.min(), words.max()
    words -= first
    return int(last) - int(first) + 1


def _bounds_of_bytes(words: Any) -> tuple[Any, Any]:
    """The smallest and the largest byte at each of eight places, (8,) int16 each."""
    whole = len(words) // SIDE * SIDE
    found = []
    for reduce in (np.minimum.reduce, np.maximum.reduce):
        parts = [words[whole:].view(np.uint8).reshape(-1, 8)]
        if whole:
            beside = reduce(words[:whole].view(np.uint8).reshape(-1, 8 * SIDE), axis=0)
            parts.append(beside.reshape(-1, 8))
        found.append(reduce(np.concatenate(parts), axis=0))
    return found[0], found[1]


def _read_at(array: Any, length: int, place: int) -> Any:
    """Eight bytes from a place on of strings of one length, which all have them."""
    start = int(offsets_of(array)[0]) + place
    return np.ndarray((len(array),), "<u8", array.buffers()[2], start, (length,)).copy()


def _read_filled(array: Any, lengths: Any, place: int) -> Any:
    """Up to eight bytes of each string from a place on, filled up with zeros, the first lowest."""
    begins = offsets_of(array)[:-1] + place
    data = array.buffers()[2]
    raw = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    if len(raw) < 8:
        raw = np.concatenate([raw, np.zeros(8, np.uint8)])
    seen = np.ndarray((len(raw) - 7,), "<u8", raw, strides=(1,))
    last = len(seen) - 1
    # a string that ends near the end of the buffer is read with what is before it
    late = np.flatnonzero(begins > last)
    words = seen[np.minimum(begins, last) if len(late) else begins]
    words[late] >>= (8 * np.minimum(begins[late] - last, 7)).astype(np.uint64)
    words &= _LOWER[np.clip(lengths - place, 0, 8)]
    return words
