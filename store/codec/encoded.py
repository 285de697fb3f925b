"""An encoded value: its recipe and the pieces that will be written. Knows no kind of value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shframe.store.ref import Kind


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes to be written later: how many, and the function that fills (nbytes,) uint8."""

    nbytes: int
    fill: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value on its way into the store. `recipe` is never empty."""

    kind: Kind
    recipe: bytes
    pieces: Sequence[Piece]


def piece_of_buffers(buffers: Sequence[Any]) -> Piece:
    """Contiguous buffers, one directly after the other."""
    import numpy as np

    parts = [np.frombuffer(buffer, np.uint8) for buffer in buffers if len(buffer)]

    def fill(target: Any) -> None:
        start = 0
        for part in parts:
            target[start : start + part.nbytes] = part
            start += part.nbytes

    return Piece(sum(part.nbytes for part in parts), fill)
