"""Reductions of the same values along the same axes read them once, together."""

from __future__ import annotations

import operator

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.reducers import Reducer, Ufunc
from shframe.graph.plan.expr import Expr, walk
from shframe.graph.plan.tokens import tokenize


def read_once(plan: Expr) -> Expr:
    """Reductions of one program over the same axes become the items of one Reductions."""
    order = list(walk(plan))
    groups: dict[str, list[nodes.Reduce]] = {}
    for node in order:
        if isinstance(node, nodes.Reduce) and _goes_by_tiles(node.reducer):
            groups.setdefault(_name_of_values(node), []).append(node)
    member = {node.token: group for group in groups.values() if len(group) > 1 for node in group}
    if not member:
        return plan
    done: dict[str, Expr] = {}
    for node in order:
        old = node.children()
        new = [done[child.token] for child in old]
        made = node.with_children(new) if any(map(operator.is_not, old, new)) else node
        if isinstance(node, nodes.Reduce) and node.token in member:
            made = _item(made, node, member[node.token])
        done[node.token] = made
    return done[plan.token]


def _goes_by_tiles(reducer: Reducer) -> bool:
    """Whether a result by tiles is that of the block, but for the last digits: a product of some
    may be infinite where that of all is zero."""
    product = isinstance(reducer, Ufunc) and reducer.ufunc is np.multiply
    return reducer.tiled and not product


def _name_of_values(node: nodes.Reduce) -> str:
    """The same for reductions that go through the same values in the same way."""
    sources = [source.token for source in node.sources]
    return tokenize("values", node.program, sources, node.over, node.axes, node.keepdims)


def _item(made: Expr, before: nodes.Reduce, group: list[nodes.Reduce]) -> nodes.Computed:
    """A reduction as one of its group; `made` is the same over rewritten sources."""
    assert isinstance(made, nodes.Reduce)
    number = [each.token for each in group].index(before.token)
    widest = max((each.dtype for each in group), key=lambda dtype: dtype.itemsize)
    together = nodes.Reductions(
        tuple(each.reducer for each in group),
        made.axes,
        made.keepdims,
        made.program,
        made.sources,
        made.over,
        np.dtype(widest),
    )
    return nodes.Computed(together, number, made.chunks, made.dtype)
