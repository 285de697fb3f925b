"""Partitions agree on dtypes: where a missing value made one column of integers float, the same
column of the others becomes float too, as it is on the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition


def find_dtypes(part: Any) -> tuple[Any, ...] | None:
    """pandas' dtypes of a partition's columns; None where it has no rows."""
    if not partition.rows_in(part):
        return None
    if not partition.is_table(part):
        return tuple(part.dtypes) if part.ndim == 2 else (part.dtype,)
    dtypes = partition.layout_of(part).dtypes
    return tuple(_seen(part.column(n), dtype) for n, dtype in enumerate(dtypes))


def _seen(column: Any, dtype: Any) -> Any:
    """The dtype that a column gets where its own cannot hold what is missing."""
    if not column.null_count or not isinstance(dtype, np.dtype) or dtype.kind not in "iub":
        return dtype
    return np.dtype(object) if dtype.kind == "b" else np.dtype("f8")


def unify_dtypes(*found: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    """The dtypes of the whole; None where there is no row."""
    known = [one for one in found if one is not None]
    return tuple(map(_common, zip(*known, strict=True))) if known else None


def _common(dtypes: tuple[Any, ...]) -> Any:
    """The dtype that pandas gives to columns of these one after another."""
    kinds = [one for n, one in enumerate(dtypes) if one not in dtypes[:n]]
    if len(kinds) == 1 or any(isinstance(one, pd.CategoricalDtype) for one in kinds):
        return kinds[0]  # categories are brought together with the values
    return pd.concat([pd.Series([], dtype=one) for one in kinds]).dtype


def cast_to(part: Any, dtypes: tuple[Any, ...] | None) -> Any:
    """The partition with the dtypes of the whole."""
    if dtypes is None or _stored(part) == dtypes:
        return part
    frame = partition.as_pandas(part)
    if frame.ndim == 1:
        return frame if isinstance(dtypes[0], pd.CategoricalDtype) else frame.astype(dtypes[0])
    frame = frame.copy(deep=False)
    for n, dtype in enumerate(dtypes):
        if frame.dtypes.iloc[n] != dtype and not isinstance(dtype, pd.CategoricalDtype):
            frame.isetitem(n, frame.iloc[:, n].astype(dtype))
    return frame


def _stored(part: Any) -> tuple[Any, ...]:
    """The dtypes that a partition says it has, whatever is missing."""
    if partition.is_table(part):
        return tuple(partition.layout_of(part).dtypes)
    return tuple(part.dtypes) if part.ndim == 2 else (part.dtype,)
