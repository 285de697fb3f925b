"""Columns as labels of rows. pandas makes a range of integers that are evenly spaced, of
int64 whatever they were: the whole says whether they are."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition

UNEVEN = 0


def find_spacing(part: Any) -> Any:
    """(first, last, step) of a partition's integers; None without rows.

    step: UNEVEN where it differs, None where there is one value.
    """
    values = partition.as_pandas(part).to_numpy(dtype="i8")
    if not len(values):
        return None
    step = None
    if len(values) > 1:
        steps = np.diff(values)
        step = int(steps[0]) if (steps == steps[0]).all() else UNEVEN
    return int(values[0]), int(values[-1]), step


def is_even(*found: Any) -> bool:
    """Whether the numbers of all partitions are a range; those of no row are, one is none."""
    runs = [one for one in found if one is not None]
    steps = {step for _, _, step in runs if step is not None}
    steps |= {b[0] - a[1] for a, b in itertools.pairwise(runs)}
    return not runs or (len(steps) == 1 and UNEVEN not in steps)


def set_index(part: Any, even: bool, *, label: Any, drop: bool) -> Any:
    """The partition with a column of integers as index."""
    frame = partition.as_pandas(part)
    values = frame[label]
    made = frame.set_index(label, drop=drop)
    made.index = pd.Index(values.to_numpy(), dtype="i8" if even else values.dtype, name=label)
    return made


def find_labels(index: Any, *, labels: list[Any]) -> list[bool]:
    """Which of some labels those of a partition are."""
    return [one in index for one in labels]


def check_labels(*found: list[bool], labels: list[Any]) -> bool:
    """Raises KeyError for labels that no partition has, as pandas does."""
    missing = [
        one for one, seen in zip(labels, zip(*found, strict=True), strict=True) if not any(seen)
    ]
    if missing:
        raise KeyError(f"{missing} not found in axis")
    return True


def pass_rows(part: Any, checked: bool) -> Any:
    """The rows themselves, once it is known that nothing is wrong with them."""
    return part


def drop_labels(part: Any, *checked: bool, labels: list[Any]) -> Any:
    """The rows of a partition without those under some labels."""
    return partition.as_pandas(part).drop(labels, errors="ignore")


def set_labels(part: Any, labels: Any) -> Any:
    """A partition under other labels of its rows: an index, or a series of them."""
    found = partition.as_pandas(labels)
    if isinstance(found, pd.Series):
        found = pd.Index(found.array, name=found.name)
    return partition.as_pandas(part).set_axis(found)
