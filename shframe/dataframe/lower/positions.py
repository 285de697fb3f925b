"""Rows by their numbers, and relations one after another."""

from __future__ import annotations

from shframe.dataframe.expr.positions import ByPosition, Concat
from shframe.dataframe.kernels import positions
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    count_rows,
    keys_of,
    number_rows,
)
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def lower_by_position(node: ByPosition, sources: tuple[Layer, ...]) -> Layer:
    """Count the rows of all partitions, then let each choose its own."""
    name = node.name
    keys, before = number_rows(node.source.name, sources[0])
    given = [layer.keys[0] for layer in sources[1:]]
    counts, counting = count_rows(name, keys)
    made = [
        Task(
            Key(name, (n,)),
            Function(node.kernel, place=n, **node.params.values),
            (key, counts, *given),
        )
        for n, key in enumerate(keys)
    ]
    about = About(nbytes=sources[0].about.nbytes)
    return Layer(keys_of(made), [*before, *counting, *made], about=about)


def lower_concat(node: Concat, sources: tuple[Layer, ...]) -> Layer:
    """The partitions of all sources, each brought to the schema of the whole."""
    made: list[Task] = []
    tasks: list[Task] = []
    seen: dict[str, list[Key]] = {}
    sizes = [layer.about.nbytes for layer in sources]
    for number, (source, layer) in enumerate(zip(node.sources, sources, strict=True)):
        if source.name not in seen:
            seen[source.name], before = number_rows(source.name, layer)
            tasks.extend(before)
        key = () if node.keys is None else (node.keys[number],)
        how = {"empty": node.meta, "join": node.join, "key": key, "names": node.names}
        function = Function(positions.conform, **how)
        for one in seen[source.name]:
            made.append(Task(Key(node.name, (len(made),)), function, (one,)))
    nbytes = None if None in sizes else sum(size or 0 for size in sizes)
    return Layer(keys_of(made), [*tasks, *made], about=About(nbytes=nbytes))
