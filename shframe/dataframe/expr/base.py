"""What every node of a frame's plan is: a relation with rows in partitions, or one value.

A relation's `meta` is the empty pandas object with its labels, dtypes and index names, found by
running pandas' own operation on the metas of its sources, so that a mistake shows at the call. A
value's `sample` is what one harmless row gives: it tells the value's kind and labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shframe.dataframe.expr.lineage import Lineage, Rows, same_rows
from shframe.dataframe.expr.schemas import ask_once
from shframe.dataframe.kernels import rowwise
from shframe.graph.cached import cached_property
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.tokens import tokenize

Call = tuple[Callable[..., Any], dict[str, Any]]
"""A kernel and its keyword parameters."""


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


class Literal:
    """A constant as an operand or argument: `df.a > 5` has the literal 5."""

    __slots__ = ("token", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.token = tokenize(value)

    def __shframe_token__(self) -> str:
        return self.token


@dataclass(frozen=True, eq=False)
class Relation(Expr):
    """A frame, series or index in partitions."""

    @cached_property
    def meta(self) -> Any:
        """The empty pandas object with the dtypes and labels of this one."""
        raise AssertionError(f"{type(self).__name__} lacks a meta")

    @cached_property
    def labels_made(self) -> tuple[Any, ...]:
        """The labels of a frame's columns. Cost: less than pandas takes to list them again."""
        kept = self.__dict__.get("_kept")
        if kept is not None:
            return kept[1]  # type: ignore[no-any-return]
        meta = self.meta
        return ask_once(("labels",), [meta], lambda: tuple(meta.columns.tolist()))  # type: ignore[no-any-return]

    def labels_with(self, label: Any) -> tuple[Any, ...] | None:
        """The labels with a further one, unless it is there; None where only pandas tells."""
        known = self.labels_made
        if type(label) is not str or not all(type(one) is str for one in known):
            return None
        return known if label in known else (*known, label)

    @property
    def kept_meta(self) -> Any:
        """The schema that a rule has left, of which it was said only which columns; or None."""
        kept = self.__dict__.get("_kept")
        if kept is None:
            return None
        return ask_once(("columns", kept[1]), [kept[0]], lambda: choose_columns(*kept))

    def dtype_of(self, label: Any) -> Any:
        """The dtype of a column of a frame."""
        kept = self.__dict__.get("_kept")
        return dtypes_by_label(self.meta if kept is None else kept[0])[label]

    @cached_property
    def lineage(self) -> Lineage:
        """Where the rows come from; a node of its own, of which no order is known."""
        return Lineage(self.token, self.token)

    @cached_property
    def settled(self) -> bool:
        """Whether all partitions have the dtypes of the whole, whatever is missing in them."""
        return True

    @property
    def as_known(self) -> bool:
        """Whether those are the dtypes of `meta`."""
        return True


@dataclass(frozen=True, eq=False)
class SameSchema(Relation):
    """A relation with the columns, dtypes and index of its source."""

    source: Relation

    @cached_property
    def meta(self) -> Any:
        return self.source.meta

    @cached_property
    def labels_made(self) -> tuple[Any, ...]:
        return self.source.labels_made

    @cached_property
    def settled(self) -> bool:
        return self.source.settled


@dataclass(frozen=True, eq=False)
class Value(Expr):
    """One value, or a pandas object that is not in partitions."""

    @cached_property
    def sample(self) -> Any:
        """What it would be of one harmless row: tells its kind and its labels."""
        raise AssertionError(f"{type(self).__name__} lacks a sample")


