"""The labels of rows as a column, for what only columns can do, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.columns import RowLabels, SteadyElementwise, SteadyRelabel
from shframe.dataframe.expr.relations import NumberRows
from shframe.dataframe.methods import sorting
from shframe.dataframe.methods.rowwise import call_method, rename_series
from shframe.dataframe.methods.selection import select_column

LABEL = "__shframe_label__"


def as_column(labels: Relation) -> Relation:
    """The labels of an index of one level as a series of counted rows."""
    kind: Any = {"kind": SteadyElementwise, "index_asked": True}
    frame = NumberRows(call_method(labels, "to_frame", (), {"name": LABEL}, **kind))
    return rename_series(select_column(frame, LABEL), labels.meta.name)


def change(labels: Relation, work: Callable[[Relation], Relation]) -> Relation:
    """The labels that are left of a frame of them when something was done to it."""
    column = sorting.to_frame(as_column(labels), LABEL)
    made = sorting.set_index(work(column), LABEL, True)
    kind: Any = {"kind": SteadyRelabel, "index_asked": True}
    return RowLabels(call_method(made, "rename_axis", [labels.meta.name], **kind))


def are_plain(labels: Any) -> bool:
    """Whether an index has one level, of values that columns have too and give back as they are."""
    small = str(labels.dtype) in ("int8", "int16", "int32")
    return not (isinstance(labels, pd.MultiIndex) or labels.dtype == object or small)
