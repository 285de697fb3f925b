"""The nodes of a frame's plan: what each is made of, and what it would look like when empty.

A relation has rows in partitions. Its `meta` is the empty pandas object with its labels, dtypes
and index names, found by running pandas' own operation on the metas of the sources, so that a
mistake shows at the call. A value is one object: its `sample` is what one harmless row gives.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.lineage import Lineage, Rows, same_rows
from shframe.dataframe.kernels import aggregate as groupby_kernels
from shframe.dataframe.kernels import join_partitions, rowwise
from shframe.dataframe.plan.samples import sample_of
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.tokens import tokenize


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
    def lineage(self) -> Lineage:
        """Where the rows come from; a node of its own, of which no order is known."""
        return Lineage(self.token, self.token)

    @functools.cached_property
    def settled(self) -> bool:
        """Whether all partitions have the dtypes of the whole, whatever is missing in them."""
        return True

    @property
    def as_known(self) -> bool:
        """Whether those are the dtypes of `meta`."""
        return True


@dataclass(frozen=True, eq=False)
class Value(Expr):
    """One value, or a pandas object that is not in partitions."""

    @functools.cached_property
    def sample(self) -> Any:
        """What it would be of one harmless row: tells its kind and its labels."""
        raise AssertionError(f"{type(self).__name__} lacks a sample")


@dataclass(frozen=True, eq=False)
class FromParts(Relation):
    """Partitions that are in the store already; `rows` of each where known.

    increasing: whether their labels are known to increase strictly, over all of them.
    same_dtypes: whether all have the dtypes of `sample`.
    """

    parts: tuple[ObjectRef, ...]
    sample: Meta
    rows: tuple[int, ...] | None = None
    fresh: bool = False
    increasing: bool = False
    same_dtypes: bool = True

    @functools.cached_property
    def meta(self) -> Any:
        return self.sample.empty

    @functools.cached_property
    def settled(self) -> bool:
        return self.same_dtypes

    @functools.cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, self.fresh or self.increasing)


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

    @functools.cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, not self.source.index)


@dataclass(frozen=True, eq=False)
class ReadCsv(Relation):
    """A CSV file in byte ranges that begin and end at lines."""

    source: Any

    @functools.cached_property
    def meta(self) -> Any:
        return self.source.meta

    @functools.cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, True)


@dataclass(frozen=True, eq=False)
class Map(Relation):
    """A kernel applied to corresponding partitions of its sources.

    The kernel must give the same on any partitioning, but for the labels of rows.

    index_free: whether the result's index is the first source's, untouched and not looked at.
    rows: what it does to the first source's rows; what is not known makes rows of its own.
    values: what each partition is given besides, whole.
    """

    sources: tuple[Relation, ...]
    kernel: Callable[..., Any]
    params: Params
    index_free: bool = False
    known_meta: Meta | None = None
    rows: Rows = "made"
    values: tuple[Expr, ...] = ()

    @functools.cached_property
    def meta(self) -> Any:
        if self.known_meta is not None:
            return self.known_meta.empty
        return self.kernel(*map(_example, (*self.sources, *self.values)), **self.params.values)

    @functools.cached_property
    def lineage(self) -> Lineage:
        lineages = [source.lineage for source in self.sources]
        first = lineages[0]
        if self.rows == "made":
            return Lineage(self.token, self.token)
        if self.rows == "same" or (self.rows == "joined" and same_rows(lineages)):
            return first
        if any(one.root != first.root for one in lineages) and self.rows == "joined":
            return Lineage(self.token, self.token)
        choice = [source.token for source in self.sources[1:]] or [self.token]
        return Lineage(first.root, tokenize(self.rows, first.rows, choice), first.increasing)

    @functools.cached_property
    def settled(self) -> bool:
        if not all(source.settled for source in self.sources):
            return False
        return self._keeps_dtypes() or not any(map(_yields, dtypes_of(self.meta)))

    def _keeps_dtypes(self) -> bool:
        """Whether the dtypes of the result follow from those of the sources."""
        name = self.params.values.get("name")
        if self.kernel in (rowwise.scalar, rowwise.binary):
            aligned = same_rows([source.lineage for source in self.sources])
            return aligned and name not in ("floordiv", "mod", "pow", "and_", "or_", "xor")
        if self.kernel is rowwise.assigned:
            return same_rows([source.lineage for source in self.sources])
        return self.kernel in _KEEP_DTYPES or (self.kernel is rowwise.method and name in _STEADY)


_KEEP_DTYPES = (rowwise.columns, rowwise.column, rowwise.rows, rowwise.unary, rowwise.as_index)
_STEADY_NAMES = """
    isna notna astype isin round abs clip between rename to_frame dropna set_index reset_index
