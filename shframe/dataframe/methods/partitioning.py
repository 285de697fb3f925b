"""What is done to partitions as such: rows moved between them, functions over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from shframe import session
from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Meta, Params, Relation, Value
from shframe.dataframe.expr.positions import ByPosition
from shframe.dataframe.expr.relations import (
    NumberRows,
    Project,
    Repartition,
    Shuffled,
    bring_together,
    unify_dtypes,
)
from shframe.dataframe.expr.values import Find, Given, Held
from shframe.dataframe.expr.windows import Overlapped
from shframe.dataframe.kernels import reduce, sampling, shuffle
from shframe.dataframe.kernels.window import Reach, WindowPlan
from shframe.dataframe.methods.grouping import captured, group_rows
from shframe.dataframe.methods.sampling import sample_rows
from shframe.dataframe.methods.selection import select_column
from shframe.dataframe.methods.sorting import to_frame
from shframe.dataframe.methods.storing import store_pandas
from shframe.dataframe.plan.inferred_schema import compute_value, learn_schema
from shframe.dataframe.wrap import wrap
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.tasks.function import UserCode


def repartition(
    source: Relation, npartitions: Any, divisions: Any, partition_size: Any, freq: Any
) -> Relation:
    """The same rows in so many partitions of equal length, or in partitions of so many bytes."""
    if divisions is not None or freq is not None:
        raise UnsupportedType(
            "repartition() takes no divisions= and no freq=: partitions have no known bounds\n"
            "  pass npartitions= or partition_size="
        )
    if (npartitions is None) == (partition_size is None):
        raise InvalidArgument("repartition() needs one of npartitions= and partition_size=")
    if partition_size is not None:
        nbytes = int(np.sum(wrap(source).memory_usage(deep=True).compute()))
        npartitions = max(-(-nbytes // _bytes_of(partition_size)), 1)
    if not isinstance(npartitions, int) or isinstance(npartitions, bool) or npartitions < 1:
        raise InvalidArgument(f"npartitions must be an integer >= 1, got {npartitions!r}")
    return Repartition(source, npartitions)


_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_UNITS |= {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}


def _bytes_of(size: Any) -> int:
    """A number of bytes, or a string such as "100MB"."""
    text = str(size).strip().lower()
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = text[len(number) :].strip()
    try:
        found = int(float(number) * _UNITS[unit])
    except (KeyError, ValueError):
        raise InvalidArgument(f'partition_size must be like "100MB", got {size!r}') from None
    if found < 1:
        raise InvalidArgument(f"partition_size must be at least one byte, got {size!r}")
    return found


def shuffle_rows(
    source: Relation, on: Any, npartitions: int | None, on_index: bool, ignore_index: bool
) -> Relation:
    """The same rows, those with equal keys in one partition."""
    if npartitions is not None and (not isinstance(npartitions, int) or npartitions < 1):
        raise InvalidArgument(f"npartitions must be an integer >= 1, got {npartitions!r}")
    if on_index and on is not None:
        raise InvalidArgument("shuffle() takes one of on= and on_index=")
    series = source.meta.ndim == 1
    frame = unify_dtypes(to_frame(source, 0) if series else source)
    if on_index:
        groups = group_rows(frame, None, list(range(frame.meta.index.nlevels)), True, {})
    else:
        every = list(frame.meta.columns)
        groups = group_rows(frame, every if on is None else on, None, True, {})
    if shuffle.can_hash(groups.frame.meta, groups.keys):
        moved: Relation = Shuffled(groups.frame, groups.keys, npartitions)
    else:
        moved = bring_together(groups.frame)
    if series:
        made = select_column(moved, 0)
        made = wrap(made).rename(source.meta.name).expr
    else:
        made = Project(moved, tuple(source.meta.columns)) if groups.hidden else moved
    return NumberRows(made) if ignore_index else made


def split_rows(
    source: Relation, fractions: Sequence[float], random_state: Any, shuffled: bool
) -> list[Relation]:
    """Rows in several parts by chance; each row is in one of them."""
    if not np.allclose(sum(fractions), 1):
        raise InvalidArgument("frac should sum to 1")
    seed = _seed_of(random_state)
    source = unify_dtypes(source)
    if shuffled:
        source = sample_rows(source, None, 1.0, False, None, seed, None, False)
    edges = np.cumsum([0.0, *fractions])
    edges[-1] = np.inf  # the sum of fractions may be a little less than 1
    bounds = [(float(edges[n]), float(edges[n + 1])) for n in range(len(fractions))]
    ranges = [Params(seed=seed, low=low, high=high) for low, high in bounds]
    return [ByPosition(source, sampling.split_by_chance, one) for one in ranges]


def _seed_of(random_state: Any) -> int:
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    if random_state is None or isinstance(random_state, (int, np.integer)):
        random_state = np.random.RandomState(random_state)
    if not isinstance(random_state, np.random.RandomState):
        raise InvalidArgument(f"random_state must be an integer, got {random_state!r}")
    return int(random_state.randint(2**31 - 1))


def overlap_rows(
    source: Relation,
    function: Callable[..., Any],
    before: Any,
    after: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    meta: Any,
) -> Relation:
    """A user's function on each partition with rows of its neighbours, of which nothing is kept."""
    reaches = [_reach_of(source, name, one) for name, one in (("before", before), ("after", after))]
    split = arguments.split_function(args, kwargs)
    given = split.arguments
    plan = WindowPlan(UserCode(function), given.args, given.kwargs, None, *reaches)
    known = None if meta is None else Meta(meta)
    return Overlapped(unify_dtypes(source), plan, split.values, known, learn_schema)


def _reach_of(source: Relation, name: str, reach: Any) -> Reach:
    if isinstance(reach, (int, np.integer)) and not isinstance(reach, bool):
        if reach < 0:
            raise InvalidArgument(f"{name} must be a non-negative integer, got {reach}")
        return int(reach)
    try:
        time = pd.Timedelta(reach)
    except (ValueError, TypeError):
        raise InvalidArgument(f"{name} must be a number of rows or a time, got {reach!r}") from None
    if not isinstance(source.meta.index, pd.DatetimeIndex):
        raise TypeError(f"{name}={reach!r} is a time: the index must be one of times")
    return time


def reduce_by_functions(
    source: Relation,
    chunk: Callable[..., Any],
    aggregate: Callable[..., Any] | None,
    chunk_kwargs: dict[str, Any],
    aggregate_kwargs: dict[str, Any],
) -> Relation | Value:
    """What a user's functions make of each partition, and of all such results, computed now."""
    params = Params(
        chunk=captured(chunk),
        aggregate=captured(chunk if aggregate is None else aggregate),
        chunk_kwargs=captured(chunk_kwargs),
        aggregate_kwargs=captured(aggregate_kwargs if aggregate is not None else chunk_kwargs),
    )
    found = Find(unify_dtypes(source), reduce.reduce_chunk, reduce.aggregate_chunks, params)
    made = compute_value(found)
    if isinstance(made, (pd.DataFrame, pd.Series, pd.Index)):
        return store_pandas(made, 1)
    return Given(Held(session.current().put(made)), made)
