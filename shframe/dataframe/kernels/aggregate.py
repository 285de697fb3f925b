"""Groups: partial aggregates of each partition, their combination, and the final table.

A decomposable aggregate (sum, mean, var, first ...) is made of primitives that are computed on
each partition and combined in a fixed tree, so that two runs give the same bits. Everything else
(median, nunique, a Python function) is computed by pandas on partitions that hold whole groups.

Keys become one code per row (key_codes.py), codes groups (group_rows.py), and primitives are found
over those (group_values.py). What Arrow cannot hold is grouped by pandas.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe import partition
from shframe.dataframe.kernels import sorting
from shframe.dataframe.kernels.aggregation import Aggregation, Output, key_columns, slots_of
from shframe.dataframe.kernels.arguments import as_written
from shframe.dataframe.kernels.custom_aggregation import (
    CustomAggregation,
    aggregate_at_once,
    finish_chunks,
)
from shframe.dataframe.kernels.group_results import assemble, finish_groups
from shframe.dataframe.kernels.group_rows import Groups, group_rows, number_each
from shframe.dataframe.kernels.group_values import (
    Values,
    add_columns,
    combine_m2,
    multiply_columns,
)
from shframe.dataframe.kernels.key_codes import code_keys, one_array
from shframe.dataframe.kernels.row_order import Marked, Ordered, restore_order
from shframe.dataframe.kernels.row_ranks import order_by_keys
from shframe.dataframe.kernels.stack_tables import stack_parts, stack_tables
from shframe.dataframe.kernels.table_rows import (
    code_rows,
    columns_at,
    hardly_repeat,
    promoted_columns,
)
from shframe.graph.tasks.function import UserCode

_FLOATS = frozenset({"total", "m2"})  # the sum, and the squared distances from the mean, in float64
_ADDED = {"sum": "sum", "total": "sum", "count": "sum", "size": "sum", "prod": "prod"}
"""Primitives in which NaN is a result (inf - inf): missing values were left out before."""


# --- by pandas --------------------------------------------------------------------------


def aggregate_by_pandas(part: Any, *, plan: Aggregation) -> Any:
    """pandas' own answer for one partition that holds whole groups."""
    frame = partition.as_pandas(part)
    options = {"sort": plan.sort, "dropna": plan.dropna, "observed": plan.observed}
    groups = frame.groupby(list(plan.keys) if len(plan.keys) > 1 else plan.keys[0], **options)
    made = [_one_output(groups, output, options) for output in plan.outputs]
    return assemble(made, plan, made[0].index if made else groups.size().index)


def _one_output(groups: Any, output: Output, options: dict[str, Any]) -> Any:
    if output.how == "size":
        return groups.size() if output.column is None else groups[output.column].size()
    chosen = groups[output.column]
    if isinstance(output.how, CustomAggregation):
        return aggregate_at_once(chosen, output.how, options)
    if isinstance(output.how, UserCode):
        return chosen.agg(as_written(output.how), **dict(output.kwargs))
    return getattr(chosen, output.how)(**dict(output.kwargs))


def finish_custom(*parts: Any, plan: Aggregation) -> Any:
    """The result of users' own aggregations from partial results."""
    made = finish_chunks(*parts, plan=plan)
    return assemble(made, plan, made[0].index)


def aggregate_empty(meta: Any, plan: Aggregation) -> Any:
    """What the result looks like without a row; pandas says what is wrong with the question."""
    made = aggregate_by_pandas(meta, plan=plan)
    return made.iloc[:0]


# --- primitives of one partition --------------------------------------------------------


def aggregate_partially(part: Any, *, plan: Aggregation) -> Any:
    """Primitives of each group of a partition: columns k0, k1 ... and p0, p1 ...

    Groups come in the order in which they appear. Where hardly a key is there twice, so do rows.
    """
    slots = slots_of(plan)
    table = _columns_as_table(part, plan)
    if table is not None and hardly_repeat(table, plan.keys):
        keys, dtypes = promoted_columns(table, plan.keys)
        return _primitives(table, plan, slots, keys, dtypes, number_each(table.num_rows))[0]
    made = None if table is None else _by_codes(table, plan, slots)
    return _by_groups(partition.as_pandas(part), plan, slots) if made is None else made[0]


