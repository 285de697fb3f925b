"""Joins of two frames: by columns, by labels of rows, of all rows with all rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Literal, Meta, Params, Relation
from shframe.dataframe.expr.relations import (
    Assign,
    Distinct,
    Filter,
    Join,
    Map,
    NumberRows,
    Project,
    Sort,
    Whole,
    unify_dtypes,
)
from shframe.dataframe.expr.values import Check, collect_rows
from shframe.dataframe.kernels import join_checks, rowwise
from shframe.dataframe.methods.reshaping import call_on_all
from shframe.dataframe.methods.selection import check_labels
from shframe.dataframe.methods.sorting import as_list
from shframe.errors import InvalidArgument, UnsupportedType

HOW = ("left", "right", "inner", "outer", "cross", "left_anti", "right_anti", "leftsemi")
_VALIDATE = {
    "one_to_one": (True, True),
    "1:1": (True, True),
    "one_to_many": (True, False),
    "1:m": (True, False),
    "many_to_one": (False, True),
    "m:1": (False, True),
    "many_to_many": (False, False),
    "m:m": (False, False),
}


def merge(
    left: Relation,
    right: Relation,
    how: str,
    on: Any,
    left_on: Any,
    right_on: Any,
    left_index: bool,
    right_index: bool,
    sort: bool,
    suffixes: Any,
    indicator: Any,
    validate: Any,
) -> Relation:
    """Rows of both frames that belong together, as pandas' merge has it.

    Raises: ColumnNotFound for a key that a side does not have, InvalidArgument for a `how` or a
    combination of keys that pandas does not have.
    """
    if how not in HOW:
        raise InvalidArgument(f"{how!r} is not a valid Merge type: {', '.join(HOW)}")
    if validate is not None and validate not in _VALIDATE:
        known = ", ".join(map(repr, _VALIDATE))
        raise InvalidArgument(f'"{validate}" is not a valid argument for validate: {known}')
    if left_index or right_index:
        named = {"on": on, "left_on": left_on, "right_on": right_on, "how": how, "sort": sort}
        named |= {"left_index": left_index, "right_index": right_index, "suffixes": suffixes}
        return _by_labels(left, right, {**named, "indicator": indicator, "validate": validate})
    if how == "cross":
        return _cross(left, right, (on, left_on, right_on), suffixes, indicator)
    left_keys, right_keys = _keys(left, right, on, left_on, right_on)
    if _are_levels(left, left_keys) or _are_levels(right, right_keys):
        named = {"how": how, "on": on, "left_on": left_on, "right_on": right_on, "sort": sort}
        named |= {"suffixes": suffixes, "indicator": bool(indicator) and indicator}
        return call_on_all("merge", (left, right), {**named, "validate": validate})
    check_labels(left, left_keys, "merge (left)")
    check_labels(right, right_keys, "merge (right)")
    if validate is not None:
        left, right = _checked(left, right, left_keys, right_keys, validate)
    if how == "leftsemi":
        return _semi(left, right, left_keys, right_keys)
    if how in ("left_anti", "right_anti"):
        return _anti(left, right, left_keys, right_keys, how, suffixes)
    if indicator:
        made = _with_indicator(left, right, left_keys, right_keys, how, suffixes, indicator)
    else:
        made = join_rows(left, right, how, left_keys, right_keys, suffixes)
    if not sort or how == "outer":  # which is in the order of its keys
        return made
    columns = made.meta.columns
    by = tuple(a if a in columns else b for a, b in zip(left_keys, right_keys, strict=True))
    return NumberRows(Sort(made, by, (True,) * len(by), "last", True))


def _are_levels(side: Relation, keys: list[Any]) -> bool:
    """Whether a key is a level of the labels of rows, not a column."""
    columns, names = side.meta.columns, side.meta.index.names
    return any(key is not None and key not in columns and key in names for key in keys)


def join_rows(
    left: Relation,
    right: Relation,
    how: str,
    left_keys: Sequence[Any],
    right_keys: Sequence[Any],
    suffixes: Any,
) -> Relation:
    """Rows of both frames with equal keys, in pandas' order; the index counts them."""
    sides = unify_dtypes(left), unify_dtypes(right)
    return Join(*sides, how, tuple(left_keys), tuple(right_keys), (suffixes[0], suffixes[1]))


