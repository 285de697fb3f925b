"""Groups: partial aggregates of each partition, their combination, and the final table.

A decomposable aggregate (sum, mean, var, first ...) is made of primitives that are computed on
each partition and combined in a fixed tree, so that two runs give the same bits. Everything else
(median, nunique, a Python function) is computed by pandas on partitions that hold whole groups.

Keys become one small code per row: dictionary codes as they were read, integers of a small range
by subtraction, others by factorising; several keys in mixed radix. Sums over codes are bincounts,
which are exact for integers as long as no sum can pass 2**53. What means and variances are made of
is added up in float64, as pandas does it, so that no sum of integers wraps.
Variances are combined by the pairwise formula of Chan, Golub and LeVeque (1979).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shframe.dataframe import partition
from shframe.dataframe.kernels import sorting
from shframe.graph.plan.tokens import tokenize
from shframe.graph.tasks.function import UserCode

EXACT_FLOAT = 2**53
LEAST_CODES = 1 << 16  # so many codes are counted directly even for fewer rows

PRIMITIVES: dict[str, tuple[str, ...]] = {
    "sum": ("sum",),
    "prod": ("prod",),
    "count": ("count",),
    "size": ("size",),
    "min": ("min",),
    "max": ("max",),
    "first": ("first",),
    "last": ("last",),
    "any": ("any",),
    "all": ("all",),
    "mean": ("total", "count"),
    "var": ("total", "count", "m2"),
    "std": ("total", "count", "m2"),
}
_FLOATS = frozenset({"total", "m2"})  # the sum, and the squared distances from the mean, in float64
_ORDERED = frozenset({"min", "max", "first", "last", "count", "size"})
_ADDED = {"sum": "sum", "total": "sum", "count": "sum", "size": "sum", "prod": "prod"}
"""Primitives in which NaN is a result (inf - inf): missing values were left out before."""


@dataclass(frozen=True, slots=True)
class Output:
    """One column of the result: what is done to which column, and its label.

    how: the name of a pandas method of groups, or a UserCode.
    """

    label: Any
    column: Any
    how: Any
    kwargs: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to group by and what to compute.

    keys: labels of columns; names: names of the result's index levels.
    labels: the result's column labels (pd.Index), or None for a Series named `series_name`.
    """

    keys: tuple[Any, ...]
    names: tuple[Any, ...]
    outputs: tuple[Output, ...]
    labels: Any
    series_name: Any = None
    sort: bool = True
    dropna: bool = True
    observed: bool = True
    as_index: bool = True
    token: str = field(init=False, default="")

    def __post_init__(self) -> None:
        parts = (self.keys, self.names, self.labels, self.series_name)
        outputs = tuple((o.label, o.column, o.how, o.kwargs) for o in self.outputs)
        flags = (self.sort, self.dropna, self.observed, self.as_index)
        object.__setattr__(self, "token", tokenize(parts, outputs, flags))

    def __shframe_token__(self) -> str:
        return self.token

    @property
    def columns(self) -> list[Any]:
        """Labels of all columns that are read, each once."""
        return list(
            dict.fromkeys([*self.keys, *(o.column for o in self.outputs if o.column is not None)])
        )


def is_decomposable(meta: Any, plan: Plan) -> bool:
    """Whether every output can be combined from primitives, given the empty source."""
    if any(meta[key].dtype == object for key in plan.keys):
        return False  # pandas looks for the dtype of all keys
    categorical = any(isinstance(meta[key].dtype, pd.CategoricalDtype) for key in plan.keys)
    if categorical and len(plan.keys) > 1 and not plan.observed:
        return False  # there are groups of keys that only rows without a category have
    for output in plan.outputs:
        if output.how == "size":
            continue
        if not isinstance(output.how, str) or output.how not in PRIMITIVES:
            return False
        if any(name != "ddof" for name, _ in output.kwargs):
            return False
        dtype = meta[output.column].dtype
        numeric = isinstance(dtype, np.dtype) and dtype.kind in "iufb"
        text = isinstance(dtype, pd.StringDtype)
        ordered = numeric or text or (isinstance(dtype, np.dtype) and dtype.kind in "mM")
        if not (numeric or (ordered and output.how in _ORDERED) or output.how == "count"):
            return False
    return True


