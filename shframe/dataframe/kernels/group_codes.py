"""Keys as one small code per row: dictionary codes as they were read, integers of a small range by
subtraction; several keys in mixed radix.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe import partition

LEAST_CODES = 1 << 16  # so many codes are counted directly even for fewer rows


def numbers_of(column: Any) -> Any:
    """The values of a column of numbers without gaps, as one array."""
    if column.num_chunks == 1:
        return column.chunk(0).to_numpy()
    return column.to_numpy()


def codes_of(keys: list[Any], count: int) -> Any:
    """(codes, how many there may be, decoder of codes to key columns); None if too many."""
    parts = [_key_codes(key, count) for key in keys]
    if any(part is None for part in parts):
        return None
    total = 1
    for _, size, _ in parts:
        total *= max(size, 1)
    if total > max(LEAST_CODES, 4 * count):
        return None
    codes = parts[0][0].astype(np.intp)
    for more, size, _ in parts[1:]:
        codes *= size
        codes += more

    def decode(present: Any, dtypes: list[Any]) -> list[Any]:
        rest, columns = present, []
        for (_, size, words), dtype in zip(reversed(parts), reversed(dtypes), strict=True):
            rest, code = np.divmod(rest, max(size, 1))
            columns.append(words(code, dtype))
        return columns[::-1]

    return codes, total, decode


def _key_codes(key: Any, count: int) -> Any:
    """(codes of one key, how many, decoder); None where there is a missing key or no quick way."""
    if key.null_count:
        return None
    kind = key.type
    if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) or pa.types.is_string(kind):
        if not pa.types.is_dictionary(kind):
            key = key.dictionary_encode()
        whole = key.unify_dictionaries()
        words = whole.chunk(0).dictionary
        if words.null_count:
            return None
        codes = [chunk.indices.to_numpy() for chunk in whole.chunks]
        joined = codes[0] if len(codes) == 1 else np.concatenate(codes)

        def text(code: Any, dtype: Any) -> Any:
            if isinstance(dtype, pd.CategoricalDtype):
                known = pd.Index(words.to_pandas())
                return pd.Categorical.from_codes(code, known, ordered=kind.ordered)
            return partition.series_values(pa.chunked_array([words.take(pa.array(code))]), dtype)

        return joined, len(words), text
    if pa.types.is_integer(kind):
        limits = pc.min_max(key)
        low, high = limits["min"].as_py(), limits["max"].as_py()
        size = high - low + 1
        if size > max(LEAST_CODES, 4 * count):
            return None
        return (
            _offsets(numbers_of(key), low),
            size,
            lambda code, dtype: _from_offsets(code, low, dtype),
        )
    return None


def _offsets(values: Any, low: int) -> Any:
    """Distances from the smallest value, in a type in which none of them wraps."""
    if values.dtype == np.uint64:
        return (values - np.uint64(low)).astype(np.int64)
    return values.astype(np.int64) - low


def _from_offsets(codes: Any, low: int, dtype: Any) -> Any:
    """The keys at these distances from the smallest one."""
    wide = codes.astype(np.uint64) + np.uint64(low) if low >= 0 else codes + low
    return wide.astype(dtype) if isinstance(dtype, np.dtype) else pd.array(wide, dtype=dtype)