"""
_STEADY = frozenset(_STEADY_NAMES.split())


def dtypes_of(meta: Any) -> list[Any]:
    """The dtypes of the columns of an empty pandas object."""
    return list(meta.dtypes) if meta.ndim == 2 else [meta.dtype]


def _yields(dtype: Any) -> bool:
    """Whether a missing value makes values of this dtype those of another."""
    return isinstance(dtype, np.dtype) and dtype.kind in "iubO"


@dataclass(frozen=True, eq=False)
class Agreed(Relation):
    """The same rows; partitions in which something is missing and all others have one dtype."""

    source: Relation

    @functools.cached_property
    def meta(self) -> Any:
        return self.source.meta

    @functools.cached_property
    def lineage(self) -> Lineage:
        return self.source.lineage

    @property
    def as_known(self) -> bool:
        return False


def agreed(source: Relation) -> Relation:
    """The relation with the dtypes of the whole in all of its partitions."""
    return source if source.settled else Agreed(source)


@dataclass(frozen=True, eq=False)
class Whole(Relation):
    """A kernel applied to everything at once, in one task; what pandas alone can do exactly."""

    sources: tuple[Expr, ...]
    kernel: Callable[..., Any]
    params: Params

    @functools.cached_property
    def meta(self) -> Any:
        return self.kernel(*map(_example, self.sources), **self.params.values)


def whole(source: Relation) -> Relation:
    """All rows of a relation in one partition."""
    return Whole((source,), rowwise.itself, Params())


def everything(source: Relation) -> Value:
    """All rows of a relation as one value."""
    return Computed((source,), rowwise.itself, Params())


def _example(source: Expr) -> Any:
    """What stands for a source when a kernel is tried."""
    return source.sample if isinstance(source, Value) else source.meta  # type: ignore[attr-defined]


@dataclass(frozen=True, eq=False)
class Computed(Value):
    """A kernel applied to values, and to relations of which it gets all rows, in one task."""

    sources: tuple[Expr, ...]
    kernel: Callable[..., Any]
    params: Params

    @functools.cached_property
    def sample(self) -> Any:
        examples = [
            one.sample if isinstance(one, Value) else sample_of(one.meta)  # type: ignore[attr-defined]
            for one in self.sources
        ]
        return self.kernel(*examples, **self.params.values)


class Held:
    """A lazy object of another room, or a handle, as part of a node."""

    __slots__ = ("token", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.token = tokenize(getattr(value, "expr", value))

    def __shframe_token__(self) -> str:
        return self.token


@dataclass(frozen=True, eq=False)
class Given(Value):
    """A handle, or what a lazy object of another room computes."""

    held: Held
    _sample: Any = None

    @functools.cached_property
    def sample(self) -> Any:
        return self._sample


@dataclass(frozen=True, eq=False)
class Reduce(Value):
    """A partial result of each partition, and one of all of them."""

    source: Relation
    partial: Callable[..., Any]
    final: Callable[..., Any]
    params: Params

    @functools.cached_property
    def sample(self) -> Any:
        one = self.partial(sample_of(self.source.meta), **self.params.values)
        return self.final(one, **self.params.values)


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
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, True)

    @functools.cached_property
    def settled(self) -> bool:
        return self.how == "inner" or not any(map(_yields, dtypes_of(self.meta)))

    @functools.cached_property
    def meta(self) -> Any:
        plan = join_partitions.JoinPlan(self.how, self.left_on, self.right_on, self.suffixes, None)
        left, right = self.left.meta, self.right.meta
        try:
            return join_partitions.by_pandas(left, right, plan)
        except TypeError:  # pandas compares the extremes of masked keys, and there are none
            return join_partitions.by_pandas(sample_of(left), sample_of(right), plan).iloc[:0]


@dataclass(frozen=True, eq=False)
class Sort(Relation):
    """Rows in the order of some columns, or of the index when `by` is None."""

    source: Relation
    by: tuple[Any, ...] | None
    ascending: tuple[bool, ...]
    na_position: str
    ignore_index: bool

    @functools.cached_property
    def settled(self) -> bool:
        return self.source.settled

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
    def settled(self) -> bool:
        return self.source.settled

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
    def settled(self) -> bool:
        return self.source.settled

    @functools.cached_property
    def meta(self) -> Any:
        return self.source.meta

    @functools.cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, self.source.lineage.increasing)


@dataclass(frozen=True, eq=False)
class Renumber(Relation):
    """The same rows with an index that counts them."""

    source: Relation

    @functools.cached_property
    def settled(self) -> bool:
        return self.source.settled

    @functools.cached_property
    def meta(self) -> Any:
        return self.source.meta

    @functools.cached_property
    def lineage(self) -> Lineage:
        root = tokenize("renumbered", self.source.lineage.root, self.source.lineage.rows)
        return Lineage(root, root, True)
