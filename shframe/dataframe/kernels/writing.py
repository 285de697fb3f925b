"""Writing a partition as one file, or as one for each folder of its keys, and bringing what was
written to the schema of the whole."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from shframe.dataframe import chunks
from shframe.errors import UnsupportedType, WriteFailed

MOST_FOLDERS = 1 << 20  # of one partition; Arrow's own limit of 1024 is there to be raised


@dataclass(frozen=True, slots=True)
class Written:
    """A partition as it was written: what the whole needs to decide on it.

    schema: of the table, with its keys; counted: the index, where it is a range that is not
    stored; labels: the schema that the table would have with that index stored.
    """

    place: int
    rows: int
    schema: Any
    counted: Any
    labels: Any


@dataclass(frozen=True, slots=True)
class Target:
    """What every part is to be: the schema of the whole, and the columns that name folders."""

    schema: Any
    keys: tuple[str, ...]


def find_counted(part: Any) -> Any:
    """The index of a partition where it is a range, else None; with the number of rows."""
    index = chunks.index_of(part, chunks.layout_of(part)) if chunks.is_table(part) else part.index
    return (index if isinstance(index, pd.RangeIndex) else None), len(index)


def stores_index(*found: tuple[Any, int]) -> bool:
    """Whether an index has to be stored: unless it counts all rows from 0."""
    stop = 0
    for index, rows in found:
        if rows and (index is None or not is_next(index, stop)):
            return True
        stop += rows
    return False


def is_next(index: Any, start: int) -> bool:
    """Whether a range goes on from `start`, by one, without a name."""
    return index.start == start and index.step == 1 and index.name is None


def write(
    part: Any,
    stored: bool | None = None,
    *,
    folder: str,
    place: int,
    keys: tuple[str, ...],
    index: bool | None,
    options: dict[str, Any],
) -> Written:
    """Write one partition into a folder of its own below `folder`.

    stored: whether the index is stored, where `index` leaves that open.
    """
    table = _convert(chunks.as_pandas(part), index if stored is None else stored)
    where = os.path.join(folder, f"{place:05d}")
    try:
        os.mkdir(where)
        _write_table(table, where, place, keys, options)
    except OSError as error:
        raise WriteFailed(f"the folder {folder!r} cannot be written to\n  {error}") from error
    return _describe(part, table, place)


def _convert(frame: Any, index: bool | None) -> Any:
    try:
        return pa.Table.from_pandas(frame, preserve_index=index, nthreads=1)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise UnsupportedType(
            f"to_parquet(): {'; '.join(map(str, error.args))}\n"
            "  make the column one of a single type, with astype()"
        ) from error


def _write_table(
    table: Any, where: str, place: int, keys: tuple[str, ...], options: dict[str, Any]
) -> None:
    name = f"part-{place:05d}"
    if not keys or not table.num_rows:
        path = os.path.join(where, f"{name}.parquet")
        pq.write_table(table, path, write_page_checksum=True, **options)
        return
    pq.write_to_dataset(
        table,
        where,
        partition_cols=list(keys),
        basename_template=f"{name}-{{i}}.parquet",
        use_threads=False,
        max_partitions=MOST_FOLDERS,
        write_page_checksum=True,
        **options,
    )


def _describe(part: Any, table: Any, place: int) -> Written:
    index = table.schema.pandas_metadata["index_columns"]
    counted = next((one for one in index if isinstance(one, dict)), None)
    if counted is None:
        return Written(place, table.num_rows, table.schema, None, table.schema)
    empty = chunks.as_pandas(part).iloc[:0]
    labelled = pa.Table.from_pandas(empty, preserve_index=True).schema
    fields = [*table.schema, *list(labelled)[len(table.schema) :]]
    values = range(counted["start"], counted["stop"], counted["step"])
    whole = pd.RangeIndex(values, name=counted["name"])
    labels = pa.schema(fields, labelled.metadata)
    return Written(place, table.num_rows, table.schema, whole, labels)


def conform(written: Written, *, folder: str, target: Target, options: dict[str, Any]) -> None:
    """Write the files of one partition again, with the schema of the whole."""
    where = Path(folder, f"{written.place:05d}")
    stored = [field for field in target.schema if field.name not in target.keys]
    schema = pa.schema(stored, target.schema.metadata)
    try:
        for path in sorted(where.rglob("*.parquet")):
            table = pq.read_table(path, partitioning=None)
            pq.write_table(_fit(table, written, schema), path, write_page_checksum=True, **options)
            if target.keys:
                _move(path, where, written.schema, target)
    except OSError as error:
        raise WriteFailed(f"the folder {folder!r} cannot be written to\n  {error}") from error


def _fit(table: Any, written: Written, schema: Any) -> Any:
    columns = []
    for field in schema:
        if field.name in table.column_names:
            columns.append(_cast(table.column(field.name), field.type))
        else:  # the labels of an index that was a range here
            columns.append(pa.array(written.counted).cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _cast(column: Any, kind: Any) -> Any:
    inexact = pa.types.is_integer(column.type) and pa.types.is_floating(kind)
    return column.cast(kind, safe=not inexact)  # pandas rounds large integers beside a gap, too


def _move(path: Path, root: Path, schema: Any, target: Target) -> None:
    """Move a file to the folders that spell its keys in the types of the whole."""
    own = pa.schema([schema.field(key) for key in target.keys])
    new = pa.schema([target.schema.field(key) for key in target.keys])
    if own.equals(new):
        return
    known = ds.get_partition_keys(_hive(own).parse(f"/{path.parent.relative_to(root)}"))
    holds = None
    for field in new:
        value = pa.scalar(known.get(field.name), own.field(field.name).type).cast(field.type)
        name = ds.field(field.name)
        one = name == value if value.is_valid else name.is_null()
        holds = one if holds is None else holds & one
    spelled, _ = _hive(new).format(holds)
    where = root / spelled
    where.mkdir(parents=True, exist_ok=True)
    path.rename(where / path.name)


def _hive(schema: Any) -> Any:
    return ds.partitioning(schema, flavor="hive")
