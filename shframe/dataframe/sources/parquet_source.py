"""Parquet data sets: their files, the schema of the whole, and how row groups become partitions.

Reads no values; those are read by kernels/parquet.py. What only the whole can decide (types of
columns, the index, the dtypes of integers with gaps) is decided here, over all footers.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from shframe.dataframe.sources.files import Stamp, list_stored, read_stamps
from shframe.dataframe.sources.hive_folders import read_folders
from shframe.dataframe.sources.parquet_footers import (
    FileColumns,
    damage_of,
    footer,
    read_columns,
    read_gaps,
    read_sizes,
)
from shframe.errors import (
    ColumnNotFound,
    InvalidArgument,
    SourceDamaged,
    SourceNotFound,
    UnsupportedType,
)
from shframe.graph.plan.tokens import tokenize

DICTIONARY_BYTES = 2.5  # text that takes fewer bytes a value in the file is read as a dictionary
LEAST_PARTITION = 1 << 20  # bytes of encoded columns; below that a task costs more than its work
SHARED_PARTITION = 1 << 17  # but for this much it is worth to have every worker take part
MOST_PARTITION = 64 << 20
SUFFIXES = (".parquet", ".parq", ".pq", "")


@dataclass(frozen=True, slots=True)
class RowGroup:
    """One row group: where it is, how many rows come before it in the data set, its size."""

    file: int
    number: int
    rows: int
    start: int
    nbytes: dict[str, int]  # of each column, as encoded but not compressed


class ParquetSource:
    """The files of a data set as they were when it was opened.

    filesystem: of Arrow's, where the files are elsewhere. root: the folder below which the names
    of folders may spell columns; None: as the path says.

    Raises: SourceNotFound for no file, SourceDamaged for a footer that cannot be read, by name.
    """

    def __init__(self, path: Any, filesystem: Any = None, root: str | None = None) -> None:
        self.files, above = found_files(path, filesystem)
        self.stamps = read_stamps(self.files)
        self.layouts = _read_layouts(self.files, self.stamps)
        self.schema = _whole_schema(self.layouts)
        self.hive = read_folders(self.files, above if root is None else root)
        self._check_names()
        with damage_of(self.files[0]):
            self.index = _index(self.schema, self.footer(0).num_rows, len(self.files))
        self.token = tokenize("parquet", self.files, self.stamps)
        self._widths: dict[str, tuple[int, bool]] = {}

    def __shframe_token__(self) -> str:
        return self.token

    @property
    def title(self) -> str:
        """What a plan calls the data set: the name of its file, or of the folder of its files."""
        common = os.path.commonpath(self.files)
        return os.path.basename(common) or common

    def footer(self, file: int) -> Any:
        """The metadata of a file, by its place."""
        return footer(self.files[file], self.stamps[file])

    def _check_names(self) -> None:
        for name in self.hive.dtypes:
            if name in self.schema.names:
                raise SourceDamaged(
                    f"column {name!r} is in the file {self.files[0]!r} and in the names of folders"
                    "\n  rename one of them, or read the files as a list"
                )

    @functools.cached_property
    def meta(self) -> Any:
        """The empty frame with all columns, where integers with gaps are floats, as in pandas."""
        frame = self._bare_meta.copy(deep=False)
        for n, name in enumerate(self.fields[: -len(self.hive.dtypes) or None]):
            dtype = self._dtype_with_gaps(name, frame.dtypes.iloc[n])
            if dtype is not frame.dtypes.iloc[n]:
                frame.isetitem(n, pd.Series([], dtype=dtype, index=frame.index))
        return frame

    def _dtype_with_gaps(self, name: str, dtype: Any) -> Any:
        if isinstance(dtype, pd.api.extensions.ExtensionDtype) or self._has_gaps(name) is not True:
            return dtype
        return pa.nulls(1, self.schema.field(name).type).to_pandas().dtype

    def is_undecided(self, name: str, filtered: bool) -> bool:
        """Whether the footers do not tell what a column's dtype is: categories are among its
        values, and not every writer says whether a value is missing.

        filtered: whether rows are left out by Arrow, of which the missing value may be one.
        """
        if name in self.hive.dtypes:
            return False
        if pa.types.is_dictionary(self.schema.field(name).type):
            return True
        gaps = self._has_gaps(name)
        return gaps is None or (filtered and gaps)

    def _has_gaps(self, name: str) -> bool | None:
        """Whether a value is missing in a column whose dtype in pandas depends on it; None where
        the footers do not tell."""
        kind = self.schema.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
            return False
        found = {read_gaps(*one).get(name, True) for one in self._filled}
        return True if True in found else None if None in found else False

    @functools.cached_property
    def _filled(self) -> list[tuple[str, Stamp]]:
        """The files that hold rows."""
        files = zip(self.files, self.stamps, strict=True)
        return [(file, stamp) for file, stamp in files if footer(file, stamp).num_rows]

    def absent(self, file: int) -> frozenset[str]:
        """Columns of the whole that a file does not have."""
        layout = self.layouts[file]
        if layout is self.layouts[0]:
            return frozenset()
        return frozenset(self.schema.names).difference(layout.schema.names)

    @functools.cached_property
    def filtered_meta(self) -> Any:
        """The empty frame that a filter of Arrow's leaves: gaps are known afterwards, and rows are
        counted again where no level of the index is stored."""
        frame = self._bare_meta
        return frame if self.stored_levels else frame.set_axis(pd.RangeIndex(0), axis=0)

    @property
    def stored_levels(self) -> tuple[str, ...]:
        """Levels of the index that are columns of the files."""
        return tuple(level for level in self.index if isinstance(level, str))

    @property
    def mixes_levels(self) -> bool:
        """Whether some levels of the index are columns of the file, and others count its rows."""
        return len(self.index) > 1 and len(self.stored_levels) < len(self.index)

    @functools.cached_property
    def _bare_meta(self) -> Any:
        """The empty frame with all columns, as if no value were missing."""
        with damage_of(self.files[0]):
            frame = self.schema.empty_table().to_pandas()
        frame.index = _empty_index(frame.index, self.index)
        for name, dtype in self.hive.dtypes.items():
            frame[name] = pd.Series([], dtype=dtype, index=frame.index)
        return frame

    @functools.cached_property
    def fields(self) -> tuple[str, ...]:
        """The names that the columns of `meta` have in the files or folders, in their order."""
        stored = [name for name in self.schema.names if name not in self.stored_levels]
        return (*stored, *self.hive.dtypes)

    def fields_of(self, labels: Iterable[Any]) -> list[str]:
        """The fields of these columns of `meta`, in their order; of other labels none."""
        wanted, fields = list(labels), self._fields_by_label
        if fields is not None and all(type(label) is str for label in wanted):
            return [fields[label] for label in wanted if label in fields]
        places = self.meta.columns.get_indexer_for(wanted)
        return [self.fields[n] for n in places if n >= 0]

    @functools.cached_property
    def _fields_by_label(self) -> dict[str, str] | None:
        """The field of each label; None where these are not different strings."""
        labels = list(self.meta.columns)
        plain = all(type(label) is str for label in labels) and len(set(labels)) == len(labels)
        return dict(zip(labels, self.fields, strict=True)) if plain else None

    def field_of(self, label: Any) -> str | None:
        """The field of a label that is one column; None: it is none, or several."""
        found = self.fields_of([label])
        return found[0] if len(found) == 1 else None

    @functools.cached_property
    def row_groups(self) -> list[RowGroup]:
        """All row groups of all files."""
        found: list[RowGroup] = []
        start = 0
        for place, one in enumerate(zip(self.files, self.stamps, strict=True)):
            for number, (rows, nbytes) in enumerate(read_sizes(*one)):
                found.append(RowGroup(place, number, rows, start, nbytes))
                start += rows
        return found

    def type_of(self, field: str) -> Any:
        """The Arrow type of a field in the whole, those of folders' names too."""
        if field not in self.hive.dtypes:
            return self.schema.field(field).type
        integers = self.hive.dtypes[field].categories.dtype.kind == "i"
        return pa.dictionary(pa.int32(), pa.int32() if integers else pa.string())

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


