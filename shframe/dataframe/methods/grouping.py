"""Methods of groups whose result has rows: which node each is."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Meta, Params, Relation
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.grouped import (
    GroupedApply,
    GroupedMask,
    GroupedResult,
    GroupedRows,
    GroupNode,
)
from shframe.dataframe.expr.positions import Placed
from shframe.dataframe.expr.relations import (
    Aggregate,
    Filter,
    FromParts,
    Map,
    Project,
    Whole,
    unify_dtypes,
)
from shframe.dataframe.expr.values import Check, Computed, FindEnds, RowCount, collect_rows
from shframe.dataframe.kernels import grouped, intervals, positions, rowwise
from shframe.dataframe.kernels.aggregation import Aggregation, Output
from shframe.dataframe.kernels.custom_aggregation import CustomAggregation
from shframe.dataframe.kernels.grouped import GroupCall
from shframe.dataframe.methods.rowwise import rename_series
from shframe.dataframe.methods.selection import assign_lazy, select_column
from shframe.dataframe.methods.sorting import as_list, set_index
from shframe.dataframe.methods.storing import place_values
from shframe.dataframe.plan.inferred_schema import compute_now, compute_value, learn_schema
from shframe.dataframe.wrap import wrap
from shframe.errors import ColumnNotFound, InvalidArgument, UnsupportedType
from shframe.graph.tasks.function import UserCode

N = TypeVar("N", bound=GroupNode)
Options = dict[str, bool]


class Groups:
    """A frame and what it is grouped by.

    keys: labels of its columns; names: what the keys are called in a result.
    options: sort, dropna, observed and as_index; group_keys: whether apply() adds the keys.
    listed: whether they were given as a list, so that the key of a group is a tuple.
    unnamed: whether it is a series without a name, whose label in the frame is not shown.
    """

    __slots__ = ("frame", "group_keys", "keys", "listed", "names", "options", "unnamed")

    def __init__(
        self,
        frame: Relation,
        keys: tuple[Any, ...],
        names: tuple[Any, ...],
        options: dict[str, bool],
        group_keys: bool = True,
        listed: bool = False,
        unnamed: bool = False,
    ) -> None:
        self.frame = frame
        self.keys = keys
        self.names = names
        self.options = options
        self.group_keys = group_keys
        self.listed = listed
        self.unnamed = unnamed

    @property
    def columns(self) -> Any:
        """All labels of the frame, hidden keys too."""
        return self.frame.meta.columns

    @property
    def hidden(self) -> list[Any]:
        """Labels of keys that are no columns of the user's frame."""
        return [a for a, b in zip(self.keys, self.names, strict=True) if a is not b and a != b]

    @property
    def visible(self) -> list[Any]:
        """The labels that are no keys."""
        return [label for label in self.columns if label not in self.keys]


def wrap_result(groups: Groups, node: Relation) -> Any:
    """The object for a result of groups; that of a series without a name has none."""
    series = groups.unnamed and isinstance(node.meta, pd.Series)
    return wrap(rename_series(node, None) if series else node)


def group_rows(
    frame: Relation,
    by: Any,
    level: Any,
    group_keys: bool,
    options: Options,
    unnamed: bool = False,
) -> Groups:
    """The groups of a frame; keys that are no columns are added to it under hidden labels.

    by: labels, lazy columns, and functions or mappings of the labels of rows; level: levels of the
    index by number or name.
    """
    if by is None and level is None:
        raise InvalidArgument("You have to supply one of 'by' and 'level'")
    if by is None:
        keys: list[Any] = [_level_of(frame, one) for one in as_list(level)]
    else:
        many = isinstance(by, (list, tuple)) and not _are_values(frame, by)
        keys = list(by) if many else [by]
    if not keys:
        raise InvalidArgument("No group keys passed!")
    labels, names = [], []
    for n, key in enumerate(keys):
        if isinstance(key, pd.Grouper):
            key = _key_of(frame, key)
        if isinstance(key, Hashable) and key in frame.meta.columns:
            labels.append(key)
            names.append(key)
            continue
        column = key if isinstance(key, Relation) else _key_column(frame, key)
        if isinstance(column, Column) and column.source.token == frame.token:
            labels.append(column.label)
            names.append(column.label)
            continue
        hidden = f"__shframe_key_{n}"
        while hidden in frame.meta.columns:
            hidden += "_"
        frame = assign_lazy(frame, hidden, column, grows=False)
        labels.append(hidden)
        names.append(column.meta.name)
    listed = len(keys) > 1 or isinstance(level if by is None else by, list)
    listed = listed and not (by is not None and keys[0] is by)
    return Groups(frame, tuple(labels), tuple(names), options, group_keys, listed, unnamed)


