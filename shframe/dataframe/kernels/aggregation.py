"""What to group by and what to compute of the groups."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from shframe.graph.plan.tokens import tokenize

PRIMITIVES: dict[str, tuple[str, ...]] = {
    "sum": ("sum",),
    "prod": ("prod",),
    "count": ("count",),
    "size": ("size",),
    "min": ("min",),
    "max": ("max",),
    "first": ("first",),
    "last": ("last",),
    "any": ("any",),
    "all": ("all",),
    "mean": ("total", "count"),
    "var": ("total", "count", "m2"),
    "std": ("total", "count", "m2"),
}
WHOLE = frozenset({"nunique", "median"})
"""Primitives that cannot be combined: they are found where all rows of a group are."""

_ORDERED = frozenset({"min", "max", "first", "last", "count", "size"})


@dataclass(frozen=True, slots=True)
class Output:
    """One column of the result: what is done to which column, and its label.

    how: the name of a pandas method of groups, a UserCode, or a CustomAggregation.
    """

    label: Any
    column: Any
    how: Any
    kwargs: tuple[tuple[str, Any], ...] = ()


def _content_of(labels: Any) -> Any:
    """What tells labels apart: plain ones need not be pickled for that."""
    if type(labels) is not pd.Index:
        return labels
    return "labels", str(labels.dtype), labels.names[0], labels.tolist()


@dataclass(frozen=True, slots=True)
class Aggregation:
    """What to group by and what to compute.

    keys: labels of columns; names: names of the result's index levels.
    labels: the result's column labels (pd.Index), or None for a Series named `series_name`.
    """

    keys: tuple[Any, ...]
    names: tuple[Any, ...]
    outputs: tuple[Output, ...]
    labels: Any
    series_name: Any = None
    sort: bool = True
    dropna: bool = True
    observed: bool = True
    as_index: bool = True
    token: str = field(init=False, default="")

    def __post_init__(self) -> None:
        parts = (self.keys, self.names, _content_of(self.labels), self.series_name)
        outputs = tuple((o.label, o.column, o.how, o.kwargs) for o in self.outputs)
        flags = (self.sort, self.dropna, self.observed, self.as_index)
        object.__setattr__(self, "token", tokenize(parts, outputs, flags))

    def __shframe_token__(self) -> str:
        return self.token

    @property
    def columns(self) -> list[Any]:
        """Labels of all columns that are read, each once."""
        return list(
            dict.fromkeys([*self.keys, *(o.column for o in self.outputs if o.column is not None)])
        )


def is_decomposable(meta: Any, plan: Aggregation) -> bool:
    """Whether every output can be combined from primitives, given the empty source."""
    if any(meta[key].dtype == object for key in plan.keys):
        return False  # pandas looks for the dtype of all keys
    categorical = any(isinstance(meta[key].dtype, pd.CategoricalDtype) for key in plan.keys)
    if categorical and len(plan.keys) > 1 and not plan.observed:
        return False  # there are groups of keys that only rows without a category have
    for output in plan.outputs:
        if output.how == "size":
            continue
        if not isinstance(output.how, str) or output.how not in PRIMITIVES:
            return False
        if any(name != "ddof" for name, _ in output.kwargs):
            return False
        dtype = meta[output.column].dtype
        numeric = isinstance(dtype, np.dtype) and dtype.kind in "iufb"
        text = isinstance(dtype, pd.StringDtype)
        ordered = numeric or text or (isinstance(dtype, np.dtype) and dtype.kind in "mM")
        if not (numeric or (ordered and output.how in _ORDERED) or output.how == "count"):
            return False
    return True


def primitives_of(how: str) -> tuple[str, ...]:
    """What an output is made of."""
    return (how,) if how in WHOLE else PRIMITIVES[how]


def slots_of(plan: Aggregation) -> list[tuple[Any, str]]:
    """The (column, primitive) pairs that the outputs need, each once; size has no column."""
    found: dict[tuple[Any, str], None] = {}
    for output in plan.outputs:
        for primitive in primitives_of(output.how):
            found[None if primitive == "size" else output.column, primitive] = None
    return list(found)


def key_columns(plan: Aggregation) -> tuple[str, ...]:
    """The labels that the keys have in partial results."""
    return tuple(f"k{n}" for n in range(len(plan.keys)))


def is_coded(meta: Any, plan: Aggregation) -> bool:
    """Whether every output can be found over codes where groups are whole, by the empty source."""
    if any(isinstance(meta[key].dtype, pd.CategoricalDtype) for key in plan.keys):
        return False  # pandas knows which categories have a group
    whole = [one for one in plan.outputs if isinstance(one.how, str) and one.how in WHOLE]
    rest = tuple(one for one in plan.outputs if one not in whole)
    return is_decomposable(meta, replace(plan, outputs=rest)) and all(
        not one.kwargs and _has_codes(meta[one.column].dtype, one.how) for one in whole
    )


def _has_codes(dtype: Any, how: str) -> bool:
    if not isinstance(dtype, np.dtype):
        return how == "nunique" and isinstance(dtype, pd.StringDtype)
    return dtype.kind in ("iuf" if how == "median" else "iufbmM") and dtype != np.float16
