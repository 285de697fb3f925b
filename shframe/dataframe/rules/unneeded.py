"""What nothing above a node needs is not made: one walk from the root down finds it for all rules
that ask."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.lineage import Lineage
from shframe.dataframe.rules.needs import Need, needs_of
from shframe.dataframe.rules.rewriting import rewrite
from shframe.graph.cached import cached_property
from shframe.graph.plan.expr import Expr, nodes_of


@dataclass
class Needs:
    """What is needed of the nodes of a plan, as it was before any of them changed."""

    plan: Expr

    @cached_property
    def by_token(self) -> dict[str, Need]:
        return needs_of(self.plan)

    def of(self, node: Expr) -> Need:
        """What is needed of a node."""
        return self.by_token[node.token]

    def has_labels(self, node: Relation) -> bool:
        """Whether something looks at the labels of these rows, of which several nodes may have
        columns: those are combined by position, and have their labels or not together."""
        return node.lineage in self._labelled

    @cached_property
    def _labelled(self) -> set[Lineage]:
        nodes = (node for node in nodes_of(self.plan) if isinstance(node, Relation))
        return {node.lineage for node in nodes if self.of(node).index}


Change = Callable[[Expr, Expr, Needs], Expr]
"""The node as it was, over its changed children, and what is needed: what is left of it."""


def drop_unneeded(*changes: Change) -> Callable[[Expr], Expr]:
    """A pass that applies changes to each node, in order, until one puts a child in its place."""
    return partial(_drop_unneeded, changes)


def _drop_unneeded(changes: tuple[Change, ...], plan: Expr) -> Expr:
    needs = Needs(plan)

    def change(old: Expr, new: Expr) -> Expr:
        children = new.children()
        for one in changes:
            new = one(old, new, needs)
            if any(map(partial(operator.is_, new), children)):
                return new
        return new

    return rewrite(plan, change)