def _columns_as_table(part: Any, plan: Aggregation) -> Any:
    """The columns that are needed as a table; None where it cannot hold them."""
    if partition.is_table(part):
        return part if partition.layout_of(part).labels.is_unique else None
    if isinstance(part, pd.Series) or not part.columns.is_unique:
        return None
    return partition.as_table(part[plan.columns].reset_index(drop=True))


def _by_codes(
    table: Any, plan: Aggregation, slots: list[tuple[Any, str]]
) -> tuple[Any, Any] | None:
    """Primitives over small codes, and each group's first row; None where a key has none."""
    keys, key_dtypes, codes = code_rows(table, plan.keys)
    if codes is None:
        return None
    return _primitives(table, plan, slots, keys, key_dtypes, group_rows(codes))


def _primitives(
    table: Any,
    plan: Aggregation,
    slots: list[tuple[Any, str]],
    keys: list[Any],
    key_dtypes: list[Any],
    groups: Groups,
) -> tuple[Any, Any]:
    """The table of all primitives of groups, and each one's first row."""
    if plan.dropna:
        groups = _without_missing(groups, keys, key_dtypes)
    known: dict[Any, Values] = {}
    columns, dtypes = [], []
    for label, primitive in slots or [(None, "size")]:
        if primitive == "size":
            columns.append(_sizes(groups))
        else:
            if label not in known:
                ((column,), (dtype,)) = columns_at(table, (label,))
                known[label] = Values(column, dtype, groups)
            columns.append(known[label].column(primitive))
        dtypes.append(_partial_dtype(columns[-1], known.get(label), primitive))
    taken = [groups.take_first(key) for key in keys]
    return _partial_table(taken, key_dtypes, columns, dtypes), groups.first


def _without_missing(groups: Groups, keys: list[Any], dtypes: list[Any]) -> Groups:
    """The groups of which no key is missing."""
    lost = np.zeros(len(groups.first), bool)
    for key, dtype in zip(keys, dtypes, strict=True):
        nan_too = isinstance(dtype, np.dtype) and pa.types.is_floating(key.type)
        if key.null_count or nan_too:
            missing = pc.is_null(groups.take_first(key), nan_is_null=nan_too)
            lost |= missing.to_numpy(zero_copy_only=False)
    if not lost.any():
        return groups
    return replace(groups, present=groups.present[~lost], first=groups.first[~lost])


def _sizes(groups: Groups) -> Any:
    return pa.array(groups.sizes[groups.present])


def _partial_dtype(column: Any, values: Values | None, primitive: str) -> Any:
    """pandas' dtype of a primitive."""
    if values is not None and primitive in ("min", "max", "first", "last"):
        return values.dtype
    return np.dtype(column.type.to_pandas_dtype())


def _partial_table(
    keys: list[Any], key_dtypes: list[Any], columns: list[Any], dtypes: list[Any]
) -> Any:
    names = [*(f"k{n}" for n in range(len(keys))), *(f"p{n}" for n in range(len(columns)))]
    layout = partition.Layout(pd.Index(names), (*key_dtypes, *dtypes))
    return partition.table_of([*keys, *columns], layout)


def _by_groups(frame: Any, plan: Aggregation, slots: list[tuple[Any, str]]) -> Any:
    """Primitives by pandas' own aggregations."""
    keys = {f"k{n}": frame[key] for n, key in enumerate(plan.keys)}
    columns = {_column_of(frame, n, slots): _values_of(frame, *slots[n]) for n in range(len(slots))}
    given = {name: column for name, column in columns.items() if column is not None}
    parts = pd.DataFrame({**keys, **given}, copy=False)
    groups = parts.groupby(list(keys), sort=False, dropna=plan.dropna, observed=True)
    found: dict[tuple[str, str], Any] = {}
    made = {}
    for n, (_, primitive) in enumerate(slots):
        asked = (_column_of(frame, n, slots), "sum" if primitive == "total" else primitive)
        if asked not in found:
            found[asked] = _primitive(groups, *asked)
        made[f"p{n}"] = found[asked]
    return _with_keys(pd.DataFrame(made or {"p0": groups.size()}), plan)


