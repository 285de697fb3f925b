"""What looks at the rows before or after each row: shift, cumsum, ffill, rolling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shframe.dataframe.expr.base import (
    Meta,
    Relation,
    changes_when_missing,
    dtypes_of,
    example_of,
    learned_meta,
)
from shframe.dataframe.expr.lineage import Lineage
from shframe.dataframe.kernels import carrying, window
from shframe.dataframe.kernels.carrying import CarryPlan
from shframe.dataframe.kernels.window import WindowPlan
from shframe.graph.cached import cached_property
from shframe.graph.plan.expr import Expr


@dataclass(frozen=True, eq=False)
class Windowed(Relation):
    """A row for each row of the source, with its label, of what is near it.

    given: what each call gets whole, one for each Place in the plan's arguments.
    """

    source: Relation
    plan: WindowPlan
    given: tuple[Expr, ...] = ()

    @cached_property
    def meta(self) -> Any:
        return window.call_windows(self.source.meta, *map(example_of, self.given), plan=self.plan)

    @cached_property
    def lineage(self) -> Lineage:
        return self.source.lineage

    @cached_property
    def settled(self) -> bool:
        return self.source.settled and not any(map(changes_when_missing, dtypes_of(self.meta)))


@dataclass(frozen=True, eq=False)
class Overlapped(Windowed):
    """The same by a user's function; its schema is learned by running it, if it is not known.

    _learn: how it is learned: the plan's node in, the empty result out.
    """

    known: Meta | None = None
    _learn: Callable[[Relation], Any] | None = None

    @cached_property
    def meta(self) -> Any:
        return learned_meta(self)

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.token, self.token)

    @cached_property
    def settled(self) -> bool:
        return False


@dataclass(frozen=True, eq=False)
class Carried(Relation):
    """A row for each row of the source, with its label, of it and of what others add up to."""

    source: Relation
    plan: CarryPlan

    @cached_property
    def meta(self) -> Any:
        return carrying.call_empty(self.source.meta, plan=self.plan)

    @cached_property
    def lineage(self) -> Lineage:
        return self.source.lineage

    @cached_property
    def settled(self) -> bool:
        return self.source.settled and not any(map(changes_when_missing, dtypes_of(self.meta)))
