"""Reading row groups into one table, and writing a partition as a file."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from shframe.dataframe import chunks
from shframe.errors import SourceDamaged


def read(
    pieces: tuple[tuple[str, tuple[int, ...], dict[str, Any]], ...],
    start: int,
    *,
    columns: tuple[str, ...],
    labels: tuple[Any, ...],
    dictionaries: tuple[str, ...],
    dtypes: tuple[Any, ...],
    index: tuple[str, ...],
    levels: tuple[Any, ...],
    names: tuple[Any, ...],
) -> Any:
    """Row groups of files as one table with a layout.

    pieces: (file, row groups, values of its partition columns) each.
    start: the first value of the index where the file has none.
    columns: names in the file, `index` the index levels among them, in the order of `labels`;
        a label that is no column of the file is a partition column.
    """
    tables = [_read_file(*piece, columns=columns, dictionaries=dictionaries) for piece in pieces]
    arrays = []
    for label, dtype in zip((*labels, *index), (*dtypes, *levels), strict=True):
        parts = []
        for table, (_, _, hive) in zip(tables, pieces, strict=True):
            if label in hive:
                parts.append(_constant(hive[label], dtype, table.num_rows))
            else:
                parts.extend(table.column(label).chunks)
        arrays.append(_chunked(parts, dtype))
    layout = chunks.Layout(pd.Index(list(labels)), dtypes, names, levels, start)
    return chunks.table_of(arrays, layout)


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


def _read_file(
    path: str, groups: tuple[int, ...], hive: dict[str, Any], *, columns: Any, dictionaries: Any
) -> Any:
    try:
        with pq.ParquetFile(path, memory_map=True, read_dictionary=list(dictionaries)) as file:
            return file.read_row_groups(list(groups), columns=list(columns), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise SourceDamaged(f"the Parquet file {path!r} cannot be read\n  {error}") from error


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
