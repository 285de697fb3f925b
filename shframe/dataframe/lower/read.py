"""Reading: partitions of a Parquet data set or a CSV file, or those that are in the store."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from shframe.dataframe.expr.relations import FromParts, ReadCsv, ReadParquet
from shframe.dataframe.kernels import csv as csv_kernels
from shframe.dataframe.kernels import parquet as parquet_kernels
from shframe.dataframe.lower.cached_columns import CachedColumns
from shframe.dataframe.lower.layer import (
    About,
    Layer,
    gather,
    keys_of,
    partition_bytes,
    per_partition,
    workers,
)
from shframe.dataframe.partition import Layout
from shframe.dataframe.sources import parquet_source, pruning
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task


def lower_from_parts(node: FromParts, sources: tuple[Layer, ...]) -> Layer:
    keys = [Key(node.name, (n,)) for n in range(len(node.parts))]
    nbytes = sum(part.nbytes for part in node.parts)
    data = dict(zip(keys, node.parts, strict=True))
    return Layer(keys, about=About(node.fresh, nbytes), data=data)


def lower_read_parquet(node: ReadParquet, sources: tuple[Layer, ...]) -> Layer:
    source, wanted = node.source, _wanted(node)
    filtered = bool(node.filters)
    undecided = tuple(
        n for n, name in enumerate(wanted.fields) if source.is_undecided(name, filtered)
    )
    kinds = [wanted.types[wanted.fields[n]] for n in undecided]
    # Arrow filters rows, but keeps the categories of all row groups
    skipping = () if any(map(pa.types.is_dictionary, kinds)) else node.filters
    groups = pruning.needed_groups(source, node.prune, skipping, node.limit)
    layer = _read_groups(node, wanted, groups)
    return _share_facts(node, layer, groups, undecided) if undecided else layer


def _read_groups(node: ReadParquet, wanted: parquet_kernels.Wanted, groups: list[Any]) -> Layer:
    """Tasks that read row groups, as many at once as make a partition."""
    source, meta = node.source, node.meta
    stored = len(source.stored_levels)
    kept = len(source.index) if source.mixes_levels else stored
    levels = tuple(meta.index.get_level_values(n).dtype for n in range(kept))
    layout = Layout(meta.columns, tuple(meta.dtypes), tuple(meta.index.names), levels)
    function = Function(parquet_kernels.read, wanted=wanted, layout=layout, index=source.index)
    columns = [n for n in (*wanted.fields, *wanted.others) if n not in source.hive.dtypes]
    parts = parquet_source.partitions(source, groups, columns, workers(), partition_bytes()) or [[]]
    sizes = [sum(source.memory_bytes(group, columns) for group in part) for part in parts]
    cached = CachedColumns(node.name, source, wanted, sum(sizes))
    tasks = []
    for n, (part, size) in enumerate(zip(parts, sizes, strict=True)):
        pieces, inputs = cached.share([(run, _piece(source, run)) for run in _runs(part)])
        tasks.append(Task(Key(node.name, (n,)), function, inputs, (pieces,), nbytes=size or 1))
    about = About(fresh=bool(node.filters) and not stored, nbytes=sum(sizes))
    return Layer(
        keys_of(tasks),
        [*cached.tasks, *tasks],
        cached.data,
        about=about,
        keepers=cached.keepers(),
    )


def _share_facts(
    node: ReadParquet, layer: Layer, groups: list[Any], places: tuple[int, ...]
) -> Layer:
    """Let every partition know what the footers do not tell of some columns of the whole."""
    name = node.name
    every = len(groups) == len(node.source.row_groups) or node.filters  # Arrow filters first
    found = _find_facts(name, layer, places) if every else _read_facts(node, places)
    agree = gather(f"{name}-agree", Function(parquet_kernels.agree_facts), found)
    share = Function(parquet_kernels.share_facts, places=places)
    tasks = per_partition(f"{name}-shared", share, layer.keys, agree.key)
    made = [*layer.tasks, *found, agree, *tasks]
    return Layer(keys_of(tasks), made, layer.data, about=layer.about, keepers=layer.keepers)


def _find_facts(name: str, layer: Layer, places: tuple[int, ...]) -> list[Task]:
    find = Function(parquet_kernels.find_facts, places=places)
    return per_partition(f"{name}-facts", find, layer.keys)


def _read_facts(node: ReadParquet, places: tuple[int, ...]) -> list[Task]:
    """Read nothing but those columns, of the row groups that are skipped, too."""
    source, wanted = node.source, _wanted(node)
    fields = tuple(wanted.fields[place] for place in places)
    only = parquet_kernels.Wanted(fields, {field: wanted.types[field] for field in fields})
    read = Function(parquet_kernels.read_facts, wanted=only)
    groups = source.row_groups
    parts = parquet_source.partitions(source, groups, fields, workers(), partition_bytes()) or [[]]
    return [
        Task(Key(f"{node.name}-facts", (n,)), read, (), (_pieces(source, part),))
        for n, part in enumerate(parts)
    ]


def _wanted(node: ReadParquet) -> parquet_kernels.Wanted:
    """The fields that a read needs, with the types that they have in the whole."""
    source = node.source
    chosen = source.fields
    if node.columns is not None:
        chosen = tuple(source.fields_of(node.columns))
    fields = (*chosen, *source.stored_levels)
    asked = dict.fromkeys(name for terms in node.filters for name, _, _ in terms)
    others = tuple(name for name in asked if name not in fields)
    types = {name: source.type_of(name) for name in (*fields, *others)}
    texts = [name for name in types if name not in source.hive.dtypes]
    dictionaries = tuple(source.dictionary_columns(texts))
    return parquet_kernels.Wanted(fields, types, dictionaries, others, node.filters)


def _pieces(source: Any, part: list[Any]) -> tuple[Any, ...]:
    """What a task is told of the row groups that it reads."""
    return tuple(_piece(source, run) for run in _runs(part))


def _runs(part: list[Any]) -> list[list[Any]]:
    """Runs of row groups that follow each other in one file; no part: an empty run of one."""
    runs: list[list[Any]] = []
    for group in part:
        last = runs[-1][-1] if runs else None
        if last and (last.file, last.number + 1) == (group.file, group.number):
            runs[-1].append(group)
        else:
            runs.append([group])
    return runs or [[]]


def _piece(source: Any, run: list[Any]) -> parquet_kernels.Piece:
    file = run[0].file if run else 0
    return parquet_kernels.Piece(
        source.files[file],
        source.stamps[file],
        tuple(group.number for group in run),
        sum(group.rows for group in run),
        source.hive.values[file],
        source.absent(file),
        run[0].start if run else 0,
    )


def lower_read_csv(node: ReadCsv, sources: tuple[Layer, ...]) -> Layer:
    """Read blocks, decide on the dtypes of the whole, and give them to the blocks."""
    source, name = node.source, node.name
    about = About(fresh=source.counts_rows, nbytes=source.size * 2)
    blocks = source.blocks(workers())
    if not blocks:
        file = csv_kernels.File(source.path, source.stamp, source.options)
        whole = Task(
            Key(name, (0,)), Function(csv_kernels.read_whole, file=file), nbytes=source.size
        )
        return Layer([whole.key], [whole], about=about)
    file = csv_kernels.File(
        source.path, source.stamp, source.options, source.header, source.date_formats
    )
    function = Function(csv_kernels.read, file=file)
    raw = [
        Task(Key(f"{name}-block", (n,)), function, (), block, source.size // len(blocks))
        for n, block in enumerate(blocks)
    ]
    find = Function(csv_kernels.find_kinds, given=source.options.get("dtype"))
    kinds = per_partition(f"{name}-kinds", find, keys_of(raw))
    agree = Function(csv_kernels.decide, numbers_missing="na_values" in source.options)
    decide = gather(f"{name}-decide", agree, kinds)
    odd = Task(Key(f"{name}-odd"), Function(csv_kernels.read_odd, file=file), (decide.key,))
    tasks = [
        Task(
            Key(name, (n,)),
            Function(csv_kernels.conform, place=n, file=file),
            (task.key, decide.key, odd.key),
            block,
        )
        for n, (task, block) in enumerate(zip(raw, blocks, strict=True))
    ]
    return Layer(keys_of(tasks), [*raw, *kinds, decide, odd, *tasks], about=about)
