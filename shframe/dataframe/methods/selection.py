"""Columns and rows of a frame: chosen, filtered, assigned, dropped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Relation, Value
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.lineage import correspond, same_rows
from shframe.dataframe.expr.relations import (
    Assign,
    Filter,
    Project,
    align,
    unify_dtypes,
)
from shframe.dataframe.expr.values import RowCount
from shframe.dataframe.kernels import positions
from shframe.dataframe.methods.arrays import known_sizes
from shframe.dataframe.methods.storing import is_array, place_values
from shframe.errors import ColumnNotFound, UnsupportedType

FLAGS = ("bool", "boolean", "bool[pyarrow]")
"""Dtypes of conditions."""


def check_labels(source: Relation, labels: Iterable[Any], where: str, sentence: str = "") -> None:
    """Raises: ColumnNotFound; sentence: pandas' own, with {} for the label."""
    columns = source.meta.columns
    for label in labels:
        if label not in columns:
            raise ColumnNotFound.among(label, columns, where, sentence.format(f"{label!r}"))


def select_columns(source: Relation, labels: list[Any], where: str = "frame[[...]]") -> Relation:
    """Some columns as a frame."""
    check_labels(source, labels, where, "[{}] not in index")
    return Project(source, tuple(labels))


def select_column(source: Relation, label: Any) -> Relation:
    """One column."""
    check_labels(source, [label], "frame[...]")
    return Column(source, label)


def filter_rows(source: Relation, condition: Relation) -> Relation:
    """The rows for which a lazy condition holds."""
    dtype = getattr(condition.meta, "dtype", None)
    if dtype is None or str(dtype) not in FLAGS:
        raise UnsupportedType(f"a filter must be a boolean Series, got dtype {dtype}")
    source, condition = align(source, condition)
    return Filter(unify_dtypes(source), condition)


def assign_column(source: Relation, label: Any, value: Any) -> Relation:
    """The frame with a further column: a lazy one, values for each row, or a constant."""
    if arguments.is_rows(value):
        return assign_lazy(source, label, value.expr)
    if arguments.is_array(value) and not value.ndim:
        value = value.compute()
    if arguments.goes_with_rows(value):
        _check_length(source, value)
        return assign_lazy(source, label, place_values(source, value))
    if arguments.is_value(value) and is_array(value.expr.sample):
        return assign_lazy(source, label, place_values(source, value))
    literal, given = arguments.split_value(value)
    return Assign(source, label, literal, given)


def _check_length(source: Relation, values: Any) -> None:
    """Raises: ValueError, pandas' own, where it is known without computing that lengths differ."""
    sizes = known_sizes(source)
    if sizes is None or isinstance(values, pd.Series):
        return
    listed = isinstance(values, (list, tuple, range))
    shape: tuple[int, ...] = (len(values),) if listed else getattr(values, "shape", ())
    rows = sum(sizes)
    if rows and len(shape) == 1:  # a frame without rows may get some
        positions.check_length(shape[0], rows)


def assign_lazy(source: Relation, label: Any, column: Relation, grows: bool = True) -> Relation:
    """The frame with a lazy column at its side, aligned by label.

    grows: whether a frame without any rows gets those of the column, as in an assignment.
    """
    lineages = [source.lineage, column.lineage]
    counted = grows and correspond(lineages) and not same_rows(lineages)
    given: tuple[Value, ...] = (RowCount(source),) if counted else ()
    frame, beside = align(source, column)
    return Assign(frame, label, beside, given, grows)


def drop_columns(source: Relation, labels: Any, columns: Any, axis: Any) -> Relation:
    """The frame without some columns."""
    from_axis = columns is None and axis in (1, "columns")
    gone = labels if from_axis else columns
    if gone is None:
        raise UnsupportedType("to drop rows, filter the frame; drop() takes columns=...")
    many = arguments.is_many(gone) and not isinstance(gone, (str, tuple))
    names = list(gone) if many else [gone]
    check_labels(source, names, "drop()", "[{}] not found in axis")
    return Project(source, tuple(one for one in source.meta.columns if one not in names))