def _read_layouts(files: Sequence[str], stamps: Sequence[Stamp]) -> list[FileColumns]:
    """The layout of each file; equal neighbours are one object."""
    found: list[FileColumns] = []
    for file, stamp in zip(files, stamps, strict=True):
        layout = read_columns(file, stamp)
        same = bool(found) and found[-1].schema.equals(layout.schema)
        found.append(found[-1] if same else layout)
    return found


def _whole_schema(layouts: Sequence[FileColumns]) -> Any:
    """The columns of the first file, with types that are known from any; others are cast."""
    first = layouts[0].schema
    others = [layout.schema for layout in {id(layout): layout for layout in layouts}.values()]
    if len(others) == 1:
        return first
    fields = []
    for field in first:
        found = [schema.field(field.name).type for schema in others if field.name in schema.names]
        kinds = [kind for kind in found if not pa.types.is_null(kind)]
        fields.append(field.with_type(kinds[0] if kinds else field.type))
    return pa.schema(fields, first.metadata)


def found_files(path: Any, filesystem: Any = None) -> tuple[tuple[str, ...], str]:
    """Absolute names of the files that a path, pattern or list of them means, and the folder
    below which the names of folders may spell columns."""
    if isinstance(path, (list, tuple)):
        if not path:
            raise InvalidArgument("an empty list of files was given; at least one is needed")
        every = tuple(name for one in path for name in found_files(one, filesystem)[0])
        return every, os.path.sep
    if filesystem is not None:
        stored, root = list_stored(os.fspath(path), filesystem)
        parts = [(one, os.path.relpath(one, root).split(os.path.sep)) for one in stored]
        shown = [one for one, part in parts if not any(p.startswith(("_", ".")) for p in part)]
        data = [one for one in shown if os.path.splitext(one)[1].lower() in SUFFIXES]
        if not data:
            raise SourceNotFound(f"the folder {path!r} holds no Parquet file")
        return tuple(data), root
    text = os.path.abspath(os.path.expanduser(os.fspath(path)))
    if os.path.isdir(text):
        names = sorted(str(p) for p in Path(text).rglob("*") if is_data(p, text))
        if not names:
            raise SourceNotFound(f"the folder {text!r} holds no Parquet file")
        return tuple(names), text
    if os.path.isfile(text):
        return (text,), os.path.dirname(text)
    names = [name for name in sorted(glob.glob(text, recursive=True)) if os.path.isfile(name)]
    if not names:
        raise SourceNotFound(
            f"No such file or directory: {os.fspath(path)!r}\n  looked for {text!r}"
        )
    return tuple(names), os.path.dirname(text.split("*")[0])


