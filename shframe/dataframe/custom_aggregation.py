"""Aggregation: what users make an aggregation of groups of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.dataframe.kernels.custom_aggregation import CustomAggregation
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.tasks.function import UserCode


class Aggregation(CustomAggregation):
    """An aggregation for `groupby(...).agg(...)` that partitions find parts of.

    name: the label of its column, where several are asked for.
    chunk: called with the groups of a column in each partition; it returns a series by the keys,
        or a tuple of such.
    agg: called with the groups of the results of several partitions, of each series of `chunk`;
        it returns as many series. It may be called on its own results.
    finalize: called with these series; it returns the result. None: the one series is it.

    Raises: InvalidArgument for what is no function.
    Cost: each partition has its groups; their results are combined in a tree. Where they are asked
    for beside other aggregations, or the keys are categories or objects, whole groups are brought
    together.

    Examples
    --------
    >>> import pandas as pd, shframe as sf
    >>> df = sf.from_pandas(pd.DataFrame({"k": [1, 1, 2], "v": [3, 4, 5]}), npartitions=2)
    >>> mean = sf.Aggregation(
    ...     "mean",
    ...     chunk=lambda groups: (groups.count(), groups.sum()),
    ...     agg=lambda counts, sums: (counts.sum(), sums.sum()),
    ...     finalize=lambda count, total: total / count,
    ... )
    >>> df.groupby("k").v.agg(mean).compute().to_dict()
    {1: 3.5, 2: 5.0}
    """

    __slots__ = ()

    def __init__(
        self,
        name: str,
        chunk: Callable[..., Any],
        agg: Callable[..., Any],
        finalize: Callable[..., Any] | None = None,
    ) -> None:
        if not isinstance(name, str):
            raise UnsupportedType(f"Aggregation() needs a string as name, got {name!r}")
        given = {"chunk": chunk, "agg": agg, "finalize": finalize}
        for label, one in given.items():
            if not callable(one) and not (label == "finalize" and one is None):
                raise InvalidArgument(f"Aggregation() needs a function as {label}=, got {one!r}")
        last = None if finalize is None else UserCode(finalize)
        super().__init__(name, UserCode(chunk), UserCode(agg), last)

    @property
    def __name__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return CustomAggregation, (self.name, self.chunk, self.agg, self.finalize)
