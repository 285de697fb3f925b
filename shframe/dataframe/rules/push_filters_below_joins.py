"""Conditions on one side of a join are applied to that side, those on keys to both."""

from __future__ import annotations

import dataclasses
from typing import Any

from shframe.dataframe.expr.base import changes_when_missing, dtypes_by_label
from shframe.dataframe.expr.relations import Join
from shframe.dataframe.rules.filter_moves import Moved, Place, Terms
from shframe.dataframe.rules.rewriting import with_meta

Names = dict[Any, Any]


def below_join(node: Join, terms: Terms, index: bool, place: Place) -> Moved:
    """Filter over Join -> Join over filtered sides; nothing may look at the numbers of its rows.

    Of an outer join only the side whose rows are all there may lose some: where it does not
    decide on the dtypes of the other.
    """
    if index or node.places is not None or not node.meta.columns.is_unique:
        return None
    names = [names_of_side(node, n) for n in (0, 1)]
    moved: list[Terms] = [[], []]
    rest: Terms = []
    for term in terms:
        columns = term.columns
        both = columns <= names[0].keys() & names[1].keys()
        to = [n for n in (0, 1) if columns <= names[n].keys() and (both or _may_lose(node, n))]
        if (both and node.how == "outer") or not to or not any(_may_lose(node, n) for n in to):
            rest.append(term)
            continue
        for n in to:
            moved[n].append(term)
    if not any(moved):
        return None
    sides = [node.left, node.right]
    made = [
        place(side, [one.renamed(known) for one in some], False) if some else side
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


def names_of_side(node: Join, side: int) -> Names:
    """Labels of the result that are columns of a side as they are, and their labels there."""
    shown = dtypes_by_label(node.meta)
    mine, theirs = dtypes_by_label(node.left.meta), dtypes_by_label(node.right.meta)
    ours_on, theirs_on = node.left_on, node.right_on
    if side == 1:
        mine, theirs, ours_on, theirs_on = theirs, mine, theirs_on, ours_on
    same = {a for a, b in zip(ours_on, theirs_on, strict=True) if a == b}
    found: Names = {}
    for label, dtype in mine.items():
        suffix = node.suffixes[side] if label in theirs and label not in same else None
        name = f"{label}{suffix}" if suffix else label
        if shown.get(name) == dtype and (label not in same or theirs[label] == dtype):
            found[name] = label
    if node.how == "inner":  # keys of one side are those of the other
        for a, b in zip(theirs_on, ours_on, strict=True):
            if a != b and a in shown and a not in mine and theirs[a] == mine[b]:
                found.setdefault(a, b)
    return found
