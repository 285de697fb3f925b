"""pandas objects put into the store, in partitions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd

from shframe import session
from shframe.dataframe import arguments, partition
from shframe.dataframe.expr.base import Meta, Params, Relation, Value
from shframe.dataframe.expr.positions import Placed
from shframe.dataframe.expr.relations import FromParts
from shframe.dataframe.expr.values import Given, Held
from shframe.dataframe.kernels import positions
from shframe.dataframe.methods.arrays import place_array
from shframe.dataframe.sources.parquet_source import MOST_PARTITION
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.objects.object_ref import ObjectRef
from shframe.lazy.collection import Collection, Lazy

SMALL = 1 << 20  # bytes that are one partition


def store_pandas(obj: Any, npartitions: int | None = None) -> FromParts:
    """A pandas object in partitions; the values are taken at the call.

    npartitions: how many; None: by size, at least two for each worker where there are enough rows.

    Raises: UnsupportedType, InvalidArgument.
    """
    if not isinstance(obj, (pd.DataFrame, pd.Series, pd.Index)):
        raise UnsupportedType(
            f"from_pandas() takes a DataFrame, Series or Index, got {type(obj).__name__}"
        )
    if npartitions is not None and (not isinstance(npartitions, int) or npartitions < 1):
        raise InvalidArgument(f"npartitions must be an integer >= 1, got {npartitions!r}")
    refs, sizes = _put_parts(obj, npartitions or _partition_count(obj))
    return FromParts(refs, Meta(obj), sizes, increasing=_labels_increase(obj))


_LISTED = (list, tuple, range, np.ndarray, pd.Index, pd.api.extensions.ExtensionArray)


def place_values(source: Relation, values: Any) -> Relation:
    """Values that belong to the rows of a relation: pandas' by label, others by number.

    values: plain ones, or a lazy array, which is computed with the plan.
    Raises: UnsupportedType for what has no order or no single column; ValueError for an array that
        is no vector, and for another number of values than rows, when they are computed.
    """
    if arguments.is_array(values):
        return place_array(source, values)
    if isinstance(values, Collection):
        return _place_lazy(source, values)
    if isinstance(values, pd.Series):
        return store_pandas(values, 1)
    if not isinstance(values, _LISTED) or getattr(values, "ndim", 1) != 1:
        raise UnsupportedType(f"a column is a list, an array or a Series, got {values!r:.60}")
    series = pd.Series(values if hasattr(values, "dtype") else list(values))
    name = getattr(values, "name", getattr(source.meta, "name", None))
    held = Given(Held(session.current().put(series)))
    return _placed(source, held, series.array[:0], name)


def is_array(value: Any) -> bool:
    """Whether it is an array of one axis, without labels."""
    arrays = (np.ndarray, pd.api.extensions.ExtensionArray)
    return isinstance(value, arrays) and value.ndim == 1


def _place_lazy(source: Relation, values: Any) -> Relation:
    """What an array is computed of as a column beside the rows, by their numbers."""
    sample = values.expr.sample
    if not is_array(sample):
        raise UnsupportedType(f"a lazy {type(sample).__name__} is no column: compute() it first")
    return _placed(source, values.expr, sample[:0], None)


def _placed(source: Relation, values: Value, empty: Any, name: Any) -> Relation:
    """One value a row, by their numbers; empty: none of them, which tells the dtype."""
    index = source.meta if isinstance(source.meta, pd.Index) else source.meta.index
    known = Meta(pd.Series(empty, index=index[:0], name=name))
    return Placed(source, positions.take_values, Params(name=name), (values,), known)


def build(kind: type, data: Any, **named: Any) -> Relation:
    """The node of an object that pandas' class makes of data, which is stored; a node is taken.

    Lazy data comes whole, but for an object of the same kind alone.
    """
    given = {name: value for name, value in named.items() if value is not None}
    node = data.expr if isinstance(data, Collection) else data
    if isinstance(node, Relation) and isinstance(node.meta, kind) and not given:
        return node
    made = kind(_computed(data), **{name: _computed(value) for name, value in given.items()})
    return store_pandas(made)


def _computed(value: Any) -> Any:
    if isinstance(value, Lazy):
        return value.compute()
    if type(value) in (list, tuple):
        return type(value)(map(_computed, value))
    if type(value) is dict:
        return {key: _computed(one) for key, one in value.items()}
    return value


def _partition_count(obj: Any) -> int:
    how = {} if isinstance(obj, pd.Index) else {"index": True}
    usage = obj.memory_usage(deep=False, **how)
    nbytes = int(usage.sum()) if isinstance(usage, pd.Series) else int(usage)
    if nbytes < SMALL:
        return 1
    options = session.current().options
    most = min(MOST_PARTITION, options.partition_bytes)
    return max(-(-nbytes // most), 2 * options.worker_count)


def _labels_increase(obj: Any) -> bool:
    """Whether the labels of a pandas object increase strictly, where that is quick to see."""
    index = getattr(obj, "index", None)
    if index is None or isinstance(index, pd.MultiIndex):
        return False
    return bool(index.is_monotonic_increasing and index.is_unique)


def _put_parts(obj: Any, count: int) -> tuple[tuple[ObjectRef, ...], tuple[int, ...]]:
    """A pandas object in `count` runs of rows, each stored; the values are taken now."""
    current = session.current()
    rows = len(obj)
    edges = [rows * n // count for n in range(count + 1)]
    refs, sizes = [], []
    for low, high in itertools.pairwise(edges):
        piece = obj.iloc[low:high] if not isinstance(obj, pd.Index) else obj[low:high]
        table = partition.as_table(piece) if isinstance(piece, pd.DataFrame) else None
        refs.append(current.put(piece if table is None else table))
        sizes.append(high - low)
    return tuple(refs), tuple(sizes)
