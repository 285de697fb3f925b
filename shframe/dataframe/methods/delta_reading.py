"""Tables of Delta Lake whose Parquet files are all that they are: read as a data set of files."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import numpy as np
import pyarrow as pa

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.relations import ReadParquet
from shframe.dataframe.methods.casting import cast
from shframe.dataframe.methods.selection import select_columns
from shframe.dataframe.sources.parquet_source import ParquetSource

_PLAIN = frozenset({"timestampNtz"})  # features of a table that change nothing in its files


def read_files(table: Any) -> Relation | None:
    """The files of a table (deltalake's) as a data set; None where the log says more than they do:
    of renamed columns, deleted rows, columns of a later time; and where they are elsewhere."""
    protocol, files = table.protocol(), table.file_uris()
    odd = set(protocol.reader_features or ()) - _PLAIN or protocol.min_reader_version == 2
    if odd or not files or not all(map(os.path.isfile, files)):
        return None
    schema = pa.schema(table.schema().to_arrow())
    keys = list(table.metadata().partition_columns)
    source = ParquetSource(files, root=url2pathname(urlparse(table.table_uri).path))
    stored = [(field.name, field.type) for field in schema if field.name not in keys]
    if source.index or any(_columns_of(one.schema) != stored for one in source.layouts):
        return None
    if set(source.hive.dtypes) != set(keys) or not all(_is_told(source, schema, k) for k in keys):
        return None
    node: Relation = ReadParquet(source)
    if keys:
        node = cast(node, {key: _dtype_of(schema.field(key).type) for key in keys})
    return select_columns(node, schema.names)


def _columns_of(schema: Any) -> list[tuple[str, Any]]:
    """Names and types, where a string is one however long its column is."""
    large = pa.types.is_large_string
    return [(f.name, pa.string() if large(f.type) else f.type) for f in schema]


def _is_told(source: ParquetSource, schema: Any, key: str) -> bool:
    """Whether the names of folders tell a key as it is: integers, and words that are no numbers."""
    kind, values = schema.field(key).type, {one[key] for one in source.hive.values}
    wanted = int if pa.types.is_integer(kind) else str if pa.types.is_string(kind) else None
    return wanted is not None and all(type(value) is wanted for value in values)


def _dtype_of(kind: Any) -> Any:
    return "str" if pa.types.is_string(kind) else np.dtype(kind.to_pandas_dtype())
