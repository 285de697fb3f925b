"""Tables whose columns are values of a column: pivot tables, dummies; and classes of values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Meta, Params, Relation
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.lineage import same_rows
from shframe.dataframe.expr.relations import (
    FromParts,
    Map,
    OpenWhole,
    ValueCounts,
    Whole,
    unify_dtypes,
)
from shframe.dataframe.expr.values import Find, RowCount
from shframe.dataframe.kernels import categories, reshape, tables
from shframe.dataframe.kernels.aggregation import Output
from shframe.dataframe.methods import delegating, grouping, reductions
from shframe.dataframe.methods.casting import cast
from shframe.dataframe.methods.selection import assign_lazy, check_labels
from shframe.dataframe.methods.sorting import as_list, labels_of
from shframe.dataframe.plan.inferred_schema import compute_now, learn_schema
from shframe.dataframe.wrap import wrap

_NAMES = "sum mean min max count first last std var median prod nunique"
_OF_GROUPS = frozenset(_NAMES.split())


def pivot_table(source: Relation, named: dict[str, Any]) -> FromParts:
    """pandas' pivot_table, computed now: groups in parts, then a table of their results."""
    source, named, names = _with_keys(source, named)
    made = _pivot(source, named)
    return made if not names else _name_levels(made, names)


def _with_keys(source: Relation, named: dict[str, Any]) -> tuple[Relation, Any, dict[Any, Any]]:
    """Keys that are lazy columns as columns of the frame under hidden labels; and what the keys of
    these labels are called."""
    found: dict[str, list[Any]] = {}
    names: dict[Any, Any] = {}
    for side in ("index", "columns"):
        given = named[side] if isinstance(named[side], (list, tuple)) else [named[side]]
        if not any(map(arguments.is_rows, given)):
            continue
        found[side] = []
        for one in given:
            label = one
            if arguments.is_rows(one):
                label = f"__shframe_key_{len(names)}"
                names[label] = one.expr.meta.name
                source = assign_lazy(source, label, one.expr, grows=False)
            found[side].append(label)
    return source, {**named, **found}, names


def _name_levels(made: FromParts, names: dict[Any, Any]) -> FromParts:
    """A table whose levels of these names have others."""
    how = {
        "index": [names.get(one, one) for one in made.meta.index.names],
        "columns": [names.get(one, one) for one in made.meta.columns.names],
    }
    return _table_now((made,), tables.name_levels, Params(**how))


def _pivot(source: Relation, named: dict[str, Any]) -> FromParts:
    function, values = named["aggfunc"], named["values"]
    keys = [one for name in ("index", "columns") for one in _labels(named[name])]
    plain = isinstance(function, str) and function in _OF_GROUPS and not named["margins"]
    hashable = all(isinstance(one, (str, int, tuple)) for one in keys)
    if not (plain and keys and hashable):
        captured = grouping.captured(named)
        return _table_now((source,), tables.pivot, Params(named=captured, again=None))
    check_labels(source, keys, "pivot_table()", "{}")
    rest = [one for one in source.meta.columns if one not in keys]
    chosen = rest if values is None else as_list(values)
    check_labels(source, chosen, "pivot_table()", "{}")
    options = {"sort": bool(named["sort"]), "dropna": bool(named["dropna"])}
    options |= {"observed": bool(named["observed"]), "as_index": True}
    groups = grouping.group_rows(source, list(dict.fromkeys(keys)), None, True, options)
    outputs = [Output(one, one, function) for one in chosen if one not in keys]
    if len(outputs) < len(chosen) or not outputs:
        return _table_now((source,), tables.pivot, Params(named=named, again=None))
    labels = pd.Index([output.label for output in outputs], name=source.meta.columns.name)
    found = grouping.aggregate_groups(groups, outputs, labels)
    return _table_now((found,), tables.pivot, Params(named=named, again="first"))


def _labels(value: Any) -> list[Any]:
    return [] if value is None else as_list(value)


def _table_now(sources: tuple[Any, ...], kernel: Any, params: Params) -> FromParts:
    return compute_now(OpenWhole(sources, kernel, params, learn_schema))


def cross_tabulate(index: Any, columns: Any, named: dict[str, Any]) -> FromParts:
    """pandas' crosstab of lazy columns, computed now: counts of groups, or in one task."""
    sides = [_columns_of(index), _columns_of(columns)]
    counted = named["values"] is None and named["aggfunc"] is None and named["dropna"] is True
    if counted and all(sides) and same_rows([one.lineage for one in (*sides[0], *sides[1])]):
        return _count_pairs(sides[0], sides[1], named)
    split = arguments.split_function((index, columns), named)
    given = split.arguments
    params = Params(args=given.args, kwargs=dict(given.kwargs))
    return _table_now((*split.rows, *split.values), tables.cross_tabulate, params)


def _columns_of(given: Any) -> list[Relation]:
    """Lazy columns of values that groups tell apart as pandas does; none where one is no such."""
    listed = list(given) if isinstance(given, (list, tuple)) else [given]
    nodes = [one.expr for one in listed if arguments.is_rows(one) and one.expr.meta.ndim == 1]
    categories = any(isinstance(one.meta.dtype, pd.CategoricalDtype) for one in nodes)
    return nodes if len(nodes) == len(listed) and not categories else []


def _count_pairs(rows: list[Relation], columns: list[Relation], named: dict[str, Any]) -> FromParts:
    """How often values are there together, of each partition, then of all."""
    every = [*rows, *columns]
    params = Params(axis=1, keys=list(range(len(every))))
    frame = Map(tuple(every), reshape.concatenate, params, "same")
    options = {"sort": True, "dropna": True, "observed": True, "as_index": True}
    groups = grouping.group_rows(frame, list(range(len(every))), None, True, options)
    found = grouping.aggregate_groups(groups, [Output(None, None, "size")], None)
    how = {name: value for name, value in named.items() if name not in ("values", "aggfunc")}
    names = [[one.meta.name for one in side] for side in (rows, columns)]
    given = Params(rows=names[0], columns=names[1], named=how)
    return _table_now((found,), tables.cross_counts, given)