def is_data(path: Path, root: str) -> bool:
    """Whether a file below the root is one of a data set: Parquet by its name or its content."""
    if any(part.startswith(("_", ".")) for part in path.relative_to(root).parts):
        return False
    if not path.is_file():
        return False
    return path.suffix.lower() in SUFFIXES or _begins_as_parquet(path)


def _begins_as_parquet(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(4) == b"PAR1"
    return False


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
            found.extend([level] if level in schema.names else [])
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


def checked_columns(source: ParquetSource, columns: Any) -> list[Any]:
    """Labels asked for, each of which is there; levels of the index come with every read."""
    known = list(source.meta.columns)
    levels = [name for name in source.meta.index.names if name is not None]
    if isinstance(columns, str):
        raise InvalidArgument(f"columns={columns!r}: a list of names is needed")
    for name in columns:
        if name not in known and name not in levels:
            raise ColumnNotFound.among(
                name, [*known, *levels], f"read_parquet({source.files[0]!r})"
            )
    return [name for name in columns if name in known]


SIGNS = ("=", "==", "!=", "<", "<=", ">", ">=", "in", "not in")


def checked_filters(source: ParquetSource, filters: Any) -> tuple[Any, ...]:
    """Alternatives of terms whose fields are there, and whose values Arrow can compare.

    Raises: InvalidArgument, ColumnNotFound, UnsupportedType for values of another kind, and for a
        file that does not store a level of its index: which rows are left decides about that.
    """
    if source.mixes_levels:
        raise UnsupportedType(
            f"filters= cannot be used with {source.files[0]!r}: a level of its index counts rows\n"
            "  filter the frame instead"
        )
    nested = bool(filters) and all(isinstance(one, list) for one in filters)
    alternatives = filters if nested else [filters]
    made = tuple(tuple(_checked_term(source, t) for t in _terms(filters, a)) for a in alternatives)
    names = dict.fromkeys(name for terms in made for name, _, _ in terms)
    row = pa.table({name: pa.nulls(1, source.type_of(name)) for name in names})
    try:
        holds = pq.filters_to_expression([list(terms) for terms in made])
        ds.dataset(row).to_table(filter=holds)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UnsupportedType(f"filters={filters!r}: {error}") from error
    return made


def _terms(filters: Any, alternative: Any) -> Any:
    triples = isinstance(alternative, (list, tuple)) and all(
        isinstance(one, (list, tuple)) and len(one) == 3 for one in alternative
    )
    if not triples or not alternative:
        raise InvalidArgument(
            f"Malformed filters: {filters!r}\n  a list of (column, operator, value) is needed, "
            "or a list of such lists"
        )
    return alternative


def _checked_term(source: ParquetSource, term: Any) -> tuple[str, str, Any]:
    label, sign, value = term
    if sign not in SIGNS:
        raise InvalidArgument(f"no operator {sign!r} in filters; there are {', '.join(SIGNS)}")
    known = dict(zip(source.meta.columns, source.fields, strict=True))
    names = source.meta.index.names
    known |= dict(zip(names, source.stored_levels, strict=False)) if source.stored_levels else {}
    known |= {field: field for field in source.stored_levels}
    if label not in known:
        raise ColumnNotFound.among(label, known, f"filters={term!r}")
    return known[label], sign, list(value) if sign in ("in", "not in") else value
