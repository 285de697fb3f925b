"""What the nodes above a relation need of it: which columns, its labels of rows, its order.

A kind of node of which nothing is said needs everything, and so is a child of which nothing is.
Rules drop what nothing needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import RowWise, SameSchema
from shframe.dataframe.expr.columns import Column, Evaluate, IsIn
from shframe.dataframe.expr.positions import Concat
from shframe.dataframe.expr.relations import (
    Aggregate,
    Assign,
    Distinct,
    Filter,
    FirstSorted,
    Join,
    Limit,
    NumberRows,
    Project,
    Sort,
    TopRows,
    UnifyDtypes,
    ValueCounts,
)
from shframe.dataframe.expr.values import AllRows, Members, Reduction, RowCount
from shframe.graph.plan.expr import Expr, nodes_of

Labels = frozenset[Any] | None
"""Labels that are needed, None for all."""

# Reductions and aggregates that give the same of rows in any order, but for the last bits of sums.
UNORDERED = frozenset(
    ("sum", "prod", "count", "size", "min", "max", "any", "all", "mean", "var", "std", "sem")
) | {"nunique", "median"}
LOCAL = UNORDERED | {"first", "last"}  # those that do not look at the labels of rows


@dataclass(frozen=True, slots=True)
class Need:
    """columns: labels of columns, None for all of them.

    index: whether the labels of rows are looked at; order: whether it matters which row is first.
    """

    columns: Labels = None
    index: bool = True
    order: bool = True

    def __or__(self, other: Need) -> Need:
        every = self.columns is None or other.columns is None
        columns = None if every else self.columns | other.columns  # type: ignore[operator]
        return Need(columns, self.index or other.index, self.order or other.order)

    def of(self, columns: Iterable[Any] | None) -> Need:
        """The same of other columns."""
        return Need(None if columns is None else frozenset(columns), self.index, self.order)

    def also(self, columns: Iterable[Any]) -> Need:
        """The same of these columns too."""
        return self if self.columns is None else self.of(self.columns.union(columns))


ALL = Need()
Asked = list[tuple[Expr, Need]]
"""What a node needs of each of its children."""


def needs_of(plan: Expr) -> dict[str, Need]:
    """What is needed of each node of a plan, by its token. Cost: O(nodes).

    Walks from the root down: what a node needs of its sources follows from what is needed of it.
    """
    needs: dict[str, Need] = {plan.token: ALL}
    for node in reversed(nodes_of(plan)):
        told = needed_by.dispatch(type(node))(node, needs[node.token])
        children = node.children()
        if len(told) < len(children):
            seen = {child.token for child, _ in told}
            told += [(child, ALL) for child in children if child.token not in seen]
        for child, asked in told:
            known = needs.get(child.token)
            needs[child.token] = asked if known is None else known | asked
    return needs


@singledispatch
def needed_by(node: Expr, need: Need) -> Asked:
    """What the node needs of each child, given what is needed of it. By default, everything."""
    return [(child, ALL) for child in node.children()]


def _rows_of(node: RowWise, need: Need, columns: Iterable[Any] | None = None) -> Asked:
    """What an operation on each row needs: of its first source these columns, of others all."""
    aligned = node.is_aligned and node.rows != "made"
    index, order = need.index or not node.keeps_index, need.order or not aligned
    first, *rest = node.children()
    asked: Asked = [(first, Need(None if columns is None else frozenset(columns), index, order))]
    if rest:
        kept, by_row = Need(None, index, order), set(map(id, node.relations))
        asked += [(one, kept if id(one) in by_row else ALL) for one in rest]
    return asked


@needed_by.register
def _(node: RowWise, need: Need) -> Asked:
    return _rows_of(node, need)


@needed_by.register
def _(node: Column, need: Need) -> Asked:
    return _rows_of(node, need, [node.label])


@needed_by.register
def _(node: Project, need: Need) -> Asked:
    wanted = node.labels if need.columns is None else need.columns.intersection(node.labels)
    return _rows_of(node, need, wanted or node.labels[:1])


@needed_by.register
def _(node: Filter, need: Need) -> Asked:
    """Rows that are chosen keep the labels that they have: who looks at none needs none."""
    if not node.is_aligned:
        return _rows_of(node, need, need.columns)
    rows = Need(None, need.index, need.order)
    return [(node.source, rows.of(need.columns)), (node.condition, rows)]


@needed_by.register
def _(node: Evaluate, need: Need) -> Asked:
    columns = node.source.labels_made  # a name that only looks like a column costs a column
    named = [one for one in columns if not isinstance(one, str) or one in node.text]
    return _rows_of(node, need, named)


@needed_by.register
def _(node: Assign, need: Need) -> Asked:
    if need.columns is None:
        return _rows_of(node, need)
    # the columns must keep their places: an assigned one that was there stays needed
    replaced = {node.label} & need.columns & set(node.source.labels_made)
    return _rows_of(node, need, (need.columns - {node.label}) | replaced)


@needed_by.register
def _(node: IsIn, need: Need) -> Asked:
    """Values that are looked for may be in any order, under any labels."""
    asked = _rows_of(node, need)
    given = set(map(id, node.given))
    return [(one, Need(None, False, False) if id(one) in given else known) for one, known in asked]


@needed_by.register
def _(node: AllRows, need: Need) -> Asked:
    return [(node.sources[0], need)]


@needed_by.register
def _(node: Aggregate, need: Need) -> Asked:
    plan, meta = node.plan, node.source.meta
    calls = {output.how if isinstance(output.how, str) else None for output in plan.outputs}
    # of equal keys that differ, 0.0 and -0.0, the first one is shown
    shown = any(is_ambiguous(meta[key].dtype) for key in plan.keys)
    ranked = not plan.sort and (need.order or need.index)
    ordered = ranked or shown or not calls <= UNORDERED
    return [(node.source, Need(frozenset(plan.columns), not calls <= LOCAL, ordered))]


def is_ambiguous(dtype: Any) -> bool:
    """Whether values of a dtype may be equal and differ all the same: 0.0 and -0.0, 1 and True."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "fcO"
    return not isinstance(dtype, pd.StringDtype | pd.CategoricalDtype | pd.DatetimeTZDtype)