def count_rows(source: Relation, subset: Any, dropna: bool, how: dict[str, Any]) -> Relation:
    """pandas' value_counts of a frame: groups of all rows that are equal, then their order."""
    keys = list(source.meta.columns) if subset is None else labels_of(source, subset)
    check_labels(source, keys, "value_counts()", "{}")
    categories = any(isinstance(source.meta[one].dtype, pd.CategoricalDtype) for one in keys)
    if categories or len(set(keys)) < len(keys) or not keys:
        named = {"subset": subset, "dropna": dropna, **how}
        return delegating.call_in_one_task(source, "value_counts", (), named)  # type: ignore[return-value]
    options = {"sort": False, "dropna": dropna, "observed": True, "as_index": True}
    groups = grouping.group_rows(source, keys, None, True, options)
    found = grouping.aggregate_groups(groups, [Output(None, None, "size")], None)
    listed = subset is None or arguments.is_many(subset)
    return Whole((found,), tables.order_counts, Params(listed=listed, **how))


def get_dummies(source: Relation, columns: Any, named: dict[str, Any]) -> Relation:
    """A column of booleans for each value; the values are found now, the rest stays in parts."""
    if source.meta.ndim == 1:
        dtype = _known_dtype(source)
        if dtype is None:
            return _dummies(source, named)
        example = pd.Series(dtype.categories, dtype=source.meta.dtype)
        found = pd.get_dummies(example, **named).columns  # those of categories are categories
        return _dummies(cast(source, dtype), named, found)
    meta = source.meta
    if columns is None:
        kinds = ["object", "string", "category"]
        labels = list(meta.select_dtypes(include=kinds).columns)
    else:
        labels = as_list(columns)
        check_labels(source, labels, "get_dummies()", "{}")
    dtypes = {label: _known_dtype(Column(source, label)) for label in labels}
    typed = cast(source, {k: v for k, v in dtypes.items() if v is not None}) if labels else source
    return _dummies(typed, {"columns": labels if columns is not None else None, **named})


def _known_dtype(column: Relation) -> Any:
    """The categories that a column has, as a dtype; None where its dtype has them already."""
    known = column.meta.dtype
    if isinstance(known, pd.CategoricalDtype) and len(known.categories):
        return None
    if isinstance(known, pd.CategoricalDtype):
        return wrap(Find(column, categories.find_dtype, categories.unite_dtypes)).compute()
    params = Params(ordered=False)
    return wrap(Find(column, categories.find_values, categories.infer_dtype, params)).compute()


def _dummies(source: Relation, named: dict[str, Any], labels: Any = None) -> Relation:
    params = Params(named=named, labels=labels)
    node = Map((unify_dtypes(source),), tables.get_dummies, params, "same")
    _ = node.meta
    return node


def cut(source: Relation, bins: Any, named: dict[str, Any]) -> tuple[Relation, Any]:
    """The class of each value, and the bounds of the classes.

    Where there is only the number of classes, the extremes are found now.
    """
    if isinstance(bins, (int, np.integer)):
        extremes = [
            wrap(reductions.reduce_rows(source, how, skipna=True)) for how in ("min", "max")
        ]
        ends = np.array([one.compute() for one in extremes])
        how = {name: named[name] for name in ("right", "precision")}
        _, bins = pd.cut(ends, int(bins), retbins=True, **how)
    _, edges = pd.cut(source.meta, bins, retbins=True, **named)
    return _classes(source, {"bins": bins, **named}), edges


def cut_by_quantiles(source: Relation, q: Any, named: dict[str, Any]) -> tuple[Relation, Any]:
    """The class of each value by quantiles, which are found now, and the bounds of the classes."""
    places = np.linspace(0, 1, q + 1) if isinstance(q, (int, np.integer)) else q
    node = reductions.reduce_whole(source, "quantile", list(places))  # bounds to the last bit
    bins = wrap(node).compute().to_numpy()
    if named["duplicates"] == "drop":
        bins = pd.unique(bins)
    elif len(pd.unique(bins)) < len(bins):
        raise ValueError(
            f"Bin edges must be unique: {bins!r}.\n"
            "You can drop duplicate edges by setting the 'duplicates' kwarg"
        )
    if len(bins) < 2 or np.isnan(bins.astype("f8")).any():  # of no value, or of one
        params = Params(q=q, named=named)
        return _table_now((source,), tables.cut_by_quantiles, params), bins
    how = {"bins": bins, "include_lowest": True, "right": True, **named}
    return _classes(source, how), bins


def count_classes(source: Relation, bins: Any, how: dict[str, Any]) -> Relation:
    """How often values are in each of some intervals, as value_counts(bins=) has it."""
    named = {"include_lowest": True, "right": True, "precision": 3}
    try:
        classes, _ = cut(source, bins, named)
    except TypeError as error:
        raise TypeError("bins argument only works with numeric data.") from error
    counts = ValueCounts(classes, False, False, False, True)
    intervals = pd.IntervalIndex(classes.meta.dtype.categories)
    return Whole(
        (counts, RowCount(source)), tables.order_classes, Params(intervals=intervals, **how)
    )


def _classes(source: Relation, how: dict[str, Any]) -> Relation:
    known = Meta(tables.cut(source.meta, named=how))
    return Map((source,), tables.cut, Params(named=how), "same", True, known=known)
