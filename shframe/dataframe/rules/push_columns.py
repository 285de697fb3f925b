"""Columns that are not needed are not read."""

from __future__ import annotations

import dataclasses
import operator
from functools import singledispatch
from typing import Any

from shframe.dataframe.expr.base import RowWise, SameSchema
from shframe.dataframe.expr.columns import Column, Evaluate
from shframe.dataframe.expr.relations import (
    Aggregate,
    Assign,
    Distinct,
    Filter,
    Join,
    Project,
    ReadParquet,
    Sort,
    TopRows,
)
from shframe.graph.plan.expr import Expr, walk

Labels = set[Any] | None
"""Labels that are needed, None for all."""
Asked = list[tuple[Expr, Labels]]
"""What a node needs of each of its children."""


def push_columns(plan: Expr) -> Expr:
    """Give each ReadParquet the columns that any node above it needs.

    Walks from the root down: what a node needs of its sources follows from what is needed of it.
    """
    needs: dict[str, Labels] = {plan.token: None}
    for node in reversed(list(walk(plan))):
        for child, asked in needed_by(node, needs.get(node.token)):
            known = needs.get(child.token, set())
            needs[child.token] = None if asked is None or known is None else known | asked

    done: dict[str, Expr] = {}
    for node in walk(plan):
        old = node.children()
        new = [done[child.token] for child in old]
        made = node.with_children(new) if any(map(operator.is_not, old, new)) else node
        done[node.token] = _narrow(made, needs.get(node.token))
    return done[plan.token]


def _narrow(node: Expr, wanted: Labels) -> Expr:
    """A read or a join without the columns that nothing above it needs."""
    if wanted is None:
        return node
    if isinstance(node, ReadParquet):
        kept = tuple(label for label in node.meta.columns if label in wanted)
        return dataclasses.replace(node, columns=kept)
    return _narrow_join(node, wanted) if isinstance(node, Join) else node


def _narrow_join(node: Join, wanted: set[Any]) -> Join:
    """One column at least gives the rows."""
    labels = node.meta.columns
    if not labels.is_unique or node.places is not None:
        return node
    places = tuple(n for n, label in enumerate(labels) if label in wanted) or (0,)
    return node if len(places) == len(labels) else dataclasses.replace(node, places=places)


@singledispatch
def needed_by(node: Expr, wanted: Labels) -> Asked:
    """What the node needs of each child, given what is needed of it. By default, everything."""
    return [(child, None) for child in node.children()]


@needed_by.register
def _(node: RowWise, wanted: Labels) -> Asked:
    return _first(node, None)


def _first(node: RowWise, asked: Labels) -> Asked:
    first, *rest = node.children()
    return [(first, asked), *((one, None) for one in rest)]


@needed_by.register
def _(node: Column, wanted: Labels) -> Asked:
    return [(node.source, {node.label})]


@needed_by.register
def _(node: Project, wanted: Labels) -> Asked:
    return [(node.source, set(node.labels))]


@needed_by.register
def _(node: Filter, wanted: Labels) -> Asked:
    return _first(node, wanted)


@needed_by.register
def _(node: Evaluate, wanted: Labels) -> Asked:
    columns = node.source.meta.columns  # a name that only looks like a column costs a column
    return _first(node, {one for one in columns if not isinstance(one, str) or one in node.text})


@needed_by.register
def _(node: Assign, wanted: Labels) -> Asked:
    if wanted is None:
        return _first(node, None)
    # the columns must keep their places: an assigned one that was there stays needed
    replaced = {node.label} & set(node.source.meta.columns)
    return _first(node, (wanted - {node.label}) | replaced)


@needed_by.register
def _(node: Aggregate, wanted: Labels) -> Asked:
    return [(node.source, set(node.plan.columns))]


@needed_by.register
def _(node: SameSchema, wanted: Labels) -> Asked:
    return [(node.source, wanted)]


@needed_by.register
def _(node: Sort, wanted: Labels) -> Asked:
    return [(node.source, None if wanted is None else wanted | set(node.by or ()))]


@needed_by.register
def _(node: TopRows, wanted: Labels) -> Asked:
    return [(node.source, None if wanted is None else wanted | set(node.by or ()))]


@needed_by.register
def _(node: Distinct, wanted: Labels) -> Asked:
    needed = None if wanted is None or node.subset is None else wanted | set(node.subset)
    return [(node.source, needed)]


@needed_by.register
def _(node: Join, wanted: Labels) -> Asked:
    """A label that both sides have gets a suffix because of the other: both keep it."""
    left, right = set(node.left.meta.columns), set(node.right.meta.columns)
    shared = (left & right) - set(node.left_on) - set(node.right_on)
    if shared or wanted is None:
        return [(node.left, None), (node.right, None)]
    return [
        (node.left, (wanted & left) | set(node.left_on)),
        (node.right, (wanted & right) | set(node.right_on)),
    ]
