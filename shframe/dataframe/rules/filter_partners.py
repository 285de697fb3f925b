"""Groups that find no partner in a join are not made: their rows are dropped by their keys.

The keys of the other side, which is expected to be small, are looked for among the rows below the
groups: a semi-join (Bernstein and Chiu, 1981), moved below the groups as any condition on keys.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.columns import Column, IsMember
from shframe.dataframe.expr.relations import Aggregate, Assign, Filter, Join, Project
from shframe.dataframe.expr.values import Members
from shframe.dataframe.kernels import membership
from shframe.dataframe.rules.filter_moves import Term, keys_of_groups
from shframe.dataframe.rules.find_members import has_integers
from shframe.dataframe.rules.move_filters import Moving
from shframe.dataframe.rules.push_filters_below_joins import names_of_side
from shframe.dataframe.rules.rewriting import replace_nodes, with_meta
from shframe.dataframe.rules.sizes import Size, sizes_of
from shframe.graph.plan.expr import Expr

FEWER = 4  # times fewer rows than below the groups, and than there were before conditions
LEAST_ROWS = 1 << 17  # below the groups: fewer are grouped in the time that a look-up takes


def filter_partners(plan: Expr) -> Expr:
    """Join of few rows with groups -> groups of those rows whose keys are among the few."""
    if not (plan.has(Join) and plan.has(Aggregate)):
        return plan
    joins = _Joins(plan)
    return replace_nodes(plan, {}, joins.change)


class _Joins:
    """The joins of one plan."""

    def __init__(self, plan: Expr) -> None:
        self._plan = plan
        self._sizes: dict[str, Size] | None = None
        self._before: dict[str, Relation] = {}  # filtered joins -> their other sides

    def change(self, old: Expr, new: Expr) -> Expr:
        """The node, or a join of which one side has fewer groups."""
        if not isinstance(new, Join) or not isinstance(old, Join) or new.places is not None:
            return new
        for n, how in enumerate(("right", "left")):
            if new.how not in ("inner", how):
                continue
            made = self._filtered(old, new, n)
            if made is not None:
                return made
        return new

    def _filtered(self, old: Join, new: Join, n: int) -> Join | None:
        """The join with fewer groups on its side n; None where that is of no use."""
        side, other = (new.left, new.right)[n], (new.right, new.left)[n]
        on, theirs = (new.left_on, new.right_on)[n], (new.right_on, new.left_on)[n]
        for label, partner in zip(on, theirs, strict=True):
            groups = _groups_of(side, label)
            if groups is None:
                continue
            few, key = self._fewest(other, partner)
            if not self._is_worth_it(few, groups) or not _are_alike(side, label, few, key):
                continue
            moving = Moving(self._plan, old)
            made = moving.place(side, [_among(side, label, few, key)], False)
            if isinstance(made, Filter) and made.source is side:  # something else reads the groups
                continue
            sides = (made, new.right) if n == 0 else (new.left, made)
            joined = dataclasses.replace(new, left=sides[0], right=sides[1])
            with_meta(joined, new.meta)
            self._before[joined.token] = other
            return joined
        return None

    def _fewest(self, side: Relation, label: Any) -> tuple[Relation, Any]:
        """What a side's keys are taken from: below joins with groups that were filtered already by
        the same keys, which may run at one time then."""
        while isinstance(side, Join) and side.token in self._before and side.how == "inner":
            below = self._before[side.token]
            names = names_of_side(side, 0 if side.left is below else 1)
            if label not in names:
                break
            side, label = below, names[label]
        return side, label

    def _is_worth_it(self, few: Relation, groups: Aggregate) -> bool:
        mine, theirs = self._size_of(few), self._size_of(groups.source)
        if theirs.rows < LEAST_ROWS:
            return False
        return FEWER * mine.rows <= min(theirs.rows, mine.domain)

    def _size_of(self, node: Relation) -> Size:
        if self._sizes is None:
            self._sizes = sizes_of(self._plan)
        if node.token not in self._sizes:
            self._sizes |= sizes_of(node)
        return self._sizes[node.token]


def _groups_of(side: Relation, label: Any) -> Aggregate | None:
    """The groups below a side of which a column is a key as it is."""
    node = side
    while isinstance(node, Project | Filter | Assign):
        if isinstance(node, Assign) and node.label == label:
            return None
        node = node.source
    if not isinstance(node, Aggregate) or label not in keys_of_groups(node):
        return None
    return node


def _are_alike(side: Relation, label: Any, few: Relation, key: Any) -> bool:
    """Whether both keys are integers of one dtype."""
    columns = [_column(side, label), _column(few, key)]
    return columns[0].meta.dtype == columns[1].meta.dtype and all(map(has_integers, columns))


def _among(side: Relation, label: Any, few: Relation, key: Any) -> Term:
    """Whether a key of the side is among those of a few rows."""
    found = Members(_column(few, key), membership.find_values, membership.build_members)
    column = _column(side, label)
    asked = with_meta(IsMember(column, found), column.meta == column.meta)
    return Term(asked, side, {label: label})


def _column(frame: Relation, label: Any) -> Relation:
    return with_meta(Column(frame, label), frame.meta[label])
