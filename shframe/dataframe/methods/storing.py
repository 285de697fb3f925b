"""pandas objects put into the store, in partitions."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from shframe import session
from shframe.dataframe import partition
from shframe.dataframe.expr.base import Meta
from shframe.dataframe.expr.relations import FromParts
from shframe.dataframe.sources.parquet_source import MOST_PARTITION
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.objects.object_ref import ObjectRef

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


def _partition_count(obj: Any) -> int:
    usage = obj.memory_usage(index=True, deep=False)
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