def _is_floated(frame: Any, label: Any, primitive: str) -> bool:
    """Whether a primitive is found on the column as float64."""
    dtype = frame[label].dtype
    return primitive in _FLOATS or (primitive == "sum" and dtype == np.float32)


def _column_of(frame: Any, place: int, slots: list[tuple[Any, str]]) -> str:
    """What the values of a slot are called: the same for slots of the same values."""
    label, primitive = slots[place]
    if primitive == "size":
        return "size"
    first = next(n for n, (other, _) in enumerate(slots) if other is label or other == label)
    floated = _is_floated(frame, label, primitive) and frame[label].dtype != np.float64
    return f"f{first}" if floated else f"v{first}"


def _values_of(frame: Any, label: Any, primitive: str) -> Any:
    if primitive == "size":
        return None
    return frame[label].astype("f8") if _is_floated(frame, label, primitive) else frame[label]


def _primitive(groups: Any, name: str, primitive: str) -> Any:
    if primitive == "size":
        return groups.size()
    return _m2(groups[name]) if primitive == "m2" else getattr(groups[name], primitive)()


def _with_keys(frame: Any, plan: Aggregation) -> Any:
    """Index levels as columns k0, k1 ..."""
    frame.index = frame.index.set_names([f"k{n}" for n in range(len(plan.keys))])
    return frame.reset_index()


def _m2(groups: Any) -> Any:
    """Sum of squared distances from the group's mean."""
    count = groups.count()
    return (groups.var(ddof=0) * count).where(count > 0, 0.0)  # NaN is inf - inf here


# --- combining --------------------------------------------------------------------------


def combine(*partials: Any, plan: Aggregation) -> Any:
    """One partial result of several, in their order."""
    made = _combine_tables(partials, plan)
    if made is not None:
        return made[0]
    frame = _stack(partials)
    return _combine_frame(frame, plan, sort=False, observed=True).reset_index()


def _combine_tables(partials: tuple[Any, ...], plan: Aggregation) -> tuple[Any, Any] | None:
    """The same over small codes, and the row of all partial results in which each group is first.

    None where these are not of one kind.
    """
    tables = [partition.as_table(part) for part in partials]
    if any(table is None for table in tables):
        return None
    layouts = [partition.layout_of(table) for table in tables]
    first = layouts[0]
    dtypes = first.dtypes[: len(plan.keys)]
    if any(isinstance(dtype, pd.CategoricalDtype) for dtype in dtypes):
        return None  # pandas knows which categories the whole has
    if any(one.dtypes != first.dtypes for one in layouts):
        return None
    whole = stack_tables([partition.without_index(table) for table in tables])
    keys = [one_array(whole.column(n)) for n in range(len(plan.keys))]
    codes = code_keys(keys, dtypes)
    if codes is None:
        return None
    groups = group_rows(codes)
    if groups.of_one:
        return whole, groups.first
    columns = [
        _combine_column(whole, n, plan, first.dtypes, groups)
        for n in range(len(plan.keys), first.width)
    ]
    taken = [groups.take_first(key) for key in keys]
    partial_dtypes = list(first.dtypes[len(plan.keys) :])
    return _partial_table(taken, list(dtypes), columns, partial_dtypes), groups.first


def _combine_column(whole: Any, place: int, plan: Aggregation, dtypes: Any, groups: Groups) -> Any:
    slots = slots_of(plan) or [(None, "size")]
    label, primitive = slots[place - len(plan.keys)]
    column = whole.column(place)
    if primitive == "m2":
        total, count = (
            whole.column(len(plan.keys) + slots.index((label, one))) for one in ("total", "count")
        )
        return combine_m2(column, total, count, groups)
    if primitive == "prod":
        return multiply_columns(column, groups)
    if primitive in _ADDED:
        return add_columns(column, groups)
    return Values(column, dtypes[place], groups).column(primitive)


