"""Segments that the driver lends to workers, who fill disjoint parts of one final object.

The one exception to the rule that a process writes only into its own arena: it saves a copy
that grows with the result. Every borrower unmaps the segment and closes its descriptor
(LocalStore.borrow) before the seal.
"""

import itertools
import os

from shframe.store.errors import SegmentGone, StoreFull
from shframe.store.ledger import Ledger
from shframe.store.local import LocalStore
from shframe.store.mapping import round_up
from shframe.store.ref import SEGMENT_BITS, Kind, Ref
from shframe.store.segment import Segment

_FIRST_ID = 1 << (SEGMENT_BITS - 1)  # above the numbers of the driver's own arena (slot 0)


class Lending:
    """The lent segments of a session, sealed ones too; guarded by the store's lock."""

    def __init__(self, budget: int, ledger: Ledger, local: LocalStore) -> None:
        self._budget = budget
        self._ledger = ledger
        self._local = local
        self._segments: dict[int, tuple[Segment, int]] = {}  # with the bytes asked for
        self._ids = itertools.count(_FIRST_ID)

    def lend(self, nbytes: int) -> int:
        """A new segment, sparse; its pages come as the borrowers write. Raises: StoreFull."""
        size = round_up(max(nbytes, 1))
        what = "a result that workers fill together"
        if not self._ledger.claim(size, self._budget):
            live, resident = self._ledger.totals()
            free = max(self._budget - resident, 0)
            raise StoreFull.for_bytes(
                nbytes,
                free=free,
                budget=self._budget,
                pinned=self._local.pinned_bytes(),
                sealed=live,
                what=what,
            )
        segment = Segment.create(next(self._ids), size)
        self._ledger.add_live(size)
        self._segments[segment.id] = segment, nbytes
        return segment.id

    def knows(self, segment_id: int) -> bool:
        """Whether the segment was lent and not given back."""
        return segment_id in self._segments

    def segments(self) -> list[Segment]:
        """All of them."""
        return [segment for segment, _ in self._segments.values()]

    def descriptor(self, segment_id: int) -> int:
        """A read-write descriptor that the caller closes. Raises: SegmentGone."""
        return os.dup(self._find(segment_id)[0].fd)

    def seal(
        self,
        segment_id: int,
        header: bytes,
        kind: Kind,
        spans: tuple[tuple[int, int], ...] | None,
    ) -> Ref:
        """The address of what was written. Raises: SegmentGone."""
        segment, nbytes = self._find(segment_id)
        self._local.adopt_segment(segment)
        spans = ((0, nbytes),) if spans is None else spans
        return Ref(self._local.next_id(), segment_id, 0, nbytes, kind, header, spans)

    def drop(self, segment_id: int) -> None:
        """Give the memory back, whoever still has the segment mapped. Raises: SegmentGone."""
        segment, _ = self._find(segment_id)
        del self._segments[segment_id]
        segment.punch(0, segment.capacity)
        self._ledger.add_live(-segment.capacity)
        self._ledger.retract(segment.capacity)
        self._local.detach(segment_id)
        segment.close()

    def close(self) -> None:
        """Forget all segments; their mappings go with the last view."""
        for segment in self.segments():
            segment.close()
        self._segments.clear()

    def _find(self, segment_id: int) -> tuple[Segment, int]:
        if segment_id not in self._segments:
            raise SegmentGone.for_segment(segment_id, segment_id)
        return self._segments[segment_id]
