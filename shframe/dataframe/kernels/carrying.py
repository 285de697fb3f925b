"""Methods that carry a few numbers from one partition to the next: cumulative results, windows of
all rows up to each, values between neighbours.

A partition's *state* is what it adds; the rows of a partition need the states of those before it,
or after it, and its own answer by pandas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe import partition
from shframe.dataframe.kernels import weighting
from shframe.dataframe.kernels.by_column import columns_of, with_columns
from shframe.graph.plan.tokens import tokenize

CUMULATIVE = {"cumsum": "sum", "cumprod": "prod", "cummax": "max", "cummin": "min"}
EXPANDING = frozenset({"sum", "mean", "min", "max", "count", "var", "std"})
_COMBINE = {"cumsum": np.add, "cumprod": np.multiply, "cummax": np.maximum, "cummin": np.minimum}


@dataclass(frozen=True, slots=True)
class CarryPlan:
    """kind: "cumulative", "expanding", "ewm" or "interpolate"; options: arguments of the method."""

    kind: str
    method: str
    options: tuple[tuple[str, Any], ...] = ()
    columns: Any = None

    def __shframe_token__(self) -> str:
        return tokenize(self.kind, self.method, self.options, self.columns)


def call_empty(meta: Any, *, plan: CarryPlan) -> Any:
    """pandas' own answer for no rows."""
    options = dict(plan.options)
    if plan.kind == "ewm":
        call = {"bias": True} if options.pop("bias", False) else {}
        return getattr(_chosen(meta, plan).ewm(**options), plan.method)(**call)
    if plan.kind == "expanding":
        return _expand(meta, plan, options.pop("min_periods"), **options)
    return getattr(meta, plan.method)(**options)


def find_state(part: Any, *, plan: CarryPlan) -> Any:
    """What the partition adds to those after it, or before it."""
    rows = partition.as_pandas(part)
    if plan.kind == "cumulative":
        skipna = dict(plan.options)["skipna"]
        if not len(rows):
            return None
        return [getattr(one, CUMULATIVE[plan.method])(skipna=skipna) for one in columns_of(rows)]
    if plan.kind == "ewm":
        columns, how = columns_of(_chosen(rows, plan)), dict(plan.options)
        return [weighting.find_weights(_finite(one), plan.method, how) for one in columns]
    if plan.kind == "expanding":
        return [_total_of(one, plan.method) for one in columns_of(_chosen(rows, plan))]
    return [_ends_of(one) for one in columns_of(rows)]


def call_carried(part: Any, states: list[Any], *, plan: CarryPlan, place: int) -> Any:
    """The rows of a partition's result; states: of all partitions, place: which this one is."""
    rows = partition.as_pandas(part)
    if not len(rows):
        return call_empty(rows, plan=plan)
    if plan.kind == "cumulative":
        return _accumulate(rows, [one for one in states[:place] if one is not None], plan)
    if plan.kind == "ewm":
        return _weigh(rows, states[:place], plan)
    if plan.kind == "expanding":
        return _expand_after(rows, states[:place], plan)
    return _interpolate(rows, states[:place], states[place + 1 :], dict(plan.options))


# --- cumulative results -------------------------------------------------------------------


def _accumulate(rows: Any, before: list[Any], plan: CarryPlan) -> Any:
    made = getattr(rows, plan.method)(**dict(plan.options))
    if not before:
        return made
    combine, arrays = _COMBINE[plan.method], []
    skipna = dict(plan.options)["skipna"]
    for n, column in enumerate(columns_of(made)):
        values = column.to_numpy()
        carried = np.array([state[n] for state in before], dtype=values.dtype)
        if skipna:  # nothing but missing values has no largest one
            carried = carried[~np.isnan(carried)] if values.dtype.kind == "f" else carried
        with np.errstate(over="ignore", invalid="ignore"):
            offset = combine.reduce(carried) if len(carried) else None
            arrays.append(values if offset is None else combine(values, offset))
    return with_columns(made, arrays)


# --- windows of all rows up to each -------------------------------------------------------


def _chosen(rows: Any, plan: CarryPlan) -> Any:
    if plan.columns is None:
        return rows
    return rows[list(plan.columns) if isinstance(plan.columns, tuple) else plan.columns]


def _expand(rows: Any, plan: CarryPlan, least: int, **options: Any) -> Any:
    return getattr(_chosen(rows, plan).expanding(least), plan.method)(**options)


