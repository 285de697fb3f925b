"""Conditions on columns of a Parquet file let row groups be skipped by their statistics.

The exact filter stays where it is: statistics only say what cannot be there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import Literal, RowWise
from shframe.dataframe.expr.columns import Boolean, Column, Compare, Evaluate, IsIn
from shframe.dataframe.expr.relations import Filter, ReadParquet
from shframe.dataframe.rules.rewriting import reached_without, replace_nodes, with_schema_of
from shframe.dataframe.sources import pruning
from shframe.graph.plan.expr import Expr, nodes_of, walk

Condition = tuple[str, str, Any]
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}


def push_filters(plan: Expr) -> Expr:
    """Filter over ReadParquet -> the same over a ReadParquet with conditions to prune by.

    Several filters of one read have a read each, if those take no more row groups together.
    """
    if not plan.has(ReadParquet):
        return plan
    reads: dict[str, list[Filter]] = {}
    for node in nodes_of(plan):
        if isinstance(node, Filter) and isinstance(node.source, ReadParquet):
            reads.setdefault(node.source.token, []).append(node)
    new: dict[str, Expr] = {}
    for filters in reads.values():
        read = filters[0].source
        assert isinstance(read, ReadParquet)
        if read.filters or read.limit is not None:  # rows that Arrow drops are not numbered
            continue
        pruned = [_pruned(one, read) for one in filters]
        if _lead_to(plan, filters, read) and (len(filters) == 1 or _may_part(plan, read, pruned)):
            new.update(
                (one.token, replace_nodes(one, {read.token: less}))
                for one, less in zip(filters, pruned, strict=True)
            )
    return replace_nodes(plan, new) if new else plan


def _pruned(filter_: Filter, read: ReadParquet) -> ReadParquet:
    found = tuple(c for c in conditions(filter_.condition, read) if c not in read.prune)
    if not found:
        return read
    return with_schema_of(read.replaced(prune=(*read.prune, *found)), read)


def _lead_to(plan: Expr, filters: list[Filter], read: ReadParquet) -> bool:
    """Whether rows that the filters drop are missed nowhere: all go through one, row by row."""
    outside = reached_without(plan, *filters)
    return read.token not in outside and all(_row_by_row(one, read) for one in filters)


def _may_part(plan: Expr, read: ReadParquet, pruned: list[ReadParquet]) -> bool:
    """Whether several reads are as good as one: they take less, and no rows are aligned."""
    every = len(read.source.row_groups)
    needed = [len(pruning.needed_groups(one.source, one.prune, (), None)) for one in pruned]
    return sum(needed) <= every and not any(
        isinstance(node, RowWise)
        and not node.is_aligned
        and any(one.lineage.root == read.lineage.root for one in node.relations)
        for node in walk(plan)
    )


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
