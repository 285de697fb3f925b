"""Groups: partial aggregates of each partition, their combination, and the final table.

A decomposable aggregate (sum, mean, var, first ...) is made of primitives that are computed on
each partition and combined in a fixed tree, so that two runs give the same bits. Everything else
(median, nunique, a Python function) is computed by pandas on partitions that hold whole groups.

Keys become one small code per row (group_codes.py) or are factorised. Sums over codes are
bincounts, exact for integers as long as no sum can pass 2**53. What means and variances are made of
is added up in float64, as pandas does it, so that no sum of integers wraps.
Variances are combined by the pairwise formula of Chan, Golub and LeVeque (1979).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels import sorting
from shframe.dataframe.kernels.aggregation import PRIMITIVES, Aggregation, Output
from shframe.dataframe.kernels.group_codes import codes_of, numbers_of
from shframe.graph.tasks.function import UserCode

EXACT_FLOAT = 2**53

_FLOATS = frozenset({"total", "m2"})  # the sum, and the squared distances from the mean, in float64
_ADDED = {"sum": "sum", "total": "sum", "count": "sum", "size": "sum", "prod": "prod"}
"""Primitives in which NaN is a result (inf - inf): missing values were left out before."""


# --- by pandas --------------------------------------------------------------------------


def aggregate_by_pandas(part: Any, *, plan: Aggregation) -> Any:
    """pandas' own answer for one partition that holds whole groups."""
    frame = partition.as_pandas(part)
    groups = frame.groupby(
        list(plan.keys) if len(plan.keys) > 1 else plan.keys[0],
        sort=plan.sort,
        dropna=plan.dropna,
        observed=plan.observed,
    )
    made = [_one_output(groups, output) for output in plan.outputs]
    return _assemble(made, plan)


def _one_output(groups: Any, output: Output) -> Any:
    if output.how == "size":
        return groups.size() if output.column is None else groups[output.column].size()
    chosen = groups[output.column]
    if isinstance(output.how, UserCode):
        return chosen.agg(output.how.function, **dict(output.kwargs))
    return getattr(chosen, output.how)(**dict(output.kwargs))


def aggregate_empty(meta: Any, plan: Aggregation) -> Any:
    """What the result looks like without a row; pandas says what is wrong with the question."""
    made = aggregate_by_pandas(meta, plan=plan)
    return made.iloc[:0]


def _assemble(columns: list[Any], plan: Aggregation) -> Any:
    """The result's columns under their labels, with the keys as index or columns."""
    index = columns[0].index
    index = index.set_names(list(plan.names))
    if plan.labels is None:
        series = columns[0].set_axis(index)
        series.name = plan.series_name
        if plan.as_index:
            return series
        return series.rename("size" if plan.series_name is None else plan.series_name).reset_index()
    frame = pd.DataFrame({n: column.set_axis(index) for n, column in enumerate(columns)})
    frame.columns = plan.labels
    if plan.as_index:
        return frame
    return (
        frame.reset_index()
        if plan.labels.nlevels == 1
        else frame.reset_index(names=list(plan.names))
    )


# --- primitives of one partition --------------------------------------------------------


def _slots(plan: Aggregation) -> list[tuple[Any, str]]:
    """The (column, primitive) pairs that the outputs need, each once; size has no column."""
    found: dict[tuple[Any, str], None] = {}
    for output in plan.outputs:
        for primitive in PRIMITIVES[output.how]:
            found[None if primitive == "size" else output.column, primitive] = None
    return list(found)


def aggregate_partially(part: Any, *, plan: Aggregation) -> Any:
    """Primitives of each group of a partition: a frame of columns k0, k1 ... and p0, p1 ...

    Groups come in the order in which they appear.
    """
    slots = _slots(plan)
    if partition.is_table(part):
        made = _by_codes(part, plan, slots)
        if made is not None:
            return made
    return _by_groups(partition.as_pandas(part), plan, slots)


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


def _by_codes(table: Any, plan: Aggregation, slots: list[tuple[Any, str]]) -> Any:
    """Sums, counts and sizes by bincount; None where that does not do."""
    if not plan.dropna or table.num_rows == 0:
        return None
    if any(primitive not in ("sum", "total", "count", "size") for _, primitive in slots):
        return None
    layout = partition.layout_of(table)
    places = {label: n for n, label in enumerate(layout.labels)}
    values = {}
    for label, _ in slots:
        if label is not None and label not in values:
            dtype = layout.dtypes[places[label]]
            if not (isinstance(dtype, np.dtype) and dtype.kind in "iuf"):
                return None
            column = table.column(places[label])
            if column.null_count:
                return None
            values[label] = numbers_of(column)
    keys = [table.column(places[key]) for key in plan.keys]
    coded = codes_of(keys, table.num_rows)
    if coded is None:
        return None
    codes, total, decode = coded
    sizes = np.bincount(codes, minlength=total)
    present = np.flatnonzero(sizes)
    first = np.empty(total, np.int64)
    if not plan.sort:
        first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
        present = present[np.argsort(first[present], kind="stable")]
    dtypes = [layout.dtypes[places[key]] for key in plan.keys]
    columns = {f"k{n}": c for n, c in enumerate(decode(present, dtypes))}
    sums: dict[Any, Any] = {}
    gaps = {label: np.isnan(v) for label, v in values.items() if v.dtype.kind == "f"}
    for n, (label, primitive) in enumerate(slots):
        if primitive == "size":
            columns[f"p{n}"] = sizes[present]
        elif primitive == "count":
            gap = gaps.get(label)
            lost = np.bincount(codes[gap], minlength=total) if gap is not None and gap.any() else 0
            columns[f"p{n}"] = (sizes - lost)[present]
        else:
            if label not in sums:
                sums[label] = _totals(codes, values[label], gaps.get(label), total)
            made = sums[label] if primitive == "total" else _exact(sums[label], values[label])
            if made is None:
                return None
            columns[f"p{n}"] = made[present]
    return pd.DataFrame(columns)


