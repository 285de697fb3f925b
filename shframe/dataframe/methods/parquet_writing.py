"""Writing a data set: every file under a hidden name first, then all at once in its place.

What only the whole can decide (the schema, whether the index is stored) is decided when every
partition is written and none is in its place; those that differ are written again.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from shframe import session
from shframe.dataframe.expr.base import Relation
from shframe.dataframe.kernels import writing as kernels
from shframe.dataframe.kernels.writing import Target, Written
from shframe.dataframe.lower.layer import About, Layer, gather, keys_of, number_rows, per_partition
from shframe.dataframe.methods.data_folders import LocalFolder, StoredFolder, failure_named
from shframe.dataframe.methods.selection import check_labels
from shframe.dataframe.plan.planner import PLANNER
from shframe.dataframe.sources.parquet_source import ParquetSource
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.executors.cluster import values
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph

_OF_FORMAT = """
    compression compression_level use_dictionary write_statistics version data_page_size
    coerce_timestamps allow_truncated_timestamps row_group_size
"""
OPTIONS = frozenset(_OF_FORMAT.split())


def write_parquet(
    source: Relation,
    path: Any,
    partition_cols: Any,
    index: bool | None,
    options: dict[str, Any],
    *,
    append: bool = False,
    filesystem: Any = None,
) -> None:
    """Write each partition as `part-n.parquet`, under hive folders where asked.

    A data set that was written there before is replaced as a whole, once the new one is complete;
    or it stays, and the new parts come beside it. filesystem: of Arrow's, where the folder is.

    Raises: WriteFailed, with the folder as it was; UnsupportedType for values that a Parquet
    column cannot hold.
    """
    folder = LocalFolder(path) if filesystem is None else StoredFolder(path, filesystem)
    for name in sorted(set(options) - OPTIONS):
        raise InvalidArgument(
            f"to_parquet() takes no {name}=; there are {', '.join(sorted(OPTIONS))}"
        )
    names = _check_convertible(source.meta, options)
    keys = _check_keys(source, partition_cols, names)
    old: list[Any] = list(folder.find_parts())
    stays = folder.source() if append and old else None
    first = 0 if stays is None else 1 + max(int(PurePath(one).stem.split("-")[1]) for one in old)
    if stays is not None and index is None:
        index = bool(stays.stored_levels)
    with folder.hidden() as hidden:
        parts = _write(source, str(hidden), keys, index, options, first)
        filled = [part for part in parts if part.rows] or parts[:1]
        schema = _decide_schema(filled, keys)
        if stays is not None:
            schema = _schema_there(stays, schema, keys, str(folder))
        _conform(filled, str(hidden), Target(schema, keys), options)
        with failure_named(f"the folder {str(folder)!r}"):
            made = [hidden / f"{part.place:05d}" for part in filled]
            folder.publish(hidden, made, old if stays is None else [])


def _schema_there(stays: ParquetSource, schema: Any, keys: tuple[str, ...], folder: str) -> Any:
    """The schema of the data set that is there, with the types of keys that are appended.

    Raises: InvalidArgument where columns differ.
    """
    there = [*stays.schema.names, *stays.hive.dtypes]
    if set(there) != set(schema.names) or set(stays.hive.dtypes) != set(keys):
        raise InvalidArgument(
            f"to_parquet(append=True): the columns are {schema.names}, folders by {list(keys)}; "
            f"those of the data set in {folder!r} are {there}, folders by {list(stays.hive.dtypes)}"
        )
    for field in stays.schema:
        own = schema.field(field.name).type
        if own != field.type and not pa.types.is_null(own):
            raise InvalidArgument(
                f"to_parquet(append=True): column {field.name!r} is of type {own}, in the data set "
                f"{folder!r} of type {field.type}\n  cast it with astype() first"
            )
    fields = [schema.field(name) if name in keys else stays.schema.field(name) for name in there]
    return pa.schema(fields, stays.schema.metadata)


def _check_convertible(meta: Any, options: dict[str, Any]) -> list[str]:
    """Let Arrow say at the call what it cannot write; the names that it gives the columns."""
    try:
        table = pa.Table.from_pandas(meta)
        pq.write_table(table, io.BytesIO(), **options)
    except (ValueError, TypeError, NotImplementedError, OSError) as error:
        raise UnsupportedType(f"to_parquet(): {'; '.join(map(str, error.args))}") from error
    except pa.ArrowException as error:
        raise InvalidArgument(f"to_parquet(): {error}") from error
    return list(table.schema.names[: meta.shape[1]])


def _check_keys(source: Relation, partition_cols: Any, names: list[str]) -> tuple[str, ...]:
    several = isinstance(partition_cols, (list, tuple))
    labels = list(partition_cols) if several else [partition_cols] * (partition_cols is not None)
    check_labels(source, labels, "to_parquet(partition_cols=)")
    keys = tuple(names[place] for place in source.meta.columns.get_indexer(labels))
    if len(set(keys)) < len(keys):
        raise InvalidArgument(f"partition_cols={partition_cols!r}: a column is named twice")
    if keys and len(keys) == len(names):
        raise InvalidArgument(
            f"Cannot use all columns for partition columns: {labels!r}\n"
            "  leave one of them in the files"
        )
    for key in keys:
        if key.startswith(("_", ".")) or set(key) & set("/=%"):
            raise InvalidArgument(
                f"partition_cols={partition_cols!r}: the name {key!r} is lost when folders of "
                f"{key + '=...'!r} are read\n  rename the column"
            )
    return keys


def _write(
    source: Relation,
    hidden: str,
    keys: tuple[str, ...],
    index: bool | None,
    options: dict[str, Any],
    first: int,
) -> list[Written]:
    def add_tasks(layer: Layer) -> Layer:
        stored = _decide_index(source.meta.index, layer, index)
        inputs, before = layer.keys, list[Task]()
        if stored and layer.about.fresh:
            inputs, before = number_rows("to-parquet", layer)
        decided: tuple[Key, ...] = ()
        if stored is None and keys:
            before += _decide_together(layer)
            decided = (before[-1].key,)
        tasks = [
            Task(
                Key("to-parquet", (n,)),
                Function(
                    kernels.write,
                    folder=hidden,
                    place=first + n,
                    keys=keys,
                    index=stored,
                    options=options,
                ),
                (key, *decided),
            )
            for n, key in enumerate(inputs)
        ]
        return Layer(keys_of(tasks), [*before, *tasks], about=About())

    graph, _ = PLANNER.graph(PLANNER.optimized(source), add_tasks)
    return list(values(session.current().run(graph)))


def _decide_index(empty: Any, layer: Layer, index: bool | None) -> bool | None:
    """Whether the index is stored; None where only the partitions tell."""
    if index is not None:
        return index
    if not isinstance(empty, pd.RangeIndex):
        return True
    if layer.about.fresh:
        return empty.name is not None
    return None


def _decide_together(layer: Layer) -> list[Task]:
    """Tasks of which the last says whether the index is stored: rows that go into several files
    cannot be given their labels afterwards."""
    found = per_partition("to-parquet-index", Function(kernels.find_counted), layer.keys)
    return [*found, gather("to-parquet-stored", Function(kernels.stores_index), found)]


def _conform(
    parts: Sequence[Written], hidden: str, target: Target, options: dict[str, Any]
) -> None:
    """Write again what differs from the schema of the whole."""
    graph = TaskGraph()
    for part in parts:
        if not part.schema.equals(target.schema):
            function = Function(kernels.conform, folder=hidden, target=target, options=options)
            graph.add([Task(Key("to-parquet-again", (part.place,)), function, (), (part,))])
    graph.outputs = tuple(graph.tasks)
    if graph.outputs:
        session.current().run(graph)


def _decide_schema(parts: Sequence[Written], keys: tuple[str, ...]) -> Any:
    counted = [part.counted is not None for part in parts]
    stored = not all(counted)
    if all(counted) and len(parts) > 1 and not keys:
        stored = kernels.stores_index(*((part.counted, part.rows) for part in parts))
    schemas = [part.labels if stored else part.schema for part in parts]
    try:
        whole = pa.unify_schemas(
            [schema.remove_metadata() for schema in schemas], promote_options="permissive"
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UnsupportedType(
            f"to_parquet(): values of two types in one column: {error}\n"
            "  make it one of a single type, with astype()"
        ) from error
    known = max(schemas, key=lambda schema: sum(field in list(whole) for field in schema))
    return whole.with_metadata(known.metadata)
