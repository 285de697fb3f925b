"""The relations of a frame's plan: where rows come from, which of them, in what order."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import (
    Call,
    Literal,
    Meta,
    Params,
    Relation,
    RowWise,
    SameSchema,
    changes_when_missing,
    choose_columns,
    example_of,
    is_mask,
    is_numbered,
    learned_meta,
)
from shframe.dataframe.expr.lineage import Lineage, correspond, same_rows
from shframe.dataframe.expr.samples import sample_of
from shframe.dataframe.expr.schemas import ask_once, ask_once_of_equal
from shframe.dataframe.kernels import aggregate, combine, join_partitions, rowwise
from shframe.dataframe.kernels.aggregation import Aggregation
from shframe.graph.cached import cached_property
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.tokens import tokenize

# --- where rows come from -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FromParts(Relation):
    """Partitions that are in the store already; `sizes`, their numbers of rows, where known.

    increasing: whether their labels are known to increase strictly, over all of them.
    same_dtypes: whether all have the dtypes of `sample`.
    """

    parts: tuple[ObjectRef, ...]
    sample: Meta
    sizes: tuple[int, ...] | None = None
    fresh: bool = False
    increasing: bool = False
    same_dtypes: bool = True

    @cached_property
    def meta(self) -> Any:
        return self.sample.empty

    @cached_property
    def settled(self) -> bool:
        return self.same_dtypes

    @cached_property
    def groups(self) -> dict[tuple[Any, ...], int]:
        """How many groups rows are guessed to make by some columns, where that was asked."""
        return {}

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, self.fresh or self.increasing)


@dataclass(frozen=True, eq=False)
class ReadParquet(Relation):
    """A Parquet data set: some columns of the row groups that may hold what is asked for.

    source: the files (parquet_source.ParquetSource).
    columns: labels to read, None for all; prune: conditions that skip row groups.
    limit: rows needed from the start, None for all.
    filters: alternatives, each of terms (field, sign, value) that all hold for a row; none: all.
    """

    source: Any
    columns: tuple[Any, ...] | None = None
    prune: tuple[tuple[Any, str, Any], ...] = ()
    limit: int | None = None
    filters: tuple[tuple[tuple[str, str, Any], ...], ...] = ()

    @cached_property
    def meta(self) -> Any:
        whole = self.source.filtered_meta if self.filters else self.source.meta
        return whole if self.columns is None else whole[list(self.columns)]

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, not self.source.index)


@dataclass(frozen=True, eq=False)
class ReadCsv(Relation):
    """A CSV file in byte ranges that begin and end at lines."""

    source: Any

    @cached_property
    def meta(self) -> Any:
        return self.source.meta

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, True)


# --- row by row ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Project(RowWise):
    """Some columns of a frame, as a frame."""

    source: Relation
    labels: tuple[Any, ...]

    keeps_dtypes = True

    @cached_property
    def meta(self) -> Any:
        if (kept := self.kept_meta) is not None:
            return kept
        known = set(self.source.labels_made)
        if all(type(label) is str and label in known for label in self.labels):
            return choose_columns(self.source.meta, self.labels)
        return super().meta

    @property
    def call(self) -> Call:
        return rowwise.select_columns, {"labels": list(self.labels)}


@dataclass(frozen=True, eq=False)
class Filter(RowWise):
    """The rows for which a condition holds; labels: whether something looks at theirs."""

    source: Relation
    condition: Relation
    labels: bool = True

    rows = "chosen"
    keeps_dtypes = True

    @property
    def keeps_index(self) -> bool:
        return not self.labels and self.is_aligned

    @cached_property
    def meta(self) -> Any:
        """That of the source, of which an ordinary condition leaves no row."""
        plain = "_kept" not in self.__dict__ and self.is_aligned
        if plain and is_numbered(self.source.meta) and is_mask(self.condition.meta):
            return self.source.meta
        return super().meta

    @cached_property
    def labels_made(self) -> tuple[Any, ...]:
        return self.source.labels_made

    @cached_property
    def settled(self) -> bool:
        return self.source.settled  # the dtype of the condition is not that of the rows

    @property
    def call(self) -> Call:
        return rowwise.filter_rows, {"positional": self.is_aligned}


@dataclass(frozen=True, eq=False)
class Assign(RowWise):
    """The frame with another column, or with one replaced.

    column: a relation at its side, or a literal, in which a Place stands for each lazy part.
    given: what those stand for; of a relation, how many rows the whole frame has, where a frame
        without rows has to be told from a partition without rows.
    grows: whether a frame without any rows gets those of the column, as in an assignment.
    """

    source: Relation
    label: Any
    column: Relation | Literal
    given: tuple[Expr, ...] = ()
    grows: bool = True

    @cached_property
    def labels_made(self) -> tuple[Any, ...]:
        return self.source.labels_with(self.label) or super().labels_made

    @property
    def keeps_dtypes(self) -> bool:
        return self.is_aligned

    @property
    def call(self) -> Call:
        if isinstance(self.column, Literal):
            return rowwise.assign, {"labels": (), "plain": {self.label: self.column.value}}
        whole: Any = rowwise.COUNT_OF_WHOLE if self.given else 0 if self.grows else 1
        params = {"labels": (self.label,), "plain": {}, "whole": whole}
        return rowwise.assign, {**params, "positional": self.is_aligned}


@dataclass(frozen=True, eq=False)
class Map(RowWise):
    """A kernel that has no node of its own: what only pandas can say of corresponding partitions.

    keeps: what it does to the rows of the first source; ignores_index: whether the result has its
    index, not looked at.
    """

    sources: tuple[Relation, ...]
    kernel: Callable[..., Any]
    params: Params
    keeps: str = "made"
    ignores_index: bool = False
    given: tuple[Expr, ...] = ()
    known: Meta | None = None

    @property
    def rows(self) -> Any:  # type: ignore[override]  # here it is said of each node
        return self.keeps

    @property
    def keeps_index(self) -> bool:
        return self.ignores_index and self.is_aligned

    @property
    def call(self) -> Call:
        return self.kernel, self.params.values


@dataclass(frozen=True, eq=False)
class MapPartitions(Map):
    """A user's function on partitions; its schema is learned by running it, if it is not known.

    _learn: how it is learned: the plan's node in, the empty result out.
    """

    _learn: Callable[[Relation], Any] | None = None

    @cached_property
    def meta(self) -> Any:
        return learned_meta(self)


# --- of the whole -------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class UnifyDtypes(SameSchema):
    """The same rows; partitions in which something is missing and all others have one dtype."""

    @cached_property
    def lineage(self) -> Lineage:
        return self.source.lineage

    @cached_property
    def settled(self) -> bool:
        return True

    @property
    def as_known(self) -> bool:
        return False


def unify_dtypes(source: Relation) -> Relation:
    """The relation with the dtypes of the whole in all of its partitions."""
    return source if source.settled else UnifyDtypes(source)


@dataclass(frozen=True, eq=False)
class Whole(Relation):
    """A kernel applied to everything at once, in one task; what pandas alone can do exactly."""

    sources: tuple[Expr, ...]
    kernel: Callable[..., Any]
    params: Params

    @cached_property
    def meta(self) -> Any:
        return self.kernel(*map(example_of, self.sources), **self.params.values)


@dataclass(frozen=True, eq=False)
class OpenWhole(Whole):
    """The same where only a run tells the labels and dtypes of the result.

    _learn: how they are learned: the plan's node in, the empty result out.
    """

    _learn: Callable[[Relation], Any] | None = None

    @cached_property
    def meta(self) -> Any:
        assert self._learn is not None, "nothing tells what comes of it"
        return self._learn(self)


class BringTogether(Whole):
    """All rows of a relation in one partition."""


def bring_together(source: Relation) -> BringTogether:
    """All rows of a relation in one partition."""
    return BringTogether((source,), rowwise.pass_through, Params())


def align(*sources: Relation, by_label: bool = True) -> tuple[Relation, ...]:
    """Sources whose partitions correspond; others are brought together, where pandas aligns them.

    by_label: whether a partition can be aligned with the same one of a choice of rows.
    """
    lineages = [source.lineage for source in sources]
    by_label = by_label and not any(isinstance(source.meta, pd.Index) for source in sources)
    if correspond(lineages) if by_label else same_rows(lineages):
        return sources
    return tuple(map(bring_together, sources))


@dataclass(frozen=True, eq=False)
class Aggregate(Relation):
    """Aggregations of groups; `plan` says by what and which."""

    source: Relation
    plan: Aggregation

    @cached_property
    def meta(self) -> Any:
        source, plan = self.source.meta, self.plan
        find = functools.partial(aggregate.aggregate_empty, source, plan)
        if not all(isinstance(output.how, str) for output in plan.outputs):
            return find()
        return ask_once_of_equal(("aggregate", plan.token), [source], find)


@dataclass(frozen=True, eq=False)
class Join(Relation):
    """Rows of two frames that belong together; the index counts the result's rows.

    places: which columns of pandas' result are made; None: all of them.
    ordered: whether something needs the order that pandas gives the rows.
    """

    left: Relation
    right: Relation
    how: str
    left_on: tuple[Any, ...]
    right_on: tuple[Any, ...]
    suffixes: tuple[str | None, str | None]
    places: tuple[int, ...] | None = None
    ordered: bool = True

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, True)

    @cached_property
    def settled(self) -> bool:
        """Rows without a partner lack the columns of the other side, but for keys of one name."""
        sides = {"left": (self.right,), "right": (self.left,), "outer": (self.left, self.right)}
        pairs = zip(self.left_on, self.right_on, strict=True)
        shared = {one for one, other in pairs if one == other}
        return not any(
            changes_when_missing(dtype)
            for side in sides.get(self.how, ())
            for label, dtype in side.meta.dtypes.items()
            if label not in shared
        )

    @cached_property
    def meta(self) -> Any:
        if (kept := self.kept_meta) is not None:
            return kept
        question = ("join", self.how, self.left_on, self.right_on, self.suffixes, self.places)
        return ask_once_of_equal(question, [self.left.meta, self.right.meta], self._ask_pandas)

    def _ask_pandas(self) -> Any:
        plan = join_partitions.JoinPlan(
            self.how, self.left_on, self.right_on, self.suffixes, None, places=self.places
        )
        left, right = self.left.meta, self.right.meta
        try:
            return join_partitions.join_by_pandas(left, right, plan)
        except TypeError:  # pandas compares the extremes of masked keys, and there are none
            return join_partitions.join_by_pandas(sample_of(left), sample_of(right), plan).iloc[:0]


@dataclass(frozen=True, eq=False)
class Sort(SameSchema):
    """Rows in the order of some columns, or of the index when `by` is None."""

    by: tuple[Any, ...] | None
    ascending: tuple[bool, ...]
    na_position: str
    ignore_index: bool


@dataclass(frozen=True, eq=False)
class Limit(SameSchema):
    """The first `count` rows, or the last where `last`."""

    count: int
    last: bool = False


@dataclass(frozen=True, eq=False)
class Repartition(SameSchema):
    """The same rows in another number of partitions."""

    count: int

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token, self.source.lineage.increasing)


@dataclass(frozen=True, eq=False)
class Shuffled(SameSchema):
    """The same rows, those with equal keys in one partition; count: of partitions."""

    keys: tuple[Any, ...]
    count: int | None


@dataclass(frozen=True, eq=False)
class NumberRows(SameSchema):
    """The same rows with an index that counts them."""

    @cached_property
    def meta(self) -> Any:
        return self.source.meta.reset_index(drop=True)

    @cached_property
    def lineage(self) -> Lineage:
        root = tokenize("numbered", self.source.lineage.root, self.source.lineage.rows)
        return Lineage(root, root, True)


# --- small results, combined in a tree ----------------------------------------------------


@dataclass(frozen=True, eq=False)
class SmallResult(Relation):
    """A few rows of each partition, combined into one partition.

    The kernels take and give frames or series; the second takes several of them, and `last=True`
    where they are all. labels: whether something looks at those of the rows.
    """

    source: Relation
    labels: bool = field(default=True, kw_only=True)

    @property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
        """Of a partition, of several results, and the parameters of both."""
        raise AssertionError(f"{type(self).__name__} lacks kernels")

    @cached_property
    def meta(self) -> Any:
        return ask_once((self.own,), [self.source.meta], self._ask_pandas)

    def _ask_pandas(self) -> Any:
        partial, together, params = self.kernels
        made = together(partial(self.source.meta, **params), last=True, **params)
        return made.iloc[:0] if not isinstance(made, pd.Index) else made[:0]


@dataclass(frozen=True, eq=False)
class Distinct(SmallResult):
    """Rows that differ in some columns (None: in all): the first or last of equal ones."""

    subset: tuple[Any, ...] | None
    keep: str

    @property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
        subset = None if self.subset is None else list(self.subset)
        return (
            combine.keep_distinct,
            combine.combine_distinct,
            {"subset": subset, "keep": self.keep},
        )


@dataclass(frozen=True, eq=False)
class TopRows(SmallResult):
    """The rows with the largest or smallest values (nlargest, nsmallest); by: of a frame."""

    count: int
    by: tuple[Any, ...] | None
    largest: bool
    keep: str

    @property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
        args = (self.count,) if self.by is None else (self.count, list(self.by))
        name = "nlargest" if self.largest else "nsmallest"
        params = {"name": name, "args": args, "keep": self.keep}
        return combine.take_extreme, combine.combine_extreme, params


@dataclass(frozen=True, eq=False)
class FirstSorted(SmallResult):
    """The first rows of a frame in the order of some columns; equal ones keep their order."""

    by: tuple[Any, ...]
    ascending: tuple[bool, ...]
    na_position: str
    count: int

    @cached_property
    def meta(self) -> Any:
        return self.source.meta

    @property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
        params = {"by": self.by, "ascending": self.ascending, "na_position": self.na_position}
        return combine.take_sorted, combine.combine_sorted, {**params, "count": self.count}


@dataclass(frozen=True, eq=False)
class ValueCounts(SmallResult):
    """How often each value of a series is there."""

    sort: bool
    ascending: bool
    normalize: bool
    dropna: bool

    @property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
        params = {
            "sort": self.sort,
            "ascending": self.ascending,
            "normalize": self.normalize,
            "dropna": self.dropna,
        }
        return combine.count_values, combine.combine_counts, params
