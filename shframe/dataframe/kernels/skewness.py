"""Skewness and kurtosis: sums of powers of the distances from the mean, of a partition and of all.

They are combined as Pebay (2008) does. A mean is a value of the column and what is between both, so
that nothing cancels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition


def find_powers(part: Any, *, skipna: bool, **how: Any) -> Any:
    """Count, a value, the mean's distance from it, sums of second, third and fourth powers of each
    column, (6, columns) float64.

    What is missing counts as nothing, or, without skipna, makes its column's sums NaN.
    """
    rows = partition.as_pandas(part)
    values = rows.to_numpy(dtype="f8", na_value=np.nan)
    values = values[:, None] if values.ndim == 1 else values
    found = np.zeros((6, values.shape[1]))
    for n, column in enumerate(values.T):
        known = column[~np.isnan(column)] if skipna else column
        if not len(known):
            continue
        with np.errstate(invalid="ignore", over="ignore"):
            apart = known - known[0]
            mean = apart.mean()
            apart = apart - mean
            square = apart * apart
            sums = square.sum(), (square * apart).sum(), (square * square).sum()
        found[:, n] = (len(known), known[0], mean, *sums)
    return found


def _add(one: Any, other: Any) -> Any:
    """The powers of the rows of both."""
    n, value, mean, second, third, fourth = one
    m, value_b, mean_b, second_b, third_b, fourth_b = other
    total = n + m
    safe = np.where(total == 0, 1.0, total)
    with np.errstate(invalid="ignore", over="ignore"):
        d = np.where((n == 0) | (m == 0), 0.0, (value_b - value) + (mean_b - mean))
        return np.array(
            [
                total,
                np.where(n == 0, value_b, value),
                np.where(n == 0, mean_b, mean + d * m / safe),
                second + second_b + d**2 * n * m / safe,
                third
                + third_b
                + d**3 * n * m * (n - m) / safe**2
                + 3 * d * (n * second_b - m * second) / safe,
                fourth
                + fourth_b
                + d**4 * n * m * (n**2 - n * m + m**2) / safe**3
                + 6 * d**2 * (n**2 * second_b + m**2 * second) / safe**2
                + 4 * d * (n * third_b - m * third) / safe,
            ]
        )


def shape_of(*found: Any, name: str, labels: Any, skipna: bool) -> Any:
    """The skewness or kurtosis of each column of all partitions, without bias, as pandas has it;
    labels: of the columns, None of a series."""
    whole = found[0]
    for one in found[1:]:
        whole = _add(whole, one)
    made = _skewness(whole) if name == "skew" else _kurtosis(whole)
    constant = getattr(pd.Series([1.0] * 4), name)()  # 0 or NaN, as this pandas has it
    made = np.where((whole[3] == 0) & ~np.isnan(made), constant, made)
    return np.float64(made[0]) if labels is None else pd.Series(made, index=labels)


def _skewness(whole: Any) -> Any:
    n, _, _, second, third, _ = whole
    with np.errstate(invalid="ignore", divide="ignore"):
        made = n * np.sqrt(n - 1) / (n - 2) * third / second**1.5
    return np.where(n < 3, np.nan, np.where(second == 0, 0.0, made))


def _kurtosis(whole: Any) -> Any:
    n, _, _, second, _, fourth = whole
    with np.errstate(invalid="ignore", divide="ignore"):
        above = n * (n + 1) * (n - 1) * fourth / second**2
        made = (above - 3 * (n - 1) ** 2) / ((n - 2) * (n - 3))
    return np.where(n < 4, np.nan, np.where(second == 0, 0.0, made))
