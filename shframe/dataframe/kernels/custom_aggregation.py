"""Aggregations that users write as functions of partial results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels.aggregation import Aggregation
from shframe.graph.plan.tokens import tokenize
from shframe.graph.tasks.function import UserCode


@dataclass(frozen=True, slots=True)
class CustomAggregation:
    """What is found of the groups of a partition, of several such results, and of the last one."""

    name: str
    chunk: UserCode
    agg: UserCode
    finalize: UserCode | None = None

    def __shframe_token__(self) -> str:
        return tokenize(self.name, self.chunk, self.agg, self.finalize)


def aggregate_at_once(groups: Any, how: CustomAggregation, options: dict[str, Any]) -> Any:
    """The result of groups that are whole."""
    found = _as_tuple(how.chunk.function(groups))
    combined = _aggregate([_group_again(one, options) for one in found], how)
    return _finish(combined, how, groups.obj.name)


def find_chunks(part: Any, *, plan: Aggregation) -> Any:
    """The partial results of each output: a frame with a column for each, its keys as index."""
    frame = partition.as_pandas(part)
    groups = frame.groupby(list(plan.keys), **_options(plan, sort=False))
    chunks = [
        _as_tuple(output.how.chunk.function(groups[output.column])) for output in plan.outputs
    ]
    return _as_frame(chunks)


def combine_chunks(*parts: Any, plan: Aggregation) -> Any:
    """One frame of partial results of several."""
    return _as_frame(_combine(parts, plan, sort=False))


def finish_chunks(*parts: Any, plan: Aggregation) -> list[Any]:
    """The result of each output, a series by the keys."""
    made = _combine(parts, plan, sort=plan.sort)
    pairs = zip(made, plan.outputs, strict=True)
    return [_finish(one, output.how, output.column) for one, output in pairs]


def _combine(parts: tuple[Any, ...], plan: Aggregation, *, sort: bool) -> list[tuple[Any, ...]]:
    filled = [part for part in parts if len(part)] or [parts[0]]
    whole = pd.concat(filled)
    options = _options(plan, sort=sort)
    return [
        _aggregate([_group_again(whole[label], options) for label in labels], output.how)
        for labels, output in zip(_columns_by_output(whole), plan.outputs, strict=True)
    ]


def _columns_by_output(frame: Any) -> list[list[tuple[int, int]]]:
    count = frame.columns[-1][0] + 1
    return [[label for label in frame.columns if label[0] == n] for n in range(count)]


def _as_frame(results: list[tuple[Any, ...]]) -> Any:
    columns = {(n, m): one for n, many in enumerate(results) for m, one in enumerate(many)}
    frame = pd.DataFrame(dict(enumerate(columns.values())))
    frame.columns = pd.MultiIndex.from_tuples(columns)
    return frame


def _aggregate(groups: list[Any], how: CustomAggregation) -> tuple[Any, ...]:
    return _as_tuple(how.agg.function(*groups))


def _finish(combined: tuple[Any, ...], how: CustomAggregation, name: Any) -> Any:
    made = combined[0] if how.finalize is None else how.finalize.function(*combined)
    return made.rename(name)


def _group_again(results: Any, options: dict[str, Any]) -> Any:
    return results.groupby(level=list(range(results.index.nlevels)), **options)


def _options(plan: Aggregation, *, sort: bool) -> dict[str, Any]:
    return {"sort": sort, "dropna": plan.dropna, "observed": plan.observed}


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
