"""What joins tell of their rows, and what they check: indicator, membership, keys that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition

_SIDES = pd.CategoricalDtype(["left_only", "right_only", "both"])
_WORDS = {
    "1:1": "one-to-one", "one_to_one": "one-to-one", "1:m": "one-to-many",
    "one_to_many": "one-to-many", "m:1": "many-to-one", "many_to_one": "many-to-one",
}  # fmt: skip


def add_indicator(part: Any, *, left: Any, right: Any, columns: list[Any], label: Any) -> Any:
    """The rows of a join with the sides that had them; left, right: the marks of the sides."""
    frame = partition.as_pandas(part)
    here, there = frame[left].notna().to_numpy(), frame[right].notna().to_numpy()
    codes = np.where(here & there, 2, np.where(here, 0, 1)).astype(np.int8)
    made = frame[columns].copy(deep=False)
    made[label] = pd.Categorical.from_codes(codes, dtype=_SIDES)
    return made


def has_value(part: Any, *, label: Any, value: Any) -> Any:
    """Where a column has a value."""
    return partition.as_pandas(part)[label] == value


def rename(part: Any, *, labels: dict[Any, Any]) -> Any:
    """Columns under other labels."""
    return partition.as_pandas(part).rename(columns=labels)


def find_keys(part: Any, *, side: str, validate: str) -> Any:
    """The keys of a partition without their labels; None where one is there twice."""
    keys = partition.as_pandas(part).reset_index(drop=True)
    return None if keys.duplicated().any() else keys


def check_keys(*found: Any, side: str, validate: str) -> bool:
    """Raises MergeError when a key is there twice."""
    twice = any(one is None for one in found)
    if not twice and pd.concat(list(found), ignore_index=True).duplicated().any():
        twice = True
    if twice:
        kind = _WORDS[validate]
        raise pd.errors.MergeError(
            f"Merge keys are not unique in {side} dataset; not a {kind} merge"
        )
    return True


def pass_rows(part: Any, checked: bool) -> Any:
    """The rows, once something was checked."""
    return part


def merge(left: Any, right: Any, **how: Any) -> Any:
    """pandas' own merge."""
    return partition.as_pandas(left).merge(partition.as_pandas(right), **how)


def join_several(left: Any, *others: Any, **how: Any) -> Any:
    """pandas' own join of several frames."""
    return left.join(list(others), **how)
