"""Which ranges of a segment are in use. Offsets only: no bytes, no objects, no pages.

Invariants: blocks never overlap; two free blocks are never neighbours; everything at or above
`high_water` was never used. Free blocks come first (their pages are warm), the smallest that
fits before larger ones.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from shframe.store.shared_memory.mapping import PAGE, round_up

ALIGNMENT = 64  # a cache line, and what Arrow asks of its buffers
LARGE = 1 << 20  # from here on a block starts on a page, so it shares no page with others


@dataclass(slots=True)
class Allocator:
    """Ranges of `capacity` bytes. O(log n) comparisons a call."""

    capacity: int
    high_water: int = 0
    allocated: int = 0
    _live: dict[int, int] = field(default_factory=dict)
    _free: dict[int, int] = field(default_factory=dict)  # start -> size
    _starts: dict[int, int] = field(default_factory=dict)  # end -> start
    _by_size: list[tuple[int, int]] = field(default_factory=list)  # sorted (size, start)

    def allocate(self, nbytes: int) -> int | None:
        """Take a range and return its offset; None if no range is large enough."""
        unit, size = _unit(nbytes), block_size(nbytes)
        offset = self._take_freed(size, unit)
        if offset is None:
            offset = self._take_fresh(size, unit)
        if offset is not None:
            self._live[offset] = size
            self.allocated += size
        return offset

    def free(self, offset: int) -> int:
        """Free a range, merge it with its free neighbours, return its size.

        Raises: KeyError if no range in use starts there.
        """
        size = self._live.pop(offset)
        self.allocated -= size
        start, end = offset, offset + size
        if start in self._starts:
            start = self._starts[start]
            self._remove_free(start)
        if end in self._free:
            following = end
            end += self._free[following]
            self._remove_free(following)
        self._add_free(start, end)
        return size

    def size_of(self, offset: int) -> int:
        """The size of the range in use that starts at `offset`."""
        return self._live[offset]

    def blocks(self) -> Iterator[tuple[int, int]]:
        """(offset, size) of every range in use, in no order."""
        yield from self._live.items()

    def free_ranges(self) -> Iterator[tuple[int, int]]:
        """(start, end) of every free range, the never used rest last; in no other order."""
        tail = self._tail()
        for start, size in self._free.items():
            if start != tail:
                yield start, start + size
        if tail < self.capacity:
            yield tail, self.capacity

    @property
    def largest_free(self) -> int:
        """The size of the largest range that one allocation could get."""
        freed = self._by_size[-1][0] if self._by_size else 0
        return max(freed, self.capacity - self._tail())

    def _tail(self) -> int:
        return self._starts.get(self.high_water, self.high_water)

    def _take_freed(self, size: int, unit: int) -> int | None:
        for index in range(bisect_left(self._by_size, (size, 0)), len(self._by_size)):
            found, start = self._by_size[index]
            offset = round_up(start, unit)
            if offset + size <= start + found:
                self._remove_free(start)
                self._add_free(start, offset)
                self._add_free(offset + size, start + found)
                return offset
        return None

    def _take_fresh(self, size: int, unit: int) -> int | None:
        start = self._tail()
        offset = round_up(start, unit)
        if offset + size > self.capacity:
            return None
        if start in self._free:
            self._remove_free(start)
        self._add_free(start, offset)
        self.high_water = offset + size
        return offset

    def _add_free(self, start: int, end: int) -> None:
        if start < end:
            self._free[start] = end - start
            self._starts[end] = start
            insort(self._by_size, (end - start, start))

    def _remove_free(self, start: int) -> None:
        size = self._free.pop(start)
        del self._starts[start + size]
        del self._by_size[bisect_left(self._by_size, (size, start))]


def block_size(nbytes: int) -> int:
    """How many bytes a range for `nbytes` takes up."""
    return round_up(max(nbytes, 1), _unit(nbytes))


def _unit(nbytes: int) -> int:
    return PAGE if nbytes >= LARGE else ALIGNMENT
