"""Frames one after another or side by side, and in other shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation
from shframe.dataframe.expr.lineage import same_rows
from shframe.dataframe.expr.positions import Concat
from shframe.dataframe.expr.relations import Map, NumberRows, Whole, align, unify_dtypes
from shframe.dataframe.kernels import reshape
from shframe.dataframe.methods.delegating import call_now, call_on_rows
from shframe.dataframe.methods.selection import check_labels
from shframe.dataframe.methods.sorting import as_list, labels_of
from shframe.dataframe.methods.storing import store_pandas
from shframe.errors import InvalidArgument


def concat(
    objs: Any,
    axis: Any,
    join: str,
    ignore_index: bool,
    keys: Any,
    levels: Any,
    names: Any,
    verify_integrity: bool,
    sort: bool,
    more: dict[str, Any],
) -> Relation:
    """Frames and series one after another (axis 0), or side by side by their labels (axis 1)."""
    if isinstance(objs, (pd.DataFrame, pd.Series, str)) or arguments.is_rows(objs):
        raise TypeError(
            "first argument must be an iterable of pandas objects, you passed an object of type "
            f'"{type(objs).__name__}"'
        )
    if isinstance(objs, Mapping):
        keys = list(objs) if keys is None else keys
        objs = [objs[key] for key in keys]
    if not isinstance(objs, Iterable):
        raise TypeError(f"concat() takes a list of frames and series, got {type(objs).__name__}")
    if join not in ("outer", "inner"):
        raise InvalidArgument(
            "Only can inner (intersect) or outer (union) join the other axis: "
            f"join must be 'inner' or 'outer', got {join!r}"
        )
    pairs = [(n, one) for n, one in enumerate(objs) if one is not None]
    if not pairs:
        raise InvalidArgument("No objects to concatenate: concat() needs at least one")
    sources = [_relation_of(one) for _, one in pairs]
    chosen = None if keys is None else [list(keys)[n] for n, _ in pairs]
    how = {"levels": levels, "names": names, "verify_integrity": verify_integrity, "sort": sort}
    how |= more
    if axis in (0, "index", "rows"):
        return _one_after_another(sources, join, ignore_index, chosen, how)
    if axis not in (1, "columns"):
        raise InvalidArgument(f"No axis named {axis} for object type DataFrame: pass 0 or 1")
    return _side_by_side(sources, join, ignore_index, chosen, how)


def _relation_of(one: Any) -> Relation:
    if isinstance(one, (pd.DataFrame, pd.Series)):
        return store_pandas(one)
    if not arguments.is_rows(one) or isinstance(one.expr.meta, pd.Index):
        raise TypeError(
            f"cannot concatenate object of type '{type(one)}'; "
            "only Series and DataFrame objs are valid"
        )
    node: Relation = one.expr
    return node


def _one_after_another(
    sources: list[Relation], join: str, ignore_index: bool, keys: Any, how: dict[str, Any]
) -> Relation:
    shapes = {source.meta.ndim for source in sources}
    names = {source.meta.name for source in sources if source.meta.ndim == 1}
    levels = {source.meta.index.nlevels for source in sources}
    odd = how["levels"] is not None or any(
        how.get(name) for name in ("verify_integrity", "sort", "union_categories")
    )
    labels = all(s.meta.columns.is_unique for s in sources if s.meta.ndim == 2)
    if len(shapes) > 1 or len(levels) > 1 or odd or (len(names) > 1 and keys) or not labels:
        named = {"join": join, "ignore_index": ignore_index, "keys": keys, **how}
        node = Whole(tuple(sources), reshape.concatenate, Params(axis=0, **named))
        _ = node.meta
        return node
    known = None if keys is None or ignore_index else tuple(keys)
    level_names = None if how["names"] is None or known is None else tuple(as_list(how["names"]))
    joined = Concat(tuple(sources), join, known, level_names)
    _ = joined.meta
    return NumberRows(joined) if ignore_index else joined


def _side_by_side(
    sources: list[Relation], join: str, ignore_index: bool, keys: Any, how: dict[str, Any]
) -> Relation:
    named = {"axis": 1, "join": join, "ignore_index": ignore_index, "keys": keys, **how}
    aligned = align(*sources, by_label=False)
    node: Relation
    if same_rows([source.lineage for source in aligned]):
        node = Map(aligned, reshape.concatenate, Params(**named), "same")
    else:
        node = Whole(tuple(sources), reshape.concatenate, Params(**named))
    _ = node.meta
    return node


def melt(
    source: Relation,
    id_vars: Any,
    value_vars: Any,
    var_name: Any,
    value_name: Any,
    col_level: Any,
    ignore_index: bool,
) -> Relation:
    """A row for each cell of some columns: all rows of the first, then all of the second ..."""
    meta = source.meta
    ids = [] if id_vars is None else as_list(id_vars)
    check_labels(source, ids, "melt()", "The following id_vars are not present: {}")
    values = (
        [c for c in meta.columns if c not in ids] if value_vars is None else as_list(value_vars)
    )
    check_labels(source, values, "melt()", "The following value_vars are not present: {}")
    named = {"var_name": var_name, "value_name": value_name, "ignore_index": ignore_index}
    if col_level is not None or not values or meta.columns.nlevels > 1:
        how = {"id_vars": id_vars, "value_vars": value_vars, "col_level": col_level, **named}
        return Whole((source,), reshape.melt, Params(**how))
    settled = unify_dtypes(source)
    parts: list[Relation] = [
        Map((settled,), reshape.melt, Params(id_vars=ids, value_vars=[one], **named), "made")
        for one in values
    ]
    joined = Concat(tuple(parts), "outer")
    return NumberRows(joined) if ignore_index else joined


def stack(source: Relation, args: tuple[Any, ...], named: dict[str, Any]) -> Relation:
    """Levels of the columns as levels of the index: each row becomes some."""
    if len(args) > 1 or not named.get("future_stack", True) or set(named) - {"future_stack"}:
        return call_now(source, "stack", args, named)
    return call_on_rows(source, "stack", args, named)


def explode(source: Relation, column: Any, ignore_index: bool) -> Relation:
    """A row for each item of the lists in a column, or in several."""
    if source.meta.ndim == 2:
        labels = labels_of(source, column)
        check_labels(source, labels, "explode()", "{}")
        if len(set(labels)) < len(labels):
            raise InvalidArgument("column must be unique")
    meta = source.meta
    kinds = [meta.dtype] if meta.ndim == 1 else list(meta[labels_of(source, column)].dtypes)
    params = Params(column=column)
    made: Relation = Map((unify_dtypes(source),), reshape.explode, params, "made")
    if np.dtype(object) in kinds:  # pandas looks for the dtype of all items
        made = Whole((source,), reshape.explode, params)
    return NumberRows(made) if ignore_index else made


def call_on_all(function: str, sources: tuple[Relation, ...], named: dict[str, Any]) -> Relation:
    """A function of pandas on all rows of each source, in one task."""
    node = Whole(sources, reshape.call_function, Params(function=function, named=named))
    _ = node.meta
    return node