def _are_values(frame: Relation, by: Any) -> bool:
    """Whether a list has a value for each row, and no keys. Cost: counts the rows, for what is no
    label."""
    known = {*frame.meta.columns, *frame.meta.index.names}
    plain = all(pd.api.types.is_scalar(one) for one in by)
    if not plain or not by or all(one in known for one in by):
        return False
    return bool(len(by) == compute_value(RowCount(frame)))


def _key_of(frame: Relation, grouper: Any) -> Any:
    """The key that pandas' Grouper means: a label, a column of a level, or of intervals of time."""
    if grouper.freq is not None:
        return wrap(group_by_time(frame, grouper))
    return grouper.key if grouper.level is None else wrap(_level_of(frame, grouper.level))


def group_by_time(frame: Relation, grouper: Any) -> Relation:
    """The label of the interval in which each row is.

    Cost: of periods, and of a level among several, one task has the times of all rows.
    """
    key = grouper.key
    index = frame.meta.index if key is None else pd.Index(frame.meta[key])
    alone = key is not None or (frame.meta.index.nlevels == 1 and grouper.level in (None, 0))
    if alone and isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex)):
        how = {name: getattr(grouper, name) for name in _OF_INTERVALS if name != "freq"}
        ends = FindEnds(frame, intervals.find_ends, intervals.join_ends, Params(on=key))
        given = Params(on=key, how={"rule": grouper.freq, **how}, name=index.name)
        kept = Meta(pd.Series(index[:0], index=frame.meta.index, name=index.name))
        return Map((frame,), intervals.label_rows, given, "same", True, given=(ends,), known=kept)
    times = _level_of(frame, grouper.level or 0)
    if grouper.key is not None:
        times = select_column(frame, grouper.key)
    named = {name: getattr(grouper, name) for name in _OF_INTERVALS}
    labels = Computed((times,), intervals.label_times, Params(**named))
    name = grouper.key if grouper.key is not None else times.meta.name
    known = Meta(pd.Series(times.meta[:0], index=frame.meta.index, name=name))
    return Placed(frame, positions.take_values, Params(name=name), (labels,), known)


_OF_INTERVALS = ("freq", "closed", "label", "convention", "origin", "offset")


def _level_of(frame: Relation, level: Any) -> Relation:
    return Map((frame,), rowwise.get_level, Params(level=level), "same")


def _key_column(frame: Relation, key: Any) -> Relation:
    """The column that a key means which is no label of one."""
    if arguments.is_rows(key):
        node: Relation = key.expr
        return node
    if (arguments.is_many(key) and not isinstance(key, (pd.Series, dict, list, tuple))) or (
        isinstance(key, (list, tuple)) and key not in frame.meta.index.names
    ):
        return place_values(frame, key)
    if isinstance(key, (pd.Series, dict)) or callable(key):
        how = captured(key) if callable(key) else key
        return Map((frame,), rowwise.map_labels, Params(function=how), "same")
    index = frame.meta.index
    if isinstance(key, Hashable) and key in index.names:
        return _level_of(frame, key)
    if isinstance(key, Hashable):
        raise ColumnNotFound.among(key, frame.meta.columns, "groupby")
    raise UnsupportedType(
        "groupby() takes column labels, lazy columns, and functions or mappings of row labels, "
        f"got {type(key).__name__}"
    )


def aggregate_groups(
    groups: Groups, outputs: list[Output], labels: Any, name: Any = None
) -> Aggregate:
    """The frame of some outputs, or the Series of one, where there are no labels."""
    plan = Aggregation(groups.keys, groups.names, tuple(outputs), labels, name, **groups.options)
    source = groups.frame
    if any(isinstance(output.how, UserCode | CustomAggregation) for output in outputs):
        source = unify_dtypes(source)  # a user's function sees what it would of the whole
    return Aggregate(source, plan)


Chosen = Hashable | tuple[Any, ...] | None
"""The columns of groups that a method works on: a label, labels, or None for all columns."""


