"""The first rows of a sorted frame need no sort of all of it."""

from __future__ import annotations

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.relations import FirstSorted, Limit, NumberRows, Project, Sort
from shframe.dataframe.rules.rewriting import over, with_meta
from shframe.graph.plan.rewrite import rule

MOST = 1 << 16  # rows of each partition that may be brought together


@rule(on=Limit)
def limit_sorted(node: Limit) -> Relation | None:
    """Limit over Sort, and columns of it -> the first rows of each partition, and of those."""
    if node.last or node.count > MOST:
        return None
    between: list[Relation] = []
    below: Relation = node.source
    while isinstance(below, Project | Column | NumberRows):
        between.append(below)
        below = below.source
    if not isinstance(below, Sort) or below.by is None:
        return None
    how = below.by, below.ascending, below.na_position
    made: Relation = with_meta(FirstSorted(below.source, *how, node.count), below.meta)
    for one in reversed(between):
        made = over(one, [made])  # type: ignore[assignment]
    return made
