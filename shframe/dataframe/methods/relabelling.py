"""Labels of rows and columns, set to others."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation
from shframe.dataframe.expr.columns import SteadyElementwise, SteadyRelabel
from shframe.dataframe.expr.lineage import same_rows
from shframe.dataframe.expr.relations import Map, unify_dtypes
from shframe.dataframe.kernels import labelling
from shframe.dataframe.methods.delegating import call_in_one_task
from shframe.dataframe.methods.rowwise import call_method
from shframe.dataframe.methods.storing import place_values


def set_column_labels(source: Relation, labels: Any) -> Relation:
    """The same columns under other labels."""
    named = {"axis": 1}
    return call_method(source, "set_axis", [labels], named, kind=SteadyElementwise)


def set_labels(source: Relation, labels: Any) -> Relation:
    """The same rows under other labels: lazy ones, or as many plain ones as there are rows."""
    if arguments.is_rows(labels):
        node = labels.expr
    elif isinstance(labels, pd.MultiIndex) or not arguments.is_many(labels):
        return call_in_one_task(source, "set_axis", (labels,), {})  # type: ignore[return-value]
    else:
        plain = pd.Index(labels)
        if isinstance(plain, pd.MultiIndex):
            return call_in_one_task(source, "set_axis", (labels,), {})  # type: ignore[return-value]
        node = place_values(source, plain)
    if not same_rows([source.lineage, node.lineage]):
        return call_in_one_task(source, "set_axis", (labels,), {})  # type: ignore[return-value]
    return Map((unify_dtypes(source), unify_dtypes(node)), labelling.set_labels, Params(), "made")


def rename_labels(source: Relation, names: Any, *, several: bool) -> Relation:
    """The same rows whose labels have another name, or names of their levels."""
    if isinstance(source.meta, pd.Index):
        how: tuple[str, list[Any]] = ("set_names" if several else "rename", [names])
    else:
        how = ("rename_axis", [list(names) if several else names])
    return call_method(source, *how, kind=SteadyRelabel, index_asked=True)
