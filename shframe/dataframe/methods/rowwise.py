"""Methods that look at each value alone: isna, fillna, clip, where, map ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Meta, Params, Relation, dtypes_of
from shframe.dataframe.expr.columns import (
    Arguments,
    Elementwise,
    IsIn,
    Method,
    Relabel,
    RowLabels,
    SteadyElementwise,
)
from shframe.dataframe.expr.relations import Map, align, bring_together
from shframe.dataframe.expr.values import Check, collect_rows
from shframe.dataframe.kernels import labelling
from shframe.dataframe.kernels.arguments import Place
from shframe.dataframe.methods.storing import place_values, store_pandas
from shframe.dataframe.wrap import wrap
from shframe.errors import UnsupportedType
from shframe.lazy.collection import Collection


def call_method(
    source: Relation,
    method: str,
    args: Sequence[Any] = (),
    kwargs: dict[str, Any] | None = None,
    *,
    kind: type[Method] = Elementwise,
    index_asked: bool = False,
    known: Meta | None = None,
    by_label: bool = True,
) -> Method:
    """A pandas method on corresponding partitions.

    kind: the node, which says what the method does to rows and dtypes.
    by_label: whether a partition can be aligned with the same one of a choice of rows.
    """
    split = arguments.split_method(args, kwargs or {})
    first, *others = align(source, *split.rows, by_label=by_label)
    node = kind(first, method, split.arguments, tuple(others), split.values, index_asked, known)
    _ = node.meta  # pandas says at the call what is wrong with it
    return node


def fill_missing(source: Relation, value: Any) -> Relation:
    """fillna: by a value, by values for each column, or by lazy values under the same labels."""
    if arguments.is_rows(value) and value.expr.meta.ndim != source.meta.ndim:
        raise arguments.unusable(value)  # pandas would take its labels for columns
    by_label = source.meta.ndim == 1 and arguments.is_many(value)
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    plain = all(isinstance(one, np.dtype) and one.kind in "iuf" for one in dtypes_of(source.meta))
    kind = SteadyElementwise if number and plain else Elementwise
    return call_method(source, "fillna", [value], kind=kind, index_asked=by_label)


def is_in(source: Relation, values: Any) -> Relation:
    """isin: among some values, or among all of a lazy series, wherever they are."""
    if arguments.is_rows(values):
        if 2 in (source.meta.ndim, values.expr.meta.ndim):
            raise arguments.unusable(values)  # pandas compares what has the same labels
        node = IsIn(source, "isin", Arguments((Place(0),)), (), (collect_rows(values.expr),))
        _ = node.meta
        return node
    if isinstance(values, (set, frozenset)):
        values = list(values)
    by_label = isinstance(values, (pd.Series, pd.DataFrame)) and source.meta.ndim == 2
    return call_method(source, "isin", [values], kind=IsIn, index_asked=by_label)


def clip(source: Relation, lower: Any, upper: Any, axis: Any) -> Relation:
    """Values kept within limits, which may be many: one for each row, or for each column."""
    by_column = source.meta.ndim == 2 and axis in (1, "columns")
    if not by_column:
        lower, upper = (beside(source, one, "clip") for one in (lower, upper))
    # pandas asks whether there is any limit at all: of other rows a partition may have none
    whole = _whole_for_dtype(source, lower, upper)
    how = {} if axis is None else {"axis": axis}
    return call_method(whole, "clip", [lower, upper], how, kind=SteadyElementwise, by_label=False)


def choose(
    source: Relation,
    method: str,
    condition: Any,
    other: Any,
    axis: Any = None,
    level: Any = None,
) -> Relation:
    """where or mask: values where a condition holds, or does not; `other` elsewhere."""
    if level is not None:
        source = bring_together(source)
    named = {"axis": axis, "level": level}
    by_columns = isinstance(other, pd.Series) and source.meta.ndim == 2
    if by_columns and axis in (0, "index", "rows"):
        other = wrap(store_pandas(other, 1))
    condition = beside(source, condition, method)
    other = other if by_columns else beside(source, other, method)
    return call_method(_whole_for_dtype(source, other), method, [condition, other], named)


def replace(source: Relation, to_replace: Any, *value: Any, regex: Any = False) -> Relation:
    """Values replaced by others."""
    for one in (to_replace, *value):
        if arguments.is_rows(one):
            raise arguments.unusable(one)
    named = {} if regex is False else {"regex": regex}
    return call_method(source, "replace", [to_replace, *value], named)


def between(source: Relation, left: Any, right: Any, inclusive: Any) -> Relation:
    """Whether values are between two limits."""
    left, right = (beside(source, one, "between") for one in (left, right))
    return call_method(source, "between", [left, right, inclusive], kind=SteadyElementwise)


def rename_series(
    source: Relation, name: Any, level: Any = None, errors: str = "ignore"
) -> Relation:
    """A series under another name; a function or mapping renames the labels of rows."""
    if callable(name) or (arguments.is_many(name) and not isinstance(name, tuple)):
        return rename_rows(source, name, level, errors, Relabel)
    return call_method(source, "rename", [name], kind=SteadyElementwise)


def rename_rows(
    source: Relation, mapper: Any, level: Any, errors: str, kind: type[Method]
) -> Relation:
    """Other labels of rows; level: only those of this level; errors: "raise" where a mapping has
    one that no row has."""
    named = {"index": mapper, **arguments.given(level=level)}
    made = call_method(source, "rename", (), named, kind=kind, index_asked=True)
    if errors == "ignore" or callable(mapper):
        return made
    labels: Relation = RowLabels(source)
    if level is not None and isinstance(source.meta.index, pd.MultiIndex):
        labels = call_method(labels, "get_level_values", [level], index_asked=True)
    params = Params(labels=list(mapper.keys()))
    found = Check(labels, labelling.find_labels, labelling.check_labels, params)
    return Map((made,), labelling.pass_rows, Params(), "same", given=(found,))


def _whole_for_dtype(source: Relation, *others: Any) -> Relation:
    """The source, whole where its dtype is to follow from all values of lazy `others`.

    pandas keeps integers if those that replace some of them, and all others, are integers.
    """
    kinds = dtypes_of(source.meta)
    for other in filter(arguments.is_rows, others):
        unlike = set(dtypes_of(other.expr.meta)) - set(kinds)
        if unlike and any(getattr(kind, "kind", "O") in "iub" for kind in kinds):
            return bring_together(source)
    return source


def beside(source: Relation, value: Any, where: str) -> Any:
    """The value; many plain ones, of which each belongs to a row, as a lazy column.

    Raises: UnsupportedType: for those of a frame, which may belong to rows or to columns.
    """
    if not arguments.is_many(value) or isinstance(value, Collection):
        return value
    if isinstance(value, pd.DataFrame) and source.meta.ndim == 2:
        return wrap(store_pandas(value, 1))
    if source.meta.ndim == 2:
        raise UnsupportedType(
            f"{where}() takes a single value or a lazy object, got a {type(value).__name__}"
            "\n  make it lazy with sf.from_pandas"
        )
    return wrap(place_values(source, value))


def call_if_callable(given: Any, owner: Any) -> Any:
    """What pandas takes for a condition or value: a function of the object is called with it, an
    expression of columns (`sf.col`) evaluated."""
    if is_expression(given):
        return given._eval_expression(owner)
    return given(owner) if callable(given) and not isinstance(given, Collection) else given


def is_expression(value: Any) -> bool:
    """Whether it is an expression of columns, as pandas' col() makes."""
    return hasattr(type(value), "_eval_expression")
