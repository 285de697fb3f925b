"""Segments that the driver lends to workers, which fill disjoint parts of one final object.

The one exception to the rule that a process writes only into its own arena: it saves a copy
that grows with the result. Every borrower unmaps the segment and closes its descriptor
(LocalStore.borrow) before the seal. When the object is garbage its segment stays warm: the next
one of about its size is filled without a fresh page. Warm segments count in the budget, and go
first where it is full.
"""

import itertools
import os
from dataclasses import dataclass

from shframe.store.errors import SegmentGone, StoreFull
from shframe.store.local_store import LocalStore
from shframe.store.ref import SEGMENT_BITS, Kind, Ref
from shframe.store.shared_memory.ledger import Ledger
from shframe.store.shared_memory.mapping import round_up
from shframe.store.shared_memory.segment import Segment

_FIRST_ID = 1 << (SEGMENT_BITS - 1)  # of the series 0, which no process has


_WHAT = "a result that workers fill together"
_LARGER = 1.25  # how much larger than asked for a warm segment may be


@dataclass(slots=True)
class _Lent:
    segment: Segment
    nbytes: int  # that were asked for
    sealed: bool = False


class Lending:
    """The lent segments of a session, sealed ones too; guarded by the store's lock."""

    def __init__(self, budget: int, ledger: Ledger, local: LocalStore) -> None:
        self._budget = budget
        self._ledger = ledger
        self._local = local
        self._lent: dict[int, _Lent] = {}
        self._warm: list[Segment] = []
        self._ids = itertools.count(_FIRST_ID)
        self.closed = 0  # number of segments that were given back

    def lend(self, nbytes: int) -> int:
        """A segment, warm or sparse; pages come as the borrowers write. Raises: StoreFull."""
        size = round_up(max(nbytes, 1))
        segment = self._warm_one(size) or self._fresh_one(size, nbytes)
        self._ledger.add_live(segment.capacity)
        self._lent[segment.id] = _Lent(segment, nbytes)
        return segment.id

    def knows(self, segment_id: int) -> bool:
        """Whether the segment was lent and not given back."""
        return segment_id in self._lent

    def segments(self) -> list[Segment]:
        """All of them, warm ones too."""
        return [*(lent.segment for lent in self._lent.values()), *self._warm]

    def descriptor(self, segment_id: int) -> int:
        """A read-write descriptor that the caller closes. Raises: SegmentGone."""
        return os.dup(self._find(segment_id).segment.fd)

    def seal(
        self,
        segment_id: int,
        header: bytes,
        kind: Kind,
        spans: tuple[tuple[int, int], ...] | None,
    ) -> Ref:
        """The address of what was written. Raises: SegmentGone."""
        lent = self._find(segment_id)
        lent.sealed = True
        self._ledger.add_written(lent.nbytes)
        self._local.adopt_segment(lent.segment)
        spans = ((0, lent.nbytes),) if spans is None else spans
        return Ref(self._local.next_id(), segment_id, 0, lent.nbytes, kind, header, spans)

    def free(self, segment_id: int) -> None:
        """Keep the segment of an object without views warm. Raises: SegmentGone."""
        lent = self._find(segment_id)
        if not lent.sealed:  # a worker may still be writing
            return self.drop(segment_id)
        del self._lent[segment_id]
        self._ledger.add_live(-lent.segment.capacity)
        self._warm.append(lent.segment)

    def drop(self, segment_id: int) -> None:
        """Give the memory back, even if a worker has the segment mapped. Raises: SegmentGone."""
        segment = self._find(segment_id).segment
        del self._lent[segment_id]
        self._ledger.add_live(-segment.capacity)
        self._give_back(segment)

    def trim(self, most: int | None = None) -> int:
        """Give warm segments back to the machine, all or at least `most` bytes; how many."""
        given = 0
        while self._warm and (most is None or given < most):
            segment = self._warm.pop()
            given += segment.capacity
            self._give_back(segment)
        return given

    def close(self) -> None:
        """Forget all segments; their mappings go with the last view."""
        for segment in self.segments():
            segment.close()
        self._lent.clear()
        self._warm.clear()

    def _warm_one(self, size: int) -> Segment | None:
        fitting = [one for one in self._warm if size <= one.capacity <= size * _LARGER]
        if not fitting:
            return None
        best = min(fitting, key=lambda one: one.capacity)
        self._warm.remove(best)
        return best

    def _fresh_one(self, size: int, nbytes: int) -> Segment:
        claimed = self._ledger.claim(size, self._budget) or (
            self.trim() > 0 and self._ledger.claim(size, self._budget)
        )
        if not claimed:
            raise self._ledger.full(_WHAT, nbytes, self._budget, self._local.pinned_bytes())
        try:
            segment = Segment.create(next(self._ids), size)
        except OSError as error:
            self._ledger.retract(size)
            reason = error.strerror or str(error)
            raise StoreFull.for_machine(
                size, budget=self._budget, what=_WHAT, reason=reason
            ) from error
        return segment

    def _give_back(self, segment: Segment) -> None:
        segment.punch(0, segment.capacity)
        self._ledger.retract(segment.capacity)
        self._local.detach(segment.id)
        segment.close()
        self.closed += 1

    def _find(self, segment_id: int) -> _Lent:
        if segment_id not in self._lent:
            raise SegmentGone.for_segment(segment_id, segment_id)
        return self._lent[segment_id]
