"""What groups give besides one row for each: rows of their own, or those of the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shframe.dataframe.expr.base import (
    Relation,
    changes_when_missing,
    dtypes_of,
    example_of,
)
from shframe.dataframe.expr.lineage import Lineage
from shframe.dataframe.kernels import grouped
from shframe.dataframe.kernels.grouped import GroupCall
from shframe.graph.cached import cached_property
from shframe.graph.plan.expr import Expr


@dataclass(frozen=True, eq=False)
class GroupNode(Relation):
    """A method of groups, called where whole groups are.

    given: what each call gets whole, one for each Place in its arguments.
    _learn: how its schema is learned where only a user's function knows it.
    """

    source: Relation
    call: GroupCall
    given: tuple[Expr, ...] = ()
    _learn: Callable[[Relation], Any] | None = None

    @cached_property
    def meta(self) -> Any:
        if self._learn is not None:
            return self._learn(self)
        made = grouped.call_groups(self.source.meta, *map(example_of, self.given), plan=self.call)
        return made.iloc[:0]

    @cached_property
    def settled(self) -> bool:
        return False


@dataclass(frozen=True, eq=False)
class GroupedRows(GroupNode):
    """A value for each row that follows from its group: transform, cumsum, shift, rank ...

    kernel: takes a frame of whole groups and the call; returns as many rows, in their order.
    """

    kernel: Callable[..., Any] = grouped.call_groups

    @cached_property
    def meta(self) -> Any:
        if self._learn is not None:
            return self._learn(self)
        return self.kernel(self.source.meta, *map(example_of, self.given), plan=self.call)

    @cached_property
    def lineage(self) -> Lineage:
        return self.source.lineage

    @cached_property
    def settled(self) -> bool:
        return not any(map(changes_when_missing, dtypes_of(self.meta)))


@dataclass(frozen=True, eq=False)
class GroupedMask(GroupedRows):
    """Which rows of their groups are chosen: always booleans."""

    @cached_property
    def settled(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class GroupedResult(GroupNode):
    """Some rows for each group, with its keys as the first levels of the index."""


@dataclass(frozen=True, eq=False)
class GroupedApply(GroupNode):
    """What a user's function makes of each group, put together as pandas does."""
