"""Moving rows between partitions: which partition a row belongs to, and moving it there once.

A source partition is put in the order of its target partitions by one stable radix argsort of
small codes and one take; a target then concatenates its slice of every source, which copies
nothing. Equal keys get equal codes in every process, whatever their chunk or encoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe import partition as chunks
from shframe.dataframe.kernels.key_codes import hash_text, one_array

Columns = Sequence[Any]  # of pa.ChunkedArray

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: multiplicative hashing (Knuth 6.4)
_NULL = np.uint64(0x94D049BB133111EB)
_BLOCK = 1 << 14  # rows: 128 KiB of hashes; whole columns at once take twice the time


class Split(NamedTuple):
    """A partition in the order of its targets: target n has rows offsets[n] to offsets[n + 1]."""

    table: Any  # pa.Table
    offsets: Any  # (targets + 1,) int64


def hash_codes(keys: Columns, count: int) -> Any:
    """The target of each row, (rows,) uint8 or uint16, from the values of its keys.

    Nulls and NaN of any key are equal to each other, as pandas' joins and groups have it.
    """
    hashed = [_hashed(key) for key in keys]
    codes = np.empty(len(hashed[0]), np.uint8 if count <= 256 else np.uint16)
    half = np.uint64(32)
    for block in _blocks(len(codes)):
        total = hashed[0][block]
        for other in hashed[1:]:
            total = (total * _ODD) ^ other[block]
        mixed = (total ^ (total >> np.uint64(29))) * _ODD
        # The share of the range, in place of a remainder: a division costs as much as all else.
        codes[block] = ((mixed >> half) * np.uint64(count)) >> half
    return codes


def _blocks(rows: int, size: int = _BLOCK) -> Iterator[slice]:
    """The rows in blocks whose values stay in the cache between one step and the next."""
    return (slice(begin, begin + size) for begin in range(0, rows, size))


def _hashed(key: Any) -> Any:
    """A uint64 for each value of a column."""
    kind = key.type
    if pa.types.is_dictionary(kind):
        return _hashed_by_dictionary(key)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values, missing = _as_bits(key)
    elif pa.types.is_temporal(kind):
        values, missing = _as_bits(_temporal_bits(key))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        array = one_array(key)
        values = hash_text(array)
        missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    else:
        return _hashed_by_dictionary(key.cast(pa.dictionary(pa.int32(), kind)))
    hashed = np.empty(len(values), np.uint64)
    for block in _blocks(len(values)):
        product = values[block] * _ODD
        np.bitwise_xor(product, product >> np.uint64(31), out=hashed[block])
    if missing is not None:
        hashed[missing] = _NULL
    return hashed


def _temporal_bits(key: Any) -> Any:
    """Times in nanoseconds where they fit, so that equal times of two units hash alike."""
    if pa.types.is_timestamp(key.type) or pa.types.is_duration(key.type):
        factor = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[key.type.unit]
        return pc.multiply(key.cast(pa.int64()), pa.scalar(factor, pa.int64()))
    width = pa.int32() if key.type.bit_width == 32 else pa.int64()
    return key.cast(width)


def _as_bits(key: Any) -> tuple[Any, Any]:
    """The values as uint64 bits and where they are missing; integral floats equal integers."""
    array = key.combine_chunks() if isinstance(key, pa.ChunkedArray) else key
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], key.type)
    missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if missing is not None:
        array = array.fill_null(0 if not pa.types.is_boolean(array.type) else False)
    values = array.to_numpy(zero_copy_only=False)
    if values.dtype.kind == "f":
        absent = np.isnan(values)
        if absent.any():
            missing = absent if missing is None else missing | absent
        whole = np.isfinite(values) & (values == np.trunc(values)) & (np.abs(values) < 2**53)
        bits = (values.astype(np.float64) + 0.0).view(np.uint64).copy()
        bits[whole] = values[whole].astype(np.int64).view(np.uint64)
        return bits, missing
    wide = np.uint64 if values.dtype.kind == "u" else np.int64
    return values.astype(wide, copy=False).view(np.uint64), missing


def _hashed_by_dictionary(key: Any) -> Any:
    """Hash each distinct value once and spread the hashes over the rows."""
    parts = []
    chunks = key.chunks if isinstance(key, pa.ChunkedArray) else [key]
    for chunk in chunks:
        hashed = _hashed(pa.chunked_array([chunk.dictionary]))
        codes = chunk.indices
        filled = np.append(hashed, _NULL)
        places = codes.fill_null(len(hashed)).to_numpy(zero_copy_only=False)
        parts.append(filled[places])
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def split(table: Any, codes: Any, count: int) -> Split:
    """Put the rows in the order of their targets, keeping their order within each.

    Cost: one radix argsort (4 ns a row) and one take of each column.
    """
    order, offsets = order_by_target(codes, count)
    return Split(table.take(pa.array(order)) if table.num_rows else table, offsets)


def order_by_target(codes: Any, count: int) -> tuple[Any, Any]:
    """(rows in the order of their targets, where each of the targets begins, and their number)."""
    order = np.argsort(codes, kind="stable")
    offsets = np.zeros(count + 1, np.int64)
    for block in _blocks(len(codes), max(_BLOCK, count)):  # bincount makes its input 8 bytes wide
        offsets[1:] += np.bincount(codes[block], minlength=count)
    np.cumsum(offsets, out=offsets)
    return order, offsets


def split_by_hash(table: Any, *, keys: tuple[int, ...], count: int) -> Split:
    """Split by the hash of the columns at these positions."""
    codes = hash_codes([table.column(key) for key in keys], count)
    return split(table, codes, count)


def gather(*splits: Split, place: int) -> Any:
    """The rows that all sources have for target `place`, in the order of the sources."""
    parts = [
        one.table.slice(int(one.offsets[place]), int(one.offsets[place + 1] - one.offsets[place]))
        for one in splits
    ]
    return pa.concat_tables(parts)


def can_hash(meta: Any, keys: tuple[Any, ...]) -> bool:
    """Whether a frame with these dtypes can be moved as a table."""
    return meta.columns.is_unique and chunks.fits_table(meta)


def split_frame(part: Any, *, labels: tuple[Any, ...], count: int, keep_index: bool) -> Split:
    """Split a partition of a frame by the hash of the columns with these labels."""
    table = chunks.as_table(part)
    table = chunks.with_labels(table) if keep_index else table
    known = chunks.layout_of(table).labels
    if not table.num_rows:
        return split(table, np.empty(0, np.uint8), count)
    codes = hash_codes([table.column(known.get_loc(label)) for label in labels], count)
    return split(table, codes, count)


def gather_frame(*splits: Any, place: int) -> Any:
    """One target of a shuffle as a pandas object."""
    parts = [
        chunks.slice_rows(one.table, int(one.offsets[place]), int(one.offsets[place + 1]))
        for one in splits
    ]
    return chunks.concatenate(parts, None, fresh=False)
