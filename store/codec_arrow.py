"""Arrow tables, batches, chunked arrays and arrays as raw buffers beside a small schema.

A slice is trimmed: only the bytes it shows are written. Chunks are joined while they are
written, offsets rebased, bitmaps that say nothing dropped; so a decoded column starts at
element 0 and is one run (more only when 32-bit offsets would overflow). What Arrow lays out in
ways of its own (unions, maps, views, run-end encoding) goes through IPC, which trims.
"""

import pickle
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from shframe.store.piece import Encoded, Piece, piece_of_buffers

# How one run is stored: (form, length, null count or None, what the form needs).
_Run = tuple[str, int, int, Any]
_INT32_MAX = 2**31 - 1


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
    what = next(
        name
        for name, kind in (
            ("table", pa.Table),
            ("batch", pa.RecordBatch),
            ("chunked", pa.ChunkedArray),
            ("array", pa.Array),
        )
        if isinstance(value, kind)
    )
    recipe = pickle.dumps((what, schema.serialize().to_pybytes(), len(value), runs), 5)
    return Encoded("table", recipe, pieces)


def decode(recipe: bytes, buffers: Sequence[Any]) -> Any:
    """The value over its buffers; nothing is copied."""
    what, schema_bytes, length, columns = pickle.loads(recipe)
    schema = _read_schema(schema_bytes)
    rest = map(pa.py_buffer, buffers)
    arrays = [
        [_decode_run(run, field.type, rest) for run in runs]
        for field, runs in zip(schema, columns, strict=True)
    ]
    if what == "array":
        return arrays[0][0]
    if what == "chunked":
        return pa.chunked_array(arrays[0], schema.field(0).type)
    if not arrays:
        empty = pa.Array.from_buffers(pa.struct([]), length, [None], 0)
        batch = pa.RecordBatch.from_struct_array(empty).replace_schema_metadata(schema.metadata)
        return batch if what == "batch" else pa.Table.from_batches([batch])
    if what == "batch":
        return pa.RecordBatch.from_arrays([runs[0] for runs in arrays], schema=schema)
    chunked = [
        pa.chunked_array(runs, field.type) for runs, field in zip(arrays, schema, strict=True)
    ]
    return pa.Table.from_arrays(chunked, schema=schema)


@lru_cache(maxsize=512)
def _read_schema(serialized: bytes) -> Any:
    return pa.ipc.read_schema(pa.py_buffer(serialized))


def _encode_column(column: Any, pieces: list[Piece]) -> list[_Run]:
    if isinstance(column, pa.Array):
        return [_encode_run([column], column.type, pieces)]
    if pa.types.is_dictionary(column.type) and column.num_chunks > 1:
        try:
            column = column.unify_dictionaries()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            # Too many values for the indices together: each chunk keeps its own dictionary.
            return [_encode_run([chunk], column.type, pieces) for chunk in column.chunks]
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    chunks = chunks or [pa.array([], column.type) if not column.chunks else column.chunks[0]]
    return [_encode_run(group, column.type, pieces) for group in _groups(chunks)]


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


def _encode_run(chunks: list[Any], kind: Any, pieces: list[Piece]) -> _Run:
    """Describe chunks of one type as one array; appends its pieces in the order of decoding."""
    length = sum(len(chunk) for chunk in chunks)
    if isinstance(kind, pa.BaseExtensionType):
        storage = [chunk.storage for chunk in chunks]
        return "extension", length, 0, _encode_run(storage, kind.storage_type, pieces)
    if pa.types.is_null(kind):
        return "null", length, length, None
    if pa.types.is_dictionary(kind):
        indices = _encode_run([chunk.indices for chunk in chunks], kind.index_type, pieces)
        values = _encode_run([chunks[0].dictionary], kind.value_type, pieces)
        return "dictionary", length, 0, (indices, values)
    if not _is_raw(kind):
        return _encode_ipc(chunks, kind, length, pieces)
    nulls = sum(chunk.null_count for chunk in chunks)
    if nulls:
        pieces.append(_bitmap([chunk.is_valid() for chunk in chunks], length))
    if pa.types.is_boolean(kind):
        pieces.append(_bitmap(chunks, length))
        return "flat", length, nulls, None
    if pa.types.is_struct(kind):
        children = [
            _encode_run([chunk.field(index) for chunk in chunks], kind.field(index).type, pieces)
            for index in range(kind.num_fields)
        ]
        return "struct", length, nulls, children
    if pa.types.is_fixed_size_list(kind):
        size = kind.list_size
        items = [chunk.values.slice(chunk.offset * size, len(chunk) * size) for chunk in chunks]
        return "struct", length, nulls, [_encode_run(items, kind.value_type, pieces)]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        ranges = _append_offsets(chunks, 4 if pa.types.is_list(kind) else 8, pieces)
        items = [
            chunk.values.slice(start, end - start)
            for chunk, (start, end) in zip(chunks, ranges, strict=True)
        ]
        return "list", length, nulls, [_encode_run(items, kind.value_type, pieces)]
    if _is_variable(kind):
        width = 4 if pa.types.is_string(kind) or pa.types.is_binary(kind) else 8
        ranges = _append_offsets(chunks, width, pieces)
        data = [
            _bytes_of(chunk, 2, start, end)
            for chunk, (start, end) in zip(chunks, ranges, strict=True)
        ]
        pieces.append(piece_of_buffers(data))
        return "variable", length, nulls, None
    width = kind.bit_width // 8
    data = [
        _bytes_of(chunk, 1, chunk.offset * width, (chunk.offset + len(chunk)) * width)
        for chunk in chunks
    ]
    pieces.append(piece_of_buffers(data))
    return "flat", length, nulls, None


