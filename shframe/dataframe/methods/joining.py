"""Joins of two frames."""

from __future__ import annotations

from typing import Any

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.relations import Join, unify_dtypes
from shframe.dataframe.methods.selection import check_labels
from shframe.dataframe.methods.sorting import as_list
from shframe.errors import InvalidArgument

HOW = ("left", "right", "inner", "outer")


def join_rows(
    left: Relation, right: Relation, how: str, on: Any, left_on: Any, right_on: Any, suffixes: Any
) -> Relation:
    """Rows of both frames that have equal keys, in pandas' order; the index counts them.

    Raises: ColumnNotFound for a key that a side does not have, InvalidArgument for a `how` or a
    combination of keys that pandas does not have.
    """
    if how not in HOW:
        raise InvalidArgument(f"{how!r} is not a valid Merge type: {', '.join(HOW)}")
    left_keys, right_keys = _keys(left, right, on, left_on, right_on)
    check_labels(left, left_keys, "merge (left)")
    check_labels(right, right_keys, "merge (right)")
    sides = unify_dtypes(left), unify_dtypes(right)
    return Join(*sides, how, tuple(left_keys), tuple(right_keys), (suffixes[0], suffixes[1]))


def _keys(
    left: Relation, right: Relation, on: Any, left_on: Any, right_on: Any
) -> tuple[list[Any], list[Any]]:
    if on is not None:
        if left_on is not None or right_on is not None:
            raise InvalidArgument(
                'Can only pass argument "on" OR "left_on" and "right_on", not a combination of both'
            )
        return as_list(on), as_list(on)
    if left_on is None and right_on is None:
        there = right.meta.columns
        common = [label for label in left.meta.columns if label in there]
        if not common:
            raise InvalidArgument("No common columns to perform merge on; pass on=")
        return common, common
    if right_on is None:
        raise InvalidArgument('Must pass "right_on" where "left_on" is given')
    if left_on is None:
        raise InvalidArgument('Must pass "left_on" where "right_on" is given')
    a, b = as_list(left_on), as_list(right_on)
    if len(a) != len(b):
        raise InvalidArgument(f"len(right_on) must equal len(left_on), got {len(b)} and {len(a)}")
    return a, b