def _totals(codes: Any, values: Any, gap: Any, total: int) -> Any:
    """Sums per code in float64."""
    if gap is not None and gap.any():
        values = np.where(gap, 0.0, values)
    return np.bincount(codes, weights=values, minlength=total)


def _exact(sums: Any, values: Any) -> Any:
    """The sums in the type of pandas' sums; None where one of integers might not be exact."""
    if values.dtype.kind == "f":
        return sums
    low, high = int(values.min()), int(values.max())
    if max(abs(low), abs(high)) * len(values) >= EXACT_FLOAT:
        return None
    return sums.astype(np.uint64 if values.dtype.kind == "u" else np.int64)


# --- combining --------------------------------------------------------------------------


def combine(*partials: Any, plan: Aggregation) -> Any:
    """One partial result of several, in their order."""
    frame = _stack(partials)
    return _combine_frame(frame, plan, sort=False, observed=True).reset_index()


def _stack(partials: Any) -> Any:
    """Partial results one after another; a key that lost a missing value anywhere is a float."""
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
    slots = _slots(plan)
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
    frame = _combine_frame(_stack(partials), plan, sort=plan.sort, observed=plan.observed)
    return _final(frame, plan, expected)


def key_columns(plan: Aggregation) -> tuple[str, ...]:
    """The labels that the keys have in partial results."""
    return tuple(f"k{n}" for n in range(len(plan.keys)))


def finish_range(offsets: Any, *values: Any, plan: Aggregation, expected: Any) -> Any:
    """The final table of one range of keys, from partial results that are in their order.

    offsets: where each range begins in each partial result; values: those, then the range.
    """
    *partials, place = values
    whole = _stack(sorting.ranges(offsets, partials, place))
    return _final(_combine_frame(whole, plan, sort=True, observed=True), plan, expected)


def _final(frame: Any, plan: Aggregation, expected: Any) -> Any:
    """The outputs from combined groups, whose keys are the index."""
    slots = _slots(plan)

    def slot(label: Any, primitive: str) -> Any:
        return frame[f"p{slots.index((None if primitive == 'size' else label, primitive))}"]

    columns = []
    for n, output in enumerate(plan.outputs):
        made = _final_column(output, slot)
        columns.append(_typed(made, _expected_dtype(expected, n, plan)))
    return _assemble(columns, plan)


def _final_column(output: Output, slot: Any) -> Any:
    how, label = output.how, output.column
    if how == "mean":
        return slot(label, "total") / slot(label, "count").replace(0, np.nan)
    if how in ("var", "std"):
        free = slot(label, "count") - dict(output.kwargs).get("ddof", 1)
        variance = slot(label, "m2") / free.where(free > 0, np.nan)
        return variance if how == "var" else np.sqrt(variance)
    return slot(label, how)


def _expected_dtype(expected: Any, place: int, plan: Aggregation) -> Any:
    if isinstance(expected, pd.Series):
        return expected.dtype
    skip = 0 if plan.as_index else len(plan.names)
    return expected.dtypes.iloc[place + skip]


def _typed(column: Any, dtype: Any) -> Any:
    """The dtype that pandas gives for the whole, where the values allow it."""
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) and column.dtype.kind == "i":
        return column.astype(dtype)  # counts of masked columns
    if column.dtype == dtype or not isinstance(dtype, np.dtype) or dtype.kind not in "iufb":
        return column
    if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "iufb":
        return column
    if dtype.kind != "f" and column.dtype.kind == "f":
        return column  # something is missing in the whole, here or elsewhere
    if dtype.kind in "iu" and column.dtype.kind in "iu" and not _fits(column, dtype):
        return column  # a sum of small integers is of their type only while it fits
    return column.astype(dtype)


def _fits(column: Any, dtype: Any) -> bool:
    limits = np.iinfo(dtype)
    return bool(column.empty or (column.min() >= limits.min and column.max() <= limits.max))


def order_groups(*parts: Any, plan: Aggregation) -> Any:
    """Results of partitions that hold whole groups, in the order of their keys."""
    filled = [p for p in parts if len(p)] or list(parts[:1])
    whole = pd.concat(filled) if len(filled) > 1 else filled[0]
    return whole.sort_index() if plan.sort else whole
