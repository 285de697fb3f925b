"""One row of harmless values: what pandas is asked with, to say what it thinks of an operation."""

from __future__ import annotations

import decimal
from typing import Any

import pandas as pd
import pyarrow as pa


def sample_of(meta: Any) -> Any:
    """A frame, series or index of one row with these dtypes."""
    if isinstance(meta, pd.DataFrame):
        cells = {
            n: pd.Series([_value_of(dtype)], dtype=dtype) for n, dtype in enumerate(meta.dtypes)
        }
        made = pd.DataFrame(cells)
        made.columns = meta.columns
        return made
    if isinstance(meta, pd.MultiIndex):
        return pd.MultiIndex.from_tuples([sample_of_index(meta)], names=meta.names)
    row = pd.Series([_value_of(meta.dtype)], dtype=meta.dtype, name=meta.name)
    return pd.Index(row.array, name=meta.name) if isinstance(meta, pd.Index) else row


def sample_of_index(meta: Any) -> Any:
    """A harmless label of an index with this dtype, a tuple of an index of several levels."""
    if isinstance(meta, pd.MultiIndex):
        return tuple(sample_of_index(meta.get_level_values(n)) for n in range(meta.nlevels))
    return pd.Series([_value_of(meta.dtype)], dtype=meta.dtype).iloc[0]


def _value_of(dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        return dtype.categories[0] if len(dtype.categories) else None
    if isinstance(dtype, pd.IntervalDtype):
        ends = pd.Series([0, 1]).astype(dtype.subtype)  # type: ignore[arg-type]
        return pd.Interval(ends[0], ends[1], closed=dtype.closed or "right")
    kind = getattr(dtype, "kind", "O")
    if isinstance(dtype, pd.StringDtype):
        return "a"
    if isinstance(dtype, pd.ArrowDtype) and pa.types.is_decimal(dtype.pyarrow_dtype):
        return decimal.Decimal(0)
    return {"M": "2000-01-01", "m": 0, "b": True, "O": None}.get(kind, 1)
