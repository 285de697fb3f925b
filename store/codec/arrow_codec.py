"""Arrow tables, batches, chunked arrays and arrays as raw buffers beside a small schema.

The recipe is the serialized schema and, for each column, its runs (arrow_layout.py).
"""

import pickle
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa

from shframe.store.codec.arrow_layout import Run, decode_run, encode_run
from shframe.store.codec.encoded import Encoded, Piece

_INT32_MAX = 2**31 - 1
_SORTS = {"table": pa.Table, "batch": pa.RecordBatch, "chunked": pa.ChunkedArray}


def fits(value: object) -> bool:
    """Whether this codec stores the value."""
    return isinstance(value, pa.Table | pa.RecordBatch | pa.ChunkedArray | pa.Array)


def encode(value: Any) -> Encoded:
    """Describe a table, record batch, chunked array or array."""
    pieces: list[Piece] = []
    if isinstance(value, pa.Table | pa.RecordBatch):
        schema, columns = value.schema, value.columns
    else:
        schema, columns = pa.schema([pa.field("", value.type)]), [value]
    runs = [_encode_column(column, pieces) for column in columns]
    what = next((name for name, sort in _SORTS.items() if isinstance(value, sort)), "array")
    recipe = pickle.dumps((what, schema.serialize().to_pybytes(), len(value), runs), 5)
    return Encoded("table", recipe, pieces)


def decode(recipe: bytes, buffers: Sequence[Any]) -> Any:
    """The value over its buffers; nothing is copied."""
    what, schema_bytes, length, columns = pickle.loads(recipe)
    schema = _read_schema(schema_bytes)
    rest = map(pa.py_buffer, buffers)
    arrays = [
        [decode_run(run, field.type, rest) for run in runs]
        for field, runs in zip(schema, columns, strict=True)
    ]
    if what == "array":
        return arrays[0][0]
    if what == "chunked":
        return pa.chunked_array(arrays[0], schema.field(0).type)
    if not arrays:
        return _without_columns(what, length, schema)
    if what == "batch":
        return pa.RecordBatch.from_arrays([runs[0] for runs in arrays], schema=schema)
    columns = [
        pa.chunked_array(runs, field.type) for runs, field in zip(arrays, schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _without_columns(what: str, length: int, schema: Any) -> Any:
    """A table or batch that has rows all the same."""
    empty = pa.Array.from_buffers(pa.struct([]), length, [None], 0)
    batch = pa.RecordBatch.from_struct_array(empty).replace_schema_metadata(schema.metadata)
    return batch if what == "batch" else pa.Table.from_batches([batch])


@lru_cache(maxsize=512)
def _read_schema(serialized: bytes) -> Any:
    return pa.ipc.read_schema(pa.py_buffer(serialized))


def _encode_column(column: Any, pieces: list[Piece]) -> list[Run]:
    if isinstance(column, pa.Array):
        return [encode_run([column], column.type, pieces)]
    if pa.types.is_dictionary(column.type) and column.num_chunks > 1:
        try:
            column = column.unify_dictionaries()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            # Too many values for the indices together: each chunk keeps its own dictionary.
            return [encode_run([chunk], column.type, pieces) for chunk in column.chunks]
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    chunks = chunks or [pa.array([], column.type) if not column.chunks else column.chunks[0]]
    return [encode_run(group, column.type, pieces) for group in _groups(chunks)]


def _groups(chunks: list[Any]) -> Iterator[list[Any]]:
    """The chunks in order, in groups whose bytes 32-bit offsets can count."""
    group: list[Any] = []
    total = 0
    for chunk in chunks:
        if group and total + chunk.nbytes > _INT32_MAX:
            yield group
            group, total = [], 0
        group.append(chunk)
        total += chunk.nbytes
    yield group
