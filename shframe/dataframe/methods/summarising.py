"""agg(): several reductions of several columns in one result; and reductions along other axes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation, Value
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.positions import Located
from shframe.dataframe.expr.relations import OpenWhole, Whole
from shframe.dataframe.expr.values import Computed, Find
from shframe.dataframe.kernels import reduce, rowwise
from shframe.dataframe.methods import ordering, reductions
from shframe.dataframe.methods.delegating import call_in_one_task
from shframe.dataframe.methods.grouping import captured
from shframe.dataframe.methods.rowwise import call_method
from shframe.dataframe.methods.selection import select_columns
from shframe.dataframe.methods.windows import numeric_columns
from shframe.dataframe.plan.inferred_schema import compute_now, learn_schema
from shframe.errors import ColumnNotFound

NAMES = (
    *("sum", "prod", "min", "max", "mean", "var", "std", "any", "all", "count"),
    *("median", "nunique", "sem", "skew", "kurt", "size", "first", "last", "idxmin", "idxmax"),
)
_IN_PARTS = (
    *("sum", "prod", "min", "max", "mean", "var", "std", "any", "all", "count", "skew", "kurt"),
)
_OF_COLUMNS = (*_IN_PARTS, "median")


def reduce_along(
    source: Relation, how: str, axis: Any, numeric_only: bool, **options: Any
) -> Relation | Value:
    """A reduction of each column (axis 0), of each row (1), or of all values (None)."""
    if numeric_only:
        if source.meta.ndim == 1 and not pd.api.types.is_numeric_dtype(source.meta.dtype):
            raise TypeError(
                f"Series.{how} does not allow numeric_only=True with non-numeric dtypes."
            )
        source = numeric_columns(source)
    frame = source.meta.ndim == 2
    if axis in (1, "columns") and frame:
        return call_method(source, how, (), {"axis": 1, **options})
    arguments.check_axis(source, axis)
    if axis is None and frame:
        return reductions.reduce_whole(source, how, axis=None, **options)
    if how in ("sum", "prod"):
        return reductions.add_up(source, how, options["skipna"], options["min_count"])
    if how == "median":
        return ordering.find_medians(source, options["skipna"])
    if how in ("idxmin", "idxmax"):
        return reductions.find_labels(source, how, options["skipna"])
    if how == "sem":
        return reductions.divide_deviation(source, options.get("ddof", 1), options["skipna"])
    if how in ("any", "all") and not options.get("skipna", True):
        return reductions.reduce_whole(source, how, **options)
    if how in _IN_PARTS:
        if how in ("any", "all", "count"):
            options = {}
        return reductions.reduce_rows(source, how, **options)
    return reductions.reduce_whole(source, how, **options)


def aggregate(
    source: Relation, func: Any, axis: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation | Value:
    """What pandas' agg() gives: a value for each column, or a table of several.

    Names of reductions are computed in parts where they can be; functions get whole columns.
    """
    if axis in (1, "columns"):
        named = {"axis": 1, **kwargs}
        return call_in_one_task(source, "agg", (func, *args), named)
    if args or (func is not None and kwargs) or not _is_simple(func, kwargs):
        return _of_functions(source, func, args, kwargs)
    series = source.meta.ndim == 1
    if func is None:
        return _named(source, kwargs)
    if isinstance(func, str):
        return reduce_along(source, func, 0, False, **_defaults(func))
    if series:
        names = list(func.values()) if isinstance(func, dict) else list(func)
        labels = list(func) if isinstance(func, dict) else names
        cells = tuple(_cell(source, one) for one in names)
        params = Params(labels=labels, name=source.meta.name)
        return Whole(cells, reduce.series_of, params)
    by_column = func if isinstance(func, dict) else dict.fromkeys(source.meta.columns, func)
    for label in by_column:
        if label not in source.meta.columns:
            sentence = f"Label(s) ['{label}'] do not exist"
            raise ColumnNotFound.among(label, source.meta.columns, "agg()", sentence)
    many = [isinstance(one, list) for one in by_column.values()]
    columns = {c: one if isinstance(one, list) else [one] for c, one in by_column.items()}
    pairs = [(c, one) for c, names in columns.items() for one in names]
    cells = tuple(_cell(Column(source, c), one) for c, one in pairs)
    if not any(many):
        return Whole(cells, reduce.series_of, Params(labels=list(by_column), name=None))
    return Whole(cells, reduce.table_of, Params(pairs=pairs))


def _is_simple(func: Any, kwargs: dict[str, Any]) -> bool:
    """Whether only names of reductions are asked for."""
    if func is None:
        asked: Any = [how[1] if isinstance(how, tuple) else how for how in kwargs.values()]
    elif isinstance(func, dict):
        asked = [x for one in func.values() for x in (one if isinstance(one, list) else [one])]
    else:
        asked = func if isinstance(func, list) else [func]
    return bool(asked) and all(isinstance(one, str) and one in _OF_COLUMNS for one in asked)


def _named(source: Relation, asked: dict[str, Any]) -> Relation:
    """agg(label=("column", "sum")): a row for each label, a column for each column asked for."""
    if source.meta.ndim == 1:
        cells = tuple(_cell(source, how) for how in asked.values())
        return Whole(cells, reduce.series_of, Params(labels=list(asked), name=source.meta.name))
    pairs = [(how[0], label) for label, how in asked.items()]
    for column, _ in pairs:
        if column not in source.meta.columns:
            sentence = f"Label(s) ['{column}'] do not exist"
            raise ColumnNotFound.among(column, source.meta.columns, "agg()", sentence)
    cells = tuple(_cell(Column(source, how[0]), how[1]) for how in asked.values())
    return Whole(cells, reduce.table_of, Params(pairs=pairs, rows=list(asked)))


def _of_functions(
    source: Relation, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation | Value:
    """pandas' own agg() of whole columns in one task; run now where only functions know what."""
    split = arguments.split_method(captured((func, *args)), captured(kwargs))
    given = split.arguments
    params = Params(name="agg", args=given.args, kwargs=dict(given.kwargs))
    sources = (source, *split.rows, *split.values)
    if isinstance(func, str):
        return Computed(sources, rowwise.call_method, params)
    if source.meta.ndim == 1 and callable(func):
        return Located(sources, rowwise.call_method, params, 1.0)
    return compute_now(OpenWhole(sources, rowwise.call_method, params, learn_schema))