@dataclass(frozen=True, eq=False)
class RowWise(Relation):
    """A kernel applied to corresponding partitions of the relations among its operands.

    It gives the same on any partitioning, but for the labels of rows. Values among the operands
    are given to each partition whole.

    rows: what the kernel does to the rows of the first relation.
    """

    rows: ClassVar[Rows] = "same"

    @property
    def given(self) -> tuple[Expr, ...]:
        """Operands that each partition gets whole though they may be relations."""
        return ()

    @property
    def known(self) -> Meta | None:
        """The schema, where it is not to be found by trying the kernel."""
        return None

    @property
    def call(self) -> Call:
        """The kernel with its parameters; it is called with a partition or value per operand."""
        raise AssertionError(f"{type(self).__name__} lacks a kernel")

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """The operands of which it gets a partition each."""
        found = [one for one in self.children() if isinstance(one, Relation)]
        if given := self.given:
            others = set(map(id, given))
            found = [one for one in found if id(one) not in others]
        return tuple(found)

    @cached_property
    def is_aligned(self) -> bool:
        """Whether all its relations have the same rows in the same partitions."""
        relations = self.relations
        return len(relations) == 1 or same_rows([one.lineage for one in relations])

    @property
    def keeps_index(self) -> bool:
        """Whether the result has the first relation's index, untouched and not looked at."""
        return self.is_aligned

    @property
    def keeps_dtypes(self) -> bool:
        """Whether the dtypes of the result follow from those of the operands, not from values."""
        return False

    @cached_property
    def meta(self) -> Any:
        if self.known is not None:
            return self.known.empty
        if (kept := self.kept_meta) is not None:
            return kept
        examples = [*map(example_of, self.children())]
        return ask_once((self.own, self.is_aligned), examples, lambda: self._ask_pandas(examples))

    def _ask_pandas(self, examples: list[Any]) -> Any:
        kernel, params = self.call
        return kernel(*examples, **params)

    @cached_property
    def lineage(self) -> Lineage:
        rows = self.rows
        if rows == "made":
            return Lineage(self.token, self.token)
        first = self.relations[0].lineage
        if rows == "same" or (rows == "joined" and self.is_aligned):
            return first
        if rows == "joined" and any(one.lineage.root != first.root for one in self.relations):
            return Lineage(self.token, self.token)
        choice = [source.token for source in self.relations[1:]] or [self.token]
        return Lineage(first.root, tokenize(rows, first.rows, choice), first.increasing)

    @cached_property
    def settled(self) -> bool:
        if not all(source.settled for source in self.relations):
            return False
        return self.keeps_dtypes or not any(map(changes_when_missing, dtypes_of(self.meta)))


def call_operator(op: str, left: Any, right: Any) -> Call:
    """The call of an operator of Python, one of whose operands may be a literal."""
    if isinstance(left, Literal):
        return rowwise.operate_scalar, {"name": op, "value": left.value, "reflected": True}
    if isinstance(right, Literal):
        return rowwise.operate_scalar, {"name": op, "value": right.value, "reflected": False}
    return rowwise.operate, {"name": op}


def example_of(source: Expr) -> Any:
    """What stands for an operand when a kernel is tried."""
    return source.sample if isinstance(source, Value) else source.meta  # type: ignore[attr-defined]


def learned_meta(node: Any) -> Any:
    """The empty result of a user's function, if it is not known learned by running the node.

    node: a relation with `known`, a Meta or None, and `_learn`: the node in, the result out.
    """
    if node.known is not None:
        return node.known.empty
    assert node._learn is not None, "a user's function without a way to learn its schema"
    return node._learn(node)


def choose_columns(meta: Any, labels: tuple[Any, ...]) -> Any:
    """A schema with some of its columns, in a quarter of the time that pandas takes for a list."""
    places = {label: place for place, label in enumerate(meta.columns.tolist())}
    if len(places) < len(meta.columns):
        return meta[list(labels)]
    return meta.take([places[label] for label in labels], axis=1)


def dtypes_by_label(meta: Any) -> dict[Any, Any]:
    """The dtypes of the columns of an empty frame, not to be changed; of equal labels the last."""
    return ask_once(  # type: ignore[no-any-return]
        ("dtypes",), [meta], lambda: dict(zip(meta.columns, meta.dtypes, strict=True))
    )


def is_numbered(meta: Any) -> bool:
    """Whether the rows of a frame or series have no labels but their numbers."""
    index = getattr(meta, "index", None)
    return type(index) is pd.RangeIndex and (index.start, index.step) == (0, 1)


def is_mask(meta: Any) -> bool:
    """Whether it is a series of plain booleans."""
    return isinstance(meta, pd.Series) and meta.dtype == np.dtype(bool)


def dtypes_of(meta: Any) -> list[Any]:
    """The dtypes of the columns of an empty pandas object."""
    return list(meta.dtypes) if meta.ndim == 2 else [meta.dtype]


def changes_when_missing(dtype: Any) -> bool:
    """Whether a missing value makes values of this dtype those of another."""
    return isinstance(dtype, np.dtype) and dtype.kind in "iubO"
