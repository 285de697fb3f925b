"""The keys of one side of a join, made ready once and looked up by every partition of the other.

Keys become one code each (key_codes.py). Where the codes are dense for the number of rows, a code
is the place in an array; else codes stand in an open-addressing table (Knuth 6.4, linear probing)
at most half full. Both are a few NumPy arrays, which workers read in place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe.kernels.group_rows import LEAST_DIRECT, group_rows, sorted_places
from shframe.dataframe.kernels.key_codes import ALL, Codes, code_column, hash_bits, key_array

DENSE = 8  # codes to a row up to which a code is the place in an array
SPARSE = 64  # the same where there is room for such an array
FEW_CODES = 1 << 20  # with so few there is an array, however few rows there are, in that room
ABSENT = -1


class Matches(NamedTuple):
    """Row numbers of the left and right side for each row of the result; -1 is none.

    None in place of the numbers: every row once, in order.
    """

    left: Any
    right: Any


class Coder(NamedTuple):
    """How one key is coded: by distance from `low`, by its place among `words`, or as a float."""

    size: int
    null: int | None
    low: int = 0
    words: Any = None
    is_float: bool = False


class KeyTable(NamedTuple):
    """Keys by code.

    slots: the number of each code, or of each slot of the hash table; -1 where there is none.
    codes: the code of each number, in a hash table.
    starts, order: rows of number n are order[starts[n]:starts[n + 1]]; None: the numbers are rows.
    """

    coders: tuple[Coder, ...]
    slots: Any
    codes: Any
    starts: Any
    order: Any


def build_table(keys: Sequence[Any], room: int = 0) -> KeyTable | None:
    """The look-up of these key columns; None where their types or ranges have no code.

    room: bytes that an array of few rows may take.
    """
    made = [_fit(key_array(key)) for key in keys]
    if any(one is None for one in made):
        return None
    rows, size = len(keys[0]), math.prod(coder.size for coder, _ in made)
    if size > ALL or rows >= 1 << 31:
        return None
    values = _mix([(coder, codes) for coder, codes in made])
    coders = tuple(coder for coder, _ in made)
    if size <= max(LEAST_DIRECT, DENSE * rows, min(max(SPARSE * rows, FEW_CODES), room // 4)):
        return _build_direct(coders, values.astype(np.intp), size)
    return _build_hashed(coders, values)


def _mix(parts: Sequence[tuple[Coder, Any]]) -> Any:
    """The codes of all keys as one, in mixed radix."""
    values = parts[0][1]
    for coder, codes in parts[1:]:
        values = values * np.uint64(coder.size % ALL) + codes  # of ALL codes there is one key
    return values


def _fit(array: Any) -> Any:
    """(coder, codes) of one key; None where its type has none."""
    kind, types = array.type, pa.types
    if types.is_string(kind) or types.is_large_string(kind):
        array = array.dictionary_encode()
        kind = array.type
    if types.is_dictionary(kind):
        words = pc.unique(array.dictionary.drop_null())
        coder = Coder(len(words) + 1, len(words), words=words)
        return coder, _encode(coder, array)[0]
    codes = code_column(array, np.dtype("f8"), False)  # a NaN is a missing key
    if codes is None:
        return None
    if types.is_floating(kind):
        return Coder(ALL, codes.null, is_float=True), codes.values
    known = array.drop_null() if array.null_count else array
    low = _lowest(known)
    return Coder(codes.size, codes.null, low), codes.values


def _lowest(array: Any) -> int:
    numbers = _integers(array)
    return int(numbers.min()) if len(numbers) else 0


def _integers(array: Any) -> Any:
    """Integers, times and booleans without gaps as NumPy's integers."""
    kind = array.type
    if pa.types.is_boolean(kind):
        array = array.cast(pa.uint8())
    elif pa.types.is_temporal(kind):
        array = array.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    return array.to_numpy()


def _build_direct(coders: tuple[Coder, ...], codes: Any, size: int) -> KeyTable:
    rows = len(codes)
    slots = np.full(size, ABSENT, np.int32)
    slots[codes] = np.arange(rows, dtype=np.int32)
    if np.count_nonzero(slots >= 0) == rows:
        return KeyTable(coders, slots, None, None, None)
    sizes = np.bincount(codes, minlength=size)
    present = sizes > 0
    slots[present] = np.arange(np.count_nonzero(present), dtype=np.int32)
    return KeyTable(coders, slots, None, _starts(sizes[present]), sorted_places(codes))


def _starts(sizes: Any) -> Any:
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def _build_hashed(coders: tuple[Coder, ...], values: Any) -> KeyTable:
    groups = group_rows(Codes(values, ALL))
    known = values[groups.first]
    slots = _fill_slots(known)
    if len(known) == len(values):
        return KeyTable(coders, slots, known, None, None)
    numbers = np.empty(groups.total, np.int64)
    numbers[groups.present] = np.arange(len(known))
    of_rows = numbers[groups.codes]
    starts = _starts(np.bincount(of_rows, minlength=len(known)))
    return KeyTable(coders, slots, known, starts, sorted_places(of_rows))


