"""Rows that are there more than once: found among those of one hash, or dropped."""

from __future__ import annotations

from typing import Any

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.grouped import GroupedMask
from shframe.dataframe.expr.relations import Distinct, Filter, Project, unify_dtypes
from shframe.dataframe.kernels import grouped
from shframe.dataframe.kernels.grouped import GroupCall
from shframe.dataframe.methods.selection import check_labels
from shframe.dataframe.methods.sorting import labels_of, to_frame
from shframe.errors import InvalidArgument


def find_duplicates(source: Relation, subset: Any, keep: Any) -> Relation:
    """Whether each row was there before; of keep="last" whether it comes again, of False both."""
    return _mask(source, _subset_of(source, subset, keep, "duplicated"), keep, found=True)


def distinct_rows(source: Relation, subset: Any, keep: Any) -> Relation:
    """Rows that differ in some columns; keep: which of equal ones, False for none of them."""
    names = _subset_of(source, subset, keep, "drop_duplicates")
    if keep is not False:
        return Distinct(unify_dtypes(source), None if subset is None else names, keep)
    mask = _mask(source, names, keep, found=False)
    return Filter(unify_dtypes(source), mask)


def _subset_of(source: Relation, subset: Any, keep: Any, where: str) -> tuple[Any, ...]:
    if keep not in ("first", "last", False):
        raise InvalidArgument(f'keep must be either "first", "last" or False, got {keep!r}')
    if source.meta.ndim == 1:
        return (0,)
    if subset is None:
        return tuple(source.meta.columns)
    names = labels_of(source, subset)
    check_labels(source, names, where, "Index([{}], dtype='str')")
    return tuple(names)


def _mask(source: Relation, names: tuple[Any, ...], keep: Any, *, found: bool) -> Relation:
    """Rows go by the hash of those columns, and only those columns."""
    frame = to_frame(source, 0) if source.meta.ndim == 1 else source
    if frame.meta.columns.is_unique:
        frame = Project(frame, tuple(dict.fromkeys(names)))
    name = source.meta.name if source.meta.ndim == 1 else None
    how = (("keep", keep), ("found", found), ("name", name))
    call = GroupCall(names, names, None, "duplicated", kwargs=how)
    return GroupedMask(frame, call, (), None, grouped.find_duplicates)
