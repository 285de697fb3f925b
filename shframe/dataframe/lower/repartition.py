"""The same rows in other partitions, or under other labels."""

from __future__ import annotations

from dataclasses import replace

from shframe.dataframe.expr.relations import NumberRows, Repartition
from shframe.dataframe.kernels import rowwise
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    count_rows,
    keys_of,
    number_rows,
    per_partition,
    per_place,
)
from shframe.graph.tasks.function import Function


def lower_repartition(node: Repartition, sources: tuple[Layer, ...]) -> Layer:
    """Cut the rows of all partitions into `count` runs of equal length."""
    keys, before = number_rows(node.source.name, sources[0])
    counts, counting = count_rows(node.name, keys)
    runs = [Function(rowwise.take_run, place=n, count=node.count) for n in range(node.count)]
    made = per_place(node.name, runs, [counts, *keys])
    about = About(nbytes=sources[0].about.nbytes)
    return Layer(keys_of(made), [*before, *counting, *made], about=about)


def lower_number_rows(node: NumberRows, sources: tuple[Layer, ...]) -> Layer:
    """Forget the index; the one that counts rows is made when something needs it."""
    drop = per_partition(node.name, Function(rowwise.drop_index), sources[0].keys)
    made = [replace(task, fan_in=True) for task in drop]
    return Layer(keys_of(made), made, about=About(True, sources[0].about.nbytes))
