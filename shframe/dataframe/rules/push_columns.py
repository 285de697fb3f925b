"""Columns that are not needed are not read, not joined, and not carried through a filter."""

from __future__ import annotations

import dataclasses
from collections.abc import Set
from typing import Any

from shframe.dataframe.expr.relations import Assign, Filter, Join, Project, ReadParquet
from shframe.dataframe.rules.conditions import is_harmless
from shframe.dataframe.rules.needs import needs_of
from shframe.dataframe.rules.rewriting import narrowed_join, rewrite, with_columns, with_meta
from shframe.graph.plan.expr import Expr


def push_columns(plan: Expr) -> Expr:
    """Give each node the columns that any node above it needs."""
    needs = needs_of(plan)

    def change(old: Expr, new: Expr) -> Expr:
        wanted = needs[old.token].columns
        return new if wanted is None else _narrow(new, wanted)

    return rewrite(plan, change)


def _narrow(node: Expr, wanted: Set[Any]) -> Expr:
    """The node without the columns that nothing above it needs; one at least gives the rows."""
    if isinstance(node, ReadParquet):
        return _narrow_read(node, wanted)
    if isinstance(node, Join):
        return _narrow_join(node, wanted)
    if isinstance(node, Project):
        kept = tuple(label for label in node.labels if label in wanted) or node.labels[:1]
        if len(kept) == len(node.labels):
            return node
        return with_meta(Project(node.source, kept), with_columns(node.meta, kept))
    if isinstance(node, Filter):
        return _narrow_filter(node, wanted)
    if isinstance(node, Assign) and node.label not in wanted and is_harmless(node):
        return node.source
    return node


def _narrow_read(node: ReadParquet, wanted: Set[Any]) -> Expr:
    labels = node.meta.columns
    kept = tuple(label for label in labels if label in wanted) or tuple(labels[:1])
    made = dataclasses.replace(node, columns=kept)
    return with_meta(made, with_columns(node.meta, kept)) if labels.is_unique else made


def _narrow_join(node: Join, wanted: Set[Any]) -> Join:
    labels = node.meta.columns
    if not labels.is_unique or node.places is not None:
        return node
    places = tuple(n for n, label in enumerate(labels) if label in wanted) or (0,)
    if len(places) == len(labels):
        return node
    made = dataclasses.replace(node, places=places)
    narrowed_join(node, made)
    return made


def _narrow_filter(node: Filter, wanted: Set[Any]) -> Expr:
    """Columns that only the condition reads are not carried along."""
    source = node.source
    if not node.is_aligned or source.meta.ndim != 2 or not source.meta.columns.is_unique:
        return node
    labels = source.meta.columns
    kept = tuple(label for label in labels if label in wanted) or tuple(labels[:1])
    if len(kept) == len(labels):
        return node
    narrow = with_meta(Project(source, kept), with_columns(source.meta, kept))
    made = dataclasses.replace(node, source=narrow)
    return with_meta(made, with_columns(node.meta, kept))