@needed_by.register
def _(node: SameSchema, need: Need) -> Asked:
    return [(node.source, ALL.of(need.columns))]


@needed_by.register
def _(node: UnifyDtypes, need: Need) -> Asked:
    return [(node.source, need)]


@needed_by.register
def _(node: Limit, need: Need) -> Asked:
    return [(node.source, Need(need.columns, need.index, True))]


@needed_by.register
def _(node: NumberRows, need: Need) -> Asked:
    return [(node.source, Need(need.columns, False, need.order or need.index))]


def is_needless(node: Sort, need: Need) -> bool:
    """Whether nothing looks at the order of rows, nor at numbers that they get in it."""
    return not need.order and not (need.index and node.ignore_index)


@needed_by.register
def _(node: Sort, need: Need) -> Asked:
    if is_needless(node, need):
        return [(node.source, need)]
    index = node.by is None or (need.index and not node.ignore_index)
    return [(node.source, Need(need.columns, index, need.order).also(node.by or ()))]


@needed_by.register(TopRows)
@needed_by.register(FirstSorted)
def _(node: TopRows | FirstSorted, need: Need) -> Asked:
    return [(node.source, Need(need.columns, need.index, True).also(node.by or ()))]


@needed_by.register
def _(node: Distinct, need: Need) -> Asked:
    """Of equal rows the first one is kept, which only what differs between them tells."""
    meta = node.source.meta
    if meta.ndim == 1:
        return [(node.source, Need(None, need.index, need.order or need.index))]
    subset = meta.columns if node.subset is None else node.subset
    wanted = meta.columns if need.columns is None else need.columns
    told = not set(wanted) <= set(subset) or any(is_ambiguous(meta[one].dtype) for one in wanted)
    ordered = need.order or need.index or told
    return [(node.source, Need(need.columns, need.index, ordered).also(subset))]


@needed_by.register
def _(node: ValueCounts, need: Need) -> Asked:
    return [(node.source, Need(None, False, True))]


@needed_by.register
def _(node: Concat, need: Need) -> Asked:
    rows = Need(None, need.index, need.order)
    sources = node.sources
    if need.columns is None or not all(one.meta.ndim == 2 for one in sources):
        return [(one, rows) for one in sources]
    return [(one, rows.of(need.columns.intersection(one.meta.columns))) for one in sources]


@needed_by.register
def _(node: Join, need: Need) -> Asked:
    """A label that both sides have gets a suffix because of the other: both keep it."""
    rows = Need(None, False, need.order or need.index)
    left, right = set(node.left.labels_made), set(node.right.labels_made)
    if need.columns is None or node.how == "outer":
        return [(node.left, rows), (node.right, rows)]
    shared = left & right
    return [
        (node.left, rows.of((need.columns & left) | shared | set(node.left_on))),
        (node.right, rows.of((need.columns & right) | shared | set(node.right_on))),
    ]


@needed_by.register
def _(node: Reduction, need: Need) -> Asked:
    local = node.how in UNORDERED
    return [(node.source, Need(None, not local, not local))]


@needed_by.register
def _(node: Members, need: Need) -> Asked:
    return [(node.source, Need(None, False, False))]


@needed_by.register
def _(node: RowCount, need: Need) -> Asked:
    columns: Labels = frozenset() if node.source.meta.ndim == 2 else None
    return [(node.source, Need(columns, False, False))]
