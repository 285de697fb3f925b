"""Parquet data sets: what their footers say, which row groups are needed, how they become
partitions. Reads no values; those are read by kernels/parquet.py."""

from __future__ import annotations

import functools
import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from shframe.errors import ColumnNotFound, InvalidArgument, SourceDamaged, SourceNotFound
from shframe.graph.tokens import tokenize

DICTIONARY_BYTES = 2.5  # text that takes fewer bytes a value in the file is read as a dictionary
LEAST_PARTITION = 1 << 20  # bytes of encoded columns; below that a task costs more than its work
SHARED_PARTITION = 1 << 17  # but for this much it is worth to have every worker take part
MOST_PARTITION = 64 << 20


@dataclass(frozen=True, slots=True)
class RowGroup:
    """One row group: where it is, how many rows come before it in the data set, its size."""

    file: int
    number: int
    rows: int
    start: int
    nbytes: dict[str, int]  # of each column, as encoded but not compressed
    limits: dict[str, tuple[Any, Any]]  # smallest and largest value, where the file says so


class ParquetSource:
    """The files of a data set as they were when it was opened.

    Raises: SourceNotFound for no file, SourceDamaged for a first footer that cannot be read.
    """

    def __init__(self, path: Any) -> None:
        self.files, self.root = found_files(path)
        stats = [os.stat(file) for file in self.files]
        self.stamps = tuple((s.st_size, s.st_mtime_ns) for s in stats)
        self.first = footer(self.files[0], self.stamps[0])
        self.hive = [hive_values(file, self.root) for file in self.files]
        self.hive_dtypes = _hive_dtypes(self.hive)
        self.schema = self.first.schema.to_arrow_schema()
        self.index = _index(self.schema, self.first.num_rows, len(self.files))
        self.token = tokenize("parquet", self.files, self.stamps)
        self._widths: dict[str, tuple[int, bool]] = {}

    def __shframe_token__(self) -> str:
        return self.token

    @functools.cached_property
    def meta(self) -> Any:
        """The empty frame with all columns."""
        frame = self.schema.empty_table().to_pandas()
        frame.index = _empty_index(frame.index, self.index)
        for name, dtype in self.hive_dtypes.items():
            frame[name] = pd.Series([], dtype=dtype, index=frame.index)
        return frame

    @functools.cached_property
    def row_groups(self) -> list[RowGroup]:
        """All row groups of all files; raises SourceDamaged for a footer that cannot be read."""
        found: list[RowGroup] = []
        start = 0
        for place, (file, stamp) in enumerate(zip(self.files, self.stamps, strict=True)):
            metadata = footer(file, stamp)
            for number in range(metadata.num_row_groups):
                group = _row_group(metadata.row_group(number), place, number, start)
                start += group.rows
                found.append(group)
        return found

    def memory_bytes(self, group: RowGroup, names: Iterable[str]) -> int:
        """Bytes of these columns of a row group in memory; of text and lists an estimate."""
        total = 0
        for name in names:
            bits, encoded = self._width(name)
            total += group.rows * bits // 8 + (group.nbytes.get(name, 0) if encoded else 0)
        return total

    def _width(self, name: str) -> tuple[int, bool]:
        """Bits that a row of a column has in memory; whether its encoded bytes come to that."""
        if name not in self._widths:
            kind = self.schema.field(name).type
            if pa.types.is_primitive(kind):
                self._widths[name] = kind.bit_width, False
            else:
                self._widths[name] = 32 if self.dictionary_columns([name]) else 64, True
        return self._widths[name]

    def dictionary_columns(self, names: Iterable[str]) -> list[str]:
        """The text columns of low cardinality among these, judged by their size in the file."""
        chosen = []
        rows = max(sum(group.rows for group in self.row_groups), 1)
        for name in names:
            kind = self.schema.field(name).type
            if pa.types.is_string(kind) or pa.types.is_large_string(kind):
                size = sum(group.nbytes.get(name, 0) for group in self.row_groups)
                if size / rows < DICTIONARY_BYTES:
                    chosen.append(name)
        return chosen


@functools.lru_cache(maxsize=4096)
def footer(file: str, stamp: tuple[int, int]) -> Any:
    """The metadata of a file; the stamp makes a changed file be read again."""
    try:
        return pq.read_metadata(file, memory_map=True)
    except (pa.ArrowException, OSError) as error:
        raise SourceDamaged(
            f"the Parquet file {file!r} cannot be read\n  {error}\n"
            "  write it again, or leave it out"
        ) from error


def found_files(path: Any) -> tuple[tuple[str, ...], str]:
    """Absolute names of the files that a path, pattern or list of them means, and their root."""
    if isinstance(path, (list, tuple)):
        if not path:
            raise InvalidArgument("an empty list of files was given; at least one is needed")
        files = tuple(name for one in path for name in found_files(one)[0])
        return files, os.path.commonpath([os.path.dirname(name) for name in files])
    text = os.path.abspath(os.path.expanduser(os.fspath(path)))
    if os.path.isdir(text):
        names = sorted(str(p) for p in Path(text).rglob("*") if p.is_file() and _is_data(p, text))
        if not names:
            raise SourceNotFound(f"the folder {text!r} holds no Parquet file")
        return tuple(names), text
    if os.path.isfile(text):
        return (text,), os.path.dirname(text)
    names = sorted(glob.glob(text, recursive=True))
    if not names:
        raise SourceNotFound(
            f"no file, folder or pattern {os.fspath(path)!r}\n  looked for {text!r}"
        )
    return tuple(n for n in names if os.path.isfile(n)), os.path.dirname(text.split("*")[0])


