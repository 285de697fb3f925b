"""Reading row groups into one table."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from shframe.dataframe import partition
from shframe.dataframe.sources.files import Stamp, StoredFile, opened, read_stamp
from shframe.dataframe.sources.parquet_footers import damage_of
from shframe.dataframe.sources.parquet_source import Counted
from shframe.errors import InvalidArgument, SourceDamaged

MOST_IN_ONE = 1 << 30  # bytes of a column in one chunk: places of strings are 32 bits wide
MOST_ASCII = 127  # bytes up to here are text, whatever their order


@dataclass(frozen=True, slots=True)
class Piece:
    """Row groups that follow each other in a file.

    rows: how many all of them have; start: rows of the data set before them.
    hive: values of the partition columns. absent: fields that other files have.
    decoded: fields that come in tables, already decoded; tables: the places of those of each row
    group among the task's inputs.
    """

    file: str
    stamp: Stamp
    groups: tuple[int, ...]
    rows: int
    hive: dict[str, Any]
    absent: frozenset[str]
    start: int
    decoded: tuple[str, ...] = ()
    tables: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of each piece.

    fields: names in the files (with their types) or of folders, of the columns and then of the
        stored levels of the index; dictionaries: those that are read as dictionaries.
    others: fields that only the filter needs.
    filters: alternatives, each of terms that all hold for a row; none: every row.
    """

    fields: tuple[str, ...]
    types: dict[str, Any]
    dictionaries: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    filters: tuple[tuple[tuple[str, str, Any], ...], ...] = ()


def read(
    *given: Any, wanted: Wanted, layout: partition.Layout, index: tuple[str | Counted, ...]
) -> Any:
    """Row groups of files as one table with a layout.

    given: tables of columns that are decoded already, and last the pieces that are read.
    layout: labels, dtypes and levels of the whole.
    index: its levels: fields of the files, or values that count rows.
    """
    *decoded, pieces = given
    if not wanted.fields:
        return _frame_without_columns(pieces, wanted, layout)
    tables = [_read_piece(piece, wanted, decoded) for piece in pieces]
    whole = _join_tables(tables, wanted)
    columns = whole.columns[: len(wanted.fields)]
    counting = [level for level in index if isinstance(level, Counted)]
    if layout.levels and counting:
        return _with_counted_levels(pieces, columns, layout, index)
    if layout.levels or wanted.filters:
        return partition.table_of(columns, layout)
    counted = counting[0] if counting else Counted(layout.names[0], 0, 1)
    if counted.step == 1 and _follow_each_other(pieces):
        start = counted.start + pieces[0].start
        return partition.table_of(columns, partition.with_start(layout, start))
    columns.append(_count(counted, pieces))
    levels = (np.dtype("int64"),)
    return partition.table_of(
        columns, partition.Layout(layout.labels, layout.dtypes, layout.names, levels)
    )


def decode(piece: Piece, *, wanted: Wanted) -> Any:
    """Columns of one row group as the file has them: a table for the file cache."""
    return _read_file(piece, wanted)


def _count(level: Counted, pieces: Sequence[Piece]) -> Any:
    """The values of a level that counts the rows of a file, of the rows that are read."""
    places = [np.arange(piece.start, piece.start + piece.rows) for piece in pieces]
    return pa.array(level.start + level.step * np.concatenate(places))


def _with_counted_levels(
    pieces: Sequence[Piece],
    columns: list[Any],
    layout: partition.Layout,
    index: tuple[str | Counted, ...],
) -> Any:
    """A table whose index has levels that the file stores and levels that count its rows."""
    stored = iter(columns[layout.width :])
    levels = [_count(one, pieces) if isinstance(one, Counted) else next(stored) for one in index]
    return partition.table_of([*columns[: layout.width], *levels], layout)


def _frame_without_columns(
    pieces: tuple[Piece, ...], wanted: Wanted, layout: partition.Layout
) -> Any:
    """Rows of which nothing but their number is asked for: a table would not keep it."""
    rows = sum(piece.rows for piece in pieces)
    if wanted.filters:
        rows = sum(_read_piece(piece, wanted).num_rows for piece in pieces)
    index = pd.RangeIndex(pieces[0].start, pieces[0].start + rows, name=layout.names[0])
    return pd.DataFrame(index=index, columns=layout.labels[:0])


def _follow_each_other(pieces: Sequence[Piece]) -> bool:
    return all(one.start + one.rows == two.start for one, two in itertools.pairwise(pieces))


