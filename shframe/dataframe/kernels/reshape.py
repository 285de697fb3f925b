"""Rows and columns in other shapes, of one partition or of all rows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe import partition


def concatenate(*parts: Any, **how: Any) -> Any:
    """pandas' own concat."""
    pieces: Any = [partition.as_pandas(one) for one in parts]
    return pd.concat(pieces, **how)


def melt(part: Any, **how: Any) -> Any:
    """pandas' own melt."""
    return partition.as_pandas(part).melt(**how)


def explode(part: Any, *, column: Any) -> Any:
    """pandas' own explode."""
    rows = partition.as_pandas(part)
    return rows.explode() if rows.ndim == 1 else rows.explode(column)


def call_function(*parts: Any, function: str, named: dict[str, Any]) -> Any:
    """A function of pandas, by its name."""
    return getattr(pd, function)(*map(partition.as_pandas, parts), **named)
