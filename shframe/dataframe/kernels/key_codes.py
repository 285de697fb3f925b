"""Keys as numbers: for each row one uint64, in the order of the keys, that is the same for equal
keys. Groups, joins and sorts work on these, whatever the columns are.

Integers and times are distances from the smallest one, dictionaries the places of their words,
floats their bits, text the number whose digits are its bytes. Several keys go in mixed radix.
Where that does not fit into 64 bits the codes are hashes, and `proofs` are what rows of equal
codes must agree in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe.kernels.text_codes import (
    BLOCK,
    LONGEST,
    lengths_of,
    number_strings,
    read_words,
)

ALL = 1 << 64  # how many codes there can be
FEW_TEXTS = 4096  # rows that are looked up without a sample
SAMPLE = 1024  # rows by which it is decided whether strings repeat

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: multiplicative hashing (Knuth 6.4)
_LEAST = np.int64(-1 << 63)


class Codes(NamedTuple):
    """A uint64 for each row, all below `size`; proofs: none where equal codes are equal keys.

    null: the code of a missing key; None: nothing is missing.
    """

    values: Any
    size: int
    null: int | None = None
    proofs: tuple[Any, ...] = ()


def code_keys(keys: Sequence[Any], dtypes: Sequence[Any]) -> Codes | None:
    """Codes of rows by the values of all keys, in pandas' dtypes; None where one is not known."""
    parts = []
    for key, dtype in zip(keys, dtypes, strict=True):
        part = code_column(key, dtype, False)
        if part is None:
            return None
        parts.append(part)
    return mix_codes(parts)


def mix_codes(parts: Sequence[Codes]) -> Codes:
    """The codes of several keys as one; which of them is missing is not told any more."""
    if len(parts) == 1:
        return parts[0]
    total = 1
    for part in parts:
        total *= part.size
    if total <= ALL and not any(part.proofs for part in parts):
        values = parts[0].values
        for part in parts[1:]:
            values = values * np.uint64(part.size % ALL) + part.values
        return Codes(values, total)
    proofs: list[Any] = []
    values = np.zeros(len(parts[0].values), np.uint64)
    for part in parts:
        _stir_in(values, part.values, slice(None))
        proofs.extend(part.proofs or (part.values,))
    return Codes(values, ALL, None, tuple(proofs))


def hash_bits(bits: Any) -> Any:
    """uint64 bits stirred, so that near ones lie far apart in their upper bits."""
    mixed = bits.copy()
    _stir(mixed)
    return mixed


def _stir(bits: Any) -> None:
    """Stir contiguous bits in place, a block in the cache at once."""
    shifted = np.empty(min(BLOCK, len(bits)), np.uint64)
    for start in range(0, len(bits), BLOCK):
        block = bits[start : start + BLOCK]
        block *= _ODD
        np.right_shift(block, np.uint64(32), out=shifted[: len(block)])
        block ^= shifted[: len(block)]
        block *= _ODD


def _stir_in(hashes: Any, words: Any, rows: Any) -> None:
    """Let the hashes of some rows depend on these words, too; rows: their numbers, or all."""
    if isinstance(rows, slice):
        hashes ^= words
        _stir(hashes)
    else:
        hashes[rows] = hash_bits(hashes[rows] ^ words)


