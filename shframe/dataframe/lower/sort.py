"""Sorting: each partition, then ranges of all."""

from __future__ import annotations

from shframe.dataframe.expr.relations import Sort
from shframe.dataframe.kernels import sorting
from shframe.dataframe.lower.layer import About, Layer, number_rows, parts_for, per_partition
from shframe.dataframe.lower.shuffle import by_range
from shframe.graph.tasks.function import Function


def lower_sort(node: Sort, sources: tuple[Layer, ...]) -> Layer:
    """Sort each partition, cut it at quantiles of all, merge what belongs together."""
    layer = sources[0]
    unlabelled = node.ignore_index and node.by is not None
    keys, before = (layer.keys, []) if unlabelled else number_rows(node.source.name, layer)
    how = {"by": node.by, "ascending": node.ascending, "na_position": node.na_position}
    local = per_partition(f"{node.name}-local", Function(sorting.sort, **how), keys)
    about = About(node.ignore_index, layer.about.nbytes)
    count = parts_for(layer, len(local))
    if count == len(local) == 1:
        return Layer([local[0].key], [*before, *local], about=about)
    ranges, tasks = by_range(node.name, local, count, how, Function(sorting.merge, **how))
    return Layer(ranges, [*before, *tasks], about=about)
