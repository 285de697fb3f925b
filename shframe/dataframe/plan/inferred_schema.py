"""The schema of what a user's function returns, learned by running it when it is needed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe import session
from shframe.dataframe.expr.base import Relation
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
            name = node.params.values["function"].name  # type: ignore[attr-defined]
            raise TypeError(
                f"{name} must return a DataFrame, Series or Index for each partition, "
                f"got {type(given).__name__}"
            )
        if len(given):
            break
    return given.iloc[:0].copy() if not isinstance(given, pd.Index) else given[:0]