def _cell(column: Relation, how: str) -> Value:
    made = reduce_along(column, how, 0, False, **_defaults(how))
    assert isinstance(made, Value), "a reduction of a column is a value"
    return made


def _defaults(how: str) -> dict[str, Any]:
    if how in ("sum", "prod"):
        return {"skipna": True, "min_count": 0}
    return {"ddof": 1, "skipna": True} if how in ("var", "std") else {"skipna": True}


def boolean_columns(source: Relation) -> Relation:
    """The columns of booleans; a series stays what it is."""
    if source.meta.ndim == 1:
        return source
    return select_columns(source, list(source.meta.select_dtypes("bool").columns))


def count_different(source: Relation, axis: Any, dropna: bool) -> Relation | Value:
    """How many different values each column has: those of each partition, then those of all."""
    if axis in (1, "columns") and source.meta.ndim == 2:
        return call_method(source, "nunique", (), {"axis": 1, "dropna": dropna})
    arguments.check_axis(source, axis)
    series = source.meta.ndim == 1
    params = Params(dropna=dropna, labels=None if series else source.meta.columns)
    return Find(source, reduce.find_different, reduce.count_different, params)


def apply_to_columns(source: Relation, func: Any, kwargs: dict[str, Any]) -> Relation | Value:
    """pandas' apply() of whole columns, run now: a value for each, or other columns."""
    split = arguments.split_method(captured((func,)), captured(kwargs))
    given = split.arguments
    params = Params(name="apply", args=given.args, kwargs=dict(given.kwargs))
    sources = (source, *split.rows, *split.values)
    return compute_now(OpenWhole(sources, rowwise.call_method, params, learn_schema))