def _fill_slots(known: Any) -> Any:
    """An open-addressing table of different codes: in rounds, each of which sets what it can."""
    bits = max(len(known) * 2 - 1, 1).bit_length() + 1
    slots = np.full(1 << bits, ABSENT, np.int32)
    pending = np.arange(len(known), dtype=np.int32)
    place = (hash_bits(known) >> np.uint64(64 - bits)).astype(np.intp)
    while len(pending):
        free = slots[place] == ABSENT
        slots[place[free]] = pending[free]
        left = slots[place] != pending
        pending, place = pending[left], (place[left] + 1) & ((1 << bits) - 1)
    return slots


# --- looking up ---------------------------------------------------------------------------


def look_up(table: KeyTable, keys: Sequence[Any], how: str) -> Matches:
    """The rows of the table that belong to each row of the keys, in the order of these.

    how: "inner" drops rows that have none, "left" keeps them with a -1.
    """
    numbers = _numbers_of(table, [key_array(key) for key in keys])
    if table.starts is None:
        if how == "left" or not len(numbers) or numbers.min() >= 0:
            return Matches(None, numbers)
        here = np.flatnonzero(numbers >= 0)
        return Matches(here, numbers[here])
    found = numbers >= 0
    begins = table.starts[numbers]
    counts = np.where(found, table.starts[numbers + 1] - begins, 1 if how == "left" else 0)
    left = np.repeat(np.arange(len(numbers)), counts)
    within = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
    places = np.where(found, begins, 0)[left] + within
    right = table.order[places] if len(table.order) else np.zeros(len(places), np.intp)
    if how == "left" and not found.all():
        right = np.where(found[left], right, ABSENT)
    return Matches(left, right)


def _numbers_of(table: KeyTable, keys: list[Any]) -> Any:
    """The number of each row's code, (rows,) int64; -1 where the table does not have it."""
    parts, absent = [], None
    for coder, key in zip(table.coders, keys, strict=True):
        codes, lost = _encode(coder, key)
        parts.append((coder, codes))
        if lost is not None:
            absent = lost if absent is None else absent | lost
    values = _mix(parts)
    if table.codes is None:
        if absent is not None:
            values[absent] = 0
        numbers = table.slots[values.astype(np.intp)].astype(np.int64)
    else:
        numbers = _probe(table, values)
    if absent is not None:
        numbers[absent] = ABSENT
    return numbers


def _probe(table: KeyTable, values: Any) -> Any:
    bits = len(table.slots).bit_length() - 1
    place = (hash_bits(values) >> np.uint64(64 - bits)).astype(np.intp)
    numbers = table.slots[place].astype(np.int64)
    if not len(table.codes):
        return numbers
    open_ = np.flatnonzero((numbers >= 0) & (table.codes[numbers] != values))
    while len(open_):
        place[open_] = (place[open_] + 1) & (len(table.slots) - 1)
        found = table.slots[place[open_]].astype(np.int64)
        numbers[open_] = found
        other = (found >= 0) & (table.codes[found] != values[open_])
        open_ = open_[other]
    return numbers


def _encode(coder: Coder, array: Any) -> tuple[Any, Any]:
    """(codes, where a key is none of the table's or None); those have any code."""
    if coder.words is not None:
        return _encode_words(coder, array)
    if coder.is_float:
        made = code_column(array, np.dtype("f8"), False)
        assert made is not None, "a float has a code"
        if made.null is None or coder.null is not None:
            return made.values, None
        return made.values, made.values == np.uint64(made.null)
    missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if missing is not None:
        array = array.fill_null(pa.scalar(0).cast(array.type))
    numbers = _integers(array)
    wide = numbers if numbers.dtype == np.uint64 else numbers.astype(np.int64).view(np.uint64)
    codes = wide - np.uint64(coder.low % ALL)
    known = coder.size - (coder.null is not None)
    absent = codes >= np.uint64(known) if known < ALL else np.zeros(len(codes), bool)
    if numbers.dtype == np.uint64 and coder.low < 0:
        absent |= numbers >= np.uint64(1 << 63)
    if missing is not None:
        if coder.null is not None:
            codes[missing] = coder.null
            absent &= ~missing
        else:
            absent |= missing
    return codes, absent if absent.any() else None


def _encode_words(coder: Coder, array: Any) -> tuple[Any, Any]:
    kind = coder.words.type
    if pa.types.is_dictionary(array.type):
        words = pc.index_in(array.dictionary.cast(kind), value_set=coder.words)
        places = words.take(array.indices)
    else:
        places = pc.index_in(array.cast(kind), value_set=coder.words)
    missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    lost = places.is_null().to_numpy(zero_copy_only=False) if places.null_count else None
    codes = places.fill_null(0).to_numpy().astype(np.uint64)
    if missing is None:
        return codes, lost
    codes[missing] = coder.null
    lost = lost & ~missing
    return codes, lost if lost.any() else None
