"""Whether integers are among others, which are made ready once and read by every partition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shframe.dataframe import partition

DENSE = 64  # flags to a value
LEAST_FLAGS = 1 << 20
MOST_EXACT = 1 << 23  # flags that are made in any case where each place has one of its own


class Members(NamedTuple):
    """low: the smallest value; span: distance of the largest one from it.

    flags: for each distance, modulo their number, a power of two, whether it is one of a value.
    values: in order, where distances share a flag; else None.
    """

    low: Any
    span: int
    flags: Any
    values: Any


def find_values(part: Any) -> Any:
    """The values of a partition, each once, in order."""
    values = partition.as_pandas(part).to_numpy()
    if not len(values):
        return values
    low, high = values.min(), values.max()
    span = int(high) - int(low)
    if span >= max(LEAST_FLAGS, DENSE * len(values)):
        return np.unique(values)
    places = np.flatnonzero(_flag([values], low, span + 1))
    return places.astype(values.dtype) + low  # modulo the width: distances may pass half of it


def build_members(*found: Any) -> Members | None:
    """The look-up of all values, which are in order in each partition; None of none."""
    found = tuple(values for values in found if len(values))
    if not found:
        return None
    low, high = min(values[0] for values in found), max(values[-1] for values in found)
    span, enough = int(high) - int(low), DENSE * sum(map(len, found))
    if span < max(MOST_EXACT, enough):
        return Members(low, span, _flag(found, low, span + 1), None)
    values = np.unique(np.concatenate(found))
    return Members(low, span, _flag([values], low, max(LEAST_FLAGS, enough)), values)


def _flag(found: Sequence[Any], low: Any, least: int) -> Any:
    """Flags, at least so many, of which those are set that belong to values."""
    flags = np.zeros(1 << (least - 1).bit_length(), bool)
    for values in found:
        flags[_places(_distances(values, low), flags)] = True
    return flags


def is_member(part: Any, members: Members | None) -> Any:
    """Which values of a partition's column are among them."""
    column = partition.as_pandas(part)
    return pd.Series(_among(column.to_numpy(), members), index=column.index, name=column.name)


def _among(values: Any, members: Members | None) -> Any:
    if members is None:
        return np.zeros(len(values), bool)
    low, span, flags, known = members
    distances = _distances(values, low)
    made = flags.take(_places(distances, flags))
    if known is None:
        made &= distances <= np.uint64(span)
        return made
    rows = np.flatnonzero(made)
    asked = values[rows]
    places = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    made[rows] = known[places] == asked
    return made


def _places(distances: Any, flags: Any) -> Any:
    """The flag of each distance."""
    return (distances & np.uint64(len(flags) - 1)).view(np.int64)


def _distances(values: Any, low: Any) -> Any:
    """Distances from the smallest value, modulo 2 ** 64: those of smaller values are large."""
    kind = np.uint64 if values.dtype.kind == "u" else np.int64
    wide = values.astype(kind, copy=False).view(np.uint64)
    return wide - np.asarray(low).astype(kind).view(np.uint64)
