"""How a value becomes bytes and a recipe, and comes back: chooses NumPy, Arrow or pickle.

`encode` copies no data: it makes a list of pieces that know how to write themselves; `write`
puts them where they belong; `decode` makes a value that looks at the bytes in place.
"""

import pickle
import sys
from dataclasses import dataclass
from typing import Any

from shframe.store.codec.encoded import Encoded
from shframe.store.codec.loaded import numpy_if_loaded
from shframe.store.ref import Kind
from shframe.store.shared_memory.mapping import round_up

INLINE_LIMIT = 100 << 10  # an object below this many bytes travels in its Ref
# Values of these very types pickle to one opcode; the machinery for all others costs 5 us more.
ATOMS = frozenset({bool, float, int, str, type(None)})
_RECIPE_LIMIT = 4 << 10  # a longer recipe lies beside the buffers, as the first of them
_INLINE_ALIGNMENT = 16  # what the data of a Python bytes object has
_OWN_ALIGNMENT = 64
_MANY_SPANS = 64  # more of them lie beside the buffers too, as a table of int64 pairs
_TABLE = b"spans"  # the header of an object that has such a table; no recipe looks like it


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the pieces of an encoded value go, relative to its first byte."""

    header: bytes
    spans: tuple[tuple[int, int], ...]
    nbytes: int


def atom(value: object) -> bytes:
    """The recipe of a value of one of the ATOMS, of kind pickle and without buffers."""
    return pickle.dumps(value, protocol=5)


def encode(value: object) -> Encoded:
    """Describe how to store a value; reads what it must, copies no data.

    Raises: NotStorable: when the value has no stored form.
    """
    known = numpy_if_loaded()
    if known is not None and known.fits(value):
        return known.encode(value)  # type: ignore[no-any-return]
    if "pyarrow" in sys.modules:
        from shframe.store.codec import arrow_codec

        if arrow_codec.fits(value):
            return arrow_codec.encode(value)
    from shframe.store.codec import pickle_codec

    return pickle_codec.encode(value)


def lay_out(encoded: Encoded, alignment: int) -> Layout:
    """Give every piece its place."""
    header = encoded.recipe
    sizes = [piece.nbytes for piece in encoded.pieces]
    if len(sizes) > _MANY_SPANS:
        table_size = 16 * (len(sizes) + 1)
        start = round_up(table_size, alignment)
        spans, end = _place([len(header), *sizes], start, alignment)
        return Layout(_TABLE, ((0, table_size), *spans), end)
    if len(header) > _RECIPE_LIMIT:
        sizes.insert(0, len(header))
        header = b""
    spans, end = _place(sizes, 0, alignment)
    return Layout(header, tuple(spans), end)


def write(encoded: Encoded, layout: Layout, target: Any) -> None:
    """Write the pieces into `target`, (layout.nbytes,) uint8."""
    import numpy as np

    spans = layout.spans
    if layout.header == _TABLE:
        table, spans = spans[0], spans[1:]
        target[: table[1]] = np.array(spans, np.int64).reshape(-1).view(np.uint8)
    if layout.header != encoded.recipe:
        start, size = spans[0]
        target[start : start + size] = np.frombuffer(encoded.recipe, np.uint8)
        spans = spans[1:]
    for piece, (start, size) in zip(encoded.pieces, spans, strict=True):
        if size:
            piece.fill(target[start : start + size])


def pack_inline(encoded: Encoded) -> tuple[bytes, int, Layout] | None:
    """The whole value as one header, where its payload starts, and its layout.

    None when it is too large for that.
    """
    sizes = [piece.nbytes for piece in encoded.pieces]
    size = len(encoded.recipe) + sum(sizes) + 16 * len(sizes)  # about what a span takes
    if size >= INLINE_LIMIT:
        return None
    if not encoded.pieces:
        return encoded.recipe, len(encoded.recipe), Layout(encoded.recipe, (), 0)
    start = round_up(len(encoded.recipe), _INLINE_ALIGNMENT)
    spans, end = _place(sizes, 0, _INLINE_ALIGNMENT)
    layout = Layout(encoded.recipe, tuple(spans), end)
    import numpy as np

    header = bytearray(start + end)
    header[: len(encoded.recipe)] = encoded.recipe
    write(encoded, layout, np.frombuffer(header, np.uint8)[start:])
    return bytes(header), start, layout


def unpack_inline(
    kind: Kind,
    header: bytes,
    start: int,
    spans: tuple[tuple[int, int], ...],
    *,
    writable: bool = False,
) -> Any:
    """The value that `pack_inline` made a header of, in memory of its own when writable."""
    if not spans:
        return decode(kind, header, None, spans)
    import numpy as np

    memory = bytearray(header[start:]) if writable else memoryview(header)[start:]
    return decode(kind, header[:start], np.frombuffer(memory, np.uint8), spans)


def own_copy(value: object) -> Any:
    """The value again, ordinary and writable, in memory of this process that holds only it."""
    import numpy as np

    encoded = encode(value)
    layout = lay_out(encoded, _OWN_ALIGNMENT)
    payload = np.empty(layout.nbytes, np.uint8)
    write(encoded, layout, payload)
    return decode(encoded.kind, layout.header, payload, ref_spans(layout))


def ref_spans(layout: Layout) -> tuple[tuple[int, int], ...]:
    """The spans that the Ref carries: all, or the one of the table that lists them."""
    return layout.spans[:1] if layout.header == _TABLE else layout.spans


def _place(sizes: list[int], end: int, alignment: int) -> tuple[list[tuple[int, int]], int]:
    """(start, size) of buffers laid one after the other from `end`, and where the last ends."""
    spans = []
    for size in sizes:
        start = round_up(end, alignment)
        spans.append((start, size))
        end = start + size
    return spans, end


def decode(kind: Kind, header: bytes, payload: Any, spans: tuple[tuple[int, int], ...]) -> Any:
    """Make the value again over `payload`, uint8, which every part of it keeps alive.

    What is made is writable exactly when `payload` is.
    """
    if header == _TABLE:
        import numpy as np

        (start, size) = spans[0]
        spans = payload[start : start + size].view(np.int64).reshape(-1, 2).tolist()
        header = b""
    buffers = [payload[start : start + size] for start, size in spans]
    recipe = header or buffers.pop(0).tobytes()
    if kind == "array":
        from shframe.store.codec import numpy_codec

        return numpy_codec.decode(recipe, buffers)
    if kind == "table":
        from shframe.store.codec import arrow_codec

        return arrow_codec.decode(recipe, buffers)
    from shframe.store.codec import pickle_codec

    return pickle_codec.decode(recipe, buffers)
