"""Columns that are not needed are not read, not joined, and not carried through a filter."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

from shframe.dataframe.expr.relations import Assign, Filter, Join, Project, ReadParquet
from shframe.dataframe.rules.conditions import is_harmless
from shframe.dataframe.rules.rewriting import with_columns
from shframe.dataframe.rules.unneeded import Needs
from shframe.graph.plan.expr import Expr


def push_columns(old: Expr, new: Expr, needs: Needs) -> Expr:
    """Give each node the columns that any node above it needs."""
    if not isinstance(new, ReadParquet | Join | Project | Filter | Assign):
        return new
    wanted = needs.of(old).columns
    return new if wanted is None else _narrow(new, wanted)


def _narrow(node: Expr, wanted: Set[Any]) -> Expr:
    """The node without the columns that nothing above it needs; one at least gives the rows."""
    if isinstance(node, ReadParquet):
        return node.replaced(columns=_chosen(node.labels_made, wanted))
    if isinstance(node, Join):
        return _narrow_join(node, wanted)
    if isinstance(node, Project):
        kept = _chosen(node.labels, wanted)
        narrow = Project(node.source, kept)
        return node if len(kept) == len(node.labels) else with_columns(narrow, node, kept)
    if isinstance(node, Filter):
        return _narrow_filter(node, wanted)
    if isinstance(node, Assign) and node.label not in wanted and is_harmless(node):
        return node.source
    return node


def _chosen(labels: Iterable[Any], wanted: Set[Any]) -> tuple[Any, ...]:
    every = tuple(labels)
    return tuple(label for label in every if label in wanted) or every[:1]


def _narrow_join(node: Join, wanted: Set[Any]) -> Join:
    labels = node.labels_made
    if len(set(labels)) < len(labels) or node.places is not None:
        return node
    places = tuple(n for n, label in enumerate(labels) if label in wanted) or (0,)
    if len(places) == len(labels):
        return node
    narrow = node.replaced(places=places)
    return with_columns(narrow, node, [labels[n] for n in places])


def _narrow_filter(node: Filter, wanted: Set[Any]) -> Expr:
    """Columns that only the condition reads are not carried along."""
    source = node.source
    labels = source.labels_made
    kept = _chosen(labels, wanted)
    if not node.is_aligned or len(kept) == len(labels) or len(set(labels)) < len(labels):
        return node
    narrow = with_columns(Project(source, kept), node, kept)
    return with_columns(node.replaced(source=narrow), node, kept)
