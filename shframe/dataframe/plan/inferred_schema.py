"""The schema of what only a run can tell: what users' functions return, columns that are values."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe import session
from shframe.dataframe.expr.base import Meta, Relation, Value
from shframe.dataframe.expr.relations import FromParts
from shframe.dataframe.plan.planner import PLANNER


def learn_schema(node: Relation) -> Any:
    """Run the partitions in order until one gives rows; what it gives tells the dtypes.

    Raises: TypeError: when the function gives no pandas object with rows.
    """
    graph, layer = PLANNER.graph(PLANNER.optimized(node))
    given: Any = None
    for key in list(layer.keys):
        graph.outputs = (key,)
        (ref,) = session.current().run(graph.culled())
        given = ref.value()
        if not isinstance(given, (pd.DataFrame, pd.Series, pd.Index)):
            raise TypeError(
                f"{_function_of(node)} must return a DataFrame, Series or Index "
                f"for each partition, got {type(given).__name__}"
            )
        if len(given):
            break
    return given.iloc[:0].copy() if not isinstance(given, pd.Index) else given[:0]


def _function_of(node: Relation) -> str:
    params = getattr(node, "params", None)
    return params.values["function"].name if params is not None else "the function"


def compute_now(node: Relation) -> FromParts:
    """The relation computed and kept, so that its labels and dtypes are known.

    Raises: TypeError: when it is no pandas object with rows.
    """
    graph, layer = PLANNER.graph(PLANNER.optimized(node))
    (ref,) = session.current().run(graph)
    made = ref.value()
    if not isinstance(made, (pd.DataFrame, pd.Series, pd.Index)):
        raise TypeError(f"expected a DataFrame, Series or Index, got {type(made).__name__}")
    return FromParts((ref,), Meta(made), (len(made),), layer.about.fresh)


def compute_value(node: Value) -> Any:
    """The value, computed now."""
    graph, _ = PLANNER.graph(PLANNER.optimized(node))
    (ref,) = session.current().run(graph)
    return ref.value(writable=True)
