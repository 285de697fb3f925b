"""What the order of all values tells: ranks, modes and quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shframe.dataframe.expr.base import Params, Relation, Value
from shframe.dataframe.expr.lineage import Lineage
from shframe.dataframe.expr.samples import sample_of
from shframe.graph.cached import cached_property


@dataclass(frozen=True, eq=False)
class Ranks(Relation):
    """The rank of each value in its column; options: those of pandas' method."""

    source: Relation
    options: Params

    @cached_property
    def meta(self) -> Any:
        return self.source.meta.rank(**self.options.values)

    @cached_property
    def lineage(self) -> Lineage:
        return self.source.lineage


@dataclass(frozen=True, eq=False)
class Modes(Relation):
    """The most frequent values of each column."""

    source: Relation
    dropna: bool

    @cached_property
    def meta(self) -> Any:
        return self.source.meta.mode(dropna=self.dropna)


@dataclass(frozen=True, eq=False)
class Quantiles(Value):
    """Quantiles of each column, or medians where `quantiles` is None.

    scalar: whether one alone was asked for; option: its interpolation, or skipna of medians.
    """

    source: Relation
    quantiles: tuple[float, ...] | None
    scalar: bool
    option: Any

    @cached_property
    def sample(self) -> Any:
        rows = sample_of(self.source.meta)
        if self.quantiles is None:
            return rows.median(skipna=self.option)
        asked: Any = self.quantiles[0] if self.scalar else list(self.quantiles)
        return rows.quantile(asked, interpolation=self.option)
