"""Users' functions on partitions, captured at the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Meta, Params, Relation
from shframe.dataframe.expr.lineage import Rows
from shframe.dataframe.expr.relations import MapPartitions, unify_dtypes
from shframe.dataframe.kernels import rowwise
from shframe.dataframe.plan.inferred_schema import learn_schema
from shframe.graph.tasks.function import UserCode


def map_partitions(
    source: Relation,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    meta: Any = None,
    writable: bool = True,
    rows: Rows = "made",
) -> MapPartitions:
    """A user's function applied to each partition.

    rows: what is known to become of the rows, where a kernel of ours calls the function.
    """
    split = arguments.split_function(args, kwargs)
    params = Params(
        function=UserCode(function),
        args=split.arguments.args,
        kwargs=dict(split.arguments.kwargs),
        writable=writable,
    )
    return MapPartitions(
        (unify_dtypes(source),),
        rowwise.call_user_function,
        params,
        rows,
        given=split.values,
        known=_known_of(meta),
        _learn=learn_schema,
    )


def _known_of(meta: Any) -> Meta | None:
    """The empty object that meta means: one of pandas, or what Dask takes for one: (name, dtype) of
    a series, names and dtypes of a frame. None where it does not tell."""
    if isinstance(meta, tuple) and len(meta) == 2:
        return Meta(pd.Series([], dtype=meta[1], name=meta[0]))
    if isinstance(meta, (dict, list)):
        columns = {name: pd.Series([], dtype=dtype) for name, dtype in dict(meta).items()}
        return Meta(pd.DataFrame(columns))
    return Meta(meta) if isinstance(meta, (pd.DataFrame, pd.Series, pd.Index)) else None


def map_items(
    items: Relation,
    function: Callable[..., Any],
    rows: list[tuple[Any, ...]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> MapPartitions:
    """What a user's function returns for each item; items: a partition with the number of each."""
    return map_partitions(items, _call_for_item, (function, rows, args, kwargs), {})


def _call_for_item(
    part: Any,
    function: Any,
    rows: list[tuple[Any, ...]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    (number,) = part
    return function(*rows[number], *args, **kwargs)