def _join_tables(tables: list[Any], wanted: Wanted) -> Any:
    """The tables one after another; a string column is one of dictionaries where all of it is."""
    columns = []
    for n, name in enumerate((*wanted.fields, *wanted.others)):
        parts = [chunk for table in tables for chunk in table.column(n).chunks]
        kind = wanted.types[name]
        if {part.type for part in parts} - {kind}:
            mixed = len({part.type for part in parts}) > 1
            parts = [partition.as_text(part) for part in parts] if mixed else parts
            kind = parts[0].type
        columns.append(pa.chunked_array(parts, kind))
    names = [*wanted.fields, *wanted.others]
    return pa.Table.from_arrays(columns, names=names)


def _read_piece(piece: Piece, wanted: Wanted, decoded: Sequence[Any] = ()) -> Any:
    """The fields of one piece, each of the type that it has in the whole, filtered."""
    names = (*wanted.fields, *wanted.others)
    table = _with_decoded(_read_file(piece, wanted), piece, decoded)
    columns = [_column_of(table, name, piece, wanted) for name in names]
    made = pa.Table.from_arrays(columns, names=list(names))
    if not wanted.filters:
        return made
    holds = pq.filters_to_expression([list(terms) for terms in wanted.filters])
    try:
        return ds.dataset(made).to_table(filter=holds, use_threads=False)
    except pa.ArrowException as error:
        raise InvalidArgument(
            f"filters cannot be compared with the values of {piece.file!r}: {error}"
        ) from error


def _with_decoded(table: Any, piece: Piece, decoded: Sequence[Any]) -> Any:
    """The table of a file's columns with those that were decoded before."""
    columns = dict(zip(table.column_names, table.columns, strict=True))
    for name in piece.decoded:
        chunks: list[Any] = []
        for places in piece.tables:
            found = next(t for t in map(decoded.__getitem__, places) if name in t.column_names)
            chunks.extend(found.column(name).chunks)
        columns[name] = _in_one(pa.chunked_array(chunks, chunks[0].type))
    return pa.table(columns) if piece.decoded else table


def _in_one(column: Any) -> Any:
    """The column in one chunk, as Arrow reads several row groups, but for dictionaries."""
    alone = column.num_chunks == 1 or column.nbytes > MOST_IN_ONE
    if alone or pa.types.is_dictionary(column.type):
        return column
    return pa.chunked_array([column.combine_chunks()], column.type)


def _column_of(table: Any, name: str, piece: Piece, wanted: Wanted) -> Any:
    kind = wanted.types[name]
    if name in piece.hive:
        return _repeat_value(piece.hive[name], kind, piece.rows)
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(piece.rows, kind)], kind)
    column = table.column(name)
    if column.type == kind or (
        pa.types.is_dictionary(column.type) and not pa.types.is_dictionary(kind)
    ):
        return column
    with damage_of(piece.file, f": column {name!r} is of type {column.type}, others have {kind}"):
        return column.cast(kind)


def _repeat_value(value: Any, kind: Any, rows: int) -> Any:
    known = [] if value is None else [value]
    code = pa.scalar(None if value is None else 0, kind.index_type)
    return pa.chunked_array(
        [pa.DictionaryArray.from_arrays(pa.repeat(code, rows), pa.array(known, kind.value_type))]
    )


def _read_file(piece: Piece, wanted: Wanted) -> Any:
    if read_stamp(piece.file) != piece.stamp:
        raise SourceDamaged(
            f"the Parquet file {piece.file!r} has changed since it was opened\n"
            "  call read_parquet() again"
        )
    passed = piece.absent.union(piece.hive, piece.decoded)
    names = [name for name in (*wanted.fields, *wanted.others) if name not in passed]
    if piece.decoded and not names:
        return pa.table({})
    with (
        damage_of(piece.file),
        opened(piece.file) as source,
        _parquet_file(source, piece, wanted) as file,
    ):
        try:
            table = file.read_row_groups(list(piece.groups), columns=names, use_threads=False)
            _check_table(table, piece, len(names))
        except Exception as error:
            place = _find_damage(file, piece, names)
            raise SourceDamaged(
                f"the Parquet file {piece.file!r} cannot be read{place}\n  {error}"
            ) from error
        return table


def _parquet_file(source: Any, piece: Piece, wanted: Wanted) -> Any:
    dictionaries = [name for name in wanted.dictionaries if name not in piece.absent]
    return pq.ParquetFile(
        source,
        memory_map=True,
        pre_buffer=isinstance(piece.file, StoredFile),
        read_dictionary=dictionaries,
        page_checksum_verification=True,
    )