def _is_data(path: Path, root: str) -> bool:
    parts = path.relative_to(root).parts
    return not any(part.startswith(("_", ".")) for part in parts) and path.suffix in (
        ".parquet",
        ".parq",
        ".pq",
        "",
    )


def hive_values(file: str, root: str) -> dict[str, str]:
    """key=value of the folders between the root and the file."""
    folders = Path(os.path.relpath(file, root)).parts[:-1]
    pairs = (folder.split("=", 1) for folder in folders if "=" in folder)
    return {key: unquote(value) for key, value in pairs}


def _hive_dtypes(hive: Sequence[dict[str, str]]) -> dict[str, Any]:
    """A categorical dtype for each partition column, of integers where all values are."""
    found = {}
    for name in hive[0] if hive else ():
        texts = sorted({values[name] for values in hive})
        try:
            values: Any = np.array(sorted(int(text) for text in texts), dtype="int32")
        except ValueError:
            values = texts
        found[name] = pd.CategoricalDtype(pd.Index(values))
    return found


@dataclass(frozen=True, slots=True)
class Counted:
    """An index level that the file describes by its first value and its step."""

    name: Any
    start: int
    step: int


def _index(schema: Any, rows: int, files: int) -> tuple[str | Counted, ...]:
    """Index levels that pandas wrote: names of columns, and ranges of one file's rows.

    Nothing where the index counts the rows from 0, or where a range fits the first file only.
    """
    found: list[str | Counted] = []
    for level in (schema.pandas_metadata or {}).get("index_columns", []):
        if isinstance(level, str):
            found.append(level)
        elif files == 1 and rows == len(range(level["start"], level["stop"], level["step"])):
            found.append(Counted(level["name"], level["start"], level["step"]))
    plain = len(found) == 1 and isinstance(found[0], Counted)
    return () if plain and found == [Counted(None, 0, 1)] else tuple(found)


def _empty_index(read: Any, levels: tuple[str | Counted, ...]) -> Any:
    """The index of no row, with the counted levels that a table without rows has lost."""
    stored = iter(range(read.nlevels))
    if not any(isinstance(level, Counted) for level in levels):
        return read
    made = [
        pd.RangeIndex(0, name=level.name)
        if isinstance(level, Counted)
        else read.get_level_values(next(stored))
        for level in levels
    ]
    return made[0] if len(made) == 1 else pd.MultiIndex.from_arrays(made)


def _row_group(group: Any, file: int, number: int, start: int) -> RowGroup:
    nbytes: dict[str, int] = {}
    limits: dict[str, tuple[Any, Any]] = {}
    for n in range(group.num_columns):
        column = group.column(n)
        name = column.path_in_schema.split(".")[0]
        nbytes[name] = nbytes.get(name, 0) + column.total_uncompressed_size
        statistics = column.statistics
        if statistics is not None and statistics.has_min_max:
            limits[name] = statistics.min, statistics.max
    return RowGroup(file, number, group.num_rows, start, nbytes, limits)


def needed_groups(
    source: ParquetSource, prune: Sequence[tuple[str, str, Any]], limit: int | None
) -> list[RowGroup]:
    """Row groups that may hold a row which meets all conditions, up to `limit` rows."""
    kept = [g for g in source.row_groups if all(_may_hold(source, g, *one) for one in prune)]
    if limit is None:
        return kept
    rows = 0
    for n, group in enumerate(kept):
        rows += group.rows
        if rows >= limit:
            return kept[: n + 1]
    return kept


def _may_hold(source: ParquetSource, group: RowGroup, name: str, op: str, value: Any) -> bool:
    """Whether a row of the group can meet the condition, by its statistics."""
    hive = source.hive[group.file].get(name)
    if hive is not None:
        known = source.hive_dtypes[name].categories
        here = int(hive) if known.dtype.kind == "i" else hive
        low = high = here
    elif name in group.limits:
        low, high = group.limits[name]
    else:
        return True
    try:
        return bool(_POSSIBLE[op](low, high, value))
    except TypeError:
        return True  # the types do not compare: the exact filter will say so


_POSSIBLE: dict[str, Any] = {
    "eq": lambda low, high, v: low <= v <= high,
    "lt": lambda low, high, v: low < v,
    "le": lambda low, high, v: low <= v,
    "gt": lambda low, high, v: high > v,
    "ge": lambda low, high, v: high >= v,
    "in": lambda low, high, v: any(low <= one <= high for one in v),
}


def partitions(
    source: ParquetSource,
    groups: Sequence[RowGroup],
    columns: Sequence[str],
    workers: int,
    most: int,
) -> list[list[RowGroup]]:
    """Neighbouring row groups together until they have the size of a partition.

    most: bytes in memory that more than one row group may have together.
    """
    sizes = [sum(group.nbytes.get(name, 0) for name in columns) for group in groups]
    each = sum(sizes) / max(workers, 1)
    target = min(max(each / 4, LEAST_PARTITION), max(each, SHARED_PARTITION), MOST_PARTITION)
    found: list[list[RowGroup]] = []
    filled = in_memory = 0.0
    for group, size in zip(groups, sizes, strict=True):
        nbytes = source.memory_bytes(group, columns)
        if not found or filled + size / 2 > target or in_memory + nbytes > most:
            found.append([])
            filled = in_memory = 0.0
        found[-1].append(group)
        filled += size
        in_memory += nbytes
    return found


def checked_columns(source: ParquetSource, columns: Any) -> tuple[Any, ...]:
    """Labels asked for, each of which is there."""
    known = list(source.meta.columns)
    if isinstance(columns, str):
        raise InvalidArgument(f"columns={columns!r}: a list of names is needed")
    for name in columns:
        if name not in known:
            raise ColumnNotFound.among(name, known, f"read_parquet({source.files[0]!r})")
    return tuple(columns)