def _finite(column: Any) -> Any:
    """Values as pandas' windows see them: what is infinite is missing."""
    values = column.to_numpy(dtype="f8", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _total_of(column: Any, method: str) -> tuple[float, ...]:
    """(rows, values that are there, and of those: the result, the squared distances from it)."""
    rows = len(column)
    if method == "count":
        return rows, float(column.count()), 0.0, 0.0
    values = _finite(column)
    values = values[~np.isnan(values)]
    if not len(values):
        return rows, 0.0, 0.0, 0.0
    if method in ("sum", "min", "max"):
        return rows, float(len(values)), float(getattr(values, method)()), 0.0
    apart = values - values[0]
    mean = apart.mean()
    return rows, float(len(values)), float(values[0] + mean), float(((apart - mean) ** 2).sum())


def _expand_after(rows: Any, states: list[Any], plan: CarryPlan) -> Any:
    options = dict(plan.options)
    least, ddof = options.pop("min_periods"), options.get("ddof", 1)
    if plan.method in ("var", "std"):
        options["ddof"] = 0
    inner = plan if plan.method != "std" else CarryPlan(plan.kind, "var", columns=plan.columns)
    local = _expand(rows, inner, 1, **options)
    seen = columns_of(_chosen(rows, plan))
    made = [
        _expand_column(
            column, _finite(source), [state[n] for state in states], plan.method, (least, ddof)
        )
        for n, (column, source) in enumerate(zip(columns_of(local), seen, strict=True))
    ]
    return with_columns(local, made)


def _expand_column(
    local: Any, values: Any, states: list[Any], method: str, limits: tuple[int, int]
) -> Any:
    """A column's results: pandas' own in the partition, and what the partitions before add."""
    least, ddof = limits
    answer = local.to_numpy(dtype="f8")
    if method == "count":
        rows = sum(state[0] for state in states) + np.arange(1, len(answer) + 1)
        return np.where(rows < least, np.nan, answer + sum(state[1] for state in states))
    count = np.cumsum(~np.isnan(values))
    known, result, spread = _total(states, method)
    total = count + known
    if known:
        here = np.where(count > 0, answer, 0.0)
        if method == "sum":
            answer = here + result
        elif method in ("min", "max"):
            answer = (np.fmin if method == "min" else np.fmax)(answer, result)
        elif method == "mean":
            answer = result + (here - result) * (count / total)
        else:
            mean = pd.Series(values).expanding(1).mean().to_numpy()
            apart = np.where(count > 0, mean - result, 0.0)
            answer = here * count + spread + apart**2 * (count * (known / total))
    elif method in ("var", "std"):
        answer = answer * count
    if method in ("var", "std"):
        answer = answer / np.where(total > ddof, total - ddof, np.nan)
        answer = np.sqrt(answer) if method == "std" else answer
    return np.where(total < max(least, 1), np.nan, answer)


def _total(states: list[Any], method: str) -> tuple[float, float, float]:
    """(values, their result, their squared distances) of all partitions before."""
    filled = [state[1:] for state in states if state[1]]
    if not filled:
        return 0.0, 0.0, 0.0
    count, result, spread = filled[0]
    for n, one, apart in filled[1:]:
        if method == "sum":
            result += one
        elif method in ("min", "max"):
            result = min(result, one) if method == "min" else max(result, one)
        else:
            distance = one - result
            result += distance * n / (count + n)
            spread += apart + distance**2 * count * n / (count + n)
        count += n
    return count, result, spread


def _weigh(rows: Any, states: list[Any], plan: CarryPlan) -> Any:
    how = dict(plan.options)
    bias = bool(how.pop("bias", False))
    seen = _chosen(rows, plan)
    made = [
        weighting.weigh_rows(
            _finite(column), [state[n] for state in states], plan.method, how, bias=bias
        )
        for n, column in enumerate(columns_of(seen))
    ]
    return with_columns(seen, made)


# --- values between neighbours ------------------------------------------------------------


def _ends_of(column: Any) -> tuple[int, Any, Any]:
    """(rows, the first value with its place, the last one with its place); None: there is none."""
    if column.dtype.kind != "f":
        return len(column), None, None
    values = column.to_numpy()
    places = np.flatnonzero(~np.isnan(values))
    if not len(places):
        return len(values), None, None
    first, last = int(places[0]), int(places[-1])
    return len(values), (float(values[first]), first), (float(values[last]), last)


def _interpolate(rows: Any, before: list[Any], after: list[Any], how: dict[str, Any]) -> Any:
    made = []
    for n, column in enumerate(columns_of(rows)):
        values = column.to_numpy()
        missing = np.isnan(values) if values.dtype.kind == "f" else None
        if missing is None or not missing.any():
            made.append(values)
            continue
        near = _nearest([one[n] for one in reversed(before)], backward=True)
        far = _nearest([one[n] for one in after], backward=False)
        made.append(_fill_between(values, missing, near, far, how))
    return with_columns(rows, made)


def _nearest(ends: list[Any], *, backward: bool) -> tuple[float, int] | None:
    """The nearest value in other partitions, and how many rows from this one it is."""
    passed = 0
    for rows, first, last in ends:
        found = last if backward else first
        if found is not None:
            value, place = found
            return value, passed + (rows - place if backward else place + 1)
        passed += rows
    return None


def _fill_between(values: Any, missing: Any, near: Any, far: Any, how: dict[str, Any]) -> Any:
    places = np.flatnonzero(~missing)
    points, known = [places.astype("f8")], [values[places].astype("f8")]
    if near is not None:
        points.insert(0, np.array([-float(near[1])]))
        known.insert(0, np.array([near[0]]))
    if far is not None:
        points.append(np.array([len(values) - 1.0 + far[1]]))
        known.append(np.array([far[0]]))
    where, what = np.concatenate(points), np.concatenate(known)
    if not len(where):
        return values
    gaps = np.flatnonzero(missing)
    follows, precedes = gaps > where[0], gaps < where[-1]
    direction, area = how.get("limit_direction") or "forward", how.get("limit_area")
    chosen = {"forward": follows, "backward": precedes, "both": follows | precedes}[direction]
    if area is not None:
        inside = follows & precedes
        chosen = chosen & (inside if area == "inside" else ~inside)
    made = values.copy()
    made[gaps[chosen]] = np.interp(gaps[chosen], where, what)
    return made
