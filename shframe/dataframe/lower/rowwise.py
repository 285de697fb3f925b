"""Row by row: a task per partition."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from shframe.dataframe.expr.base import RowWise
from shframe.dataframe.expr.relations import Filter, UnifyDtypes
from shframe.dataframe.kernels import agreeing
from shframe.dataframe.lower.estimates import selectivity
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    gather,
    keys_of,
    number_rows,
    per_partition,
)
from shframe.errors import InvalidArgument
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def lower_row_wise(node: RowWise, sources: tuple[Layer, ...]) -> Layer:
    """A task per partition over the corresponding ones of all relations."""
    by_partition = set(map(id, node.relations))
    children = list(zip(node.children(), sources, strict=True))
    relations = [(child, layer) for child, layer in children if id(child) in by_partition]
    fresh = node.keeps_index and all([layer.about.fresh for _, layer in relations])
    before: list[Task] = []
    partitions: dict[int, Sequence[Key]] = {}
    for child, layer in relations:
        if fresh:
            partitions[id(child)] = layer.keys
        else:
            partitions[id(child)], tasks = number_rows(child.name, layer)
            before.extend(tasks)
    counts = sorted(set(map(len, partitions.values())))
    if len(counts) > 1:
        raise InvalidArgument(f"partition counts differ: {' and '.join(map(str, counts))}")
    kernel, params = node.call
    function, name = Function(kernel, **params), node.name
    inputs = [
        partitions[id(child)] if id(child) in partitions else repeat(layer.keys[0])
        for child, layer in children
    ]
    tasks = [
        Task(Key(name, (n,)), function, keys, fan_in=True)
        for n, keys in enumerate(zip(*inputs, strict=False))  # values are endless
    ]
    about = _estimate(node, relations[0][1].about, fresh)
    return Layer(keys_of(tasks), [*before, *tasks], about=about)


def _estimate(node: RowWise, source: About, fresh: bool) -> About:
    likely = source.nbytes if source.likely is None else source.likely
    if likely is not None and isinstance(node, Filter):
        likely = int(likely * selectivity(node.condition))
    return About(fresh, source.nbytes, likely)


def lower_unify_dtypes(node: UnifyDtypes, sources: tuple[Layer, ...]) -> Layer:
    """Ask all partitions for their dtypes, then cast those that differ from the whole's."""
    layer, name = sources[0], node.name
    asked = per_partition(f"{name}-found", Function(agreeing.find_dtypes), layer.keys)
    common = gather(f"{name}-dtypes", Function(agreeing.unify_dtypes), asked)
    made = per_partition(name, Function(agreeing.cast_to), layer.keys, common.key)
    return Layer(keys_of(made), [*asked, common, *made], about=layer.about)
