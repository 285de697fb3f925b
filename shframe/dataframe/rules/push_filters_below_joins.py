"""Conditions on one side of a join are applied to that side, those on keys to both."""

from __future__ import annotations

import dataclasses
from typing import Any

from shframe.dataframe.expr.base import changes_when_missing
from shframe.dataframe.expr.relations import Join
from shframe.dataframe.rules.filter_moves import Moved, Place, Terms, rebased
from shframe.dataframe.rules.rewriting import with_meta

Names = dict[Any, Any]


def below_join(node: Join, terms: Terms, index: bool, place: Place) -> Moved:
    """Filter over Join -> Join over filtered sides; nothing may look at the numbers of its rows.

    Of an outer join only the side whose rows are all there may lose some: where it does not
    decide on the dtypes of the other.
    """
    if index or node.places is not None or not node.meta.columns.is_unique:
        return None
    names = [_names(node, n) for n in (0, 1)]
    moved: list[Terms] = [[], []]
    rest: Terms = []
    for term, columns in terms:
        both = columns <= names[0].keys() & names[1].keys()
        to = [n for n in (0, 1) if columns <= names[n].keys() and (both or _may_lose(node, n))]
        if (both and node.how == "outer") or not to or not any(_may_lose(node, n) for n in to):
            rest.append((term, columns))
            continue
        for n in to:
            moved[n].append((term, columns))
    if not any(moved):
        return None
    sides = [node.left, node.right]
    made = [
        place(side, rebased(some, node, side, known), False) if some else side
        for side, some, known in zip(sides, moved, names, strict=True)
    ]
    return with_meta(dataclasses.replace(node, left=made[0], right=made[1]), node.meta), rest


def _may_lose(node: Join, side: int) -> bool:
    """Whether rows of a side that a condition drops are dropped from the result, and only they."""
    if node.how == "inner":
        return True
    if node.how != ("left", "right")[side]:
        return False
    other = node.right if side == 0 else node.left
    return not any(map(changes_when_missing, other.meta.dtypes))


def _names(node: Join, side: int) -> Names:
    """Labels of the result that are columns of a side as they are, and their labels there."""
    metas = node.left.meta, node.right.meta
    mine, theirs = metas[side], metas[1 - side]
    on = (node.left_on, node.right_on)
    same = {a for a, b in zip(*on, strict=True) if a == b}
    found: Names = {}
    for label in mine.columns:
        suffix = node.suffixes[side] if label in theirs.columns and label not in same else None
        shown = label if not suffix else f"{label}{suffix}"
        kept = shown in node.meta.columns and node.meta[shown].dtype == mine[label].dtype
        if kept and (label not in same or theirs[label].dtype == mine[label].dtype):
            found[shown] = label
    if node.how == "inner":  # keys of one side are those of the other
        for a, b in zip(on[1 - side], on[side], strict=True):
            alike = a != b and a in node.meta.columns and b not in theirs.columns
            if alike and a not in mine.columns and theirs[a].dtype == mine[b].dtype:
                found.setdefault(a, b)
    return found
