"""How a value becomes bytes and a recipe, and comes back: chooses NumPy, Arrow or pickle.

`encode` copies no data: it makes a list of pieces that know how to write themselves; `write`
puts them where they belong; `decode` makes a value that looks at the bytes in place.
"""

import pickle
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from shframe.store.mapping import round_up
from shframe.store.piece import Encoded
from shframe.store.ref import Kind

INLINE_LIMIT = 100 << 10  # an object below this many bytes travels in its Ref
# Values of these very types pickle to one opcode; the machinery for all others costs 5 us more.
ATOMS = frozenset({bool, float, int, str, type(None)})
_RECIPE_LIMIT = 4 << 10  # a longer recipe lies beside the buffers, as the first of them
_INLINE_ALIGNMENT = 16  # what the data of a Python bytes object has


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
    from shframe.store import codec_numpy

    if codec_numpy.fits(value):
        return codec_numpy.encode(value)
    if "pyarrow" in sys.modules:
        from shframe.store import codec_arrow

        if codec_arrow.fits(value):
            return codec_arrow.encode(value)
    from shframe.store import codec_pickle

    return codec_pickle.encode(value)


def lay_out(encoded: Encoded, alignment: int) -> Layout:
    """Give every piece its place."""
    pieces = encoded.pieces
    header = encoded.recipe
    sizes = [piece.nbytes for piece in pieces]
    if len(header) > _RECIPE_LIMIT:
        sizes.insert(0, len(header))
        header = b""
    spans, end = [], 0
    for size in sizes:
        start = round_up(end, alignment)
        spans.append((start, size))
        end = start + size
    return Layout(header, tuple(spans), end)


def write(encoded: Encoded, layout: Layout, target: Any) -> None:
    """Write the pieces into `target`, (layout.nbytes,) uint8."""
    spans = layout.spans
    if not layout.header and encoded.recipe:
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
    size = len(encoded.recipe) + sum(piece.nbytes for piece in encoded.pieces)
    if size >= INLINE_LIMIT:
        return None
    if not encoded.pieces:
        return encoded.recipe, len(encoded.recipe), Layout(encoded.recipe, (), 0)
    start = round_up(len(encoded.recipe), _INLINE_ALIGNMENT)
    spans, end = [], 0
    for piece in encoded.pieces:
        begin = round_up(end, _INLINE_ALIGNMENT)
        spans.append((begin, piece.nbytes))
        end = begin + piece.nbytes
    layout = Layout(encoded.recipe, tuple(spans), end)
    header = bytearray(start + end)
    header[: len(encoded.recipe)] = encoded.recipe
    write(encoded, layout, np.frombuffer(header, np.uint8)[start:])
    return bytes(header), start, layout


def decode(kind: Kind, header: bytes, payload: Any, spans: tuple[tuple[int, int], ...]) -> Any:
    """Make the value again over `payload`, uint8, which every part of it keeps alive.

    What is made is writable exactly when `payload` is.
    """
    buffers = [payload[start : start + size] for start, size in spans]
    recipe = header or buffers.pop(0).tobytes()
    if kind == "array":
        from shframe.store import codec_numpy

        return codec_numpy.decode(recipe, buffers)
    if kind == "table":
        from shframe.store import codec_arrow

        return codec_arrow.decode(recipe, buffers)
    from shframe.store import codec_pickle

    return codec_pickle.decode(recipe, buffers)