def _check_table(table: Any, piece: Piece, columns: int) -> None:
    """Raises: ValueError, pa.ArrowInvalid: missing rows, bytes that are no string."""
    if columns and table.num_rows != piece.rows:
        raise ValueError(f"{table.num_rows} rows where the footer says {piece.rows}")
    for column in table.columns:
        for chunk in column.chunks:
            if pa.types.is_dictionary(chunk.type):
                _check_places(chunk)
                _check_text(chunk.dictionary)
            else:
                _check_text(chunk)


def _check_places(chunk: Any) -> None:
    """Raises where a place is none of the dictionary's. Cost: 0.1 ns a row."""
    data = chunk.indices.buffers()[1]
    if data is None or not len(chunk):
        return
    places = np.frombuffer(data, f"u{chunk.type.index_type.bit_width // 8}")
    if places[chunk.offset : chunk.offset + len(chunk)].max() >= len(chunk.dictionary):
        chunk.validate(full=True)  # a place without a value may be any


def _check_text(chunk: Any) -> None:
    """Cost: 0.1 ns a byte of ASCII, 1 ns of other text."""
    large = pa.types.is_large_string(chunk.type)
    if not (large or pa.types.is_string(chunk.type)) or not len(chunk):
        return
    _, places, data = chunk.buffers()
    if data is None:
        return
    offsets = np.frombuffer(places, np.int64 if large else np.int32)
    start, stop = offsets[chunk.offset], offsets[chunk.offset + len(chunk)]
    if np.frombuffer(data, np.uint8)[start:stop].max(initial=0) > MOST_ASCII:
        chunk.validate(full=True)


def _find_damage(file: Any, piece: Piece, names: list[str]) -> str:
    """The first row group and column that cannot be read alone, in words."""
    for group in piece.groups:
        for name in names:
            try:
                table = file.read_row_groups([group], columns=[name], use_threads=False)
                for column in table.columns:
                    column.validate(full=True)
            except Exception:
                return f", row group {group}, column {name!r}"
    return ""


def find_facts(part: Any, *, places: tuple[int, ...]) -> list[Any]:
    """What the whole has to know of some columns: of a categorical one its values, each once, in
    their order; of another whether a value is missing."""
    return [_find_fact(part.column(place)) for place in places]


def _find_fact(column: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        return _merge_values([chunk.dictionary for chunk in column.chunks], column.type.value_type)
    return column.null_count > 0


def read_facts(pieces: tuple[Piece, ...], *, wanted: Wanted) -> list[Any]:
    """The facts of some columns of row groups."""
    tables = [_read_piece(piece, wanted) for piece in pieces]
    return find_facts(_join_tables(tables, wanted), places=tuple(range(len(wanted.fields))))


def agree_facts(*found: list[Any]) -> list[Any]:
    """The facts of the whole: values in the order in which they come up."""
    return [
        any(facts) if isinstance(facts[0], bool) else _merge_values(facts, facts[0].type)
        for facts in zip(*found, strict=True)
    ]


def _merge_values(values: Sequence[Any], kind: Any) -> Any:
    return pa.chunked_array(values, kind).unique().drop_null()


def share_facts(part: Any, facts: list[Any], *, places: tuple[int, ...]) -> Any:
    """The partition with the categories of the whole, and with dtypes that hold its gaps."""
    layout = partition.layout_of(part)
    columns, dtypes = list(part.columns), [*layout.dtypes, *layout.levels]
    for n, fact in zip(places, facts, strict=True):
        if isinstance(fact, bool):
            holds = not fact or not isinstance(dtypes[n], np.dtype)
            dtypes[n] = dtypes[n] if holds else pa.nulls(1, columns[n].type).to_pandas().dtype
        else:
            columns[n] = _recode(columns[n], fact)
            dtypes[n] = pd.CategoricalDtype(pd.Index(fact.to_pandas()), dtypes[n].ordered)
    width = layout.width
    return partition.table_of(
        columns,
        dataclasses.replace(layout, dtypes=tuple(dtypes[:width]), levels=tuple(dtypes[width:])),
    )


def _recode(column: Any, values: Any) -> Any:
    """The column with codes for these values."""
    parts = []
    for chunk in column.chunks:
        codes = pc.index_in(chunk.dictionary, value_set=values).take(chunk.indices)
        parts.append(pa.DictionaryArray.from_arrays(codes, values, ordered=column.type.ordered))
    kind = pa.dictionary(pa.int32(), values.type, column.type.ordered)
    return pa.chunked_array(parts, kind)
