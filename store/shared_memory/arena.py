"""The memory that one process allocates in: its segments, their free ranges, their pages.

No other process allocates here, so a write takes no lock between processes. Pages stay after
a free: writing into them again is several times faster than into fresh ones. Knows no object.
"""

import errno
import random
import time
from dataclasses import dataclass, field
from typing import Any

from shframe.store.errors import StoreFull
from shframe.store.ref import SEGMENT_BITS
from shframe.store.shared_memory.allocator import Allocator
from shframe.store.shared_memory.ledger import Ledger
from shframe.store.shared_memory.mapping import round_up
from shframe.store.shared_memory.segment import Segment, largest_file

GRANULE = 1 << 16  # pages are claimed, reserved and given back in runs of this many bytes


@dataclass(slots=True)
class _ArenaSegment:
    """One segment with what is in use and which granules have pages."""

    segment: Segment
    allocator: Allocator
    resident: bytearray = field(default_factory=bytearray)  # one byte a granule: has pages?

    def missing(self, first: int, last: int) -> int:
        """How many granules of [first, last) have no pages."""
        if len(self.resident) < last:
            self.resident.extend(bytes(last - len(self.resident)))
        return self.resident.count(0, first, last)


class Arena:
    """Blocks of memory of this process, within a budget that all processes share."""

    def __init__(self, series: int, budget: int, ledger: Ledger) -> None:
        self._series = series
        self._budget = budget
        self._ledger = ledger
        self._parts: dict[int, _ArenaSegment] = {}
        self._capacity = round_up(max(budget, 1), GRANULE)
        self.fresh_bytes = 0

    @property
    def allocated(self) -> int:
        """Bytes of the blocks in use."""
        return sum(part.allocator.allocated for part in self._parts.values())

    @property
    def resident(self) -> int:
        """Bytes of the pages that this arena holds."""
        return sum(part.resident.count(1) for part in self._parts.values()) * GRANULE

    def allocate(self, nbytes: int, what: str, pinned: int) -> tuple[Segment, int]:
        """Allocate a block with all its pages; returns its segment and offset.

        Raises: StoreFull if budget or machine refuse; nothing has been changed.
        """
        if nbytes > self._capacity:
            raise self._ledger.full(what, nbytes, self._budget, pinned)
        part, offset = self._find(nbytes, what)
        size = part.allocator.size_of(offset)
        try:
            self._back_with_pages(part, offset, nbytes, what, pinned)
        except BaseException:  # Ctrl-C too: reserving many pages takes a while
            part.allocator.free(offset)
            raise
        self._ledger.add_live(size)
        return part.segment, offset

    def free(self, segment: int, offset: int) -> None:
        """Free a block; its pages stay warm. Raises: KeyError if it is not in use."""
        self._ledger.add_live(-self._parts[segment].allocator.free(offset))

    def free_punched(self, segment: int, offset: int, nbytes: int) -> None:
        """Free a block whose inner pages the driver has given back to the machine.

        The driver has taken block and pages out of its own row of the ledger: ours stays.
        """
        part = self._parts[segment]
        part.allocator.free(offset)
        first, last = inner_granules(offset, nbytes)
        if first < last:
            part.missing(first, last)
            part.resident[first:last] = bytes(last - first)

    def owns(self, segment: int) -> bool:
        """Whether the segment is one of this arena."""
        return segment in self._parts

    def __len__(self) -> int:
        """How many segments it has."""
        return len(self._parts)

    def segments(self) -> list[Segment]:
        """The segments, oldest first."""
        return [part.segment for part in self._parts.values()]

    def trim(self, most: int | None = None) -> int:
        """Give pages of free ranges back to the machine, all or about `most` bytes; how many."""
        freed = 0
        for part in reversed(self._parts.values()):
            for start, end in reversed(list(part.allocator.free_ranges())):
                if most is None:
                    freed += self._punch(part, start, end)
                elif freed < most:
                    freed += self._punch_some(part, start, end, most - freed)
        self._ledger.retract(freed)
        return freed

    def _find(self, nbytes: int, what: str) -> tuple[_ArenaSegment, int]:
        for part in self._parts.values():
            offset = part.allocator.allocate(nbytes)
            if offset is not None:
                return part, offset
        # The first block, or the ranges are too scattered: addresses cost nothing, pages do.
        id = (self._series << SEGMENT_BITS) + len(self._parts)
        capacity = min(self._capacity, largest_file())
        try:
            if capacity < nbytes:
                raise OSError(errno.EFBIG, "the limit of a file's size is less (ulimit -f)")
            segment = Segment.create(id, capacity)
        except OSError as error:
            raise StoreFull.for_machine(
                nbytes, budget=self._budget, what=what, reason=error.strerror or str(error)
            ) from error
        part = self._parts[id] = _ArenaSegment(segment, Allocator(segment.capacity))
        offset = part.allocator.allocate(nbytes)
        assert offset is not None, "a new segment has room for what the capacity allows"
        return part, offset

    def _back_with_pages(
        self, part: _ArenaSegment, offset: int, nbytes: int, what: str, pinned: int
    ) -> None:
        first, last = offset // GRANULE, -(-(offset + nbytes) // GRANULE)
        fresh = part.missing(first, last) * GRANULE
        if not fresh:
            return
        fresh = self._claim(part, first, last, fresh, nbytes, what, pinned)
        try:
            part.segment.reserve(first * GRANULE, (last - first) * GRANULE)
        except BaseException as error:  # the kernel has taken back what it had reserved
            self._ledger.retract(fresh)
            if not isinstance(error, OSError):
                raise
            reason = error.strerror or "no reason given"
            raise StoreFull.for_machine(
                nbytes, budget=self._budget, what=what, reason=reason
            ) from error
        part.resident[first:last] = b"\x01" * (last - first)
        self.fresh_bytes += fresh
        # A fault for each page would take longer than the copy into it.
        part.segment.mapping.populate(first * GRANULE, (last - first) * GRANULE)

    def _claim(
        self,
        part: _ArenaSegment,
        first: int,
        last: int,
        fresh: int,
        nbytes: int,
        what: str,
        pinned: int,
    ) -> int:
        """Get `fresh` bytes out of the budget, if need be by giving own free pages back."""
        if self._ledger.claim(fresh, self._budget):
            return fresh
        # Punching may take pages at the edges of the block itself, which its neighbours held.
        self.trim()
        fresh = part.missing(first, last) * GRANULE
        for _ in range(3):
            if self._ledger.claim(fresh, self._budget):
                return fresh
            # Two processes that ask in the same instant may refuse each other.
            time.sleep(random.random() * 1e-3)
        raise self._ledger.full(what, nbytes, self._budget, pinned)

    def _punch(self, part: _ArenaSegment, start: int, end: int) -> int:
        first, last = -(-start // GRANULE), min(end // GRANULE, len(part.resident))
        held = part.resident.count(1, first, last) if first < last else 0
        if not held or not part.segment.punch(first * GRANULE, (last - first) * GRANULE):
            return 0
        part.resident[first:last] = bytes(last - first)
        return held * GRANULE

    def _punch_some(self, part: _ArenaSegment, start: int, end: int, most: int) -> int:
        """As _punch, from the end and not much more than `most` bytes."""
        first, last = -(-start // GRANULE), min(end // GRANULE, len(part.resident))
        freed = 0
        while freed < most and first < last:
            top = part.resident.rfind(1, first, last) + 1
            if not top:
                break
            last = max(first, top - -(-(most - freed) // GRANULE))
            freed += self._punch(part, last * GRANULE, top * GRANULE)
        return freed


def inner_granules(offset: int, nbytes: int) -> tuple[int, int]:
    """The granules [first, last) that hold nothing but this range."""
    return -(-offset // GRANULE), (offset + nbytes) // GRANULE


def writable_range(segment: Segment, offset: int, nbytes: int) -> Any:
    """The bytes of a block, (nbytes,) uint8, to be written before the seal."""
    return segment.writable[offset : offset + nbytes]