# --- by pandas --------------------------------------------------------------------------


def pandas_result(part: Any, *, plan: Plan) -> Any:
    """pandas' own answer for one partition that holds whole groups."""
    frame = partition.as_pandas(part)
    groups = frame.groupby(
        list(plan.keys) if len(plan.keys) > 1 else plan.keys[0],
        sort=plan.sort,
        dropna=plan.dropna,
        observed=plan.observed,
    )
    made = [_one_output(groups, output) for output in plan.outputs]
    return _assembled(made, plan)


def _one_output(groups: Any, output: Output) -> Any:
    if output.how == "size":
        return groups.size() if output.column is None else groups[output.column].size()
    chosen = groups[output.column]
    if isinstance(output.how, UserCode):
        return chosen.agg(output.how.function, **dict(output.kwargs))
    return getattr(chosen, output.how)(**dict(output.kwargs))


def empty_result(meta: Any, plan: Plan) -> Any:
    """What the result looks like without a row; pandas says what is wrong with the question."""
    made = pandas_result(meta, plan=plan)
    return made.iloc[:0]


def _assembled(columns: list[Any], plan: Plan) -> Any:
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


def _slots(plan: Plan) -> list[tuple[Any, str]]:
    """The (column, primitive) pairs that the outputs need, each once; size has no column."""
    found: dict[tuple[Any, str], None] = {}
    for output in plan.outputs:
        for primitive in PRIMITIVES[output.how]:
            found[None if primitive == "size" else output.column, primitive] = None
    return list(found)


def partial(part: Any, *, plan: Plan) -> Any:
    """Primitives of each group of a partition: a frame of columns k0, k1 ... and p0, p1 ...

    Groups come in the order in which they appear.
    """
    slots = _slots(plan)
    if partition.is_table(part):
        made = _by_codes(part, plan, slots)
        if made is not None:
            return made
    return _by_groups(partition.as_pandas(part), plan, slots)


def _by_groups(frame: Any, plan: Plan, slots: list[tuple[Any, str]]) -> Any:
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


def _with_keys(frame: Any, plan: Plan) -> Any:
    """Index levels as columns k0, k1 ..."""
    frame.index = frame.index.set_names([f"k{n}" for n in range(len(plan.keys))])
    return frame.reset_index()


def _m2(groups: Any) -> Any:
    """Sum of squared distances from the group's mean."""
    count = groups.count()
    return (groups.var(ddof=0) * count).where(count > 0, 0.0)  # NaN is inf - inf here


def _by_codes(table: Any, plan: Plan, slots: list[tuple[Any, str]]) -> Any:
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
            values[label] = _numbers(column)
    keys = [table.column(places[key]) for key in plan.keys]
    coded = _codes(keys, table.num_rows)
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


def _numbers(column: Any) -> Any:
    if column.num_chunks == 1:
        return column.chunk(0).to_numpy()
    return column.to_numpy()


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


def _codes(keys: list[Any], count: int) -> Any:
    """(codes, how many there may be, decoder of codes to key columns); None if too many."""
    parts = [_key_codes(key, count) for key in keys]
    if any(part is None for part in parts):
        return None
    total = 1
    for _, size, _ in parts:
        total *= max(size, 1)
    if total > max(LEAST_CODES, 4 * count):
        return None
    codes = parts[0][0].astype(np.intp)
    for more, size, _ in parts[1:]:
        codes *= size
        codes += more

    def decode(present: Any, dtypes: list[Any]) -> list[Any]:
        rest, columns = present, []
        for (_, size, words), dtype in zip(reversed(parts), reversed(dtypes), strict=True):
            rest, code = np.divmod(rest, max(size, 1))
            columns.append(words(code, dtype))
        return columns[::-1]

    return codes, total, decode


