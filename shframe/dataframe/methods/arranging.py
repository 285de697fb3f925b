"""Rows and columns dropped, renamed and put in order, by all of pandas' arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation
from shframe.dataframe.expr.columns import (
    Column,
    DropNull,
    RowLabels,
    SteadyElementwise,
    SteadyRelabel,
)
from shframe.dataframe.expr.lineage import same_rows
from shframe.dataframe.expr.relations import Map, NumberRows, Project
from shframe.dataframe.expr.values import Check
from shframe.dataframe.kernels import labelling
from shframe.dataframe.methods import sorting
from shframe.dataframe.methods.delegating import call_in_one_task, call_now
from shframe.dataframe.methods.indexing import rows_by_number
from shframe.dataframe.methods.relabelling import rename_labels
from shframe.dataframe.methods.rowwise import call_method, rename_rows, rename_series
from shframe.dataframe.methods.selection import assign_lazy, check_labels, drop_columns
from shframe.dataframe.methods.storing import place_values
from shframe.errors import InvalidArgument


def drop(
    source: Relation, labels: Any, axis: Any, index: Any, columns: Any, level: Any, errors: str
) -> Relation:
    """The object without some columns, or without the rows under some labels."""
    if labels is not None:
        if index is not None or columns is not None:
            raise InvalidArgument("Cannot specify both 'labels' and 'index'/'columns'")
        by_column = axis in (1, "columns")
        index, columns = (None, labels) if by_column else (labels, None)
    if index is None and columns is None:
        raise InvalidArgument("Need to specify at least one of 'labels', 'index' or 'columns'")
    if level is not None:
        named = {"index": index, "columns": columns, "level": level, "errors": errors}
        return call_in_one_task(source, "drop", (), named)  # type: ignore[return-value]
    made = source
    if columns is not None:
        wanted = sorting.as_list(columns) if not isinstance(columns, tuple) else [columns]
        if arguments.is_many(columns) and not isinstance(columns, tuple):
            wanted = list(columns)
        if errors == "ignore":
            wanted = [one for one in wanted if one in source.meta.columns]
        made = drop_columns(made, None, wanted, 0) if wanted else made
    return made if index is None else _without_labels(made, index, errors)


def _without_labels(source: Relation, index: Any, errors: str) -> Relation:
    many = arguments.is_many(index) and not isinstance(index, tuple)
    wanted = list(index) if many else [index]
    given: tuple[Check, ...] = ()
    if errors != "ignore":
        params = Params(labels=wanted)
        given = (Check(RowLabels(source), labelling.find_labels, labelling.check_labels, params),)
    node = Map((source,), labelling.drop_labels, Params(labels=wanted), "chosen", given=given)
    _ = node.meta
    return node


def rename(
    source: Relation, mapper: Any, index: Any, columns: Any, axis: Any, more: Any
) -> Relation:
    """Other labels of columns, or of rows: a mapping, or a function of a label."""
    if mapper is not None:
        if index is not None or columns is not None:
            raise TypeError("Cannot specify both 'mapper' and any of 'index' or 'columns'")
        index, columns = (None, mapper) if axis in (1, "columns") else (mapper, None)
    if index is None and columns is None:
        raise TypeError("must pass an index to rename")
    made = source
    if columns is not None:
        named = {"columns": columns, **more}
        made = call_method(made, "rename", (), named, kind=SteadyElementwise)
    if index is None:
        return made
    return rename_rows(made, index, more["level"], more["errors"], SteadyRelabel)


def drop_missing(
    source: Relation, axis: Any, ignore_index: bool, named: dict[str, Any]
) -> Relation:
    """Rows, or columns, without missing values."""
    if axis in (1, "columns"):
        return call_now(source, "dropna", (), {"axis": 1, **named})
    made = call_method(source, "dropna", (), named, kind=DropNull, index_asked=True)
    return NumberRows(made) if ignore_index else made


def sort_rows(source: Relation, by: Any, axis: Any, key: Any, named: dict[str, Any]) -> Relation:
    """Rows in the order of columns. Levels of the index, key= and axis=1: in one task."""
    columns = source.meta.columns
    levels = [one for one in sorting.labels_of(source, by) if one not in columns]
    in_levels = bool(levels) and all(one in source.meta.index.names for one in levels)
    if key is not None or axis in (1, "columns") or in_levels:
        how = {"by": by, "axis": axis, "key": key, **named}
        if not how.get("kind"):
            how["kind"] = "stable"
        return call_in_one_task(source, "sort_values", (), how)  # type: ignore[return-value]
    return sorting.sort_rows(
        source, by, named["ascending"], named["na_position"], named["ignore_index"]
    )


def sort_by_labels(source: Relation, axis: Any, named: dict[str, Any]) -> Relation:
    """Rows in the order of their labels, or columns in that of theirs."""
    if axis in (1, "columns"):
        ordered = source.meta.sort_index(axis=1, **{**named, "kind": "stable"})
        return Project(source, tuple(ordered.columns))
    plain = named["level"] is None and named["key"] is None and named["sort_remaining"]
    if not plain or not isinstance(named["ascending"], (bool, np.bool_)):
        how = {**named, "kind": "stable"}
        return call_in_one_task(source, "sort_index", (), how)  # type: ignore[return-value]
    made = sorting.sort_by_index(source, bool(named["ascending"]), named["na_position"])
    return NumberRows(made) if named["ignore_index"] else made


def sort_series_by_labels(source: Relation, named: dict[str, Any]) -> Relation:
    """The values of a series in the order of their labels."""
    frame = sort_by_labels(sorting.to_frame(source, 0), 0, named)
    return rename_series(Column(frame, 0), source.meta.name)


def drop_of_series(source: Relation, labels: Any, index: Any, level: Any, errors: str) -> Relation:
    """A series without the values under some labels."""
    frame = drop(sorting.to_frame(source, 0), labels, 0, index, None, level, errors)
    return rename_series(Column(frame, 0), source.meta.name)


def reset_index(source: Relation, level: Any, drop: bool, named: dict[str, Any]) -> Relation:
    """Labels that count rows, or without some levels; those become columns, or go."""
    index = source.meta.index
    kept = 0
    if level is not None:
        gone = {index._get_level_number(one) for one in sorting.as_list(level)}
        kept = index.nlevels - len(gone)
    if not kept and not named:
        return sorting.reset_index(source, drop)
    how = {"level": level, "drop": drop, **named}
    made = call_method(source, "reset_index", (), how, kind=SteadyRelabel, index_asked=True)
    return made if kept else NumberRows(made)


def set_index(
    source: Relation, keys: Any, drop: bool, append: bool, verify_integrity: bool
) -> Relation:
    """Columns as labels of rows, beside the levels that there are with append.

    Lazy columns, and values for each row, may be among them.
    """
    given = keys if isinstance(keys, list) else [keys]
    if any(arguments.is_many(one) and not isinstance(one, tuple) for one in given):
        return _set_values(source, given, drop, append, verify_integrity)
    if append or verify_integrity:
        check_labels(source, sorting.labels_of(source, keys), "set_index")
        how = {"drop": drop, "append": append}
        if verify_integrity:
            how["verify_integrity"] = True
            return call_in_one_task(source, "set_index", (keys,), how)  # type: ignore[return-value]
        return call_method(source, "set_index", [keys], how, kind=SteadyRelabel, index_asked=True)
    return sorting.set_index(source, keys, drop)


def _set_values(
    source: Relation, keys: list[Any], drop: bool, append: bool, verify_integrity: bool
) -> Relation:
    """set_index() by values that are no columns: they are columns for a while."""
    lazy = [one.expr for one in keys if arguments.is_rows(one)]
    apart = any(isinstance(one.meta, pd.Index) or one.meta.ndim == 2 for one in lazy)
    plain = not source.meta.columns.nlevels > 1 and not any(
        isinstance(one, pd.MultiIndex) for one in keys
    )
    if apart or not plain or not same_rows([source.lineage, *(one.lineage for one in lazy)]):
        how = {"drop": drop, "append": append}
        if verify_integrity:
            how["verify_integrity"] = True
        return call_now(source, "set_index", (keys,), how)
    labels, hidden = list[Any](), list[Any]()
    names = list(source.meta.index.names) if append else []
    for n, one in enumerate(keys):
        label = one
        if arguments.is_many(one) and not isinstance(one, tuple):
            label = f"__shframe_level_{n}"
            values = one.expr if arguments.is_rows(one) else place_values(source, _unlabelled(one))
            source = assign_lazy(source, label, values, grows=False)
            hidden.append(label)
        labels.append(label)
        name = one.expr.meta.name if arguments.is_rows(one) else getattr(one, "name", None)
        names.append(one if label is one else name)
    made = set_index(source, labels, drop, append, verify_integrity)
    made = made if drop else drop_columns(made, None, hidden, 0)
    return rename_labels(made, names if len(names) > 1 else names[0], several=len(names) > 1)


def _unlabelled(values: Any) -> Any:
    """The values themselves, of which pandas takes no labels here."""
    return values.array if isinstance(values, (pd.Series, pd.Index)) else list(values)


def first_rows(source: Relation, n: Any, *, last: bool) -> Relation:
    """The first `n` rows, or the last; negative: all but so many of the others."""
    if isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n < 0:
        made = rows_by_number(source, slice(-int(n), None) if last else slice(None, int(n)))
        assert isinstance(made, Relation), "a slice is rows"
        return made
    return sorting.first_rows(source, n, last=last)
