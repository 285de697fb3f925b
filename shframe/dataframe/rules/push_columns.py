"""Columns that nobody needs are not read."""

from __future__ import annotations

import dataclasses
from typing import Any

from shframe.dataframe.expr import relations
from shframe.dataframe.kernels import rowwise
from shframe.graph.plan.expr import Expr, rebuild, walk

Needs = dict[str, "set[Any] | None"]  # by token: labels needed, None for all


def push_columns(plan: Expr) -> Expr:
    """Give each ReadParquet the columns that any node above it needs.

    Walks from the root down: what a node needs of its sources follows from what is needed of it.
    """
    order = list(walk(plan))
    needs: Needs = {plan.token: None}
    for node in reversed(order):
        wanted = needs.get(node.token)
        for child, asked in _asked(node, wanted):
            if (
                child.token in needs and (needs[child.token] is None or asked is None)
            ) or asked is None:
                needs[child.token] = None
            else:
                needs[child.token] = (needs.get(child.token) or set()) | asked

    def change(node: Expr) -> Expr:
        wanted = needs.get(node.token)
        if not isinstance(node, relations.ReadParquet) or wanted is None:
            return node
        labels = node.meta.columns
        kept = tuple(label for label in labels if label in wanted)
        return dataclasses.replace(node, columns=kept)

    return rebuild(plan, change)


def _asked(node: Expr, wanted: set[Any] | None) -> list[tuple[Expr, set[Any] | None]]:
    """What the node needs of each source, in labels; None for everything."""
    if isinstance(node, relations.Map):
        return _asked_by_map(node, wanted)
    if isinstance(node, relations.GroupAgg):
        return [(node.source, set(node.plan.columns))]
    if isinstance(node, relations.Sort) and wanted is not None:
        return [(node.source, wanted | set(node.by or ()))]
    if isinstance(
        node, (relations.Head, relations.Repartition, relations.Renumber, relations.Agreed)
    ):
        return [(node.source, wanted)]
    if isinstance(node, relations.Merge) and wanted is not None:
        return _asked_by_merge(node, wanted)
    return [(child, None) for child in node.children()]


def _asked_by_map(node: relations.Map, wanted: set[Any] | None) -> list[tuple[Expr, Any]]:
    first, *rest = node.children()
    asked: set[Any] | None = None
    if node.kernel is rowwise.columns:
        asked = set(node.params.values["labels"])
    elif node.kernel is rowwise.column:
        asked = {node.params.values["label"]}
    elif node.kernel is rowwise.rows:
        asked = wanted
    elif node.kernel is rowwise.evaluated:
        text = node.params.values["text"]  # a name that only looks like a column costs a column
        asked = {c for c in node.sources[0].meta.columns if not isinstance(c, str) or c in text}
    elif node.kernel is rowwise.assigned and wanted is not None:
        values = node.params.values
        asked = wanted - set(values["labels"]) - set(values["plain"])
        # the columns must keep their places: an assigned one that was there stays needed
        asked |= set(node.sources[0].meta.columns) & (set(values["labels"]) | set(values["plain"]))
    return [(first, asked), *((one, None) for one in rest)]


def _asked_by_merge(node: relations.Merge, wanted: set[Any]) -> list[tuple[Expr, Any]]:
    """A label that both sides have gets a suffix because of the other: both keep it."""
    left, right = set(node.left.meta.columns), set(node.right.meta.columns)
    both = (left & right) - set(node.left_on) - set(node.right_on)
    if both:
        return [(node.left, None), (node.right, None)]
    return [
        (node.left, (wanted & left) | set(node.left_on)),
        (node.right, (wanted & right) | set(node.right_on)),
    ]