def _key_codes(key: Any, count: int) -> Any:
    """(codes of one key, how many, decoder); None where there is a missing key or no quick way."""
    if key.null_count:
        return None
    kind = key.type
    if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) or pa.types.is_string(kind):
        if not pa.types.is_dictionary(kind):
            key = key.dictionary_encode()
        whole = key.unify_dictionaries()
        words = whole.chunk(0).dictionary
        if words.null_count:
            return None
        codes = [chunk.indices.to_numpy() for chunk in whole.chunks]
        joined = codes[0] if len(codes) == 1 else np.concatenate(codes)

        def text(code: Any, dtype: Any) -> Any:
            if isinstance(dtype, pd.CategoricalDtype):
                known = pd.Index(words.to_pandas())
                return pd.Categorical.from_codes(code, known, ordered=kind.ordered)
            return partition.series_values(pa.chunked_array([words.take(pa.array(code))]), dtype)

        return joined, len(words), text
    if pa.types.is_integer(kind):
        limits = pc.min_max(key)
        low, high = limits["min"].as_py(), limits["max"].as_py()
        size = high - low + 1
        if size > max(LEAST_CODES, 4 * count):
            return None
        return (
            _offsets(_numbers(key), low),
            size,
            lambda code, dtype: _from_offsets(code, low, dtype),
        )
    return None


def _offsets(values: Any, low: int) -> Any:
    """Distances from the smallest value, in a type in which none of them wraps."""
    if values.dtype == np.uint64:
        return (values - np.uint64(low)).astype(np.int64)
    return values.astype(np.int64) - low


def _from_offsets(codes: Any, low: int, dtype: Any) -> Any:
    """The keys that lie so far from the smallest one."""
    wide = codes.astype(np.uint64) + np.uint64(low) if low >= 0 else codes + low
    return wide.astype(dtype) if isinstance(dtype, np.dtype) else pd.array(wide, dtype=dtype)


# --- combining --------------------------------------------------------------------------


def combined(*partials: Any, plan: Plan) -> Any:
    """One partial result of several, in their order."""
    frame = _stacked(partials)
    return _combine(frame, plan, sort=False, observed=True).reset_index()


def _stacked(partials: Any) -> Any:
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


def _combine(frame: Any, plan: Plan, *, sort: bool, observed: bool) -> Any:
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
    plan: Plan,
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


def finished(*partials: Any, plan: Plan, expected: Any) -> Any:
    """The final table from all partial results."""
    frame = _combine(_stacked(partials), plan, sort=plan.sort, observed=plan.observed)
    return _final(frame, plan, expected)


def key_columns(plan: Plan) -> tuple[str, ...]:
    """The labels that the keys have in partial results."""
    return tuple(f"k{n}" for n in range(len(plan.keys)))


def finished_range(offsets: Any, *values: Any, plan: Plan, expected: Any) -> Any:
    """The final table of one range of keys, from partial results that are in their order.

    offsets: where each range begins in each partial result; values: those, then the range.
    """
    *partials, place = values
    whole = _stacked(sorting.ranges(offsets, partials, place))
    return _final(_combine(whole, plan, sort=True, observed=True), plan, expected)


def _final(frame: Any, plan: Plan, expected: Any) -> Any:
    """The outputs from combined groups, whose keys are the index."""
    slots = _slots(plan)

    def slot(label: Any, primitive: str) -> Any:
        return frame[f"p{slots.index((None if primitive == 'size' else label, primitive))}"]

    columns = []
    for n, output in enumerate(plan.outputs):
        made = _final_column(output, slot)
        columns.append(_typed(made, _expected_dtype(expected, n, plan)))
    return _assembled(columns, plan)


def _final_column(output: Output, slot: Any) -> Any:
    how, label = output.how, output.column
    if how == "mean":
        return slot(label, "total") / slot(label, "count").replace(0, np.nan)
    if how in ("var", "std"):
        free = slot(label, "count") - dict(output.kwargs).get("ddof", 1)
        variance = slot(label, "m2") / free.where(free > 0, np.nan)
        return variance if how == "var" else np.sqrt(variance)
    return slot(label, how)


def _expected_dtype(expected: Any, place: int, plan: Plan) -> Any:
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


def ordered(*parts: Any, plan: Plan) -> Any:
    """Results of partitions that hold whole groups, in the order of their keys."""
    filled = [p for p in parts if len(p)] or list(parts[:1])
    whole = pd.concat(filled) if len(filled) > 1 else filled[0]
    return whole.sort_index() if plan.sort else whole
