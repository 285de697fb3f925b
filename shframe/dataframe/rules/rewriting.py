"""Nodes over other children, with the schema that they had: pandas finds it once, at the call."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from shframe.dataframe.expr.base import Relation, RowWise, Value
from shframe.dataframe.expr.relations import Aggregate, Assign, Filter, Join, Project
from shframe.graph.plan.expr import Expr

R = TypeVar("R", bound=Relation)


def rewrite(plan: Expr, change: Callable[[Expr, Expr], Expr]) -> Expr:
    """The plan with each node changed, children first.

    change: is given the node as it was and over its changed children. Cost: O(nodes) calls.
    """
    return replace_nodes(plan, {}, change)


def replace_nodes(
    plan: Expr, new: Mapping[str, Expr], change: Callable[[Expr, Expr], Expr] | None = None
) -> Expr:
    """The plan with other nodes in the place of some, which are named by their tokens, and each
    node changed after. Those in the plans of new nodes are replaced too."""
    done: dict[str, Expr] = {}
    stack = [(plan, False)]
    while stack:
        node, ready = stack.pop()
        if node.token in done:
            continue
        source = new.get(node.token, node)
        old = source.children()
        if not ready:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(old))
            continue
        children = [done[child.token] for child in old]
        made = over(source, children) if any(map(operator.is_not, old, children)) else source
        done[node.token] = made if change is None else change(node, made)
    return done[plan.token]


def reached_without(plan: Expr, *without: Expr) -> set[str]:
    """Tokens of the nodes to which a path leads from the root that passes none of some nodes."""
    barred = {node.token for node in without}
    stack, seen = [plan], set()
    while stack:
        node = stack.pop()
        if node.token not in seen and node.token not in barred:
            seen.add(node.token)
            stack.extend(node.children())
    return seen


def over(node: Expr, children: Sequence[Expr]) -> Expr:
    """The node over other children; its schema is carried over where it follows from theirs."""
    made = node.with_children(children)
    meta = node.__dict__.get("meta")
    if meta is not None and meta.ndim == 1 and isinstance(node, RowWise):  # as most are
        made.__dict__["meta"] = meta
    elif isinstance(node, Value) and "sample" in node.__dict__:
        made.__dict__["sample"] = node.sample
    elif isinstance(node, Relation) and not node.__dict__.keys().isdisjoint(("meta", "_kept")):
        _carry_meta(node, made)  # type: ignore[arg-type]
    return made


def _carry_meta(node: Relation, made: Relation) -> None:
    """Give a node the schema that it had over children which may have more columns."""
    if "_kept" in node.__dict__:
        with_schema_of(made, node)
        return
    if "labels_made" in node.__dict__ and isinstance(node, Aggregate | Project):
        made.__dict__["labels_made"] = node.labels_made
    known = node.meta
    if isinstance(node, Aggregate | Project):
        made.__dict__["meta"] = known
    elif isinstance(node, Filter | Assign):
        below = made.source.labels_made  # type: ignore[attr-defined]
        added = [node.label] if isinstance(node, Assign) and node.label not in below else []
        with_columns(made, node, [*below, *added])
    elif isinstance(node, Join) and isinstance(made, Join) and known.columns.is_unique:
        # what both sides have is kept by both, and so are the suffixes
        before = {*node.left.labels_made, *node.right.labels_made}
        gone = before - {*made.left.labels_made, *made.right.labels_made}
        with_columns(made, node, [label for label in node.labels_made if label not in gone])
    else:
        pairs = zip(node.children(), made.children(), strict=True)
        if all(a.meta is b.meta for a, b in pairs if isinstance(a, Relation)):  # type: ignore[attr-defined]
            made.__dict__["meta"] = known


def with_columns(node: R, like: Relation, labels: Sequence[Any]) -> R:
    """A new node whose schema is known to be some columns of that of another.

    pandas is not asked for it before something wants to know.
    """
    kept = like.__dict__.get("_kept")
    meta = like.meta if kept is None else kept[0]
    if len(labels) == len(meta.columns):
        return with_meta(node, meta)
    kept_labels = tuple(labels)
    node.__dict__.update(_kept=(meta, kept_labels), labels_made=kept_labels)
    return node


def with_schema_of(node: R, like: Relation) -> R:
    """A new node with the schema of another, which pandas need not tell for it."""
    known = like.__dict__
    if "meta" not in known and "_kept" not in known:
        return with_meta(node, like.meta)
    for name in ("meta", "_kept", "labels_made"):
        if name in known:
            node.__dict__[name] = known[name]
    return node


def with_meta(node: R, meta: Any) -> R:
    """A new node whose schema is known."""
    node.__dict__["meta"] = meta
    return node
