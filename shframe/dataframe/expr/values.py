"""The values of a frame's plan: reductions, what is computed of them, and values from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from shframe.dataframe.expr.base import Literal, Params, Relation, Value, call_operator, dtypes_of
from shframe.dataframe.expr.samples import sample_of
from shframe.dataframe.expr.schemas import ask_once
from shframe.dataframe.kernels import reduce, rowwise
from shframe.graph.cached import cached_property
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.tokens import tokenize

NO_PARAMS = Params()


@dataclass(frozen=True, eq=False)
class Fold(Value):
    """A partial result of each partition, and one of all of them."""

    source: Relation

    labels: ClassVar[bool] = False  # whether the kernels look at the labels of rows

    @property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
        """Of a partition, of all results, and the parameters of both."""
        raise AssertionError(f"{type(self).__name__} lacks kernels")

    @cached_property
    def sample(self) -> Any:
        return ask_once((self.own,), [self.source.meta], self._ask_pandas)

    def _ask_pandas(self) -> Any:
        partial, final, params = self.kernels
        return final(partial(sample_of(self.source.meta), **params), **params)


@dataclass(frozen=True, eq=False)
class Reduction(Fold):
    """sum, prod, min, max, any, all, count, mean, var or std of each column."""

    how: str
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
        meta = self.source.meta
        series = not isinstance(meta, pd.DataFrame)
        params = {"how": self.how, "series": series, "dtypes": dtypes_of(meta)}
        return reduce.reduce_partially, reduce.combine_partials, {**params, **dict(self.options)}


@dataclass(frozen=True, eq=False)
class RowCount(Fold):
    """How many rows there are."""

    @property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
        return rowwise.count_rows, rowwise.add_counts, {}


@dataclass(frozen=True, eq=False)
class Find(Fold):
    """What only all values together tell: categories, widths, spacing. Kernels find and agree."""

    partial: Callable[..., Any]
    final: Callable[..., Any]
    params: Params = NO_PARAMS

    @property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]:
        return self.partial, self.final, self.params.values


class FindLabels(Find):
    """What looks at the labels of rows: those of the whole."""

    labels = True


class FindEnds(Find):
    """The first and the last time of all rows; None where there is none, and of no example."""

    @cached_property
    def sample(self) -> Any:
        return None


class Members(Find):
    """The values of a column, each once, made ready to be looked up."""


class Check(Find):
    """Raises where something is wrong with the whole, when it is computed."""

    @cached_property
    def sample(self) -> Any:
        return True


@dataclass(frozen=True, eq=False)
class Computed(Value):
    """A kernel applied to values, and to relations of which it gets all rows, in one task."""

    sources: tuple[Expr, ...]
    kernel: Callable[..., Any]
    params: Params

    @property
    def call(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        """The kernel and its parameters."""
        return self.kernel, self.params.values

    @cached_property
    def sample(self) -> Any:
        kernel, params = self.call
        return kernel(*map(_example, self.children()), **params)


@dataclass(frozen=True, eq=False)
class AllRows(Computed):
    """All rows of a relation as one value; labels: whether something looks at theirs."""

    labels: bool = True


def collect_rows(source: Relation) -> AllRows:
    """All rows of a relation as one value."""
    return AllRows((source,), rowwise.pass_through, Params())


@dataclass(frozen=True, eq=False)
class ValueOperation(Value):
    """An operator of Python between two values, or a value and a literal."""

    op: str
    left: Value | Literal
    right: Value | Literal

    @property
    def call(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        """The kernel and its parameters."""
        return call_operator(self.op, self.left, self.right)

    @cached_property
    def sample(self) -> Any:
        kernel, params = self.call
        return kernel(*map(_example, self.children()), **params)


def _example(source: Any) -> Any:
    return source.sample if isinstance(source, Value) else sample_of(source.meta)


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

    @cached_property
    def sample(self) -> Any:
        return self._sample


@dataclass(frozen=True, eq=False)
class Together(Expr):
    """Several plans that run in one graph, while rules look at them."""

    plans: tuple[Expr, ...]
