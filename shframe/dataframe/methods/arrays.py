"""Frames as arrays and arrays as frames: one plan of both, over the same memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Meta, Relation
from shframe.dataframe.expr.blocks import FromBlocks, PlacedBlocks, empty_values
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.relations import Assign, FromParts, Project
from shframe.dataframe.kernels import array_blocks, rowwise
from shframe.dataframe.lower.layer import Layer, keys_of, per_partition
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.executors.cluster import values
from shframe.graph.tasks.function import Function
from shframe.lazy.collection import run_graph
from shframe.lazy.embedded import Embedded


def array_of(source: Relation, planner: Any, lengths: Sequence[int] | None = None) -> Any:
    """The values of a relation as a lazy array; each partition is a block.

    lengths: rows of each partition; None: they are counted.
    """
    from shframe.array.expr import nodes
    from shframe.array.ndarray import Array

    meta = source.meta
    dtype = meta.to_numpy().dtype
    if dtype.hasobject:
        dtypes = meta.dtypes if meta.ndim == 2 else [meta.dtype]
        kinds = sorted({str(one) for one in dtypes})
        raise UnsupportedType(
            f"an array holds numbers, times or booleans, not values of dtype {', '.join(kinds)}\n"
            "  choose columns, or to_numpy() for an array of Python objects in this process"
        )
    parts = Embedded(source, planner)
    counts = tuple(map(int, _count(parts, planner) if lengths is None else lengths))
    show = array_blocks.show_column if meta.ndim == 1 else array_blocks.show_values
    grid = (counts or (0,), *((width,) for width in meta.shape[1:]))
    return Array(nodes.FromParts(parts, Function(show, dtype=dtype), grid, dtype))


def _count(parts: Embedded, planner: Any) -> Sequence[int]:
    """The rows of each partition."""
    known = known_sizes(parts.expr)  # type: ignore[arg-type]
    if known is not None:
        return known
    graph, top = planner.graph(parts.optimized(), _counted)
    found = dict(zip(graph.outputs, values(run_graph(graph, False, None)), strict=True))
    return [found[key] for key in top.keys]


def _counted(layer: Layer) -> Layer:
    tasks = per_partition("rows-in-parts", Function(rowwise.count_rows), layer.keys)
    return Layer(keys_of(tasks), tasks, about=layer.about)


def rows_of(array: Any, labels: Any) -> Relation:
    """A lazy array of one or two axes as a series or a frame whose rows are numbered.

    labels: of the columns, or the name of a series.

    Raises: ValueError for other axes, or another number of labels than columns.
    """
    one = array.ndim == 1 and not isinstance(labels, (list, pd.Index))
    if array.ndim not in (1, 2):
        raise ValueError(f"Must pass 2-d input. shape={array.shape}")
    if not one and array.ndim == 1:
        array = array[:, None]
    width = None if one else array.shape[1]
    try:
        empty = empty_values(array.dtype, width, labels)
    except ValueError as error:
        raise ValueError(str(error).replace("(0,", f"({array.shape[0]},")) from None
    if width is not None:
        array = array.rechunk({1: -1})
    (lengths, *_) = array.chunks
    shown = labels if one else empty.columns
    return FromBlocks(_embedded(array), lengths, Meta(empty), shown)


def place_array(source: Relation, array: Any) -> Relation:
    """A lazy array beside the rows, by their numbers.

    Raises: ValueError for another shape than one axis, and when computed for another length.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"Expected a 1D array, got an array with shape {array.shape}")
    if array.dtype.hasobject or array.dtype.names:
        raise UnsupportedType(
            f"a lazy array of dtype {array.dtype} is no column: its values tell pandas the dtype\n"
            "  compute() it first"
        )
    sizes = known_sizes(source)
    index = source.meta if isinstance(source.meta, pd.Index) else source.meta.index
    name = getattr(source.meta, "name", None)
    known = pd.Series(np.empty(0, array.dtype), index=index[:0], name=name)
    (lengths,) = array.chunks
    paired = sizes is not None and tuple(sizes) == lengths
    return PlacedBlocks(_embedded(array), lengths, Meta(known), source, paired)


def known_sizes(source: Relation) -> Sequence[int] | None:
    """The rows of each partition, where they are those of partitions in the store."""
    while isinstance(source, Assign | Project | Column | PlacedBlocks):
        source = source.source
    if isinstance(source, FromBlocks):
        return source.lengths
    return source.sizes if isinstance(source, FromParts) else None


def _embedded(array: Any) -> Embedded:
    from shframe.array.rules.finish import below_result

    return Embedded(array.expr, array.planner, below_result)


def check_lengths(lengths: Any) -> None:
    """Raises InvalidArgument for lengths of partitions that are no integers."""
    if lengths in (None, True):
        return
    if not all(isinstance(one, (int, np.integer)) and one >= 0 for one in lengths):
        raise InvalidArgument(f"lengths must be integers, got {lengths!r:.60}")
