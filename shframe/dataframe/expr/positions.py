"""Rows by their numbers, and frames one after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shframe.dataframe.expr.base import Meta, Params, Relation, SameSchema, dtypes_of
from shframe.dataframe.expr.lineage import Lineage
from shframe.dataframe.expr.relations import Whole
from shframe.dataframe.expr.values import Computed
from shframe.dataframe.kernels import positions
from shframe.graph.cached import cached_property
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.tokens import tokenize


@dataclass(frozen=True, eq=False)
class ByPosition(SameSchema):
    """Rows of each partition that a kernel chooses, which knows how many rows are before it.

    given: values that the kernel gets whole.
    """

    kernel: Callable[..., Any]
    params: Params
    given: tuple[Expr, ...] = ()

    @cached_property
    def lineage(self) -> Lineage:
        source = self.source.lineage
        return Lineage(source.root, tokenize("by position", self.token), source.increasing)


@dataclass(frozen=True, eq=False)
class Placed(ByPosition):
    """Plain values as a column beside the rows of the source, each by the number of its row."""

    known: Meta | None = None

    @cached_property
    def meta(self) -> Any:
        assert self.known is not None, "values without a dtype"
        return self.known.empty

    @cached_property
    def lineage(self) -> Lineage:
        return self.source.lineage

    @cached_property
    def settled(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class Concat(Relation):
    """The rows of several relations one after another, with the columns of all or of those that all
    have ("outer", "inner").

    keys: labels of a further level of the index, one for each; names: of the levels.
    """

    sources: tuple[Relation, ...]
    join: str
    keys: tuple[Any, ...] | None = None
    names: tuple[Any, ...] | None = None

    @cached_property
    def meta(self) -> Any:
        metas = [source.meta for source in self.sources]
        return positions.concatenate(metas, self.join, self.keys, self.names)

    @cached_property
    def settled(self) -> bool:
        made = dtypes_of(self.meta)
        return all(one.settled and dtypes_of(one.meta) == made for one in self.sources)


@dataclass(frozen=True, eq=False)
class Rearranged(Whole):
    """Rows of the first source, all of which one task has: of other labels, or in another order."""

    @cached_property
    def meta(self) -> Any:
        meta: Any = self.sources[0].meta  # type: ignore[attr-defined]
        return meta


@dataclass(frozen=True, eq=False)
class Located(Computed):
    """What is under a label or at a number; `_sample` is what it might be."""

    _sample: Any = None

    @cached_property
    def sample(self) -> Any:
        return self._sample


class UnderLabel(Located):
    """What is under one label: a row, or a value; where the label is there often, several."""
