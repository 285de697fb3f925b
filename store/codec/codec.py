"""How a value becomes bytes and a recipe, and back: chooses NumPy, Arrow or pickle.

`encode` copies no data: it makes a list of pieces, each with a function that writes it; `write`
writes them to their offsets; `decode` makes a value over the bytes in place.
"""

import pickle
import sys
from dataclasses import dataclass
from typing import Any

from shframe.store.codec.encoded import Encoded
from shframe.store.codec.loaded import numpy_if_loaded
from shframe.store.ref import Kind
from shframe.store.shared_memory.mapping import round_up

INLINE_LIMIT = 100 << 10  # an object of fewer bytes is sent in its Ref
# Values of these very types pickle to one opcode; the machinery for all others costs 5 us more.
ATOMS = frozenset({bool, float, int, str, type(None)})
_RECIPE_LIMIT = 4 << 10  # a longer recipe is stored before the buffers, with a table of spans
_INLINE_ALIGNMENT = 16  # what the data of a Python bytes object has
_OWN_ALIGNMENT = 64
_MANY_SPANS = 64  # more of them are stored too, as a table of int64 pairs


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the pieces of an encoded value go, relative to its first byte.

    header: the recipe. Empty: the first span is a table of the others, of which the first is the
    recipe.
    """

    header: bytes
    spans: tuple[tuple[int, int], ...]
    nbytes: int


def atom(value: object) -> bytes:
    """The recipe of a value of one of the ATOMS, of kind pickle and without buffers."""
    return pickle.dumps(value, protocol=5)


def encode(value: object) -> Encoded:
    """Describe how to store a value; copies no data.

    Raises: NotStorable if the value has no stored form.
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
    """Assign an offset to each piece."""
    recipe = encoded.recipe
    sizes = [piece.nbytes for piece in encoded.pieces]
    if len(sizes) > _MANY_SPANS or len(recipe) > _RECIPE_LIMIT:
        table_size = 16 * (len(sizes) + 1)
        start = round_up(table_size, alignment)
        spans, end = _place([len(recipe), *sizes], start, alignment)
        return Layout(b"", ((0, table_size), *spans), end)
    spans, end = _place(sizes, 0, alignment)
    return Layout(recipe, tuple(spans), end)


def write(encoded: Encoded, layout: Layout, target: Any) -> None:
    """Write the pieces into `target`, (layout.nbytes,) uint8."""
    import numpy as np

    spans = layout.spans
    if not layout.header:
        table, spans = spans[0], spans[1:]
        target[: table[1]] = np.array(spans, np.int64).reshape(-1).view(np.uint8)
        (start, size), spans = spans[0], spans[1:]
        target[start : start + size] = np.frombuffer(encoded.recipe, np.uint8)
    for piece, (start, size) in zip(encoded.pieces, spans, strict=True):
        if size:
            piece.fill(target[start : start + size])


def pack_inline(encoded: Encoded) -> tuple[bytes, int, Layout] | None:
    """The whole value as one header, the start of its payload, and its layout.

    None if it is too large for that.
    """
    sizes = [piece.nbytes for piece in encoded.pieces]
    size = len(encoded.recipe) + sum(sizes) + 16 * len(sizes)  # about the size of a span
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
    """The value of a header that `pack_inline` has made; writable: in memory of its own."""
    if not spans:
        return decode(kind, header, None, spans)
    import numpy as np

    memory = bytearray(header[start:]) if writable else memoryview(header)[start:]
    return decode(kind, header[:start], np.frombuffer(memory, np.uint8), spans)


def own_copy(value: object) -> Any:
    """A copy of the value, ordinary and writable, in memory of this process that holds only it."""
    import numpy as np

    encoded = encode(value)
    layout = lay_out(encoded, _OWN_ALIGNMENT)
    payload = np.empty(layout.nbytes, np.uint8)
    write(encoded, layout, payload)
    return decode(encoded.kind, layout.header, payload, ref_spans(layout))


def ref_spans(layout: Layout) -> tuple[tuple[int, int], ...]:
    """The spans in the Ref: all, or that of the table of spans."""
    return layout.spans if layout.header else layout.spans[:1]


def _place(sizes: list[int], end: int, alignment: int) -> tuple[list[tuple[int, int]], int]:
    """(start, size) of buffers stored one after the other from `end`, and the end of the last."""
    spans = []
    for size in sizes:
        start = round_up(end, alignment)
        spans.append((start, size))
        end = start + size
    return spans, end


def decode(kind: Kind, header: bytes, payload: Any, spans: tuple[tuple[int, int], ...]) -> Any:
    """The value over `payload`, uint8, which every part of it keeps alive.

    It is writable if `payload` is.
    """
    if not header:
        import numpy as np

        (start, size) = spans[0]
        spans = payload[start : start + size].view(np.int64).reshape(-1, 2).tolist()
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
