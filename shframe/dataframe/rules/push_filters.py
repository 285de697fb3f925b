"""Conditions on columns of a Parquet file let row groups be skipped by their statistics.

The exact filter stays where it is: statistics only say what cannot be there.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import Literal, RowWise
from shframe.dataframe.expr.columns import Boolean, Column, Compare, Evaluate, IsIn
from shframe.dataframe.expr.relations import Filter, ReadParquet
from shframe.graph.plan.expr import Expr, rebuild, walk

Condition = tuple[str, str, Any]
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}


def push_filters(plan: Expr) -> Expr:
    """Filter over ReadParquet -> the same over a ReadParquet with conditions to prune by."""
    for node in list(walk(plan)):
        if not isinstance(node, Filter) or not isinstance(node.source, ReadParquet):
            continue
        read = node.source
        if not read.filters and _alone(plan, node, read):  # rows that Arrow drops are not numbered
            found = tuple(c for c in conditions(node.condition, read) if c not in read.prune)
            if found:
                plan = _replace(plan, read, found)
    return plan


def _alone(plan: Expr, filter_: Filter, read: ReadParquet) -> bool:
    """Whether the rows that the filter drops are missed nowhere: all go through it, row by row."""
    return not _reached_outside(plan, filter_, read) and _row_by_row(filter_, read)


def _row_by_row(filter_: Filter, read: ReadParquet) -> bool:
    """Whether between the read and the filter each row is looked at alone."""
    reaching = {read.token}
    for node in walk(filter_):
        if not any(child.token in reaching for child in node.children()):
            continue
        reaching.add(node.token)
        if not isinstance(node, RowWise):
            return False
        if node is not filter_ and node.lineage != read.lineage:
            return False
        by_row = set(map(id, node.relations))
        if any(one.token in reaching and id(one) not in by_row for one in node.children()):
            return False
    return True


def _reached_outside(plan: Expr, filter_: Expr, read: Expr) -> bool:
    """Whether a path from the root leads to the read without passing the filter."""
    stack, seen = [plan], set()
    while stack:
        node = stack.pop()
        if node.token == filter_.token or node.token in seen:
            continue
        if node.token == read.token:
            return True
        seen.add(node.token)
        stack.extend(node.children())
    return False


def _replace(plan: Expr, read: ReadParquet, found: tuple[Condition, ...]) -> Expr:
    new = dataclasses.replace(read, prune=(*read.prune, *found))
    return rebuild(plan, lambda node: new if node.token == read.token else node)


def conditions(mask: Expr, read: Expr) -> Iterator[Condition]:
    """(column, operator, value) that every row of the mask meets."""
    if isinstance(mask, Boolean) and mask.op == "and_":
        for side in mask.children():
            yield from conditions(side, read)
    elif isinstance(mask, Compare) and mask.op in _MIRRORED:
        yield from _from_comparison(mask, read)
    elif isinstance(mask, IsIn):
        label = _column(mask.source, read)
        if label is not None and _all_plain(mask.options):
            yield label, "in", tuple(mask.options)
    elif isinstance(mask, Evaluate) and mask.source.token == read.token:
        yield from _from_text(mask.text, dict(mask.variables.kwargs))


def _from_comparison(mask: Compare, read: Expr) -> Iterator[Condition]:
    left, right = mask.left, mask.right
    if isinstance(right, Literal):
        column, literal, op = left, right, mask.op
    elif isinstance(left, Literal):
        column, literal, op = right, left, _MIRRORED[mask.op]
    else:
        return
    label = _column(column, read)
    if label is not None and _plain(literal.value):
        yield label, op, literal.value


def _column(node: Any, read: Expr) -> Any:
    """The label when the node is one column of the read."""
    if isinstance(node, Column) and node.source.token == read.token:
        return node.label
    return None


def _plain(value: Any) -> bool:
    return isinstance(value, (int, float, str, pd.Timestamp)) and value == value


def _all_plain(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(map(_plain, value))


_AST = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq"}


def _from_text(text: str, names: dict[str, Any]) -> Iterator[Condition]:
    """Conditions of a query's text; what is not understood is left to the exact filter."""
    try:
        tree = ast.parse(text.replace("@", "__at__").strip(), mode="eval").body
    except SyntaxError:
        return
    yield from _from_ast(tree, names)


def _from_ast(node: ast.expr, names: dict[str, Any]) -> Iterator[Condition]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for value in node.values:
            yield from _from_ast(value, names)
    elif isinstance(node, ast.Compare):
        terms = [node.left, *node.comparators]
        for left, op, right in zip(terms, node.ops, terms[1:], strict=False):
            name = _AST.get(type(op))
            value = _literal(right, names)
            if isinstance(op, ast.In) and isinstance(left, ast.Name) and _all_plain(value):
                yield left.id, "in", tuple(value)
            if name is None:
                continue
            if isinstance(left, ast.Name) and not left.id.startswith("__at__") and _plain(value):
                yield left.id, name, value
            value = _literal(left, names)
            if isinstance(right, ast.Name) and not right.id.startswith("__at__") and _plain(value):
                yield right.id, _MIRRORED[name], value


def _literal(node: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name) and node.id.startswith("__at__"):
        return names.get(node.id[len("__at__") :])
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