def call_rows(
    groups: Groups, columns: Chosen, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> GroupedRows:
    """A value for each row of the source: cumsum, shift, rank, transform ..."""
    source, call, given = _prepared(groups, columns, method, args, kwargs)
    learn = learn_schema if _is_of_user(call) else None
    return _checked(GroupedRows(source, call, given, learn))


_REDUCTIONS = frozenset({"sum", "mean", "min", "max", "count", "std", "var", "prod"})


def transform(
    groups: Groups, columns: Chosen, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation:
    """A value for each row of its group; what a reduction of groups gives is looked up by rows."""
    made = call_rows(groups, columns, "transform", args, kwargs)
    how, meta = args[0], groups.frame.meta
    chosen = groups.visible if columns is None else as_list(columns)
    by_name = len(args) == 1 and not kwargs and isinstance(how, str) and how in _REDUCTIONS
    keys = all(_is_looked_up(meta[key].dtype) for key in groups.keys)
    values = all(isinstance(meta[one].dtype, np.dtype) for one in chosen)
    numbers = values and all(meta[one].dtype.kind in "iufb" for one in chosen)
    if not (by_name and keys and numbers and chosen) or len(set(groups.keys)) < len(groups.keys):
        return made
    options = {**groups.options, "sort": False, "as_index": True}
    plain = Groups(groups.frame, groups.keys, groups.names, options)
    outputs = [Output(one, one, how) for one in chosen]
    series = made.meta.ndim == 1
    labels, name = (None, made.meta.name) if series else (made.meta.columns, None)
    found = collect_rows(aggregate_groups(plain, outputs, labels, name))
    by = Project(groups.frame, groups.keys)
    params = Params(plan=GroupCall(groups.keys, groups.names, columns, "transform", args))
    return Map((by,), grouped.spread, params, "same", given=(found,), known=Meta(made.meta))


def _is_looked_up(dtype: Any) -> bool:
    """Whether keys of this dtype are found in an index of them as groups tell them apart."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iufbmM"
    return isinstance(dtype, pd.StringDtype) and dtype.na_value is not pd.NA


def call_result(
    groups: Groups, columns: Chosen, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> GroupedResult:
    """Some rows for each group: nlargest, corr, describe ..."""
    source, call, given = _prepared(groups, columns, method, args, kwargs)
    learn = learn_schema if _is_of_user(call) else None
    return _checked(GroupedResult(source, call, given, learn))


def call_whole(
    groups: Groups, columns: Chosen, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation:
    """What only all groups together tell, in one task."""
    source, call, given = _prepared(groups, columns, method, args, kwargs)
    kernel = grouped.get_group if method == "get_group" else grouped.call_groups
    node = Whole((source, *given), kernel, Params(plan=call))
    _ = node.meta
    return node


def get_group(groups: Groups, columns: Chosen, name: Any) -> Relation:
    """The rows of one group; what pandas says of a key that is none is raised when it is computed.

    Cost: of a missing key, and of keys with another number of parts, one task has all rows.
    """
    parts = name if isinstance(name, tuple) else (name,)
    plain = len(parts) == len(groups.keys) and all(map(pd.api.types.is_scalar, parts))
    whole = call_whole(groups, columns, "get_group", (name,), {})
    if not plain or any(map(pd.isna, parts)) or groups.listed != isinstance(name, tuple):
        return whole
    params = Params(keys=groups.keys, parts=parts)
    mask = Map((groups.frame,), grouped.find_rows, params, "same")
    found = Check(mask, grouped.any_row, grouped.check_group, Params(name=name))
    rows = Filter(unify_dtypes(_shown(groups, columns)), mask)
    return Map((rows,), grouped.after_check, Params(), "chosen", given=(found,))


def apply_function(
    groups: Groups, columns: Chosen, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> FromParts:
    """What a user's function returns for each group, put together as pandas does.

    It is computed now: only the function knows what comes of it, and it is to run once.
    """
    source, call, given = _prepared(groups, columns, "apply", args, kwargs)
    return compute_now(GroupedApply(source, call, given, learn_schema))


def pick_rows(
    groups: Groups, columns: Chosen, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation:
    """Some rows of each group, in the order of the source: head, tail, nth."""
    keys = Project(groups.frame, tuple(dict.fromkeys(groups.keys)))
    _, call, given = _prepared(groups, None, method, args, kwargs)
    mask = GroupedMask(keys, call, given, None, grouped.find_picked)
    _ = mask.meta
    return Filter(unify_dtypes(_shown(groups, columns)), mask)


def filter_groups(
    groups: Groups, columns: Chosen, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation:
    """The rows of groups that a user's function keeps; it is called on whole groups."""
    return Filter(unify_dtypes(_shown(groups, columns)), filter_mask(groups, columns, args, kwargs))


def filter_mask(
    groups: Groups, columns: Chosen, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Relation:
    """Which rows are in groups that a user's function keeps."""
    source, call, given = _prepared(groups, columns, "filter", args, kwargs)
    return GroupedMask(source, call, given, None, grouped.find_kept)


def shown_columns(groups: Groups, columns: Chosen) -> Relation:
    """What a method that chooses rows shows of them: without hidden keys."""
    return _shown(groups, columns)


def _shown(groups: Groups, columns: Chosen) -> Relation:
    if columns is None and not groups.hidden:
        return groups.frame
    if columns is None:
        return Project(groups.frame, tuple(c for c in groups.columns if c not in groups.hidden))
    if isinstance(columns, tuple):
        return Project(groups.frame, columns)
    return select_column(groups.frame, columns)


def _prepared(
    groups: Groups, columns: Chosen, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Relation, GroupCall, tuple[Any, ...]]:
    """The columns that a call needs, the call, and what is lazy among its arguments."""
    split = arguments.split_function(captured(args), captured(kwargs))
    options = (*groups.options.items(), ("group_keys", groups.group_keys))
    given = split.arguments
    call = GroupCall(
        groups.keys,
        groups.names,
        columns,
        method,
        given.args,
        given.kwargs,
        options,
        listed=groups.listed,
    )
    source = unify_dtypes(groups.frame)
    if columns is not None:
        chosen = columns if isinstance(columns, tuple) else (columns,)
        source = Project(source, tuple(dict.fromkeys((*groups.keys, *chosen))))
    return source, call, split.values


def captured(value: Any) -> Any:
    """A user's functions captured by value, in plain containers too."""
    if callable(value) and not isinstance(value, (type, UserCode)) and not hasattr(value, "expr"):
        return UserCode(value)
    if isinstance(value, type) and value in (list, tuple, set, dict):
        return UserCode(value)
    if type(value) in (list, tuple):
        return type(value)(map(captured, value))
    if type(value) is dict:
        return {key: captured(one) for key, one in value.items()}
    return value


def _is_of_user(call: GroupCall) -> bool:
    """Whether only a user's function knows what comes of it."""

    def inside(value: Any) -> bool:
        if isinstance(value, UserCode):
            return True
        if type(value) in (list, tuple):
            return any(map(inside, value))
        return type(value) is dict and any(map(inside, value.values()))

    return inside(call.args) or inside(dict(call.kwargs))


def _checked(node: N) -> N:
    """The node; pandas reports at the call what is wrong with it."""
    if node._learn is None:
        _ = node.meta
    return node


def call_windows(
    groups: Groups,
    columns: Chosen,
    windows: str,
    how: dict[str, Any],
    method: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Relation:
    """A method of the windows or intervals of each group."""
    source, call, given = _prepared(groups, columns, method, args, kwargs)
    call = dataclasses.replace(call, windows=(windows, tuple(how.items())))
    learn = learn_schema if _is_of_user(call) else None
    return _checked(GroupedResult(source, call, given, learn))


def label_by(groups: Groups, columns: Chosen, on: Any) -> tuple[Groups, Chosen]:
    """The groups of rows whose labels are the times of a column, and the columns chosen of them."""
    if on not in groups.columns or on in groups.keys:
        raise ColumnNotFound.among(on, groups.visible, "resample(on=)")
    how = groups.options, groups.group_keys, groups.listed, groups.unnamed
    frame = set_index(groups.frame, [on], True)
    left = tuple(one for one in columns if one != on) if isinstance(columns, tuple) else columns
    return Groups(frame, groups.keys, groups.names, *how), left


def groups_in_memory(groups: Groups, columns: Chosen, keys_only: bool = False) -> Any:
    """pandas' groups of the rows, or of their keys alone, computed now."""
    source, call, _ = _prepared(groups, columns, "size", (), {})
    if keys_only:
        source = Project(groups.frame, tuple(dict.fromkeys(groups.keys)))
        call = dataclasses.replace(call, columns=None)
    return grouped.group(wrap(source).compute(), call)
