"""The first rows of a Parquet file need its first row groups only."""

from __future__ import annotations

import dataclasses

from shframe.dataframe.expr.base import Relation, RowWise
from shframe.dataframe.expr.relations import Limit, ReadParquet
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.rewrite import rule


@rule(on=Limit)
def push_limit(node: Limit) -> Relation | None:
    """Limit over operations on each row of one ReadParquet -> the same with a limit in the read."""
    if node.last:
        return None
    limited = _limit_read(node.source, node.count)
    return None if limited is None else Limit(limited, node.count)


def _limit_read(node: Expr, count: int) -> Relation | None:
    """The plan with the limit in its read; None where rows may be dropped or joined between."""
    if isinstance(node, ReadParquet):
        if node.prune or node.filters or (node.limit is not None and node.limit <= count):
            return None
        return dataclasses.replace(node, limit=count)
    if not isinstance(node, RowWise) or not node.is_aligned:
        return None
    if node.lineage != node.relations[0].lineage:
        return None
    limited = {id(one): _limit_read(one, count) for one in node.relations}
    if None in limited.values():
        return None
    # values among the operands are made of all rows: they stay as they are
    return node.with_children([limited.get(id(one)) or one for one in node.children()])
