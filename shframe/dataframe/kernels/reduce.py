"""Reductions of a whole frame or series: a one-row frame of partial results for each partition,
reduced once more by pandas itself, so that dtypes and missing values are pandas' own.

Partial results are of a type that holds what pandas would add up: means are sums in float64,
integers wrap as they do in pandas. A NaN among them is a result (inf - inf), and stays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.arguments import as_written

SIMPLE = ("sum", "prod", "min", "max", "any", "all", "count")
MOMENTS = ("count", "mean", "m2")  # m2: the sum of squared distances from the mean


def reduce_partially(part: Any, *, how: str, series: bool, dtypes: Any, **kwargs: Any) -> Any:
    """(one row, the result in each column; rows of the partition); further rows where the result
    is made of several numbers."""
    frame = _frame(part)
    if how in SIMPLE:
        return _row(frame, how, kwargs), len(frame)
    find, names = (_total, ("sum", "count")) if how == "mean" else (_moments, MOMENTS)
    skipna = kwargs.get("skipna", True)
    cells = {n: find(frame.iloc[:, n], skipna) for n in range(frame.shape[1])}
    made = pd.DataFrame(cells, index=list(names), dtype="f8")
    made.columns = frame.columns
    return made, len(frame)


def _frame(part: Any) -> Any:
    part = partition.as_pandas(part)
    if isinstance(part, pd.Index):
        part = part.to_series(index=pd.RangeIndex(len(part)))
    return part.to_frame(0) if isinstance(part, pd.Series) else part


def _row(frame: Any, how: str, kwargs: dict[str, Any]) -> Any:
    cells = {}
    for n in range(frame.shape[1]):
        column = frame.iloc[:, n]
        value = getattr(column, how)(**kwargs)
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


def _total(column: Any, skipna: bool) -> list[float]:
    if column.dtype.kind != "f":
        return [float(column.to_numpy().sum(dtype="f8")), float(len(column))]
    return [float(column.sum(skipna=skipna)), float(column.count() if skipna else len(column))]


def _moments(column: Any, skipna: bool) -> list[float]:
    values = column.to_numpy(dtype="f8")
    if skipna:
        values = values[~np.isnan(values)]
    count = len(values)
    if not count:
        return [0.0, 0.0, 0.0]
    with np.errstate(invalid="ignore", over="ignore"):
        mean = values.sum() / count
        return [float(count), float(mean), float(((values - mean) ** 2).sum())]


def combine_partials(*partials: Any, how: str, series: bool, dtypes: Any, **kwargs: Any) -> Any:
    """The result of the whole: a scalar for a series, a Series over the columns for a frame."""
    filled = [made for made, rows in partials if rows] or [partials[0][0]]
    if how in SIMPLE:
        result = _simple(pd.concat(filled, ignore_index=True), how, kwargs)
    elif how == "mean":
        result = _mean(filled)
    else:
        result = _variance(filled, how, kwargs.get("ddof", 1), dtypes)
    if series and how in ("var", "std") and not any(rows for _, rows in partials):
        return np.nan  # of no row pandas gives a plain float
    return result.iloc[0] if series else result


def _simple(whole: Any, how: str, kwargs: dict[str, Any]) -> Any:
    if how == "count":
        return whole.sum()
    if how in ("sum", "prod"):  # what is missing was left out before
        return getattr(whole, how)(skipna=False)
    return getattr(whole, how)(**kwargs)


def _mean(filled: list[Any]) -> Any:
    sums = pd.concat([made.loc[["sum"]] for made in filled]).sum(skipna=False)
    counts = pd.concat([made.loc[["count"]] for made in filled]).sum()
    return sums / counts.replace(0, np.nan)


def _variance(filled: list[Any], how: str, ddof: int, dtypes: Any) -> Any:
    """Combine (count, mean, m2) pairwise in order (Chan, Golub and LeVeque, 1979)."""
    (count, mean, m2), *rest = ([made.loc[name] for name in MOMENTS] for made in filled)
    for n, average, spread in rest:
        total = count + n
        apart = average - mean
        safe = total.replace(0, 1)
        mean = mean + apart * n / safe
        m2 = m2 + spread + apart * apart * count * n / safe
        count = total
    free = count - ddof
    variance = m2 / free.where(free > 0, np.nan)
    cells = {}
    for n, dtype in enumerate(dtypes):  # those of columns of float32 are float32
        cell = variance.iloc[[n]].to_numpy(dtype="f4" if dtype == np.float32 else "f8")
        cells[n] = cell if how == "var" else np.sqrt(cell)
    row = pd.DataFrame(cells).iloc[0]
    row.index, row.name = variance.index, None
    return row


def reduce_whole(*parts: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """pandas' own method on all partitions together."""
    whole = partition.concatenate(parts, partition.as_pandas(parts[0]), fresh=False)
    return getattr(whole, name)(*args, **kwargs)


def series_of(*cells: Any, labels: list[Any], name: Any) -> Any:
    """Results as a Series under labels."""
    return pd.Series(list(cells), index=labels, name=name)


def rows_of(*cells: Any, labels: list[Any], columns: Any, series: bool) -> Any:
    """Results as the rows of a table of floats: of each cell one, or of several quantiles some."""
    rows: list[Any] = []
    for cell in cells:
        values = np.asarray(cell, dtype="f8")
        rows.extend(values if values.ndim > (0 if series else 1) else [values])
    if series:
        return pd.Series(rows, index=labels, name=columns, dtype="f8")
    return pd.DataFrame(np.array(rows), index=labels, columns=columns)


def table_of(*cells: Any, pairs: list[tuple[Any, Any]], rows: list[Any] | None = None) -> Any:
    """Results as a table; pairs: the column and the row of each; rows: in their order."""
    columns: dict[Any, dict[Any, Any]] = {}
    for (column, row), cell in zip(pairs, cells, strict=True):
        columns.setdefault(column, {})[row] = cell
    made = pd.concat({c: pd.Series(found) for c, found in columns.items()}, axis=1)
    return made if rows is None else made.reindex(rows)


def find_different(part: Any, *, dropna: bool, labels: Any) -> list[Any]:
    """The different values of each column of a partition."""
    frame = _frame(part)
    columns = (frame.iloc[:, n] for n in range(frame.shape[1]))
    return [column.drop_duplicates().reset_index(drop=True) for column in columns]


def count_different(*found: list[Any], dropna: bool, labels: Any) -> Any:
    """How many different values each column has in all partitions."""
    counts = []
    for pieces in zip(*found, strict=True):
        filled = [one for one in pieces if len(one)] or [pieces[0]]
        counts.append(partition.stack(filled).nunique(dropna=dropna))
    return counts[0] if labels is None else pd.Series(counts, index=labels)


def reduce_chunk(
    part: Any, *, chunk: Any, chunk_kwargs: dict[str, Any], aggregate: Any, aggregate_kwargs: Any
) -> Any:
    """What a user's function makes of a partition; a series becomes a row of a frame."""
    made = as_written(chunk)(partition.as_pandas(part), **as_written(chunk_kwargs))
    return made.to_frame().T if isinstance(made, pd.Series) else made


def aggregate_chunks(
    *results: Any, chunk: Any, chunk_kwargs: Any, aggregate: Any, aggregate_kwargs: dict[str, Any]
) -> Any:
    """What another makes of all these results, in one frame, or in one series of plain values."""
    rows = all(isinstance(one, pd.DataFrame) for one in results)
    whole = pd.concat(results) if rows else pd.Series(list(results))
    return as_written(aggregate)(whole, **as_written(aggregate_kwargs))
