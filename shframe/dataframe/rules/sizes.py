"""How many rows and bytes each node of a plan is expected to give, before anything is read.

Files say how many rows they have, and what their columns take in memory; what conditions leave is
guessed (lower/estimates.py). A join is taken for one of a table with its look-up table: each row
finds one partner if nothing was filtered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Relation, RowWise, SameSchema, Value, dtypes_of
from shframe.dataframe.expr.grouped import GroupedRows
from shframe.dataframe.expr.positions import Concat
from shframe.dataframe.expr.relations import (
    Aggregate,
    Distinct,
    Filter,
    FirstSorted,
    FromParts,
    Join,
    Limit,
    ReadCsv,
    ReadParquet,
    TopRows,
    ValueCounts,
)
from shframe.dataframe.lower.estimates import most_groups, selectivity
from shframe.dataframe.sources import pruning
from shframe.graph.plan.expr import Expr, walk

TEXT_WIDTH = 24  # bytes of a string, its place counted in
OBJECT_WIDTH = 64
ONE = 8  # bytes of a value


@dataclass(frozen=True, slots=True)
class Size:
    """rows and nbytes: of the result; domain: rows that there were before conditions."""

    rows: int
    nbytes: int
    domain: int


def sizes_of(*plans: Expr) -> dict[str, Size]:
    """The expected size of every node, by its token. Cost: O(nodes)."""
    sizes: dict[str, Size] = {}
    for node in walk(*plans):
        sizes[node.token] = size_of(node, [sizes[child.token] for child in node.children()])
    return sizes


def cost_of(plans: Sequence[Expr]) -> float:
    """Bytes that plans in one graph read, and move between tasks; what they share counts once.

    What several plans read of one node is written to shared memory for them, which takes a part
    of what it takes to make.
    """
    sizes = sizes_of(*plans)
    total = 0.0
    readers: dict[str, int] = {}
    for plan in plans:
        for node in walk(plan):
            readers[node.token] = readers.get(node.token, 0) + 1
    for node in walk(*plans):
        size = sizes[node.token]
        if isinstance(node, ReadParquet | ReadCsv):
            total += size.nbytes * (1.0 if readers[node.token] == 1 else 1.0 + SHARED)
        elif isinstance(node, Relation) and not isinstance(node, RowWise | FromParts):
            total += sum(sizes[child.token].nbytes for child in node.children())
    return total


SHARED = 0.3  # of what decoding takes: to write what several tasks read into shared memory


def width_of(meta: Any) -> int:
    """Bytes that a row takes in memory, by its dtypes."""
    dtypes = [meta.dtype] if isinstance(meta, pd.Index) else dtypes_of(meta)
    return sum(map(_width, dtypes)) or ONE


def _width(dtype: Any) -> int:
    if isinstance(dtype, pd.StringDtype):
        return TEXT_WIDTH
    if isinstance(dtype, pd.CategoricalDtype):
        return 4
    if dtype == np.dtype(object):
        return OBJECT_WIDTH
    return int(getattr(dtype, "itemsize", ONE))


@singledispatch
def size_of(node: Expr, sources: list[Size]) -> Size:
    """The expected size of a node, by those of its children; of what is not known, as theirs."""
    if isinstance(node, Value) or not isinstance(node, Relation):
        return Size(1, ONE, 1)
    rows = max((one.rows for one in sources), default=1)
    return _sized(node, rows, max((one.domain for one in sources), default=1))


def _sized(node: Relation, rows: int, domain: int) -> Size:
    return Size(rows, rows * width_of(node.meta), domain)


@size_of.register
def _(node: FromParts, sources: list[Size]) -> Size:
    nbytes = sum(part.nbytes for part in node.parts)
    rows = nbytes // width_of(node.meta) if node.sizes is None else sum(node.sizes)
    return Size(rows, nbytes, rows)


@size_of.register
def _(node: ReadParquet, sources: list[Size]) -> Size:
    source = node.source
    groups = pruning.needed_groups(source, node.prune, node.filters, node.limit)
    fields = source.fields_of(node.meta.columns)
    names = [name for name in fields if name not in source.hive.dtypes]
    rows = sum(group.rows for group in groups)
    nbytes = sum(source.memory_bytes(group, names) for group in groups)
    return Size(rows, nbytes, sum(group.rows for group in source.row_groups))


@size_of.register
def _(node: ReadCsv, sources: list[Size]) -> Size:
    rows = max(node.source.size // width_of(node.meta), 1)
    return Size(rows, 2 * node.source.size, rows)


@size_of.register
def _(node: RowWise, sources: list[Size]) -> Size:
    return _sized(node, sources[0].rows, sources[0].domain)


@size_of.register
def _(node: Filter, sources: list[Size]) -> Size:
    source = sources[0]
    share = selectivity(node.condition)
    return Size(ceil(source.rows * share), ceil(source.nbytes * share), source.domain)


@size_of.register(SameSchema)
@size_of.register(GroupedRows)
def _(node: SameSchema | GroupedRows, sources: list[Size]) -> Size:
    return sources[0] if isinstance(node, SameSchema) else _sized(node, sources[0].rows, 1)


@size_of.register(Limit)
@size_of.register(TopRows)
@size_of.register(FirstSorted)
def _(node: Limit | TopRows | FirstSorted, sources: list[Size]) -> Size:
    rows = min(node.count, sources[0].rows)
    return _sized(node, rows, rows)


@size_of.register
def _(node: Aggregate, sources: list[Size]) -> Size:
    rows = min(most_groups(node.source, node.plan.keys), sources[0].rows)
    return _sized(node, rows, rows)


@size_of.register(Distinct)
@size_of.register(ValueCounts)
def _(node: Distinct | ValueCounts, sources: list[Size]) -> Size:
    rows = sources[0].rows
    if isinstance(node, Distinct) and node.meta.ndim == 2:
        keys = node.meta.columns if node.subset is None else node.subset
        rows = min(rows, most_groups(node.source, list(keys)))
    return _sized(node, rows, rows)


@size_of.register
def _(node: Concat, sources: list[Size]) -> Size:
    return _sized(node, sum(one.rows for one in sources), sum(one.domain for one in sources))


@size_of.register
def _(node: Join, sources: list[Size]) -> Size:
    left, right = sources
    values = max(min(left.domain, right.domain), 1)
    rows = ceil(left.rows * right.rows / values)
    rows = max(rows, left.rows if node.how in ("left", "outer") else 0)
    rows = max(rows, right.rows if node.how in ("right", "outer") else 0)
    return replace(_sized(node, rows, 1), domain=max(left.domain, right.domain))
