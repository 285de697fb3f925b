"""Whether integers are among others, which are made ready once and read by every partition."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shframe.dataframe import partition

DENSE = 64  # places to a value up to which a value is a place among flags
LEAST_DENSE = 1 << 20


class Members(NamedTuple):
    """low: the smallest value. flags: for each place from there whether it is a value; None: they
    stand in order in `values`."""

    low: Any
    flags: Any
    values: Any


def find_values(part: Any) -> Any:
    """The values of a partition, each once, in order."""
    return np.unique(partition.as_pandas(part).to_numpy())


def build_members(*found: Any) -> Members | None:
    """The look-up of all values; None of none."""
    values = np.unique(np.concatenate(found))
    if not len(values):
        return None
    low, extent = values[0], int(values[-1]) - int(values[0]) + 1
    if extent > max(LEAST_DENSE, DENSE * len(values)):
        return Members(low, None, values)
    flags = np.zeros(extent, bool)
    flags[_places(values, low)] = True
    return Members(low, flags, None)


def is_member(part: Any, members: Members | None) -> Any:
    """Which values of a partition's column are among them."""
    column = partition.as_pandas(part)
    return pd.Series(_among(column.to_numpy(), members), index=column.index, name=column.name)


def _among(values: Any, members: Members | None) -> Any:
    if members is None:
        return np.zeros(len(values), bool)
    low, flags, known = members
    if flags is None:
        places = np.minimum(np.searchsorted(known, values), len(known) - 1)
        return known[places] == values
    high = int(low) + len(flags) - 1
    inside = (values >= low) & (values <= high)
    if inside.all():
        return flags[_places(values, low)]
    made = np.zeros(len(values), bool)
    made[inside] = flags[_places(values[inside], low)]
    return made


def _places(values: Any, low: Any) -> Any:
    """Distances from the smallest value, which small integers would not hold."""
    if values.dtype.itemsize < 8:
        return values.astype(np.intp) - int(low)
    return (values - low).astype(np.intp)
