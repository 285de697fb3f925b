"""loc, iloc, at and iat: rows by condition, label or number, and columns beside that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation, Value
from shframe.dataframe.expr.columns import IsIn, RowLabels
from shframe.dataframe.expr.positions import ByPosition, Located, Rearranged, UnderLabel
from shframe.dataframe.expr.relations import Filter, Map, OpenWhole, Project, align, unify_dtypes
from shframe.dataframe.expr.samples import sample_of, sample_of_index
from shframe.dataframe.expr.values import Check, Find
from shframe.dataframe.kernels import indexing, labelling, positions, rowwise, spans
from shframe.dataframe.kernels.arguments import Place
from shframe.dataframe.methods.delegating import call_in_one_task
from shframe.dataframe.methods.rowwise import call_method
from shframe.dataframe.methods.selection import (
    FLAGS,
    assign_column,
    filter_rows,
    select_column,
    select_columns,
)
from shframe.dataframe.methods.storing import place_values, store_pandas
from shframe.dataframe.plan.inferred_schema import compute_now, learn_schema
from shframe.dataframe.wrap import wrap
from shframe.errors import UnsupportedType
from shframe.graph.plan.expr import Expr
from shframe.lazy.collection import Collection

ALL = slice(None)


def is_all(key: Any) -> bool:
    """Whether it is the slice of everything."""
    return isinstance(key, slice) and key == ALL


def choose_columns(source: Relation, key: Any) -> Relation:
    """The columns that the second key of loc means: labels, a slice of them, booleans."""
    if is_all(key):
        return source
    columns = source.meta.columns
    if isinstance(key, slice) or (arguments.is_many(key) and not isinstance(key, tuple)):
        if isinstance(key, slice):
            return Project(source, tuple(source.meta.loc[:, key].columns))
        flags = np.asarray(key)
        if flags.dtype == bool:
            return Project(source, tuple(columns[flags]))
        return select_columns(source, list(key), "loc[:, [...]]")
    if isinstance(columns, pd.MultiIndex) and not isinstance(source.meta[key], pd.Series):
        return Project(source, tuple(one for one in columns if one[0] == key))
    return select_column(source, key)


def choose_numbered_columns(source: Relation, key: Any) -> Relation:
    """The columns that the second key of iloc means: numbers of columns."""
    if is_all(key):
        return source
    chosen = source.meta.iloc[:, key]  # raises IndexError as pandas does
    if isinstance(chosen, pd.Series):
        return select_column(source, source.meta.columns[key])
    return Project(source, tuple(chosen.columns))


def rows_by_label(source: Relation, key: Any) -> Relation | Value:
    """The rows that the first key of loc means; of one label a value, as only the rows tell
    whether it is there once.

    Cost: a slice of labels brings the index into one task, unless its labels are known to increase;
    a string finds at the call how fine labels that are times are, unless it is a month or a year.
    """
    if is_all(key):
        return source
    if arguments.is_rows(key):
        if getattr(key.expr.meta, "ndim", 2) == 1 and str(key.expr.meta.dtype) not in FLAGS:
            return rows_by_label(source, key.compute())  # labels, which are values
        return filter_rows(source, key.expr)
    if isinstance(key, slice):
        return _slice_of_labels(source, key)
    if isinstance(key, pd.Series) and key.dtype == bool:
        return filter_rows(source, store_pandas(key, 1))
    if arguments.is_many(key) and not isinstance(key, tuple):
        wanted = key.tolist() if hasattr(key, "tolist") else list(key)
        if wanted and all(isinstance(one, (bool, np.bool_)) for one in wanted):
            return rows_by_number(source, np.array(wanted))
        labels = Params(key=key if isinstance(key, (list, pd.Index)) else wanted)
        return Rearranged((_with_labels(source, wanted),), indexing.locate, labels)
    if arguments.is_value(key):
        rows = _with_labels(source, [key])
        row = sample_of(source.meta).iloc[0]
        return UnderLabel((rows, key.expr), indexing.locate_given, Params(), row)
    if isinstance(source.meta.index, pd.MultiIndex):
        if are_slicers(source, key):
            return Rearranged((source,), indexing.locate, Params(key=key))
        parts = key if isinstance(key, tuple) else (key,)
        if len(parts) < source.meta.index.nlevels and not _mean_times(source.meta.index, parts):
            return _rows_of_levels(source, parts)
        return _located(source, indexing.locate, key=key)
    if _means_times(source, [key]):
        return _rows_of_span(source, key) or _located(source, indexing.locate, key=key)
    return _located(_with_labels(source, [key]), indexing.locate, key=key)


def _rows_of_span(source: Relation, key: str) -> Relation | None:
    """The rows in the day or month that a string means; None where it means a single time.

    It does where it is as fine as the labels: how fine they are is found at the call.
    """
    index = source.meta.index
    if not isinstance(index, pd.DatetimeIndex):
        return None
    labels, fineness = RowLabels(source), "day"
    if not spans.is_span(index[:0], key, fineness):
        fineness = wrap(Find(labels, spans.find_resolution, spans.finest)).compute()
        if not spans.is_span(index[:0], key, fineness):
            return None
    asked = Params(key=key, fineness=fineness)
    mask = Map((source,), spans.are_within, asked, "same")
    found = Check(labels, spans.look_around, spans.check_span, asked)
    rows = Filter(unify_dtypes(source), mask)
    return Map((rows,), labelling.pass_rows, Params(), "same", given=(found,))


def are_slicers(source: Relation, key: Any) -> bool:
    """Whether it has a slice or a list for a level of the labels, of which all levels stay."""
    levels = isinstance(source.meta.index, pd.MultiIndex) and isinstance(key, tuple)
    return levels and not all(map(pd.api.types.is_scalar, key))


def _mean_times(index: Any, parts: tuple[Any, ...]) -> bool:
    """Whether a string among labels of levels means a time, or many of them."""
    return any(
        isinstance(part, str) and level.dtype.kind in "mM" + "O" * isinstance(level, pd.PeriodIndex)
        for part, level in zip(parts, index.levels, strict=False)
    )


def _rows_of_levels(source: Relation, parts: tuple[Any, ...]) -> Relation:
    """The rows with some labels in their first levels, without these levels."""
    mask = Map((source,), indexing.have_labels, Params(parts=parts), "same")
    found = Check(mask, indexing.any_row, indexing.check_rows, Params(parts=parts))
    rows = Filter(unify_dtypes(source), mask)
    return Map((rows,), indexing.drop_levels, Params(count=len(parts)), "made", given=(found,))


def _located(source: Relation, kernel: Callable[..., Any], **params: Any) -> Located:
    """What is under one label: a row, or a value of a series; several, where it is there often."""
    row = sample_of(source.meta).iloc[0]
    kind = Located if kernel is indexing.only_row else UnderLabel
    return kind((source,), kernel, Params(**params), row)


def _with_labels(source: Relation, labels: list[Any]) -> Relation:
    """The rows with some labels: a condition on each."""
    if isinstance(source.meta.index, pd.MultiIndex) or _means_times(source, labels):
        return source
    node = call_method(RowLabels(source), "isin", [labels], kind=IsIn)
    mask = Map((source, node), indexing.as_column, Params(), "same")
    return Filter(unify_dtypes(source), mask)


def _means_times(source: Relation, labels: list[Any]) -> bool:
    """Whether a string among labels means a time, or many of them."""
    times = (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)
    return isinstance(source.meta.index, times) and any(isinstance(one, str) for one in labels)


def _slice_of_labels(source: Relation, key: slice) -> Relation:
    if key.step not in (None, 1) or isinstance(source.meta.index, pd.MultiIndex):
        return Rearranged((source,), indexing.locate, Params(key=key))
    if arguments.is_value(key.start) or arguments.is_value(key.stop):
        raise UnsupportedType("loc[a:b] takes plain labels\n  compute() them first")
    asked = Params(start=key.start, stop=key.stop)
    found = Located((RowLabels(source),), indexing.find_slice, asked, slice(0, 1))
    how = Params(start=None, stop=None, step=None)
    return ByPosition(unify_dtypes(source), positions.take_slice, how, (found,))


def rows_by_number(source: Relation, key: Any) -> Relation | Value:
    """The rows that the first key of iloc means: a number (a value), numbers, booleans, a slice."""
    if is_all(key):
        return source
    if isinstance(key, slice):
        for one in (key.start, key.stop, key.step):
            if one is not None and not isinstance(one, (int, np.integer)):
                raise TypeError(
                    "cannot do positional indexing with slices of "
                    f"[{one}] of type {type(one).__name__}: iloc[a:b] takes integers"
                )
        if key.step is not None and key.step < 1:
            return Rearranged((source,), indexing.locate_number, Params(key=key))
        how = Params(start=key.start, stop=key.stop, step=key.step)
        return ByPosition(unify_dtypes(source), positions.take_slice, how)
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        rows = ByPosition(unify_dtypes(source), indexing.take_number, Params(number=int(key)))
        return _located(rows, indexing.only_row)
    if arguments.is_rows(key):
        raise UnsupportedType(
            "iLocation based boolean indexing takes no lazy Series: use loc[condition]"
        )
    if not arguments.is_many(key):
        raise TypeError(f"Cannot index by location index with a non-integer key: {key!r}")
    wanted = np.asarray(key)
    if not len(wanted):
        wanted = wanted.astype(np.int64)
    if wanted.dtype.kind not in "iub":
        raise IndexError(f".iloc requires numeric indexers, got {key!r}")
    return take_rows(source, wanted)


def labels_by_number(source: Relation, key: Any) -> Relation | Value:
    """The labels that an index has at a number (a value), at numbers, in a slice, or where true."""
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        rows = ByPosition(unify_dtypes(source), indexing.take_number, Params(number=int(key)))
        return Located((rows,), indexing.only_label, Params(), sample_of_index(source.meta))
    if arguments.is_rows(key):
        key = wrap(key.expr).compute()
    if isinstance(key, slice) or arguments.is_many(key):
        made = rows_by_number(source, key)
        return made
    raise IndexError("only integers, slices (`:`), and integer or boolean arrays are valid indices")


def take_rows(source: Relation, wanted: Any) -> Relation:
    """Rows by their numbers, in the order of these; a lazy value or an array."""
    if isinstance(wanted, Value):
        given: tuple[Value, ...] = (wanted,)
        params = Params()
    else:
        given, params = (), Params(wanted=wanted)
    chosen = ByPosition(unify_dtypes(source), indexing.take_wanted, params, given)
    counts = Find(source, rowwise.count_rows, rowwise.collect)
    return Rearranged((chosen, counts, *given), indexing.take_in_order, params)


def rows_before(source: Relation, where: Any, subset: Any) -> Relation | Value:
    """asof: the last row without missing values before a label (a value), or before some."""
    if arguments.is_many(where) or arguments.is_rows(where):
        return call_in_one_task(source, "asof", (where, subset), {})
    params = Params(name="asof", args=(where, subset), kwargs={})
    row = sample_of(source.meta).iloc[0]
    return Located((source,), rowwise.call_method, params, row)


def get_cell(source: Relation, row: Any, label: Any) -> Value:
    """One value, by the labels of its row and column."""
    column = source if source.meta.ndim == 1 else select_column(source, label)
    if arguments.is_value(row):
        sample = sample_of(column.meta).iloc[0]
        rows = _with_labels(column, [row])
        return UnderLabel((rows, row.expr), indexing.get_at_given, Params(), sample)
    if _means_times(source, [row]):
        return _located(column, indexing.get_at, key=row)  # a string means a time
    return _located(_with_labels(column, [row]), indexing.get_at, key=row)


def get_numbered_cell(source: Relation, row: int, number: Any) -> Value:
    """One value, by the numbers of its row and column."""
    if not isinstance(row, (int, np.integer)):
        raise ValueError("iAt based indexing can only have integer indexers")
    column = source if source.meta.ndim == 1 else choose_numbered_columns(source, int(number))
    made = rows_by_number(column, int(row))
    assert isinstance(made, Value), "one row is a value"
    return made


# --- assignments ----------------------------------------------------------------------------


def set_by_label(source: Relation, rows: Any, columns: Any, value: Any) -> Relation:
    """`obj.loc[rows, columns] = value` as a new object: a condition for each row, labels, or a
    slice of them. Labels, and several values for some rows, are set now, in one task."""
    if is_all(rows) and source.meta.ndim == 2 and not arguments.is_many(columns):
        return _set_all(source, columns, value)
    if isinstance(rows, pd.Series) and rows.dtype == bool:
        rows = wrap(store_pandas(rows, 1))
    if _are_flags(rows):
        rows = wrap(place_values(source, rows))
    if arguments.is_rows(rows) and arguments.is_many(value) and not arguments.is_rows(value):
        return _set_now((source, rows.expr), Place(0), columns, value)
    split_value, given, others = _split(value)
    if arguments.is_rows(rows):
        if rows.expr.meta.ndim != 1 or str(rows.expr.meta.dtype) not in ("bool", "boolean"):
            raise UnsupportedType(f"loc[...] = takes a boolean Series, got {rows!r}")
        aligned = align(source, rows.expr, *others, by_label=False)
        params = Params(columns=columns, value=split_value, others=len(others))
        node = Map(aligned, indexing.set_where, params, "same", given=given)
        _ = node.meta
        return node
    if others:
        return _set_now((source, *others), rows, columns, Place(0))
    return _set_now((source, *given), rows, columns, split_value)


def _are_flags(rows: Any) -> bool:
    """Whether it is a boolean for each row."""
    if not arguments.is_many(rows) or isinstance(rows, (tuple, Collection, slice)):
        return False
    return bool(len(rows)) and all(isinstance(one, (bool, np.bool_)) for one in rows)


def _set_now(sources: tuple[Expr, ...], rows: Any, columns: Any, value: Any) -> Relation:
    params = Params(rows=rows, columns=columns, value=value)
    return compute_now(OpenWhole(sources, indexing.set_labels, params, learn_schema))


def _set_all(source: Relation, column: Any, value: Any) -> Relation:
    return assign_column(source, column, value)


def _split(value: Any) -> tuple[Any, tuple[Any, ...], tuple[Relation, ...]]:
    """A value with a Place where it is lazy: what is given whole, and what goes with the rows."""
    if arguments.is_rows(value):
        return Place(0), (), (value.expr,)
    if arguments.is_value(value):
        return Place(0), (value.expr,), ()
    return value, (), ()


def set_by_number(source: Relation, rows: Any, columns: Any, value: Any) -> Relation:
    """`obj.iloc[rows, columns] = value` as a new object, computed now in one task."""
    if arguments.is_rows(value) or arguments.is_rows(rows):
        raise UnsupportedType("iloc[...] = takes plain numbers and plain values")
    key = rows if source.meta.ndim == 1 else (rows, columns)
    params = Params(key=key, value=value)
    return compute_now(OpenWhole((source,), indexing.set_numbers, params, learn_schema))
