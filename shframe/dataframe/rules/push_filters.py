"""Conditions on columns of a Parquet file let row groups be skipped by their statistics.

The exact filter stays where it is: statistics only say what cannot be there.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from typing import Any

import pandas as pd

from shframe.dataframe.expr import relations
from shframe.dataframe.kernels import rowwise
from shframe.graph.plan.expr import Expr, rebuild, walk

Condition = tuple[str, str, Any]
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}


def push_filters(plan: Expr) -> Expr:
    """Filter over ReadParquet -> the same over a ReadParquet with conditions to prune by."""
    for node in list(walk(plan)):
        if isinstance(node, relations.Map) and node.kernel is rowwise.rows:
            frame, mask = node.sources
            if not isinstance(frame, relations.ReadParquet) or frame.filters:
                continue  # the rows that Arrow leaves are counted before others go
            if _alone(plan, node, frame):
                found = tuple(c for c in conditions(mask, frame) if c not in frame.prune)
                if found:
                    plan = _replaced(plan, frame, found)
    return plan


def _alone(plan: Expr, filter_: Expr, read: relations.ReadParquet) -> bool:
    """Whether nobody misses the rows that the filter drops: all go through it, row by row."""
    return not _reached_outside(plan, filter_, read) and _row_by_row(filter_, read)


def _row_by_row(filter_: Expr, read: relations.ReadParquet) -> bool:
    """Whether between the read and the filter each row is looked at by itself."""
    reaching = {read.token}
    for node in walk(filter_):
        below = [child for child in node.children() if child.token in reaching]
        if not below:
            continue
        reaching.add(node.token)
        if not isinstance(node, relations.Map):
            return False
        if node is not filter_ and node.lineage != read.lineage:
            return False
        if any(value.token in reaching for value in node.values):
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


def _replaced(plan: Expr, read: relations.ReadParquet, found: tuple[Condition, ...]) -> Expr:
    new = dataclasses.replace(read, prune=(*read.prune, *found))
    return rebuild(plan, lambda node: new if node.token == read.token else node)


def conditions(mask: Expr, read: Expr) -> Iterator[Condition]:
    """(column, operator, value) that every row of the mask meets."""
    if not isinstance(mask, relations.Map):
        return
    values = mask.params.values
    if mask.kernel is rowwise.binary and values["name"] == "and_":
        for source in mask.sources:
            yield from conditions(source, read)
    elif mask.kernel is rowwise.scalar and values["name"] in _MIRRORED:
        label = _column(mask.sources[0], read)
        if label is not None and _plain(values["value"]):
            op = _MIRRORED[values["name"]] if values["reflected"] else values["name"]
            yield label, op, values["value"]
    elif mask.kernel is rowwise.method and values["name"] == "isin":
        label = _column(mask.sources[0], read)
        options = values["args"][0] if values["args"] else None
        if label is not None and _all_plain(options):
            yield label, "in", tuple(options or ())
    elif mask.kernel is rowwise.evaluated and mask.sources[0].token == read.token:
        yield from _from_text(values["text"], values["names"])


def _column(node: Expr, read: Expr) -> Any:
    """The label when the node is one column of the read."""
    if not isinstance(node, relations.Map) or node.kernel is not rowwise.column:
        return None
    return node.params.values["label"] if node.sources[0].token == read.token else None


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
