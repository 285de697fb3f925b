"""Writing a partition as one file, or as one for each folder of its keys, and bringing what was
written to the schema of the whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import fs

from shframe.dataframe import partition
from shframe.dataframe.sources.hive_folders import MISSING
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
    index = (
        partition.index_of(part, partition.layout_of(part))
        if partition.is_table(part)
        else part.index
    )
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
    frame = partition.as_pandas(part)
    where = os.path.join(folder, f"{place:05d}")
    with _failure_named(folder):
        table = pa.Table.from_pandas(
            frame, preserve_index=index if stored is None else stored, nthreads=1
        )
        os.mkdir(where)
        _write_table(table, where, place, keys, options)
        return _describe(frame, table, place)


@contextlib.contextmanager
def _failure_named(folder: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteFailed(f"the folder {folder!r} cannot be written to\n  {error}") from error
    except (ValueError, TypeError, pa.ArrowNotImplementedError) as error:
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
    plain = {name: value for name, value in options.items() if name != "row_group_size"}
    pq.write_to_dataset(
        table,
        where,
        partition_cols=list(keys),
        basename_template=f"{name}-{{i}}.parquet",
        use_threads=False,
        max_partitions=MOST_FOLDERS,
        write_page_checksum=True,
        **plain,
    )
    if plain != options:  # write_to_dataset() makes one row group, whatever it is told
        for file in Path(where).rglob("*.parquet"):
            rows = pq.read_table(file, partitioning=None)
            pq.write_table(rows, file, write_page_checksum=True, **options)


def _describe(frame: Any, table: Any, place: int) -> Written:
    index = table.schema.pandas_metadata["index_columns"]
    counted = next((one for one in index if isinstance(one, dict)), None)
    if counted is None:
        return Written(place, table.num_rows, table.schema, None, table.schema)
    labelled = pa.Table.from_pandas(frame.iloc[:0], preserve_index=True).schema
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
    with _failure_named(folder):
        for path in sorted(where.rglob("*.parquet")):
            table = pq.read_table(path, partitioning=None)
            fitted = _fit(table, written, schema)
            pq.write_table(fitted, path, write_page_checksum=True, **options)
            if target.keys and path.parent != where:
                _move(path, where, written.schema, target)


def _fit(table: Any, written: Written, schema: Any) -> Any:
    columns, fields = [], []
    for field in schema:
        if field.name in table.column_names:
            column = _cast(table.column(field.name), field.type)
        else:  # the labels of an index that was a range here
            column = pa.array(written.counted).cast(field.type)
        columns.append(column)
        fields.append(field.with_type(column.type))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, schema.metadata))


def _cast(column: Any, kind: Any) -> Any:
    if pa.types.is_dictionary(kind) and not pa.types.is_dictionary(column.type):
        kind = kind.value_type  # categories that are no text are not kept in a file
    inexact = pa.types.is_integer(column.type) and pa.types.is_floating(kind)
    return column.cast(kind, safe=not inexact)  # pandas rounds large integers beside a gap, too


def _move(path: Path, root: Path, schema: Any, target: Target) -> None:
    """Move a file to the folders that spell its keys in the types of the whole."""
    own = pa.schema([schema.field(key) for key in target.keys])
    new = pa.schema([target.schema.field(key) for key in target.keys])
    if own.equals(new):
        return
    holds = None
    for name, text in zip(target.keys, path.parent.relative_to(root).parts, strict=True):
        value = _read_spelled(text.split("=", 1)[1], new.field(name).type)
        one = ds.field(name) == value if value.is_valid else ds.field(name).is_null()
        holds = one if holds is None else holds & one
    spelled, _ = ds.partitioning(new, flavor="hive").format(holds)
    where = root / spelled
    where.mkdir(parents=True, exist_ok=True)
    path.rename(where / path.name)


def _read_spelled(text: str, kind: Any) -> Any:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if text == MISSING:
        return pa.scalar(None, kind)
    return pa.array([unquote(text)]).cast(kind)[0]


def copy_file(*, path: str, place: str, filesystem: Any) -> str:
    """Copy a file of this machine to a place in a filesystem of Arrow's.

    Raises: WriteFailed.
    """
    try:
        if filesystem.type_name != "s3":  # which has no folders
            filesystem.create_dir(os.path.dirname(place), recursive=True)
        fs.copy_files(path, place, fs.LocalFileSystem(), filesystem)
    except OSError as error:
        raise WriteFailed(f"the file {place!r} cannot be written\n  {error}") from error
    return place


def write_csv_part(
    part: Any,
    counts: list[int],
    *,
    place: int,
    folder: str,
    ending: str,
    options: dict[str, Any],
    many: bool,
) -> str:
    """Write one partition as CSV; only the first of one file has a header. Returns the name."""
    path = os.path.join(folder, f"{place}{ending}")
    header = options.get("header", True) if many or place == 0 else False
    partition.as_pandas(part).to_csv(path, **{**options, "header": header})
    return path
