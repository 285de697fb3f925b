"""Correlations and covariances: moments of pairs of columns, of a partition and of several.

A pair's moments are of the rows where neither value is missing. Values are taken as distances from
a value of the partition, so that nothing cancels; moments are combined as Chan, Golub and LeVeque
(1979) do, which keeps a constant column's exactly zero.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shframe.dataframe import partition


class Moments(NamedTuple):
    """Of each pair (i, j) of columns, (columns, columns) float64.

    mean: of column i in the rows of the pair; spread: the sum of its squared distances from it.
    product: the sum of the products of both columns' distances.
    missing: whether any value of the frame is; infinite: which columns have infinite values.
    """

    count: Any
    mean: Any
    spread: Any
    product: Any
    missing: bool
    infinite: Any


def find_moments(part: Any, *, series: bool, **how: Any) -> Moments:
    """The moments of the columns of a partition; of a frame, of values that are finite."""
    values = partition.as_pandas(part).to_numpy(dtype="f8", na_value=np.nan)
    width = values.shape[1]
    missing, infinite = bool(np.isnan(values).any()), np.isinf(values)
    edge = missing, infinite.any(axis=0)
    if not len(values):
        return _as_moments(np.zeros((4, width, width)), *edge)
    if not missing and not infinite.any():
        return _as_moments(_of_full_columns(values), *edge)
    if not series:
        values = np.where(infinite, np.nan, values)
    moments = np.zeros((4, width, width))
    with np.errstate(invalid="ignore", over="ignore"):
        for i in range(width):
            for j in range(i + 1):
                moments[:, i, j], moments[:, j, i] = _of_pair(values[:, i], values[:, j])
    return _as_moments(moments, *edge)


def _as_moments(found: Any, missing: bool, infinite: Any) -> Moments:
    count, mean, spread, product = found
    return Moments(count, mean, spread, product, missing, infinite)


def _of_full_columns(values: Any) -> tuple[Any, ...]:
    count, width = values.shape
    first = values[0]
    apart = values - first
    mean = apart.mean(axis=0)
    apart -= mean
    square = apart.T @ apart
    spread = np.broadcast_to(np.diag(square)[:, None], (width, width))
    means = np.broadcast_to((first + mean)[:, None], (width, width))
    return np.full((width, width), float(count)), means, spread, square


def _of_pair(left: Any, right: Any) -> tuple[list[float], list[float]]:
    """The moments of a pair, as (i, j) and as (j, i)."""
    known = ~(np.isnan(left) | np.isnan(right))
    x, y = left[known], right[known]
    if not len(x):
        return [0.0] * 4, [0.0] * 4
    found = []
    for one in (x, y):
        apart = one - one[0]
        mean = apart.mean()
        found.append((one[0] + mean, apart - mean))
    (x_mean, x), (y_mean, y) = found
    product = float(x @ y)
    count = float(len(x))
    return [count, x_mean, float(x @ x), product], [count, y_mean, float(y @ y), product]


def combine_moments(*parts: Moments) -> Moments:
    """The moments of all rows of several partitions."""
    whole = parts[0]
    with np.errstate(invalid="ignore", over="ignore"):
        for one in parts[1:]:
            total = whole.count + one.count
            safe = np.where(total == 0, 1.0, total)
            apart = np.where(one.count == 0, 0.0, one.mean - whole.mean)
            apart = np.where(whole.count == 0, 0.0, apart)
            weight = whole.count * one.count / safe
            mean = np.where(whole.count == 0, one.mean, whole.mean + apart * one.count / safe)
            whole = Moments(
                total,
                mean,
                whole.spread + one.spread + apart**2 * weight,
                whole.product + one.product + apart * apart.T * weight,
                whole.missing or one.missing,
                whole.infinite | one.infinite,
            )
    return whole


def correlate(*parts: Moments, least: int, series: bool, **labels: Any) -> Any:
    """Pearson's correlations, missing where there are fewer than `least` rows."""
    whole = combine_moments(*parts)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt(whole.spread * whole.spread.T)
        found = np.where(scale == 0, np.nan, whole.product / scale).clip(-1, 1)
    return _labelled(np.where(whole.count < max(least, 1), np.nan, found), series, **labels)


def covary(*parts: Moments, least: int, ddof: int, series: bool, **labels: Any) -> Any:
    """Covariances, missing where there are fewer than `least` rows.

    In a frame where anything is missing pandas takes one degree of freedom off, whatever `ddof`.
    """
    whole = combine_moments(*parts)
    ddof = 1 if whole.missing and not series else ddof
    with np.errstate(invalid="ignore", divide="ignore"):
        found = whole.product / np.maximum(whole.count - ddof, 0)
    if not whole.missing:
        found[whole.infinite] = found[:, whole.infinite] = np.nan
    return _labelled(np.where(whole.count < max(least, 1), np.nan, found), series, **labels)


def _labelled(found: Any, series: bool, columns: Any = None) -> Any:
    """A table of all pairs, or the value of the one pair of two series."""
    if series:
        return found[0, 1]
    return pd.DataFrame(found, index=columns, columns=columns)
