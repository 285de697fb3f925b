"""Conditions taken apart: what holds of each row alone, of which columns, and the same of the
columns of another relation."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from shframe.dataframe.expr.base import Literal, Relation, Value
from shframe.dataframe.expr.columns import (
    Arithmetic,
    Attribute,
    Boolean,
    Column,
    Compare,
    DatetimeOp,
    Evaluate,
    IsIn,
    IsNull,
    Method,
    StringOp,
    Unary,
    is_plain,
)
from shframe.dataframe.expr.relations import Assign
from shframe.dataframe.rules.rewriting import over, with_meta
from shframe.graph.plan.expr import Expr

_METHODS = frozenset({"between", "abs", "fillna", "round", "where", "mask", "clip", "notna"})


def terms_of(condition: Relation) -> list[Relation]:
    """The conditions that all hold where this one does, from the left to the right."""
    found: list[Relation] = []
    stack = [condition]
    while stack:
        node = stack.pop()
        if isinstance(node, Boolean) and node.op == "and_" and _is_boolean(node):
            stack.extend((node.right, node.left))  # type: ignore[arg-type]
        elif isinstance(node, Evaluate):
            found.extend(_terms_of_text(node))
        else:
            found.append(node)
    return found


def _is_boolean(node: Boolean) -> bool:
    """Whether it is made of two columns of plain booleans."""
    return all(isinstance(s, Relation) and _is_mask(s) for s in (node.left, node.right))


def _is_mask(node: Relation) -> bool:
    return bool(getattr(node.meta, "dtype", None) == np.dtype(bool))


def _terms_of_text(node: Evaluate) -> Iterable[Relation]:
    """The terms between the `and`s of a query, each as text."""
    try:
        tree = ast.parse(node.text.strip(), mode="eval").body
    except SyntaxError:  # @names and `quoted` ones: pandas' own
        return [node]
    if not isinstance(tree, ast.BoolOp) or not isinstance(tree.op, ast.And):
        return [node]
    if not all(isinstance(value, ast.Compare) for value in tree.values):
        return [node]
    texts = map(ast.unparse, tree.values)
    return [with_meta(dataclasses.replace(node, text=text), node.meta) for text in texts]


def all_of(terms: list[Relation]) -> Relation:
    """One condition that holds where all of them do."""
    made = terms[0]
    for term in terms[1:]:
        made = with_meta(Boolean("and_", made, term), made.meta)
    return made


def columns_of(term: Relation, source: Relation) -> frozenset[Any] | None:
    """The columns of a relation that a term is made of, row by row.

    None where it looks at anything else, or where it may raise for rows that others drop.
    """
    found: set[Any] = set()
    stack: list[Expr] = [term]
    while stack:
        node = stack.pop()
        if isinstance(node, Column) and node.source.token == source.token:
            found.add(node.label)
        elif isinstance(node, Evaluate) and node.source.token == source.token:
            named = _named_in(node)
            if named is None:
                return None
            found |= named
        elif _is_local(node):
            stack.extend(node.children())
        else:
            return None
    return frozenset(found)


def _named_in(node: Evaluate) -> set[Any] | None:
    """The columns that a query names; None where Python cannot read it, or it calls something."""
    if node.given or node.looks_at_index:
        return None
    try:
        tree = ast.parse(node.text.strip(), mode="eval")
    except SyntaxError:
        return None
    walked = list(ast.walk(tree))
    if any(isinstance(one, ast.Call | ast.Attribute) for one in walked):
        return None
    names = {one.id for one in walked if isinstance(one, ast.Name)}
    return names if names <= set(node.source.meta.columns) else None


def _is_local(node: Expr) -> bool:
    """Whether a node looks at each value alone, gives a dtype that does not depend on the values,
    and raises for none."""
    if isinstance(node, Column | Value):
        return False
    if isinstance(node, Compare | Boolean | Unary | Attribute):
        return _has_plain_operands(node)
    if isinstance(node, Arithmetic):
        return node.keeps_dtypes and _has_plain_operands(node) and node.meta.dtype != object
    if isinstance(node, Method):
        known = isinstance(node, IsIn | IsNull | StringOp | DatetimeOp) or node.method in _METHODS
        plain = all(map(is_plain, node.arguments.values)) and not node.index_asked
        return known and plain and not node.given and not any(map(callable, node.arguments.values))
    return False


def _has_plain_operands(node: Expr) -> bool:
    fields = (getattr(node, f.name) for f in dataclasses.fields(node))
    return not any(isinstance(one, Value) for one in fields)


def is_harmless(node: Assign) -> bool:
    """Whether a column may be left out where nothing reads it: it neither fails nor adds rows."""
    if isinstance(node.column, Literal):
        return True
    if not node.is_aligned:
        return False
    stack: list[Expr] = [node.column]
    while stack:
        one = stack.pop()
        if isinstance(one, Column) and isinstance(one.source, Relation):
            continue
        if not _is_local(one):
            return False
        stack.extend(one.children())
    return True


def rebase(
    term: Relation, source: Relation, new: Relation, names: Mapping[Any, Any] | None = None
) -> Relation:
    """A term, of which columns_of() knows the columns, over those of another relation.

    names: their labels there, where they differ.
    """
    done: dict[str, Expr] = {}
    stack: list[tuple[Expr, bool]] = [(term, False)]
    while stack:
        node, ready = stack.pop()
        if node.token in done:
            continue
        if isinstance(node, Value):  # the same for all rows
            done[node.token] = node
        elif isinstance(node, Column | Evaluate) and node.source.token == source.token:
            done[node.token] = _rebased(node, new, names)
        elif ready:
            made = over(node, [done[one.token] for one in node.children()])
            made.__dict__["meta"] = node.meta  # type: ignore[attr-defined]
            done[node.token] = made
        else:
            stack.append((node, True))
            stack.extend((one, False) for one in node.children())
    return done[term.token]  # type: ignore[return-value]


def _rebased(node: Column | Evaluate, new: Relation, names: Mapping[Any, Any] | None) -> Relation:
    if isinstance(node, Column):
        label = node.label if names is None else names.get(node.label, node.label)
        made: Relation = Column(new, label)
    else:
        made = dataclasses.replace(node, source=new, text=_renamed(node, names))
    return with_meta(made, node.meta)


def _renamed(node: Evaluate, names: Mapping[Any, Any] | None) -> str:
    if not names:
        return node.text
    tree = ast.parse(node.text.strip(), mode="eval")
    for one in ast.walk(tree):
        if isinstance(one, ast.Name):
            one.id = names.get(one.id, one.id)
    return ast.unparse(tree)
