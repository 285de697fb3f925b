"""What holds of the keys of one side of a join holds of the keys that have a partner there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.relations import Filter, Join
from shframe.dataframe.rules.conditions import columns_of, terms_of
from shframe.dataframe.rules.filter_moves import Place, Term, Terms
from shframe.dataframe.rules.rewriting import with_meta


def infer_conditions(node: Join, place: Place) -> Join:
    """Join of a filtered side -> the other side is filtered by the same conditions on keys.

    Of an outer join it is the side whose rows without a partner are not in the result.
    """
    sides = [node.left, node.right]
    keys = [node.left_on, node.right_on]
    for n, how in enumerate(("left", "right")):
        if node.how not in ("inner", how):
            continue
        side, other = sides[n], sides[1 - n]
        names = {
            a: b
            for a, b in zip(keys[n], keys[1 - n], strict=True)
            if side.meta[a].dtype == other.meta[b].dtype
        }
        known = {term.condition.token for term in _terms_on(other, keys[1 - n])}
        theirs = [term.renamed(names) for term in _terms_on(side, names)]
        found = [term for term in theirs if term.over(_base(other)).token not in known]
        if found:
            sides[1 - n] = place(other, found, False)
    if sides[0] is node.left and sides[1] is node.right:
        return node
    return with_meta(dataclasses.replace(node, left=sides[0], right=sides[1]), node.meta)


def _base(side: Relation) -> Relation:
    return side.source if isinstance(side, Filter) else side


def _terms_on(side: Relation, keys: Iterable[Any]) -> Terms:
    """The terms of a filter that read keys only."""
    if not isinstance(side, Filter) or not side.is_aligned:
        return []
    found, known = [], set(keys)
    for one in terms_of(side.condition):
        columns = columns_of(one, side.source)
        if columns and columns <= known:
            found.append(Term(one, side.source, {label: label for label in columns}))
    return found
