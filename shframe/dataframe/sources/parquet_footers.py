"""Footers of Parquet files: read once, and found whole before anything in them is looked at."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shframe.dataframe.sources.files import Stamp, opened
from shframe.errors import SourceDamaged, SourceNotFound


@dataclass(frozen=True, slots=True)
class FileColumns:
    """The columns of a file, and which of its leaves belong to each.

    A column chunk is told by its number: a path with dots in it may mean one column or another.
    """

    schema: Any
    leaves: dict[str, range]


@contextlib.contextmanager
def damage_of(file: str, what: str = "") -> Iterator[None]:
    """Let what goes wrong while a file is read be told as damage of that file."""
    try:
        yield
    except (SourceDamaged, SourceNotFound):
        raise
    except Exception as error:
        found = f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)
        raise SourceDamaged(
            f"the Parquet file {file!r} cannot be read{what}\n  {found}\n"
            "  write it again, or leave it out"
        ) from error


@functools.lru_cache(maxsize=4096)
def footer(file: str, stamp: Stamp) -> Any:
    """The metadata of a file; the stamp makes a changed file be read again."""
    with damage_of(file), opened(file) as source:
        metadata = pq.read_metadata(source, memory_map=True)
        _check_chunks(file, stamp[0], metadata)
        counts = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
        if sum(counts) != metadata.num_rows or any(count < 0 for count in counts):
            raise SourceDamaged(
                f"the Parquet file {file!r} is damaged: its row groups hold {sum(counts)} rows, "
                f"its footer says {metadata.num_rows}"
            )
        return metadata


@functools.lru_cache(maxsize=4096)
def read_columns(file: str, stamp: Stamp) -> FileColumns:
    """The columns of a file."""
    metadata = footer(file, stamp)
    with damage_of(file):
        schema = metadata.schema.to_arrow_schema()
        return FileColumns(schema, _leaves(file, schema, metadata.num_columns))


@functools.lru_cache(maxsize=4096)
def read_sizes(file: str, stamp: Stamp) -> list[tuple[int, dict[str, int]]]:
    """Of each row group its rows, and the bytes of each column as they are encoded."""
    metadata, layout = footer(file, stamp), read_columns(file, stamp)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    return [
        (
            group.num_rows,
            {
                name: sum(group.column(n).total_uncompressed_size for n in leaves)
                for name, leaves in layout.leaves.items()
            },
        )
        for group in groups
    ]


@functools.lru_cache(maxsize=4096)
def read_gaps(file: str, stamp: Stamp) -> dict[str, bool | None]:
    """Of each column of integers or booleans whether a value is missing; None: it is not told."""
    metadata, layout = footer(file, stamp), read_columns(file, stamp)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    return {
        field.name: _merge_gaps(_has_gap(group, layout.leaves[field.name][0]) for group in groups)
        for field in layout.schema
        if not pa.types.is_null(field.type) and not pa.types.is_nested(field.type)
    }


def _merge_gaps(found: Iterator[bool | None]) -> bool | None:
    known = set(found)
    return True if True in known else None if None in known else False


def _has_gap(group: Any, leaf: int) -> bool | None:
    statistics = group.column(leaf).statistics
    if statistics is None or not statistics.has_null_count:
        return None
    return bool(statistics.null_count)


def _leaves(file: str, schema: Any, count: int) -> dict[str, range]:
    """The leaves of each column: they follow each other in the order of the columns."""
    twice = {name for name in schema.names if schema.names.count(name) > 1}
    if twice:
        raise SourceDamaged(
            f"the Parquet file {file!r} has more than one column of the name {min(twice)!r}\n"
            "  rename them: columns are told by their names"
        )
    found: dict[str, range] = {}
    start = 0
    for field in schema:
        size = _leaf_count(field.type)
        found[field.name] = range(start, start + size)
        start += size
    if start != count:
        raise SourceDamaged(
            f"the Parquet file {file!r} is damaged: its schema has {start} leaves, "
            f"its row groups have {count}"
        )
    return found


def _leaf_count(kind: Any) -> int:
    if isinstance(kind, pa.BaseExtensionType):
        return _leaf_count(kind.storage_type)
    if pa.types.is_nested(kind):
        return sum(_leaf_count(kind.field(n).type) for n in range(kind.num_fields))
    return 1


class _Unread:
    """A file of a known size that gives no byte, and tells whether one was asked for."""

    closed = False
    mode = "rb"

    def __init__(self, size: int) -> None:
        self.size = size
        self.place = 0
        self.reached = False

    def seek(self, offset: int, whence: int = 0) -> int:
        self.place = (0, self.place, self.size)[whence] + offset
        return self.place

    def tell(self) -> int:
        return self.place

    def readable(self) -> bool:
        return True

    seekable = readable

    def read(self, size: int = -1) -> bytes:
        self.reached = True  # an error would keep the frames above alive, with all they hold
        return b""

    def close(self) -> None:
        """There is nothing to close."""


def _check_chunks(file: str, size: int, metadata: Any) -> None:
    """Let Arrow look at every column chunk where it can still say what is wrong.

    Looking at one from here ends the process when it is damaged (Arrow 26): so it is looked at in
    the course of a read, which ends at the first byte of data. Types that differ from the schema's
    have statistics of which the same is true.
    """
    if not metadata.num_row_groups:
        return
    unread = _Unread(size)
    try:
        opened = pq.ParquetFile(unread, metadata=metadata, pre_buffer=True)
        opened.read_row_groups(list(range(metadata.num_row_groups)), use_threads=False)
    except Exception:
        if not unread.reached:
            raise
    leaves = [metadata.schema.column(n) for n in range(metadata.num_columns)]
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for n, leaf in enumerate(leaves):
            chunk = group.column(n)
            if chunk.physical_type != leaf.physical_type or chunk.path_in_schema != leaf.path:
                raise SourceDamaged(
                    f"the Parquet file {file!r} is damaged: column {leaf.path!r} of row group "
                    f"{number} is not the schema's"
                )
