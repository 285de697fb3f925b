"""What the footers of Parquet files say is not computed: counts of rows, integers' extremes."""

from __future__ import annotations

from typing import Any

from shframe.dataframe.expr.base import Params, Relation, RowWise
from shframe.dataframe.expr.columns import Column
from shframe.dataframe.expr.relations import (
    FromParts,
    NumberRows,
    ReadParquet,
    Repartition,
    Sort,
    UnifyDtypes,
)
from shframe.dataframe.expr.values import Computed, Reduction, RowCount
from shframe.dataframe.kernels import values
from shframe.dataframe.sources import pruning
from shframe.graph.plan.rewrite import rule


@rule(on=RowCount)
def count_rows(node: RowCount) -> Computed | None:
    """RowCount over what keeps the rows of files, or of partitions of known length -> a number."""
    source: Relation = node.source
    while True:
        if isinstance(source, NumberRows | Repartition | Sort | UnifyDtypes):
            source = source.source
        elif isinstance(source, RowWise) and source.rows == "same" and source.is_aligned:
            source = source.relations[0]
        else:
            break
    if isinstance(source, FromParts) and source.sizes is not None:
        return _known(sum(source.sizes))
    if not isinstance(source, ReadParquet) or source.filters or source.limit is not None:
        return None
    groups = pruning.needed_groups(source.source, source.prune, (), None)
    return _known(sum(group.rows for group in groups))


@rule(on=Reduction)
def read_bounds(node: Reduction) -> Computed | None:
    """min, max or count of a column of integers, none of which is missing -> a number."""
    column = node.source
    if node.how not in ("min", "max", "count") or not isinstance(column, Column):
        return None
    read = column.source
    if not isinstance(read, ReadParquet) or read.prune or read.filters or read.limit is not None:
        return None
    source, dtype = read.source, column.meta.dtype
    name = source.field_of(column.label)
    if name is None or getattr(dtype, "kind", "") not in "iu":
        return None
    rows = sum(group.rows for group in source.row_groups)
    if not rows or pruning.count_missing(source, name) != 0:
        return None
    if node.how == "count":
        return _known(type(node.sample)(rows))
    bounds = pruning.find_range(source, name)
    return None if bounds is None else _known(dtype.type(bounds[node.how == "max"]))


def _known(value: Any) -> Computed:
    return Computed((), values.constant, Params(value=value))