def _finish_combined(partials: tuple[Any, ...], plan: Aggregation, expected: Any) -> Any:
    """The result from partial results that have all of each group."""
    combined = _combine_tables(partials, plan)
    if combined is None:
        frame = _combine_frame(_stack(partials), plan, sort=plan.sort, observed=plan.observed)
        return finish_groups(frame, plan, expected)
    return _finish_table(combined[0], plan, expected)


def _finish_table(table: Any, plan: Aggregation, expected: Any) -> Any:
    """The result from primitives of whole groups, in the order that is asked for."""
    if not plan.sort:
        return _finish_ordered(table, plan, expected)
    order = _order_of_keys(table, plan)
    if order is not None:
        return _finish_ordered(table.take(order), plan, expected)
    frame = partition.as_pandas(_with_key_index(table, plan)).sort_index()
    return finish_groups(frame, plan, expected)


def _finish_ordered(table: Any, plan: Aggregation, expected: Any) -> Any:
    table = _with_key_index(table, plan) if plan.as_index else partition.without_index(table)
    return finish_groups(partition.as_pandas(table), plan, expected)


def _with_key_index(table: Any, plan: Aggregation) -> Any:
    """The keys as levels of the index, of their own dtypes."""
    layout, count = partition.layout_of(table), len(plan.keys)
    columns = [*table.columns[count:], *table.columns[:count]]
    names = key_columns(plan)
    changed = partition.Layout(
        layout.labels[count:], layout.dtypes[count:], names, layout.dtypes[:count]
    )
    return partition.table_of(columns, changed)


def _order_of_keys(table: Any, plan: Aggregation) -> Any:
    """The order of the rows by their keys; None where codes do not tell it."""
    layout = partition.layout_of(table)
    count = len(plan.keys)
    keys, dtypes = table.columns[:count], layout.dtypes[:count]
    order = order_by_keys(keys, dtypes, (True,) * count, "last")
    return None if order is None else pa.array(order)


def _stack(partials: Any) -> Any:
    """Partial results one after another; a key that lost a missing value anywhere is a float."""
    partials = [partition.as_pandas(part) for part in partials]
    filled = [p for p in partials if len(p)] or list(partials[:1])
    lost = {
        name
        for part in partials
        for name, dtype in part.dtypes.items()
        if str(name).startswith("k") and dtype == np.dtype("f8")
    }
    if len(filled) == 1:
        whole = filled[0]
    else:
        whole = pd.concat(partition.same_categories(filled), ignore_index=True)
    changed = [name for name in lost if whole[name].dtype.kind in "iu"]
    return whole.astype(dict.fromkeys(changed, "f8")) if changed else whole


def _combine_frame(frame: Any, plan: Aggregation, *, sort: bool, observed: bool) -> Any:
    names = [f"k{n}" for n in range(len(plan.keys))]
    groups = frame.groupby(
        names if len(names) > 1 else names[0], sort=sort, dropna=plan.dropna, observed=observed
    )
    slots = slots_of(plan)
    columns: dict[str, Any] = {}
    for n, (_label, primitive) in enumerate(slots):
        name = f"p{n}"
        if primitive == "m2":
            columns[name] = _combined_m2(frame, names, plan, slots, n, sort, observed)
        elif primitive in _ADDED:
            columns[name] = getattr(groups[name], _ADDED[primitive])(skipna=False)
        else:
            columns[name] = getattr(groups[name], primitive)()
    if not slots:
        columns["p0"] = groups.size()
    return pd.DataFrame(columns)


def _combined_m2(
    frame: Any,
    names: list[str],
    plan: Aggregation,
    slots: list[tuple[Any, str]],
    place: int,
    sort: bool,
    observed: bool,
) -> Any:
    label = slots[place][0]
    sums, counts = (frame[f"p{slots.index((label, p))}"] for p in ("total", "count"))
    keys = [frame[name] for name in names]
    how = {"sort": False, "dropna": plan.dropna, "observed": True}
    total = sums.groupby(keys, **how).transform("sum") / counts.groupby(keys, **how).transform(
        "sum"
    )
    apart = (sums / counts - total).where(counts > 0, 0.0)
    spread = frame[f"p{place}"] + counts * apart * apart
    return spread.groupby(keys, sort=sort, dropna=plan.dropna, observed=observed).sum(skipna=False)