def _decode_run(run: _Run, kind: Any, rest: Iterator[Any]) -> Any:
    form, length, nulls, detail = run
    if form == "extension":
        # Where the type is not registered, the schema already names the storage type.
        known = isinstance(kind, pa.BaseExtensionType)
        storage = _decode_run(detail, kind.storage_type if known else kind, rest)
        return kind.wrap_array(storage) if known else storage
    if form == "null":
        return pa.nulls(length)
    if form == "dictionary":
        indices = _decode_run(detail[0], kind.index_type, rest)
        values = _decode_run(detail[1], kind.value_type, rest)
        return pa.DictionaryArray.from_arrays(indices, values, ordered=kind.ordered, safe=False)
    if form == "ipc":
        batch = pa.ipc.open_stream(next(rest)).read_next_batch()
        column = batch.column(0)
        return column.cast(kind) if column.type != kind else column
    buffers = [next(rest) if nulls else None]
    if form == "struct":
        return _nested(kind, length, buffers, nulls, detail, rest)
    buffers.append(next(rest))
    if form == "list":
        return _nested(kind, length, buffers, nulls, detail, rest)
    if form == "variable":
        buffers.append(next(rest))
    return pa.Array.from_buffers(kind, length, buffers, nulls)


def _nested(
    kind: Any,
    length: int,
    buffers: list[Any],
    nulls: int,
    runs: list[_Run],
    rest: Iterator[Any],
) -> Any:
    children = [_decode_run(run, kind.field(index).type, rest) for index, run in enumerate(runs)]
    return pa.Array.from_buffers(kind, length, buffers, nulls, children=children)


def _is_variable(kind: Any) -> bool:
    is_of = pa.types
    return bool(
        is_of.is_string(kind)
        or is_of.is_binary(kind)
        or is_of.is_large_string(kind)
        or is_of.is_large_binary(kind)
    )


def _is_raw(kind: Any) -> bool:
    """Whether the type's buffers are written as they are."""
    nested = pa.types.is_struct, pa.types.is_list, pa.types.is_large_list
    if any(test(kind) for test in nested) or pa.types.is_fixed_size_list(kind):
        return bool(kind.num_fields > 0)
    if _is_variable(kind) or pa.types.is_boolean(kind):
        return True
    flat = pa.types.is_primitive(kind) or pa.types.is_decimal(kind)
    return bool(flat or pa.types.is_fixed_size_binary(kind))


def _bitmap(arrays: list[Any], length: int) -> Piece:
    """The values of boolean arrays as bits from bit 0 (joining shifts them there)."""
    joined = pa.concat_arrays([*arrays, arrays[0].slice(0, 0)])
    assert joined.offset == 0, "joined arrays start at element 0"
    bits = joined.buffers()[1]
    return piece_of_buffers([memoryview(bits)[: (length + 7) // 8]] if length else [])


def _bytes_of(chunk: Any, index: int, start: int, end: int) -> Any:
    buffer = chunk.buffers()[index]
    return memoryview(buffer)[start:end] if buffer is not None and start < end else b""


def _append_offsets(chunks: list[Any], width: int, pieces: list[Piece]) -> list[tuple[int, int]]:
    """Append the offsets of all chunks, counted from 0, and give each chunk's own range."""
    dtype = np.dtype(f"<i{width}")
    parts = [_offsets_of(chunk, dtype) for chunk in chunks]
    length = sum(len(part) - 1 for part in parts)

    def fill(target: Any) -> None:
        out = target.view(dtype)
        out[0] = 0
        position = base = 0
        for part in parts:
            count = len(part) - 1
            shifted = out[position + 1 : position + 1 + count]
            shift = base - int(part[0])
            if shift:
                np.add(part[1:], shift, out=shifted)
            else:
                shifted[:] = part[1:]
            position += count
            base += int(part[-1]) - int(part[0])

    pieces.append(Piece((length + 1) * width, fill))
    return [(int(part[0]), int(part[-1])) for part in parts]


def _offsets_of(chunk: Any, dtype: Any) -> Any:
    """(length + 1,) offsets into the chunk's own values; an empty one may have no buffer."""
    if not len(chunk):
        return np.zeros(1, dtype)
    buffer = chunk.buffers()[1]
    return np.frombuffer(buffer, dtype, len(chunk) + 1, chunk.offset * dtype.itemsize)


def _encode_ipc(chunks: list[Any], kind: Any, length: int, pieces: list[Piece]) -> _Run:
    array = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    array = _compact_view(array, kind)
    batch = pa.RecordBatch.from_arrays([array], ["c"])
    counter = pa.MockOutputStream()
    _write_stream(counter, batch)

    def fill(target: Any) -> None:
        _write_stream(pa.FixedSizeBufferWriter(pa.py_buffer(target)), batch)

    pieces.append(Piece(counter.size(), fill))
    return "ipc", length, 0, None


def _compact_view(array: Any, kind: Any) -> Any:
    """A view array over the bytes it shows only, for IPC would write all that it could show."""
    if kind == pa.string_view():
        return array.cast(pa.large_string()).cast(kind)
    if kind == pa.binary_view():
        return array.cast(pa.large_binary()).cast(kind)
    return array


def _write_stream(sink: Any, batch: Any) -> None:
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
