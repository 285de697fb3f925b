"""Users' functions on partitions: captured at the call, their schema learned when asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from shframe import session
from shframe.dataframe import arguments
from shframe.dataframe.expr import relations
from shframe.dataframe.expr.lineage import Rows
from shframe.dataframe.expr.relations import Map, Meta, Params
from shframe.dataframe.kernels import rowwise
from shframe.graph.tasks.function import UserCode


@dataclass(frozen=True, eq=False)
class UserMap(Map):
    """A Map whose meta is learned by running it on the first partition that has rows."""

    @functools.cached_property
    def meta(self) -> Any:
        if self.known_meta is not None:
            return self.known_meta.empty
        return _learned(self)


def mapped_by_user(
    collection: Any,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    meta: Any = None,
    writable: bool = True,
    rows: Rows = "made",
) -> Any:
    """The collection of a user's function applied to each partition.

    rows: what is known to become of the rows, where a kernel of ours calls the function.
    """
    from shframe.dataframe.base import wrap

    given = arguments.of_function(args, kwargs)
    params = Params(
        function=UserCode(function), args=given.args, kwargs=given.kwargs, writable=writable
    )
    known = None if meta is None else Meta(meta)
    sources = (relations.agreed(collection.expr),)
    node = UserMap(sources, rowwise.user_function, params, False, known, rows, given.values)
    return wrap(node)


def _learned(node: UserMap) -> Any:
    """Run the partitions in order until one gives rows; what it gives tells the dtypes."""
    from shframe.dataframe.plan.planner import PLANNER

    graph, layer = PLANNER.graph(PLANNER.optimized(node))
    given: Any = None
    for key in list(layer.keys):
        graph.outputs = (key,)
        (ref,) = session.current().run(graph.culled())
        given = ref.value()
        if not isinstance(given, (pd.DataFrame, pd.Series, pd.Index)):
            raise TypeError(
                f"{node.params.values['function'].name} gave a {type(given).__name__} "
                "for a partition\n  a DataFrame, Series or Index is needed"
            )
        if len(given):
            break
    return given.iloc[:0].copy() if not isinstance(given, pd.Index) else given[:0]