def finish(*partials: Any, plan: Aggregation, expected: Any) -> Any:
    """The final table from all partial results."""
    return _finish_combined(partials, plan, expected)


def finish_range(offsets: Any, *values: Any, plan: Aggregation, expected: Any) -> Any:
    """The final table of one range of keys, from partial results that are in their order.

    offsets: where each range begins in each partial result; values: those, then the range.
    """
    *partials, place = values
    ranges = tuple(sorting.ranges(offsets, partials, place))
    return _finish_combined(ranges, plan, expected)


def combine_part(*splits: Marked, plan: Aggregation, place: int, targets: int) -> Ordered:
    """The groups of one hash target, each where its first row was.

    splits: partial results in the order of their targets; targets: how many of them there are.
    """
    pieces = [(one, int(one.offsets[place]), int(one.offsets[place + 1])) for one in splits]
    combined = _combine_tables(tuple(one.table.slice(a, b - a) for one, a, b in pieces), plan)
    if combined is None:
        raise AssertionError("groups whose keys have no code are combined in one task")
    return _placed(combined, pieces, targets)


def finish_part(*parts: Ordered, plan: Aggregation, expected: Any, place: int) -> Any:
    """The final table of the groups that came up first in one partition, in their order."""
    table = restore_order(*parts, place=place)
    return _finish_ordered(table, plan, expected)


# --- whole groups -----------------------------------------------------------------------


def take_in_order(part: Any, *, plan: Aggregation, **how: Any) -> Any:
    """The columns that are needed of a partition, its rows in the order of the keys."""
    if not partition.is_table(part):
        return sorting.sort(part[plan.columns], keep_labels=False, **how)
    labels = partition.layout_of(part).labels
    chosen = pd.Index(plan.columns)
    part = partition.select(part, labels.get_indexer_for(chosen).tolist(), chosen)
    return sorting.sort(part, keep_labels=False, **how)


def aggregate_whole(part: Any, *, plan: Aggregation, expected: Any) -> Any:
    """The final table of a partition that holds whole groups."""
    table = _columns_as_table(part, plan)
    made = None if table is None else _by_codes(table, plan, slots_of(plan))
    if made is None:
        return aggregate_by_pandas(part, plan=plan)
    return _finish_table(made[0], plan, expected)


def aggregate_whole_range(offsets: Any, *values: Any, plan: Aggregation, expected: Any) -> Any:
    """The final table of one range of keys, from rows that are in their order.

    offsets: where each range begins in each partition; values: those, then the range.
    """
    *parts, place = values
    whole = stack_parts(sorting.ranges(offsets, parts, place))
    return aggregate_whole(whole, plan=plan, expected=expected)


def aggregate_whole_part(*splits: Marked, plan: Aggregation, place: int, targets: int) -> Ordered:
    """Primitives of the groups of one hash target, each where its first row was."""
    pieces = [(one, int(one.offsets[place]), int(one.offsets[place + 1])) for one in splits]
    whole = stack_tables([one.table.slice(a, b - a) for one, a, b in pieces])
    made = _by_codes(whole, plan, slots_of(plan))
    if made is None:
        raise AssertionError("groups whose keys have no code are not moved by hash")
    return _placed(made, pieces, targets)


def _placed(made: tuple[Any, Any], pieces: list[tuple[Marked, int, int]], targets: int) -> Ordered:
    """Groups with the places of their first rows, of which `pieces` are one after another."""
    table, first = made
    sources = np.concatenate([np.full(b - a, one.source) for one, a, b in pieces])[first]
    places = np.concatenate([one.places[a:b] for one, a, b in pieces])[first]
    return Ordered(table, np.searchsorted(sources, np.arange(targets + 1)), places)