def one_array(column: Any) -> Any:
    """The chunks of a column as one array; of one chunk that chunk."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def key_array(column: Any) -> Any:
    """A key column as one array; of dictionaries those of strings stay."""
    array = one_array(column)
    if not pa.types.is_dictionary(array.type):
        return array
    words = array.type.value_type
    is_text = pa.types.is_string(words) or pa.types.is_large_string(words)
    return array if is_text else array.dictionary_decode()  # it has 0.0 and -0.0, which are one


def code_column(column: Any, dtype: Any, ordered: bool) -> Codes | None:
    """The codes of one column; None where its type is not known here.

    ordered: whether larger values must have larger codes, missing ones the largest.
    """
    array, types = key_array(column), pa.types
    kind = array.type
    if types.is_dictionary(kind):
        categorical = isinstance(dtype, pd.CategoricalDtype)
        return _code_dictionary(array, ordered and not (categorical and dtype.ordered is not None))
    if types.is_string(kind) or types.is_large_string(kind):
        return _code_text(array, ordered)
    if types.is_floating(kind) and kind != pa.float16():
        return _code_floats(array, isinstance(dtype, np.dtype))
    if types.is_boolean(kind):
        return _code_integers(array.cast(pa.uint8()))
    if types.is_integer(kind):
        return _code_integers(array)
    if types.is_timestamp(kind) or types.is_duration(kind) or types.is_time(kind):
        width = pa.int32() if kind.bit_width == 32 else pa.int64()
        return _code_integers(array.view(width))
    if types.is_date(kind):
        return _code_integers(array.view(pa.int32() if kind.bit_width == 32 else pa.int64()))
    return None


def integers_of(array: Any) -> tuple[Any, Any]:
    """(values, where they are missing or None); what is missing has some value."""
    if not array.null_count:
        return array.to_numpy(), None
    missing = array.is_null().to_numpy(zero_copy_only=False)
    return array.fill_null(0).to_numpy(), missing


def _code_integers(array: Any) -> Codes | None:
    values, missing = integers_of(array)
    known = values if missing is None else values[~missing]
    low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    size = high - low + 1
    if size >= ALL:
        return None if missing is not None else Codes(_distances(values, low), ALL)
    codes = _distances(values, low)
    if missing is None:
        return Codes(codes, size)
    codes[missing] = size
    return Codes(codes, size + 1, size)


def _distances(values: Any, low: int) -> Any:
    """Distances from a number, (rows,) uint64; they are right modulo 2**64."""
    wide = values if values.dtype == np.uint64 else values.astype(np.int64).view(np.uint64)
    return wide - np.uint64(low % ALL)


def _code_floats(array: Any, nan_is_missing: bool) -> Codes | None:
    values = array.to_numpy(zero_copy_only=False)  # a null is NaN
    bits, missing = np.empty(len(values), np.uint64), np.empty(len(values), bool)
    for start in range(0, len(values), BLOCK):
        part = slice(start, start + BLOCK)
        known = values[part].astype(np.float64)
        known += 0.0  # there is one zero
        np.isnan(known, out=missing[part])
        signed = known.view(np.int64)
        # a negative one's bits are turned round, of the others the sign is set
        np.bitwise_xor(signed, (signed >> 63) | _LEAST, out=bits[part].view(np.int64))
    count = np.count_nonzero(missing)
    if not nan_is_missing and array.null_count != count:
        return None  # a NaN that is a value
    if not count:
        return Codes(bits, ALL)
    null = ALL - 1  # the code of a NaN, of no number
    bits[missing] = np.uint64(null)
    return Codes(bits, ALL, null)


def _code_dictionary(array: Any, ranked: bool) -> Codes | None:
    words = array.dictionary
    if words.null_count or len(pc.unique(words)) < len(words):
        words = pc.unique(words.drop_null())
        places = pc.index_in(array.dictionary, value_set=words).take(array.indices)
    else:
        places = array.indices
    codes, missing = integers_of(places)
    codes = codes.astype(np.int64)
    if ranked and len(words):
        ranks = np.empty(len(words), np.int64)
        ranks[pc.sort_indices(words).to_numpy()] = np.arange(len(words))
        codes = ranks[codes]
    if missing is not None:
        codes[missing] = len(words)
        return Codes(codes.view(np.uint64), len(words) + 1, len(words))
    return Codes(codes.view(np.uint64), max(len(words), 1))


# --- text ---------------------------------------------------------------------------------


def _code_text(array: Any, ordered: bool) -> Codes | None:
    if len(array) > FEW_TEXTS and not _repeats(array):
        lengths = lengths_of(array)
        numbered = number_strings(array, lengths)
        if numbered is not None and not (array.null_count and numbered[1] == ALL):
            return _code_numbered(array, *numbered)
        if int(lengths.max()) <= LONGEST and not ordered:
            return _code_long(array, lengths)
    return _code_dictionary(array.dictionary_encode(), ordered)


def _repeats(array: Any) -> bool:
    """Whether strings repeat so often that looking them up is cheap."""
    places = pa.array(np.linspace(0, len(array) - 1, SAMPLE).astype(np.int64))
    return len(array.take(places).unique()) < SAMPLE // 2


def _code_numbered(array: Any, values: Any, size: int) -> Codes:
    if not array.null_count:
        return Codes(values, size)
    values[array.is_null().to_numpy(zero_copy_only=False)] = size
    return Codes(values, size + 1, size)


def _code_long(array: Any, lengths: Any) -> Codes:
    values = hash_bits(lengths.astype(np.uint64))
    proofs = [] if int(lengths.min()) == int(lengths.max()) else [lengths.astype(np.uint64)]
    for rows, words in read_words(array, lengths):
        _stir_in(values, words, rows)
        proofs.append(_spread(words, rows, len(values)))
    if not array.null_count:
        return Codes(values, ALL, None, tuple(proofs))
    missing = array.is_null().to_numpy(zero_copy_only=False)
    values[missing] = ALL - 1
    return Codes(values, ALL, ALL - 1, (*proofs, missing))


def _spread(words: Any, rows: Any, total: int) -> Any:
    """The words of some rows among zeros for the others."""
    if len(words) == total:
        return words
    made = np.zeros(total, np.uint64)
    made[rows] = words
    return made


def hash_text(array: Any) -> Any:
    """A uint64 for each string that is the same in every process; of what is missing, anything."""
    lengths = lengths_of(array)
    values = hash_bits(lengths.astype(np.uint64))
    for rows, words in read_words(array, lengths):
        _stir_in(values, words, rows)
    return values
