"""One Arrow array, given in chunks of one type, as pieces; and back over its buffers.

A slice is trimmed: only the bytes it shows are written. Chunks are joined while they are
written, offsets rebased, bitmaps that say nothing dropped; so a decoded array starts at element
0. What Arrow lays out in ways of its own (unions, maps, views, run-end encoding) goes through
its IPC format, which trims. Pieces come in the order in which decoding takes the buffers.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from shframe.store.codec.encoded import Piece, piece_of_buffers

# How an array is stored: (form, length, null count, the runs inside it or None).
Run = tuple[str, int, int, Any]


def encode_run(chunks: list[Any], kind: Any, pieces: list[Piece]) -> Run:
    """Describe chunks (at least one) as one array of type `kind`; appends its pieces."""
    length = sum(len(chunk) for chunk in chunks)
    if isinstance(kind, pa.BaseExtensionType):
        storage = [chunk.storage for chunk in chunks]
        return "extension", length, 0, encode_run(storage, kind.storage_type, pieces)
    if pa.types.is_null(kind):
        return "null", length, length, None
    if pa.types.is_dictionary(kind):
        indices = encode_run([chunk.indices for chunk in chunks], kind.index_type, pieces)
        values = encode_run([chunks[0].dictionary], kind.value_type, pieces)
        return "dictionary", length, 0, (indices, values)
    if not _is_raw(kind):
        return _encode_ipc(chunks, kind, length, pieces)
    nulls = sum(chunk.null_count for chunk in chunks)
    if nulls:
        pieces.append(_bitmap([chunk.is_valid() for chunk in chunks], length))
    if pa.types.is_struct(kind) or pa.types.is_fixed_size_list(kind):
        return "struct", length, nulls, _encode_children(chunks, kind, pieces)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return "list", length, nulls, [_encode_items(chunks, kind, pieces)]
    if _is_variable(kind):
        ranges = _append_offsets(chunks, _offset_width(kind), pieces)
        pieces.append(_concatenate(chunks, 2, ranges))
        return "variable", length, nulls, None
    pieces.append(_encode_flat(chunks, kind, length))
    return "flat", length, nulls, None


def decode_run(run: Run, kind: Any, rest: Iterator[Any]) -> Any:
    """The array over the next buffers of `rest`."""
    form, length, nulls, inside = run
    if form == "extension":
        # Where the type is not registered, the schema already names the storage type.
        known = isinstance(kind, pa.BaseExtensionType)
        storage = decode_run(inside, kind.storage_type if known else kind, rest)
        return kind.wrap_array(storage) if known else storage
    if form == "null":
        return pa.nulls(length)
    if form == "dictionary":
        indices = decode_run(inside[0], kind.index_type, rest)
        values = decode_run(inside[1], kind.value_type, rest)
        return pa.DictionaryArray.from_arrays(indices, values, ordered=kind.ordered, safe=False)
    if form == "ipc":
        return pa.ipc.open_stream(next(rest)).read_next_batch().column(0)
    buffers = [next(rest) if nulls else None]
    buffers += [next(rest) for _ in range(_BUFFERS[form])]
    children = [
        decode_run(child, kind.field(index).type, rest) for index, child in enumerate(inside or ())
    ]
    return pa.Array.from_buffers(kind, length, buffers, nulls, children=children or None)


_BUFFERS = {"struct": 0, "list": 1, "flat": 1, "variable": 2}  # beside the validity bitmap


def _encode_children(chunks: list[Any], kind: Any, pieces: list[Piece]) -> list[Run]:
    """The fields of structs, or the one of lists of fixed size."""
    if pa.types.is_struct(kind):
        columns = [[chunk.field(index) for chunk in chunks] for index in range(kind.num_fields)]
    else:
        size = kind.list_size
        columns = [[chunk.values.slice(chunk.offset * size, len(chunk) * size) for chunk in chunks]]
    return [
        encode_run(column, kind.field(index).type, pieces) for index, column in enumerate(columns)
    ]


def _encode_items(chunks: list[Any], kind: Any, pieces: list[Piece]) -> Run:
    """The offsets and items of lists."""
    ranges = _append_offsets(chunks, _offset_width(kind), pieces)
    items = [
        chunk.values.slice(start, end - start)
        for chunk, (start, end) in zip(chunks, ranges, strict=True)
    ]
    return encode_run(items, kind.value_type, pieces)


def _encode_flat(chunks: list[Any], kind: Any, length: int) -> Piece:
    """The values of a type of fixed width, down to one bit."""
    if pa.types.is_boolean(kind):
        return _bitmap(chunks, length)
    width = kind.bit_width // 8
    ranges = [(chunk.offset * width, (chunk.offset + len(chunk)) * width) for chunk in chunks]
    return _concatenate(chunks, 1, ranges)


def _concatenate(chunks: list[Any], index: int, ranges: list[tuple[int, int]]) -> Piece:
    """The bytes of these ranges of each chunk's buffer number `index`, one after the other."""
    return piece_of_buffers(
        [
            _bytes_of(chunk, index, start, end)
            for chunk, (start, end) in zip(chunks, ranges, strict=True)
        ]
    )


def _offset_width(kind: Any) -> int:
    is_of = pa.types
    return 4 if is_of.is_list(kind) or is_of.is_string(kind) or is_of.is_binary(kind) else 8


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
    """Append the offsets of all chunks, counted from 0; returns the range of each chunk."""
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


def _encode_ipc(chunks: list[Any], kind: Any, length: int, pieces: list[Piece]) -> Run:
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
    """A view array over the bytes it shows only, as IPC would write all that it refers to."""
    if kind == pa.string_view():
        return array.cast(pa.large_string()).cast(kind)
    if kind == pa.binary_view():
        return array.cast(pa.large_binary()).cast(kind)
    return array


def _write_stream(sink: Any, batch: Any) -> None:
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
