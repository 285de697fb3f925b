"""Reductions of a whole frame or series: a one-row frame of partial results for each partition,
reduced once more by pandas itself, so that dtypes and missing values are pandas' own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import chunks

SIMPLE = ("sum", "prod", "min", "max", "any", "all", "count")


def partial(part: Any, *, how: str, **kwargs: Any) -> Any:
    """One row: the partition's result in each column; for the variances three rows."""
    frame = _frame(part)
    if how in SIMPLE:
        return _row(frame, how, kwargs), len(frame)
    if how == "mean":
        return pd.concat([_row(frame, "sum", kwargs), _row(frame, "count", {})]), len(frame)
    # (count, mean, sum of squared distances from the mean) of each column
    rows = {
        n: _moments(frame.iloc[:, n], kwargs.get("skipna", True)) for n in range(frame.shape[1])
    }
    made = pd.DataFrame(rows, index=["count", "mean", "m2"])
    made.columns = frame.columns
    return made, len(frame)


def _frame(part: Any) -> Any:
    part = chunks.as_pandas(part)
    if isinstance(part, pd.Index):
        part = part.to_series(index=pd.RangeIndex(len(part)))
    return part.to_frame(0) if isinstance(part, pd.Series) else part


def _row(frame: Any, how: str, kwargs: dict[str, Any]) -> Any:
    cells = {}
    for n in range(frame.shape[1]):
        column = frame.iloc[:, n]
        value = getattr(column, how)(**({} if how == "count" else kwargs))
        cells[n] = pd.Series([value], dtype=_cell_dtype(column, value, how))
    made = pd.DataFrame(cells)
    made.columns = frame.columns
    return made


def _cell_dtype(column: Any, value: Any, how: str) -> Any:
    if how in ("min", "max") and not pd.api.types.is_scalar(value):
        return object
    if how in ("min", "max") and not (isinstance(value, float) and value != value):
        return column.dtype
    return getattr(value, "dtype", None)


def _moments(column: Any, skipna: bool) -> list[float]:
    values = column.to_numpy(dtype="f8", na_value=np.nan)
    if skipna:
        values = values[~np.isnan(values)]
    count = len(values)
    if not count:
        return [0.0, 0.0, 0.0]
    mean = values.sum() / count
    return [float(count), float(mean), float(((values - mean) ** 2).sum())]


def final(*partials: Any, how: str, series: bool, **kwargs: Any) -> Any:
    """The result of the whole: a scalar for a series, a Series over the columns for a frame."""
    filled = [made for made, rows in partials if rows] or [partials[0][0]]
    if how in SIMPLE:
        whole = pd.concat(filled, ignore_index=True)
        name = "sum" if how == "count" else how
        result = getattr(whole, name)(**({} if how == "count" else kwargs))
    elif how == "mean":
        sums = pd.concat([made.iloc[:1] for made in filled]).sum(skipna=kwargs.get("skipna", True))
        counts = pd.concat([made.iloc[1:] for made in filled]).sum()
        result = sums / counts.replace(0, np.nan)
    else:
        result = _variance(filled, how, kwargs)
    if not series:
        return result
    return result.iloc[0]


def _variance(filled: list[Any], how: str, kwargs: dict[str, Any]) -> Any:
    """Combine (count, mean, m2) pairwise in order (Chan, Golub and LeVeque, 1979)."""
    first, *rest = filled
    count, mean, m2 = (first.loc[name].astype("f8") for name in ("count", "mean", "m2"))
    for other in rest:
        n, average, spread = (other.loc[name].astype("f8") for name in ("count", "mean", "m2"))
        total = count + n
        apart = average - mean
        safe = total.replace(0, 1)
        mean = mean + apart * n / safe
        m2 = m2 + spread + apart * apart * count * n / safe
        count = total
    free = count - kwargs.get("ddof", 1)
    variance = m2 / free.where(free > 0, np.nan)
    return variance if how == "var" else np.sqrt(variance)


def of_whole(*parts: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """pandas' own method on all partitions together."""
    whole = chunks.concatenated(parts, chunks.as_pandas(parts[0]), fresh=False)
    return getattr(whole, name)(*args, **kwargs)
