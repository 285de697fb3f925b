"""Only rows that may be the first of their groups are sorted, where no others are looked at."""

from __future__ import annotations

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.columns import Column, IsNearFirst
from shframe.dataframe.expr.grouped import GroupedMask
from shframe.dataframe.expr.relations import Distinct, Filter, Project, Sort, UnifyDtypes
from shframe.dataframe.rules.rewriting import over, reached_without, replace_nodes, with_meta
from shframe.graph.plan.expr import Expr, nodes_of

MOST = 8  # rows of each group: beyond, a sort takes less time


def keep_first(plan: Expr) -> Expr:
    """head() and tail() of groups of a sorted frame, and its drop_duplicates(), leave most rows
    out before the sort: of each partition the rows that have the first values of their groups."""
    if not plan.has(Sort):
        return plan
    new: dict[str, Expr] = {}
    for node in nodes_of(plan):
        found = _first_of_groups(node)
        if found is not None:
            sort, keys, count, from_end = found
            if sort.token not in reached_without(plan, node):
                new[sort.token] = _sort_few(sort, keys, count, from_end)
    return replace_nodes(plan, new) if new else plan


def _first_of_groups(node: Expr) -> tuple[Sort, tuple[object, ...], int, bool] | None:
    """(the sort, the keys of groups, how many rows of each are wanted, whether the last ones)."""
    if isinstance(node, Distinct) and node.subset and node.keep in ("first", "last"):
        sort = _sort_below(node.source)
        return None if sort is None else (sort, node.subset, 1, node.keep == "last")
    if not isinstance(node, Filter) or not isinstance(node.condition, GroupedMask):
        return None
    call, sort = node.condition.call, _sort_below(node.source)
    count = call.args[0] if call.args else dict(call.kwargs).get("n", 5)
    if sort is None or call.method not in ("head", "tail") or type(count) is not int:
        return None
    if _sort_below(node.condition.source) is not sort or not 0 < count <= MOST:
        return None
    return sort, call.keys, count, call.method == "tail"


def _sort_below(node: Relation) -> Sort | None:
    """The sort by columns of which a relation has some columns; its labels go with the rows."""
    while isinstance(node, Project | Column | UnifyDtypes):
        node = node.source
    plain = isinstance(node, Sort) and node.by is not None and not node.ignore_index
    return node if plain else None  # type: ignore[return-value]


def _sort_few(sort: Sort, keys: tuple[object, ...], count: int, from_end: bool) -> Expr:
    assert sort.by is not None
    how = sort.by[0], sort.ascending[0], sort.na_position, count, from_end
    source = sort.source
    seen = Project(source, tuple(dict.fromkeys((*keys, sort.by[0]))))
    few = with_meta(Filter(source, IsNearFirst(seen, keys, *how)), source.meta)
    return over(sort, [few])