def _hidden(name: str, *sides: Relation) -> str:
    """A label that no side has."""
    while any(name in side.meta.columns for side in sides):
        name += "_"
    return name


def _with_mark(side: Relation, label: str) -> Relation:
    return Assign(side, label, Literal(True))


def _with_indicator(
    left: Relation,
    right: Relation,
    left_keys: list[Any],
    right_keys: list[Any],
    how: str,
    suffixes: Any,
    indicator: Any,
) -> Relation:
    """A join that tells of each row which sides had it, in a column of categories."""
    label = indicator if isinstance(indicator, str) else "_merge"
    for side in (left, right):
        for one in (label, "_left_indicator", "_right_indicator"):
            if one in side.meta.columns:
                raise InvalidArgument(
                    "Cannot use name of an existing column for indicator column: "
                    f"{one!r} is there already"
                )
    here, there = "_left_indicator", "_right_indicator"
    keys = left_keys, right_keys
    marked = _with_mark(left, here), _with_mark(right, there)
    joined = join_rows(marked[0], marked[1], how, keys[0], keys[1], suffixes)
    kept = [one for one in joined.meta.columns if one not in (here, there)]
    params = Params(left=here, right=there, columns=kept, label=label)
    return Map((joined,), join_checks.add_indicator, params, "same")


def _cross(
    left: Relation, right: Relation, keys: tuple[Any, ...], suffixes: Any, indicator: Any
) -> Relation:
    """Each row of one side with each of the other."""
    if any(key is not None for key in keys):
        raise InvalidArgument(
            "Can not pass on, right_on, left_on or set right_index=True or left_index=True "
            "when how='cross'"
        )
    one = _hidden("_cross", left, right)
    sides = _with_mark(left, one), _with_mark(right, one)
    if indicator:
        joined = _with_indicator(*sides, [one], [one], "inner", suffixes, indicator)
    else:
        joined = join_rows(sides[0], sides[1], "inner", [one], [one], suffixes)
    return Project(joined, tuple(label for label in joined.meta.columns if label != one))


def _anti(
    left: Relation,
    right: Relation,
    left_keys: list[Any],
    right_keys: list[Any],
    how: str,
    suffixes: Any,
) -> Relation:
    """Rows of one side that have no partner, with the labels that pandas' outer join gives them."""
    side = how.removesuffix("_anti")
    label = _hidden("_merge", left, right)
    keys = left_keys, right_keys
    joined = _with_indicator(left, right, *keys, side, suffixes, label)
    params = Params(label=label, value=f"{side}_only")
    alone = Filter(joined, Map((joined,), join_checks.has_value, params, "same"))
    return Project(alone, tuple(one for one in joined.meta.columns if one != label))


def _semi(left: Relation, right: Relation, left_keys: list[Any], right_keys: list[Any]) -> Relation:
    """The rows of the left side whose keys the right side has, each once."""
    mark = _hidden("_member", left, right)
    keys = Project(right, tuple(dict.fromkeys(right_keys)))
    members: Relation = _with_mark(Distinct(keys, None, "first"), mark)
    renamed = {key: _hidden(f"_key{n}", left) for n, key in enumerate(dict.fromkeys(right_keys))}
    members = Map((members,), join_checks.rename, Params(labels=renamed), "same")
    theirs = [renamed[key] for key in right_keys]
    joined = join_rows(left, members, "inner", left_keys, theirs, ("", ""))
    return Project(joined, tuple(left.meta.columns))


