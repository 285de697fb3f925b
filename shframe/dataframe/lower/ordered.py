"""Ranks, modes and quantiles: partitions in order, then ranges or bounds of all values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.dataframe.expr.ordered import Modes, Quantiles, Ranks
from shframe.dataframe.kernels import quantiles, ranking, rowwise
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    gather,
    keys_of,
    number_rows,
    parts_for,
    per_partition,
    per_place,
)
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def lower_ranks(node: Ranks, sources: tuple[Layer, ...]) -> Layer:
    """What each range of values tells goes back to the rows of every partition."""
    name, how = node.name, dict(node.options.values)
    keys, before = number_rows(node.source.name, sources[0])
    count = parts_for(sources[0], len(keys))
    method = {"method": how["method"]}
    kernels = ranking.find_runs, ranking.rank_range
    runs, ranges, found, tasks = _by_range(name, keys, count, kernels, method)
    made = [
        Task(
            Key(name, (n,)),
            Function(ranking.rank_rows, place=n, how=how),
            (key, runs[n], ranges, *found),
        )
        for n, key in enumerate(keys)
    ]
    about = About(nbytes=sources[0].about.nbytes)
    return Layer(keys_of(made), [*before, *tasks, *made], about=about)


def lower_modes(node: Modes, sources: tuple[Layer, ...]) -> Layer:
    """The most frequent values of each range, and of those."""
    name, layer = node.name, sources[0]
    count = parts_for(layer, len(layer.keys))
    kernels = ranking.find_counts, ranking.find_modes
    _, ranges, found, tasks = _by_range(name, list(layer.keys), count, kernels, {})
    answer = Function(ranking.answer_modes, empty=node.source.meta, dropna=node.dropna)
    last = Task(Key(name, (0,)), answer, (ranges, *found))
    return Layer([last.key], [*tasks, last], about=About())


def _by_range(
    name: str,
    keys: list[Key],
    count: int,
    kernels: tuple[Callable[..., Any], Callable[..., Any]],
    how: dict[str, Any],
) -> tuple[tuple[Key, ...], Key, tuple[Key, ...], list[Task]]:
    """The columns of each partition in order, where ranges begin, what is found of each range.

    kernels: what puts a partition's columns in order, and what is called on a range.
    Returns: the keys of those, and all tasks.
    """
    find, kernel = kernels
    runs = per_partition(f"{name}-runs", Function(find), keys)
    samples = per_partition(f"{name}-sample", Function(ranking.take_sample), keys_of(runs))
    cuts = gather(f"{name}-cuts", Function(ranking.find_cuts, count=count), samples)
    cut = Function(ranking.find_ranges, count=count)
    edges = per_partition(f"{name}-edges", cut, keys_of(runs), cuts.key)
    ranges = gather(f"{name}-ranges", Function(rowwise.collect), edges)
    calls = [Function(kernel, place=n, **how) for n in range(count)]
    found = per_place(f"{name}-found", calls, (ranges.key, *keys_of(runs)))
    tasks = [*runs, *samples, cuts, *edges, ranges, *found]
    return keys_of(runs), ranges.key, keys_of(found), tasks


def lower_quantiles(node: Quantiles, sources: tuple[Layer, ...]) -> Layer:
    """Sorted columns, samples that bound what is looked for, and the values within the bounds."""
    name = node.name
    ordered = per_partition(f"{name}-sorted", Function(quantiles.sort_columns), sources[0].keys)
    samples = per_partition(f"{name}-sample", Function(quantiles.take_sample), keys_of(ordered))
    find = Function(quantiles.find_bounds, quantiles=node.quantiles)
    bounds = gather(f"{name}-bounds", find, samples)
    take = Function(quantiles.take_within)
    within = per_partition(f"{name}-within", take, keys_of(ordered), bounds.key)
    how = {"empty": node.source.meta, "quantiles": node.quantiles}
    if node.quantiles is None:
        answer = Function(quantiles.answer_medians, skipna=node.option, **how)
    else:
        more = {"scalar": node.scalar, "interpolation": node.option}
        answer = Function(quantiles.answer_quantiles, **more, **how)
    last = Task(Key(name, (0,)), answer, (bounds.key, *keys_of(within)))
    return Layer([last.key], [*ordered, *samples, bounds, *within, last], about=About())
