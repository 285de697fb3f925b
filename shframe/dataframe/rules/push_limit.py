"""The first rows of a Parquet file need its first row groups only."""

from __future__ import annotations

import dataclasses

from shframe.dataframe.expr import relations
from shframe.dataframe.kernels import rowwise
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.rewrite import rule

_KEEP_ROWS = (rowwise.columns, rowwise.column, rowwise.scalar, rowwise.unary, rowwise.assigned)


@rule(on=relations.Head)
def push_limit(node: relations.Head) -> relations.Relation | None:
    """Head over row-by-row operations on one ReadParquet -> the same with a limit in the read."""
    if node.last:
        return None
    limited = _limited(node.source, node.count)
    return None if limited is None else relations.Head(limited, node.count)


def _limited(node: Expr, count: int) -> relations.Relation | None:
    """The plan with the limit in its read; None where rows may be dropped or joined between."""
    if isinstance(node, relations.ReadParquet):
        if node.prune or node.filters or (node.limit is not None and node.limit <= count):
            return None
        return dataclasses.replace(node, limit=count)
    if isinstance(node, relations.Map) and node.kernel in _KEEP_ROWS and len(node.sources) == 1:
        below = _limited(node.sources[0], count)  # its values are made of all rows
        return None if below is None else node.with_children([below, *node.values])
    return None
