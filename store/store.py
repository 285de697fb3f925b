"""The driver's store: counts references and views, and decides when memory is used again.

Every process writes into its own arena; the driver holds a descriptor of every segment, so
what a worker wrote outlives that worker. The one rule: memory is used again only when its
object has no reference and no process has a view of it. Finalizers only append to deques
(pins.py); whatever they noted is done at the next call.
"""

import os
import threading
from collections.abc import Iterable
from typing import Any

from shframe.store.errors import ObjectLost, StoreClosed, StoreFull
from shframe.store.ledger import Ledger
from shframe.store.lending import Lending
from shframe.store.local import LocalStore
from shframe.store.pins import Place
from shframe.store.ref import INLINE, Kind, Ref
from shframe.store.segment import Attached, punch_all_but
from shframe.store.table import Entry, ObjectInfo, ObjectTable

DRIVER = 0  # the driver's slot; its own views are those of holder 0


class Store:
    """The objects of one session. Safe to call from any thread of the driver."""

    def __init__(self, budget: int, ledger: Ledger | None = None) -> None:
        self.budget = budget
        self.ledger = ledger if ledger is not None else Ledger.create()
        self.local = LocalStore(DRIVER, budget, self.ledger)
        self._table = ObjectTable()
        self._lending = Lending(budget, self.ledger, self.local)
        self._attached: dict[int, dict[int, Attached]] = {}  # slot -> segment -> mapping
        self._freed: dict[int, list[Place]] = {}
        self._dead: set[int] = set()
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._closed = False

    def put(self, value: object) -> Ref:
        """Store a value; the caller owns its one reference.

        Raises: NotStorable, StoreFull: and nothing has been changed.
        """
        self._enter("put")
        ref = self.local.put(value)
        with self._lock:
            self._table.add(ref, DRIVER)
        return ref

    def get(self, ref: Ref) -> Any:
        """The value, read-only, over the shared bytes. Raises: ObjectLost."""
        # Under the lock, so that no release can fall between the look-up and the pin.
        with self._lock:
            self._enter("get")
            self._table.find(ref.id)
            pin = self.local.hold(ref)
        value = self.local.get(ref)
        del pin
        return value

    def get_writable(self, ref: Ref) -> Any:
        """The value as an ordinary writable object of the caller's own. Raises: ObjectLost."""
        with self._lock:
            self._enter("get_writable")
            self._table.find(ref.id)
            pin = self.local.hold(ref)
        value = self.local.get_writable(ref)
        del pin
        return value

    def adopt(self, ref: Ref, owner: int) -> None:
        """Enter an object that the worker in slot `owner` sealed, with one reference.

        Raises: ObjectLost: when that worker was already declared dead.
        """
        self.adopt_all((ref,), owner)

    def adopt_all(self, refs: Iterable[Ref], owner: int) -> None:
        """Enter many objects at once, as adopt() does. Raises: ObjectLost."""
        with self._lock:
            self._enter("adopt")
            for ref in refs:
                if owner in self._dead and ref.segment != INLINE:
                    raise ObjectLost.for_id(ref.id, f"the worker in slot {owner} died before")
                self._table.add(ref, owner)

    def retain(self, id: int) -> None:
        """One reference more. Raises: ObjectLost."""
        with self._lock:
            self._enter("retain")
            self._table.retain(id)

    def release(self, id: int) -> None:
        """One reference less; after the last, memory is used again. Raises: ObjectLost."""
        self.release_all((id,))

    def release_all(self, ids: Iterable[int]) -> None:
        """One reference less to each. Raises: ObjectLost."""
        with self._lock:
            self._enter("release")
            for id in ids:
                self._table.release(id)
                self._reclaim(id)

    def hold(self, id: int, slot: int) -> None:
        """The process in `slot` keeps views of the object. Raises: ObjectLost."""
        with self._lock:
            self._enter("hold")
            self._table.hold(id, slot)

    def unhold(self, id: int, slot: int) -> None:
        """The process in `slot` has no views of the object any more."""
        with self._lock:
            self._enter("unhold")
            self._table.unhold(id, slot)
            self._reclaim(id)

    def drop_holder(self, slot: int) -> None:
        """A process ended: its views went with it."""
        with self._lock:
            self._enter("drop_holder")
            for id in self._table.held_by(slot):
                self._table.unhold(id, slot)
                self._reclaim(id)

    def freed(self, slot: int) -> list[Place]:
        """The blocks that the worker in `slot` may use again, each given once."""
        with self._lock:
            self._enter("freed")
            return self._freed.pop(slot, [])

    def attach_worker(self, slot: int, segment_id: int, fd: int) -> None:
        """Take over the read-write descriptor of a worker's segment and map it for reading."""
        with self._lock:
            self._enter("attach_worker")
            segments = self._attached.setdefault(slot, {})
            if segment_id in segments:
                os.close(fd)
                return
            segments[segment_id] = Attached(segment_id, fd)
            self.local.adopt_segment(segments[segment_id])

    def descriptor(self, segment_id: int) -> int:
        """A new descriptor that cannot write, to be sent to a worker; the caller closes it.

        Raises: ObjectLost: when there is no such segment (any more).
        """
        with self._lock:
            self._enter("descriptor")
            return self.local.readonly_fd(segment_id)

    def worker_died(self, slot: int) -> None:
        """A worker ended: its views are gone, its sealed objects stay until released.

        The caller has taken every message of that worker before: what was not adopted by now
        is given back to the machine.
        """
        with self._lock:
            self.drop_holder(slot)
            self._dead.add(slot)
            self._freed.pop(slot, None)
            self._settle_dead(slot)

    def objects(self) -> list[ObjectInfo]:
        """All live objects."""
        with self._lock:
            self._enter("objects")
            return self._table.objects(self.local.pinned())

    def lend(self, nbytes: int) -> int:
        """Make a segment of its own that workers fill together; give its id.

        Raises: StoreFull.
        """
        with self._lock:
            self._enter("lend")
            try:
                return self._lending.lend(nbytes)
            except StoreFull:
                self.local.trim()
                return self._lending.lend(nbytes)

    def lent_fd(self, segment_id: int) -> int:
        """A read-write descriptor of a lent segment for one worker; the caller closes it."""
        with self._lock:
            self._enter("lent_fd")
            return self._lending.descriptor(segment_id)

    def seal_lent(
        self,
        segment_id: int,
        header: bytes,
        kind: Kind = "array",
        spans: tuple[tuple[int, int], ...] | None = None,
    ) -> Ref:
        """Make a lent segment an object with one reference; no borrower has it any more.

        For an array `header` is `array_header(dtype, shape, order)`.
        """
        with self._lock:
            self._enter("seal_lent")
            ref = self._lending.seal(segment_id, header, kind, spans)
            self._table.add(ref, DRIVER)
            return ref

    def abort_lent(self, segment_id: int) -> None:
        """Give a lent segment back unsealed."""
        with self._lock:
            self._enter("abort_lent")
            self._lending.drop(segment_id)

    def close(self) -> None:
        """Give back all memory but what live views need; those stay valid. May come twice.

        The workers have ended before.
        """
        with self._lock:
            if self._closed or os.getpid() != self._pid:
                return
            self._closed = True
            kept = self.local.pinned_ranges()
            for segment in self._all_segments():
                punch_all_but(segment, kept.get(segment.id, []))
                segment.close()
            self._attached.clear()
            self._lending.close()
            self.local.close()
            self.ledger.close()

    def _all_segments(self) -> list[Attached]:
        attached = [one for segments in self._attached.values() for one in segments.values()]
        return [*attached, *self._lending.segments(), *self.local.segments()]

    def _enter(self, call: str) -> None:
        forked = os.getpid() != self._pid
        if forked or self._closed:
            raise StoreClosed.for_call(call, forked=forked)
        if self.local.has_released:
            with self._lock:
                for id in self.local.drain_released():
                    self._reclaim(id)

    def _reclaim(self, id: int) -> None:
        """Let the memory of an object be used again, if it is garbage."""
        if not self._table.is_garbage(id) or self.local.is_pinned(id):
            return  # the last view of the driver will bring it here again
        entry = self._table.remove(id)
        place = (entry.ref.segment, entry.ref.offset)
        if entry.ref.inline:
            return
        if self._lending.knows(entry.ref.segment):
            self._lending.drop(entry.ref.segment)
        elif entry.owner == DRIVER:
            self.local.free([place])
        elif entry.owner in self._dead:
            self._settle_dead(entry.owner)
        else:
            self._freed.setdefault(entry.owner, []).append(place)

    def _settle_dead(self, slot: int) -> None:
        """Give back the pages of a dead worker's arena that no object of the table needs."""
        kept: dict[int, list[tuple[int, int]]] = {}
        live = 0
        for ref in map(_ref_of, self._table.owned_by(slot)):
            if not ref.inline:
                end = ref.offset + ref.nbytes
                kept.setdefault(ref.segment, []).append((ref.offset, end))
                live += ref.nbytes
        resident = 0
        segments = self._attached.get(slot, {})
        for segment_id, segment in list(segments.items()):
            punch_all_but(segment, kept.get(segment_id, []))
            resident += os.fstat(segment.fd).st_blocks * 512
            if segment_id not in kept:
                del segments[segment_id]
                self.local.detach(segment_id)
        self.ledger.overwrite(slot, live, resident)


def _ref_of(entry: Entry) -> Ref:
    return entry.ref
