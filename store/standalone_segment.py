"""Values in a segment of their own, which can be read from its descriptor alone.

The values are stored one after another, each on a page of its own; then come the addresses of the
values and the writer's description of them; the last bytes say where these begin. So only a
descriptor of the segment has to be sent.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Sequence

from shframe.store.codec import codec
from shframe.store.ref import Ref
from shframe.store.shared_memory.mapping import PAGE, as_bytes, round_up
from shframe.store.shared_memory.segment import Attached, Segment

_END = struct.Struct("<8sQQ")  # a mark, where the description begins, its bytes
_MARK = b"shframe2"
_ALIGNMENT = 64


class Plan:
    """The layout of values in a segment of `size` bytes. Raises: NotStorable."""

    def __init__(self, values: Sequence[object], about: bytes) -> None:
        self._encoded = [codec.encode(value) for value in values]
        self._layouts = [codec.lay_out(one, _ALIGNMENT) for one in self._encoded]
        self._refs, end = [], 0
        for one, layout in zip(self._encoded, self._layouts, strict=True):
            spans = codec.ref_spans(layout)
            self._refs.append(Ref(0, 0, end, layout.nbytes, one.kind, layout.header, spans))
            end = round_up(end + max(layout.nbytes, 1), PAGE)
        self._described = pickle.dumps((tuple(self._refs), about))
        self._end = end
        self.nbytes = sum(layout.nbytes for layout in self._layouts)
        self.size = round_up(end + len(self._described) + _END.size, PAGE)

    def write(self, into: Segment) -> None:
        """Copy the values and what describes them into a segment of `size` bytes."""
        memory = into.writable
        for one, layout, ref in zip(self._encoded, self._layouts, self._refs, strict=True):
            codec.write(one, layout, memory[ref.offset : ref.offset + ref.nbytes])
        tail = memory[self._end : self._end + len(self._described)]
        memoryview(tail)[:] = self._described
        end = _END.pack(_MARK, self._end, len(self._described))
        memoryview(memory[self.size - _END.size : self.size])[:] = end


def read(segment: Attached) -> tuple[tuple[Ref, ...], bytes]:
    """The addresses of a segment's values, without ids, and their description.

    Raises: ValueError if the segment was not written by Plan.
    """
    memory = memoryview(as_bytes(segment.readonly))
    mark, begin, nbytes = _END.unpack(memory[segment.capacity - _END.size :])
    if mark != _MARK or begin + nbytes > segment.capacity:
        raise ValueError("the segment does not hold published data of this version")
    refs, about = pickle.loads(memory[begin : begin + nbytes])
    return refs, about
