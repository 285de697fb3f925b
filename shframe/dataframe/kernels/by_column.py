"""A frame's columns one by one, and results of them as a frame again; a series is one column."""

from __future__ import annotations

from typing import Any

import pandas as pd


def columns_of(rows: Any) -> list[Any]:
    """The columns of a frame, or a series as the one column."""
    return [rows] if rows.ndim == 1 else [rows.iloc[:, n] for n in range(rows.shape[1])]


def with_columns(rows: Any, made: list[Any]) -> Any:
    """Arrays, one for each column, as an object with the labels of these rows."""
    if rows.ndim == 1:
        return pd.Series(made[0], index=rows.index, name=rows.name, copy=False)
    frame = pd.DataFrame(dict(enumerate(made)), index=rows.index, copy=False)
    frame.columns = rows.columns
    return frame
