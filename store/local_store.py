"""The store in one process: put objects, write in place, free; reader.py reads.

It writes into its own arena only. The driver (store.py) decides when memory is reused, and calls
`free` here.
"""

import itertools
import os
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from shframe.store.codec import codec
from shframe.store.codec.encoded import Encoded
from shframe.store.interrupts import interruptible, uninterrupted
from shframe.store.reader import Reader
from shframe.store.ref import INLINE, OBJECT_BITS, Ref, next_series
from shframe.store.shared_memory import forks
from shframe.store.shared_memory.arena import Arena, writable_range
from shframe.store.shared_memory.ledger import Ledger
from shframe.store.shared_memory.mapping import Mapping, as_bytes
from shframe.store.shared_memory.pins import DRAFT, Pin, Place
from shframe.store.shared_memory.segment import Segment

LONG = 8 << 20  # bytes from which on Ctrl-C interrupts a copy: it takes milliseconds


class LocalStore(Reader):
    """The store as one process has it. Safe to call from any thread of that process."""

    def __init__(self, slot: int, budget: int, ledger: Ledger, series: int | None = None) -> None:
        """series: of the numbers of its objects and segments (ref.py); None: a new one."""
        if ledger.slot != slot:
            raise ValueError(
                f"slot {slot} was asked for, but the ledger is attached as slot {ledger.slot}\n"
                "  attach the ledger with the slot of this process"
            )
        super().__init__()
        self.slot = slot
        self.budget = budget
        self.ledger = ledger
        series = next_series() if series is None else series
        self._arena = Arena(series, budget, ledger)
        self._announced = 0
        self._released: list[int] = []
        self._deferred: set[Place] = set()  # freed by the driver, still viewed here
        self.next_id: Callable[[], int] = itertools.count((series << OBJECT_BITS) + 1).__next__
        self._written = 0

    def put(self, value: object) -> Ref:
        """Store a value and return its address; a draft of `empty` is sealed without a copy.

        Raises: NotStorable, StoreFull; nothing has been changed then.
        Cost: one copy of the data.
        """
        self._check("put")
        if type(value) in codec.ATOMS:
            recipe = codec.atom(value)
            if len(recipe) < codec.INLINE_LIMIT:
                return Ref(self.next_id(), INLINE, len(recipe), 0, "pickle", recipe, ())
        draft = _draft_of(value)
        if draft is not None:
            return self._seal(value, draft)
        encoded = codec.encode(value)
        packed = codec.pack_inline(encoded)
        if packed is not None:
            header, start, layout = packed
            return Ref(
                self.next_id(), INLINE, start, layout.nbytes, encoded.kind, header, layout.spans
            )
        layout = codec.lay_out(encoded, 64)
        with uninterrupted():
            segment, offset = self._allocate(layout.nbytes, f"a value of {type(value).__name__}")
            try:
                with interruptible() if layout.nbytes > LONG else uninterrupted():
                    codec.write(encoded, layout, writable_range(segment, offset, layout.nbytes))
            except BaseException:
                with self._lock:
                    self._arena.free(segment.id, offset)
                raise
            return self._new_ref(segment, offset, encoded, layout)

    def _new_ref(
        self, segment: Segment, offset: int, encoded: Encoded, layout: codec.Layout
    ) -> Ref:
        self._written += layout.nbytes
        self.ledger.add_written(layout.nbytes)
        return Ref(
            self.next_id(),
            segment.id,
            offset,
            layout.nbytes,
            encoded.kind,
            layout.header,
            codec.ref_spans(layout),
        )

    def empty(
        self, shape: int | tuple[int, ...], dtype: Any, order: Literal["C", "F"] = "C"
    ) -> Any:
        """A writable array in the store's memory, to be filled and then `put` without a copy.

        Its values are whatever was there. One that is never put is freed when it dies; one
        of inline size, or of Python objects, is an ordinary array.

        Raises: StoreFull.
        """
        import numpy as np

        self._check("empty")
        dtype = np.dtype(dtype)
        shape = (shape,) if isinstance(shape, int) else tuple(int(size) for size in shape)
        nbytes = int(np.prod(shape, dtype=object)) * dtype.itemsize if shape else dtype.itemsize
        if nbytes < codec.INLINE_LIMIT or dtype.hasobject:
            return np.empty(shape, dtype, order)
        with uninterrupted():
            segment, offset = self._allocate(nbytes, f"an array of shape {shape}")
            mapping = segment.mapping
            with self._lock:
                place = (segment.id, offset)
                pin = self._pins.make(DRAFT, place, mapping.address + offset, nbytes, mapping)
        draft = as_bytes(pin).view(dtype).reshape(shape, order=order)
        pin.draft = weakref.ref(draft)
        return draft

    def free(self, blocks: Iterable[Ref | Place]) -> None:
        """Free blocks of the own arena, because the driver says that no process reads them.

        A block that is viewed in this very process waits for the last view.
        """
        self._check("free")
        with self._lock:
            self._sweep()
            viewed = set(self._pins.live().values())
            for block in blocks:
                place = (block.segment, block.offset) if isinstance(block, Ref) else block
                if place[0] == INLINE:
                    continue
                if place in viewed:
                    self._deferred.add(place)
                else:
                    self._arena.free(*place)

    def free_punched(self, blocks: Iterable[tuple[int, int, int]]) -> None:
        """Take back blocks (segment, offset, nbytes) whose pages the driver gave back."""
        self._check("free_punched")
        with self._lock:
            for segment, offset, nbytes in blocks:
                self._arena.free_punched(segment, offset, nbytes)

    def new_segments(self) -> list[tuple[int, int]]:
        """(id, descriptor) of own segments made since the last call; the caller closes them.

        The descriptors can write: they are for the driver alone.
        """
        if len(self._arena) == self._announced:  # as nearly always
            return []
        with self._lock:
            new = self._arena.segments()[self._announced :]
            self._announced += len(new)
            return [(segment.id, os.dup(segment.fd)) for segment in new]

    @property
    def has_released(self) -> bool:
        """Whether `drain_released` may return something (read without the lock)."""
        forks.sweep()
        return self._pins.waiting or bool(self._released)

    def drain_released(self) -> list[int]:
        """The objects whose last view here has died since the last call."""
        with self._lock:
            self._sweep()
            released, self._released = self._released, []
            return [id for id in released if self._pins.find(id) is None]

    def trim(self, most: int | None = None) -> int:
        """Give pages of freed blocks back to the machine, all or about `most` bytes; how many."""
        self._check("trim")
        with self._lock:
            self._sweep()
            return self._arena.trim(most)

    @property
    def in_use(self) -> int:
        """Bytes of the own arena that are in use, by objects and by what is to become one."""
        return self._arena.allocated

    def stats(self) -> dict[str, int]:
        """Bytes in use, resident, ever fresh, copied in by put, under live views."""
        with self._lock:
            return {
                "live": self._arena.allocated,
                "resident": self._arena.resident,
                "fresh": self._arena.fresh_bytes,
                "written": self._written,
                "pinned": self.pinned_bytes(),
            }

    @contextmanager
    def borrow(
        self, segment_id: int, fd: int, start: int = 0, stop: int | None = None
    ) -> Iterator[Any]:
        """Write into a lent segment: uint8 from `start` (a multiple of the page) to `stop`.

        Takes over `fd`. At the end no view reaches the segment any more: one that is left
        still reads, but can never write.
        """
        self._check("borrow")
        try:
            size = os.fstat(fd).st_size
            end = size if stop is None else stop
            mapping = Mapping(fd, end - start, offset=start, writable=True)
            try:
                yield as_bytes(mapping)
            finally:
                mapping.withdraw(fd, start)
        finally:
            os.close(fd)

    def segments(self) -> list[Segment]:
        """The segments of the own arena."""
        with self._lock:
            return self._arena.segments()

    def _allocate(self, nbytes: int, what: str) -> tuple[Segment, int]:
        with self._lock:
            self._sweep()
            segment, offset = self._arena.allocate(nbytes, what, self.pinned_bytes())
            self._segments.setdefault(segment.id, segment)
            return segment, offset

    def _seal(self, array: Any, pin: Pin) -> Ref:
        from shframe.store.codec import numpy_codec

        array.flags.writeable = False
        order: Literal["C", "F"] = "C" if array.flags.c_contiguous else "F"
        header = numpy_codec.array_header(array.dtype, array.shape, order)
        id = self.next_id()
        with self._lock:
            self._pins.promote(pin, id)
        segment, offset = pin.place
        self.ledger.add_written(array.nbytes)
        return Ref(id, segment, offset, array.nbytes, "array", header, ((0, array.nbytes),))

    def _sweep(self) -> None:
        """Free what pins have kept: their finalizers must not do so. Called under the lock."""
        if not self._pins.waiting:
            return
        objects, places = self._pins.drain()
        self._released.extend(id for id, _ in objects)
        places.extend(place for _, place in objects if place in self._deferred)
        self._deferred.difference_update(places)
        for segment, offset in places:
            if self._arena.owns(segment):
                self._arena.free(segment, offset)


def _draft_of(value: object) -> Pin | None:
    """The pin of a draft, if `value` is the very array that `empty` returned."""
    if "numpy" not in sys.modules:
        return None
    import numpy as np

    if type(value) is not np.ndarray or value.base is None:
        return None
    base: Any = value
    while isinstance(base, np.ndarray):
        base = base.base
    if not isinstance(base, Pin) or base.id != DRAFT or base.draft is None:
        return None
    # A view of it, even of the whole, is copied: the draft itself would stay writable.
    return base if base.draft() is value else None
