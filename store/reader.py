"""What one process can read: the segments it has mapped, and pins of the objects it views.

Returns values over shared bytes, read-only or privately writable. Allocates nothing and frees
nothing: it only knows what must not be reused because this process has views of it.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

from shframe.store.codec import codec
from shframe.store.errors import SegmentGone, StoreClosed
from shframe.store.ref import INLINE, Ref
from shframe.store.shared_memory import forks
from shframe.store.shared_memory.mapping import as_bytes
from shframe.store.shared_memory.pins import DRAFT, Pin, Pins, PrivatePin
from shframe.store.shared_memory.segment import Attached

_readers: weakref.WeakSet[Reader] = weakref.WeakSet()
_SMALL = 1 << 16  # bytes from which on a mapping of its own costs less than a copy


def writable_copy(array: Any) -> Any:
    """A writable copy of a NumPy array, private to the caller.

    Of an array in a store only the pages that are written are copied; others are copied here.
    """
    if array.nbytes >= _SMALL and not array.dtype.hasobject:
        for reader in list(_readers):
            found = reader.private(array)
            if found is not None:
                return found
    return array.copy(order="K")


class Reader:
    """The reading half of LocalStore. Safe to call from any thread of its process."""

    def __init__(self) -> None:
        self._segments: dict[int, Attached] = {}  # all that is readable, own ones too
        self._pins = Pins()
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._closed = False
        forks.watch(self)
        _readers.add(self)

    def get(self, ref: Ref) -> Any:
        """The value, read-only, over the shared bytes; its views keep it pinned.

        Raises: SegmentGone if its memory is not attached here.
        Cost: no copy.
        """
        if os.getpid() == self._pid or self._pins.find(ref.id) is None:
            self._check("get")  # a forked child may read what its parent had views of
        if ref.segment == INLINE:
            return codec.unpack_inline(ref.kind, ref.header, ref.offset, ref.spans)
        return codec.decode(ref.kind, ref.header, as_bytes(self._pin(ref)), ref.spans)

    def get_writable(self, ref: Ref) -> Any:
        """The value as an ordinary object: writing into it copies only the pages touched.

        No other process and no other call sees what is written.

        Raises: SegmentGone if its memory is not attached here.
        """
        self._check("get_writable")
        if ref.segment == INLINE:
            return codec.unpack_inline(ref.kind, ref.header, ref.offset, ref.spans, writable=True)
        with self._lock:
            pin = self._pin(ref)
            segment = self._segments[ref.segment]
            pages, address = segment.private_view(ref.offset, ref.nbytes)
        payload = as_bytes(PrivatePin(pages, address, ref.nbytes, pin))
        return codec.decode(ref.kind, ref.header, payload, ref.spans)

    def private(self, array: Any) -> Any | None:
        """An array's values over private pages, where it views an object; else None.

        Cost: a system call; later a copy of each page that is written.
        """
        import numpy as np

        low, high = np.lib.array_utils.byte_bounds(array)
        with self._lock:
            pin = self._pins.around(low, high)
            segment = None if pin is None else self._segments.get(pin.place[0])
            if pin is None or segment is None:
                return None
            pages, address = segment.private_view(pin.place[1] + low - pin.address, high - low)
        payload = as_bytes(PrivatePin(pages, address, high - low, pin))
        first = array.__array_interface__["data"][0] - low
        return np.ndarray(array.shape, array.dtype, payload, first, array.strides)

    def attach(self, segment_id: int, fd: int) -> None:
        """Map a segment of another process; takes over `fd`. A second time changes nothing."""
        self._check("attach")
        with self._lock:
            if segment_id in self._segments:
                os.close(fd)
            else:
                self._segments[segment_id] = Attached(segment_id, fd)

    def adopt_segment(self, segment: Attached) -> None:
        """Make a segment that is open in this process readable here."""
        with self._lock:
            self._segments[segment.id] = segment

    def detach(self, segment_id: int) -> None:
        """Forget a segment; its mapping goes with the last view. Unknown ones are no error."""
        with self._lock:
            segment = self._segments.pop(segment_id, None)
        if segment is not None:
            segment.close()

    def hold(self, ref: Ref) -> Pin | None:
        """Keep the object's memory until the returned pin dies. Raises: SegmentGone."""
        self._check("hold")
        return None if ref.inline else self._pin(ref)

    def is_pinned(self, id: int) -> bool:
        """Whether the object has live views in this process."""
        with self._lock:
            return self._pins.find(id) is not None

    def readonly_fd(self, segment_id: int) -> int:
        """A new descriptor of a readable segment that cannot write. Raises: SegmentGone."""
        with self._lock:
            segment = self._segments.get(segment_id)
            if segment is None:
                raise SegmentGone.for_segment(segment_id, segment_id)
            return segment.readonly_fd()

    def descriptor(self, segment_id: int) -> int:
        """The descriptor of a readable segment, which stays ours. Raises: SegmentGone."""
        with self._lock:
            segment = self._segments.get(segment_id)
            if segment is None:
                raise SegmentGone.for_segment(segment_id, segment_id)
            return segment.fd

    def knows(self, segment_id: int) -> bool:
        """Whether objects of the segment can be read here."""
        return segment_id == INLINE or segment_id in self._segments

    def live_pins(self) -> list[Pin]:
        """The pins of this process; without a lock, as a fork may happen at any time."""
        return self._pins.pins() if self._pid == os.getpid() else []

    def forked(self) -> None:
        """Called in a child of this process, where another thread's lock would never open."""
        self._lock = threading.RLock()

    def pinned(self) -> set[int]:
        """The objects that have live views in this process, or in a child that it forked."""
        forks.sweep()
        with self._lock:
            return set(self._pins.live()) if self._pins else set()

    def pinned_bytes(self) -> int:
        """Bytes of the objects that have live views in this process."""
        return sum(pin.nbytes for pin in self._pins.pins() if pin.id != DRAFT)

    def pinned_ranges(self) -> dict[int, list[tuple[int, int]]]:
        """By segment, the (start, end) that live views of this process need."""
        ranges: dict[int, list[tuple[int, int]]] = {}
        with self._lock:
            for pin in self._pins.pins():
                segment, offset = pin.place
                ranges.setdefault(segment, []).append((offset, offset + pin.nbytes))
        return ranges

    def close(self) -> None:
        """Close all descriptors; calls raise StoreClosed from now on. May be called twice.

        Live views stay valid: a mapping goes with its last view. Nothing is given back to the
        machine here, for other processes may still read what this one wrote.
        """
        with self._lock:
            if self._closed or os.getpid() != self._pid:
                return
            self._closed = True
            for segment in self._segments.values():
                segment.close()
            self._segments = {}

    def _pin(self, ref: Ref) -> Pin:
        with self._lock:
            pin = self._pins.find(ref.id)
            if pin is not None:
                return pin
            segment = self._segments.get(ref.segment)
            if segment is None:
                raise SegmentGone.for_segment(ref.segment, ref.id)
            mapping = segment.readonly
            address = mapping.address + ref.offset
            place = (ref.segment, ref.offset)
            return self._pins.make(ref.id, place, address, ref.nbytes, mapping)

    def _check(self, call: str) -> None:
        forked = os.getpid() != self._pid
        if forked or self._closed:
            raise StoreClosed.for_call(call, forked=forked)
