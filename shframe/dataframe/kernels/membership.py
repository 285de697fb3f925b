"""Whether integers are among others, which are made ready once and read by every partition."""

from __future__ import annotations

from collections.abc import Sequence
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
    values = partition.as_pandas(part).to_numpy()
    if not len(values):
        return values
    low, high = values.min(), values.max()
    if not _is_dense(low, high, len(values)):
        return np.unique(values)
    places = np.flatnonzero(_flag([values], low, high))
    return places.astype(values.dtype) + low  # modulo the width: distances may pass half of it


def build_members(*found: Any) -> Members | None:
    """The look-up of all values, which are in order in each partition; None of none."""
    found = tuple(values for values in found if len(values))
    if not found:
        return None
    low, high = min(values[0] for values in found), max(values[-1] for values in found)
    if not _is_dense(low, high, sum(map(len, found))):
        return Members(low, None, np.unique(np.concatenate(found)))
    return Members(low, _flag(found, low, high), None)


def _is_dense(low: Any, high: Any, count: int) -> bool:
    return int(high) - int(low) < max(LEAST_DENSE, DENSE * count)


def _flag(found: Sequence[Any], low: Any, high: Any) -> Any:
    """For each place from `low` to `high` whether it is one of the values."""
    flags = np.zeros(int(high) - int(low) + 1, bool)
    for values in found:
        flags[_places(values, low)] = True
    return flags


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
