"""The address of a sealed object: where its bytes are and how to read them. Knows no bytes.

A Ref is plain data, not a counted reference: a process that keeps one tells the driver's store.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["array", "table", "pickle"]

INLINE = -1  # the segment of an object that is whole in its Ref

# Processes number their objects and segments independently: the high bits are the
# process' series, which no other process that this driver starts ever gets, in no session.
OBJECT_BITS = 40
SEGMENT_BITS = 32
FIRST_SERIES = 4096  # below are the series that are no process'
next_series = itertools.count(FIRST_SERIES).__next__

_Fields = tuple[int, int, int, int, Kind, bytes, tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class Ref:
    """The address of one sealed object.

    `offset` counts from the start of the segment and `nbytes` is the payload. `spans` are
    (start, length) of each buffer, relative to `offset`. `header` is the recipe of the value
    when that is small (else the first span holds it); of an INLINE object it is everything,
    and `offset` is where the payload starts in it.
    """

    id: int
    segment: int
    offset: int
    nbytes: int
    kind: Kind
    header: bytes
    spans: tuple[tuple[int, int], ...]

    def __reduce__(self) -> tuple[Callable[..., "Ref"], _Fields]:
        fields = (self.id, self.segment, self.offset, self.nbytes)
        return Ref, (*fields, self.kind, self.header, self.spans)

    @property
    def inline(self) -> bool:
        """Whether the object is in the Ref itself and takes no room in the store."""
        return self.segment == INLINE