def _checked(
    left: Relation, right: Relation, left_keys: list[Any], right_keys: list[Any], validate: str
) -> tuple[Relation, Relation]:
    """The sides, which raise MergeError when keys that must differ do not: as in pandas, of the
    left side first."""
    made: list[Relation] = []
    before: tuple[Check, ...] = ()
    sides = ((left, left_keys, "left"), (right, right_keys, "right"))
    for (side, keys, name), differ in zip(sides, _VALIDATE[validate], strict=True):
        if not differ:
            made.append(side)
            continue
        columns: Relation = Project(side, tuple(dict.fromkeys(keys)))
        if before:
            columns = Map((columns,), join_checks.pass_rows, Params(), "same", True, before)
        params = Params(side=name, validate=validate)
        found = Check(columns, join_checks.find_keys, join_checks.check_keys, params)
        made.append(Map((side,), join_checks.pass_rows, Params(), "same", True, (found,)))
        before = (found,)
    return made[0], made[1]


def _by_labels(left: Relation, right: Relation, named: dict[str, Any]) -> Relation:
    """A join in which the labels of rows are keys of a side.

    The left side stays in its partitions where pandas keeps its order; each gets the right side
    whole. Other joins have all rows of both in one task.
    """
    sides = unify_dtypes(left), unify_dtypes(right)
    in_parts = (
        named["how"] in ("left", "inner")
        and not named["sort"]
        and named["validate"] is None
        and not (named["left_index"] and named["right_index"] and named["how"] == "inner")
    )
    if in_parts:
        given = (collect_rows(sides[1]),)
        node: Relation = Map(
            (sides[0],), join_checks.merge, Params(**named), "made", False, given,
            known=_schema(left, right, named),
        )  # fmt: skip
    else:
        node = Whole(sides, join_checks.merge, Params(**named))
    _ = node.meta
    return node


def _schema(left: Relation, right: Relation, named: dict[str, Any]) -> Any:
    return Meta(join_checks.merge(left.meta, right.meta, **named))


def join(
    left: Relation, others: list[Relation], on: Any, how: str, suffixes: Any, sort: bool, many: bool
) -> Relation:
    """pandas' join: columns of others beside, by the labels of rows, or by columns of the left."""
    if many:
        given = {"lsuffix": suffixes[0], "rsuffix": suffixes[1]} if any(suffixes) else {}
        params = Params(on=on, how=how, sort=sort, **given)
        return Whole((left, *others), join_checks.join_several, params)
    (right,) = others
    if right.meta.ndim == 1:
        if right.meta.name is None:
            raise InvalidArgument("Other Series must have a name")
        right = Map(
            (right,), rowwise.call_method, Params(name="to_frame", args=(), kwargs={}), "same"
        )
    shared = left.meta.columns.intersection(right.meta.columns)
    if len(shared) and not any(suffixes):
        raise InvalidArgument(f"columns overlap but no suffix specified: {shared}")
    named: dict[str, Any] = {"how": how, "sort": sort, "suffixes": suffixes, "on": None}
    if how == "cross":
        return _cross(left, right, (on,), suffixes, None)
    if on is not None:
        check_labels(left, as_list(on), "join()")
    keys = {"left_on": on, "right_on": None, "left_index": on is None, "right_index": True}
    return _by_labels(left, right, {**named, **keys, "indicator": False, "validate": None})


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


def as_frame(one: Any) -> Relation:
    """The relation of a lazy frame or series; raises UnsupportedType for anything else."""
    if not arguments.is_rows(one):
        raise UnsupportedType(
            f"Can only merge Series or DataFrame objects, a {type(one)} was passed"
        )
    node: Relation = one.expr
    if node.meta.ndim == 1 and not isinstance(node.meta, pd.Index):
        if node.meta.name is None:
            raise InvalidArgument("Cannot merge a Series without a name")
        return Map(
            (node,), rowwise.call_method, Params(name="to_frame", args=(), kwargs={}), "same"
        )
    return node
