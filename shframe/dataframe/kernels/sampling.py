"""Numbers of rows by chance, and partitions by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition


def draw(rows: int, **how: Any) -> Any:
    """The numbers of the rows that pandas' sample() chooses of so many, int64."""
    return pd.Series(np.arange(rows)).sample(**how).to_numpy()


def take_partition(part: Any, counts: list[int], *, place: int, number: int) -> Any:
    """The partition if it is the one with this number, else none of its rows."""
    return partition.slice_rows(part, 0, counts[place] if place == number else 0)


def split_by_chance(
    part: Any, counts: list[int], *, place: int, seed: int, low: float, high: float
) -> Any:
    """The rows whose random number is in a range; numbers do not depend on the partitions."""
    bits = np.random.PCG64(seed)
    bits.advance(sum(counts[:place]))
    drawn = np.random.Generator(bits).random(counts[place])
    keep = (low <= drawn) & (drawn < high)
    if partition.is_table(part):
        return partition.filter_rows(part, keep)
    return part[keep]
