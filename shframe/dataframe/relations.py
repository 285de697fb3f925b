"""The nodes of a frame's plan: what each is made of, and what it would look like when empty.

A node's `meta` is the empty pandas object with its labels, dtypes and index names. It is found by
running pandas' own operation on the metas of the sources, so that a mistake shows at the call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from shframe.dataframe.kernels import groupby as groupby_kernels
from shframe.graph.expr import Expr
from shframe.graph.objectref import ObjectRef
from shframe.graph.tokens import tokenize


class Params:
    """Keyword parameters of a kernel, with a token of their content."""

    __slots__ = ("token", "values")

    def __init__(self, **values: Any) -> None:
        self.values = values
        self.token = tokenize(values)

    def __shframe_token__(self) -> str:
        return self.token


class Meta:
    """An empty pandas object as part of a node: its dtypes, labels and names make the token."""

    __slots__ = ("empty", "token")

    def __init__(self, sample: Any) -> None:
        self.empty = sample.iloc[:0] if not isinstance(sample, pd.Index) else sample[:0]
        self.token = tokenize(self.empty)

    def __shframe_token__(self) -> str:
        return self.token


@dataclass(frozen=True, eq=False)
class Relation(Expr):
    """A frame, series or index in partitions."""

    @functools.cached_property
    def meta(self) -> Any:
        """The empty pandas object with the dtypes and labels of this one."""
        raise AssertionError(f"{type(self).__name__} lacks a meta")

    @functools.cached_property
    def roots(self) -> frozenset[str]:
        """Nodes whose partitions this one keeps; equal for what can be combined by partition."""
        return frozenset({self.token})


@dataclass(frozen=True, eq=False)
class FromParts(Relation):
    """Partitions that are in the store already; `rows` of each where known."""

    parts: tuple[ObjectRef, ...]
    sample: Meta
    rows: tuple[int, ...] | None = None
    fresh: bool = False

    @functools.cached_property
    def meta(self) -> Any:
        return self.sample.empty


@dataclass(frozen=True, eq=False)
class ReadParquet(Relation):
    """A Parquet data set: some columns of the row groups that may hold what is asked for.

    source: the files, described by io.
    columns: labels to read, None for all; prune: conditions that skip row groups.
    limit: rows needed from the start, None for all.
    filters: alternatives, each of terms (field, sign, value) that all hold for a row; none: all.
    """

    source: Any
    columns: tuple[Any, ...] | None = None
    prune: tuple[tuple[Any, str, Any], ...] = ()
    limit: int | None = None
    filters: tuple[tuple[tuple[str, str, Any], ...], ...] = ()

    @functools.cached_property
    def meta(self) -> Any:
        whole = self.source.filtered_meta if self.filters else self.source.meta
        return whole if self.columns is None else whole[list(self.columns)]


@dataclass(frozen=True, eq=False)
class ReadCsv(Relation):
    """A CSV file in byte ranges that begin and end at lines."""

    source: Any

    @functools.cached_property
    def meta(self) -> Any:
        return self.source.meta


@dataclass(frozen=True, eq=False)
class Map(Relation):
    """A kernel applied to corresponding partitions of its sources.

    index_free: whether the result's index is the first source's, untouched and not looked at.
    """

    sources: tuple[Relation, ...]
    kernel: Callable[..., Any]
    params: Params
    index_free: bool = False
    known_meta: Meta | None = None

    @functools.cached_property
    def meta(self) -> Any:
        if self.known_meta is not None:
            return self.known_meta.empty
        return self.kernel(*(source.meta for source in self.sources), **self.params.values)

    @functools.cached_property
    def roots(self) -> frozenset[str]:
        return frozenset().union(*(source.roots for source in self.sources))


@dataclass(frozen=True, eq=False)
class Whole(Relation):
    """A kernel applied to everything at once, in one task; what pandas alone can do exactly."""

    sources: tuple[Relation, ...]
    kernel: Callable[..., Any]
    params: Params

    @functools.cached_property
    def meta(self) -> Any:
        return self.kernel(*(source.meta for source in self.sources), **self.params.values)


@dataclass(frozen=True, eq=False)
class Reduce(Relation):
    """A partial result of each partition, and one of all of them.

    The result is a scalar or a Series over the columns; `meta` is None.
    """

    source: Relation
    partial: Callable[..., Any]
    final: Callable[..., Any]
    params: Params

    @functools.cached_property
    def meta(self) -> Any:
        return None


@dataclass(frozen=True, eq=False)
class GroupAgg(Relation):
    """Aggregations of groups; see kernels/groupby.py for what `plan` holds."""

    source: Relation
    plan: groupby_kernels.Plan

    @functools.cached_property
    def meta(self) -> Any:
        return groupby_kernels.empty_result(self.source.meta, self.plan)


@dataclass(frozen=True, eq=False)
class Merge(Relation):
    """Rows of two frames that belong together; the index counts the result's rows."""

    left: Relation
    right: Relation
    how: str
    left_on: tuple[Any, ...]
    right_on: tuple[Any, ...]
    suffixes: tuple[str | None, str | None]

    @functools.cached_property
    def meta(self) -> Any:
        return (
            self.left.meta.merge(
                self.right.meta,
                how=self.how,
                left_on=list(self.left_on),
                right_on=list(self.right_on),
                suffixes=self.suffixes,
            )
            if self.left_on != self.right_on
            else self.left.meta.merge(
                self.right.meta, how=self.how, on=list(self.left_on), suffixes=self.suffixes
            )
        )


@dataclass(frozen=True, eq=False)
class Sort(Relation):
    """Rows in the order of some columns, or of the index when `by` is None."""

    source: Relation
    by: tuple[Any, ...] | None
    ascending: tuple[bool, ...]
    na_position: str
    ignore_index: bool

    @functools.cached_property
    def meta(self) -> Any:
        return self.source.meta


@dataclass(frozen=True, eq=False)
class Head(Relation):
    """The first `count` rows, or the last where `last`."""

    source: Relation
    count: int
    last: bool = False

    @functools.cached_property
    def meta(self) -> Any:
        return self.source.meta


@dataclass(frozen=True, eq=False)
class Tree(Relation):
    """A small result of each partition, combined into one partition: nlargest, value_counts.

    partial and combine take and give frames or series; combine takes several.
    """

    source: Relation
    partial: Callable[..., Any]
    combine: Callable[..., Any]
    params: Params

    @functools.cached_property
    def meta(self) -> Any:
        part = self.partial(self.source.meta, **self.params.values)
        made = self.combine(part, last=True, **self.params.values)
        return made.iloc[:0] if not isinstance(made, pd.Index) else made[:0]


@dataclass(frozen=True, eq=False)
class Repartition(Relation):
    """The same rows in another number of partitions."""

    source: Relation
    count: int

    @functools.cached_property
    def meta(self) -> Any:
        return self.source.meta


@dataclass(frozen=True, eq=False)
class Renumber(Relation):
    """The same rows with an index that counts them."""

    source: Relation

    @functools.cached_property
    def meta(self) -> Any:
        return self.source.meta
