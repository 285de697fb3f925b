"""Nodes over other children, with the schema that they had: pandas finds it once, at the call."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from shframe.dataframe.expr.base import Relation, RowWise, Value
from shframe.dataframe.expr.relations import Aggregate, Assign, Filter, Join, Project
from shframe.graph.plan.expr import Expr, walk

R = TypeVar("R", bound=Relation)


def rewrite(plan: Expr, change: Callable[[Expr, Expr], Expr]) -> Expr:
    """The plan with each node changed, children first.

    change: is given the node as it was and over its changed children. Cost: O(nodes) calls.
    """
    done: dict[str, Expr] = {}
    for node in walk(plan):
        old = node.children()
        new = [done[child.token] for child in old]
        moved = any(map(operator.is_not, old, new))
        done[node.token] = change(node, over(node, new) if moved else node)
    return done[plan.token]


def replace_nodes(plan: Expr, new: dict[str, Expr]) -> Expr:
    """The plan with other nodes in the place of some, which are named by their tokens."""
    return rewrite(plan, lambda old, made: new.get(old.token, made))


def over(node: Expr, children: Sequence[Expr]) -> Expr:
    """The node over other children; its schema is carried over where it follows from theirs."""
    made = node.with_children(children)
    if not isinstance(node, Relation | Value):
        return made
    known = node.__dict__.get("sample" if isinstance(node, Value) else "meta")
    if known is None:
        return made
    if isinstance(node, Value):
        made.__dict__["sample"] = known
        return made
    meta = _meta_over(node, known, made)
    if meta is not None:
        made.__dict__["meta"] = meta
    return made


def _meta_over(node: Expr, known: Any, made: Expr) -> Any:
    """The schema of a node over children that may have lost columns; None: not known."""
    if isinstance(node, Aggregate | Project) or (known.ndim == 1 and isinstance(node, RowWise)):
        return known
    if isinstance(node, Filter | Assign):
        columns = made.source.meta.columns  # type: ignore[attr-defined]
        if len(columns) == len(node.source.meta.columns):
            return known
        added = [node.label] if isinstance(node, Assign) and node.label not in columns else []
        return with_columns(known, [*columns, *added])
    pairs = zip(node.children(), made.children(), strict=True)
    relations = [(a, b) for a, b in pairs if isinstance(a, Relation)]
    if all(isinstance(b, Relation) and a.meta is b.meta for a, b in relations):
        return known
    return None


def with_columns(meta: Any, labels: Sequence[Any]) -> Any:
    """A schema with some of its columns only."""
    return meta if len(labels) == len(meta.columns) else meta[list(labels)]


def with_meta(node: R, meta: Any) -> R:
    """A new node whose schema is known."""
    node.__dict__["meta"] = meta
    return node


def narrowed_join(node: Join, made: Join) -> None:
    """Carry the schema of a join over to the same with some of its columns."""
    if "meta" in node.__dict__ and made.places is not None and node.places is None:
        made.__dict__["meta"] = node.meta.iloc[:, list(made.places)]
