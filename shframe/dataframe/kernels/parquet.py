"""Reading row groups into one table, and writing a partition as a file."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from shframe.dataframe import chunks
from shframe.dataframe.parquet import Counted
from shframe.errors import SourceDamaged


@dataclass(frozen=True, slots=True)
class Piece:
    """Row groups that follow each other in a file."""

    file: str
    groups: tuple[int, ...]
    hive: dict[str, Any]  # values of the partition columns
    start: int  # rows of the data set before them


def read(
    pieces: tuple[Piece, ...],
    *,
    columns: tuple[str, ...],
    labels: tuple[Any, ...],
    dictionaries: tuple[str, ...],
    dtypes: tuple[Any, ...],
    index: tuple[str | Counted, ...],
    levels: tuple[Any, ...],
    names: tuple[Any, ...],
) -> Any:
    """Row groups of files as one table with a layout.

    columns: names in the file, in the order of `labels` and of the index levels among them;
        a label that is no column of the file is a partition column.
    """
    tables = [_read_file(piece, columns=columns, dictionaries=dictionaries) for piece in pieces]
    rows = [(piece.start, table.num_rows) for piece, table in zip(pieces, tables, strict=True)]
    start = 0
    counted = index[0] if index else Counted(None, 0, 1)
    if len(index) <= 1 and isinstance(counted, Counted):
        if counted.step == 1 and _consecutive(rows):
            start, index, levels = counted.start + pieces[0].start, (), ()
        else:
            index, levels = (counted,), (np.dtype("int64"),)
    arrays = []
    for label, dtype in zip((*labels, *index), (*dtypes, *levels), strict=True):
        parts = []
        for table, piece in zip(tables, pieces, strict=True):
            if isinstance(label, Counted):
                places = np.arange(piece.start, piece.start + table.num_rows)
                parts.append(pa.array(label.start + label.step * places))
            elif label in piece.hive:
                parts.append(_constant(piece.hive[label], dtype, table.num_rows))
            else:
                parts.extend(table.column(label).chunks)
        arrays.append(_chunked(parts, dtype))
    layout = chunks.Layout(pd.Index(list(labels)), dtypes, names, levels, start)
    return chunks.table_of(arrays, layout)


def _consecutive(rows: list[tuple[int, int]]) -> bool:
    return all(one[0] + one[1] == two[0] for one, two in itertools.pairwise(rows))


def _chunked(parts: list[Any], dtype: Any) -> Any:
    if not parts and isinstance(dtype, pd.CategoricalDtype) and not len(dtype.categories):
        return pa.chunked_array([], pa.dictionary(pa.int8(), pa.string()))
    if not parts:
        return pa.chunked_array(
            [pa.array([], pa.Schema.from_pandas(pd.Series([], dtype=dtype).to_frame("c")).types[0])]
        )
    if len({part.type for part in parts}) > 1:
        widest = (
            pa.large_string()
            if any(pa.types.is_dictionary(p.type) for p in parts)
            else parts[0].type
        )
        parts = [part.cast(widest) for part in parts]
    return pa.chunked_array(parts)


def _constant(value: Any, dtype: Any, rows: int) -> Any:
    code = dtype.categories.get_loc(value)
    indices = pa.repeat(pa.scalar(code, pa.int32()), rows)
    return pa.DictionaryArray.from_arrays(indices, pa.array(dtype.categories))


def _read_file(piece: Piece, *, columns: Any, dictionaries: Any) -> Any:
    groups = list(piece.groups)
    try:
        with pq.ParquetFile(
            piece.file, memory_map=True, read_dictionary=list(dictionaries)
        ) as file:
            return file.read_row_groups(groups, columns=list(columns), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise SourceDamaged(f"the Parquet file {piece.file!r} cannot be read\n  {error}") from error


def write(part: Any, path: str, *, index: bool | None, options: dict[str, Any]) -> int:
    """Write one partition as a file under a temporary name, then give it its own."""
    frame = chunks.as_pandas(part)
    hidden = f"{path}.writing"
    try:
        frame.to_parquet(hidden, index=index, **options)
        os.replace(hidden, path)
    finally:
        if os.path.exists(hidden):
            os.unlink(hidden)
    return len(frame)


def write_hive(
    part: Any, folder: str, place: int, *, names: tuple[Any, ...], index: Any, options: Any
) -> int:
    """Write a partition as one file for each combination of values of some columns."""
    frame = chunks.as_pandas(part)
    for values, rows in frame.groupby(list(names), sort=True, observed=True):
        parts = [f"{name}={value}" for name, value in zip(names, values, strict=True)]
        where = os.path.join(folder, *parts)
        os.makedirs(where, exist_ok=True)
        target = os.path.join(where, f"part-{place:05d}.parquet")
        write(rows.drop(columns=list(names)), target, index=index, options=options)
    return len(frame)
