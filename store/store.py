"""The driver's store: counts references and views, and decides when memory is reused.

Every process writes into its own arena; the driver holds a descriptor of every segment, so
what a worker wrote outlives that worker. The one rule: memory is used again only when its
object has no reference and no process has a view of it. Finalizers only append to deques
(pins.py); whatever they noted is done at the next call.
"""

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from shframe.store import standalone_segment
from shframe.store.errors import ObjectLost, StoreClosed, StoreFull
from shframe.store.interrupts import uninterrupted
from shframe.store.local_store import LocalStore
from shframe.store.output_segments import Lending
from shframe.store.ref import INLINE, SEGMENT_BITS, Kind, Ref
from shframe.store.shared_memory import forks
from shframe.store.shared_memory.allocator import block_size
from shframe.store.shared_memory.arena import GRANULE, inner_granules
from shframe.store.shared_memory.ledger import Ledger
from shframe.store.shared_memory.pins import Pin, Place
from shframe.store.shared_memory.segment import Attached, Segment, punch_all_but
from shframe.store.shared_memory.spill_file import SEGMENT, SPILL_SLOT, SpillFile
from shframe.store.table import Entry, ObjectInfo, ObjectTable

Punched = tuple[int, int, int]  # segment, offset, bytes of a block without pages
NextUse = Callable[[int], float]
Made = TypeVar("Made")

APART_SLOT = SPILL_SLOT - 1  # no process has it: the owner of what other programs have published
DRIVER = 0  # the driver's slot; its own views are those of holder 0


class Store:
    """The objects of one session. Safe to call from any thread of the driver."""

    def __init__(
        self, budget: int, ledger: Ledger | None = None, spill: SpillFile | None = None
    ) -> None:
        """budget: bytes in memory; spill: the file for objects that do not fit, or None."""
        self.budget = budget
        self._spill = spill
        self.spilled_ever = 0  # bytes moved to disk, also of objects that are gone
        self.ask_for_pages: Callable[[], None] | None = None  # what workers hold and do not use
        self.spare: Callable[[int], None] | None = None  # releases what can be made again
        self._sparing = False
        self._punched: dict[int, list[Punched]] = {}
        self._debt: dict[int, tuple[int, int]] = {}  # slot -> (live, resident) too much in its row
        self.ledger = ledger if ledger is not None else Ledger.create()
        self.local = LocalStore(DRIVER, budget, self.ledger)
        self._table = ObjectTable()
        self._lending = Lending(budget, self.ledger, self.local)
        self._attached: dict[int, dict[int, Attached]] = {}  # slot -> segment -> mapping
        self._freed: dict[int, list[Place]] = {}
        self._aparts = itertools.count()
        self._left_apart: dict[int, int] = {}  # segment of another program -> objects left in it
        self._detached = 0
        self._dead: set[int] = set()
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._closed = False
        forks.watch(self)

    def put(self, value: object) -> Ref:
        """Store a value; the caller owns its one reference.

        Raises: NotStorable, StoreFull; nothing has been changed then.
        """
        self._enter("put")
        return self._with_room(lambda: self._put(value))

    def _put(self, value: object) -> Ref:
        with uninterrupted():
            ref = self.local.put(value)
            with self._lock:
                self._table.add(ref, DRIVER)
            return ref

    def get(self, ref: Ref) -> Any:
        """The value, read-only, over the shared bytes. Raises: ObjectLost."""
        # Under the lock, so that no release can fall between the look-up and the pin.
        with self._lock:
            self._enter("get")
            ref = self._table.find(ref.id).ref
            pin = self.local.hold(ref)
        value = self.local.get(ref)
        del pin
        return value

    def get_writable(self, ref: Ref) -> Any:
        """The value as an ordinary writable object of the caller's own. Raises: ObjectLost."""
        with self._lock:
            self._enter("get_writable")
            ref = self._table.find(ref.id).ref
            pin = self.local.hold(ref)
        value = self.local.get_writable(ref)
        del pin
        return value

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._closed

    def adopt(self, ref: Ref, owner: int) -> None:
        """Enter an object that the worker in slot `owner` sealed, with one reference.

        Raises: ObjectLost if that worker was already declared dead.
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

    def note_site(self, id: int, site: str) -> None:
        """Remember the line of code that created the object, if none is known yet."""
        with self._lock:
            entry = self._table.find(id)
            entry.site = entry.site or site

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
        with uninterrupted(), self._lock:
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

    @property
    def owed(self) -> set[int]:
        """The workers that are to be told of blocks of theirs: see `freed` and `punched`."""
        if not self._freed and not self._punched:
            return set()
        with self._lock:
            return {*self._freed, *self._punched}

    def freed(self, slot: int) -> list[Place]:
        """The blocks that the worker in `slot` may reuse, each returned once."""
        with self._lock:
            self._enter("freed")
            return self._freed.pop(slot, [])

    def punched(self, slot: int) -> list[Punched]:
        """The blocks of the worker in `slot` whose pages were given back, each returned once."""
        with self._lock:
            self._enter("punched")
            return self._punched.pop(slot, [])

    def send(self, refs: Iterable[Ref]) -> list[Ref]:
        """The addresses of these objects, for a task that reads them: none moves until `ended`."""
        with self._lock:
            self._enter("send")
            now = []
            for ref in refs:
                if not ref.inline:
                    ref = self._table.find(ref.id).ref
                    self._table.send(ref.id, 1)
                now.append(ref)
            return now

    def ended(self, refs: Iterable[Ref]) -> None:
        """The task that was sent these has ended; its views are known by now."""
        with self._lock:
            for ref in refs:
                if not ref.inline:
                    self._table.send(ref.id, -1)
                    self._reclaim(ref.id)

    def spill(self, needed: int, next_use: NextUse | None = None) -> int:
        """Move objects to the disk until `needed` bytes of memory are given back, or none is left.

        next_use: when an object will be read next, in any unit; those needed last go first.
        An object that has views, or that was sent to a running task, stays.
        Raises: SpillFailed.
        Cost: writes the bytes to disk.
        """
        with self._lock:
            self._enter("spill")
            freed = self.trim()
            if freed < needed and self.spare is not None:
                freed += self._release_spare(needed - freed, self.spare)
            if self._spill is None or freed >= needed:
                return freed
            pinned = self.local.pinned()
            movable = [
                entry
                for entry in self._table.movable()
                if entry.owner not in (SPILL_SLOT, APART_SLOT) and entry.ref.id not in pinned
            ]
            if next_use is not None:
                movable.sort(key=lambda entry: -next_use(entry.ref.id))
            for entry in movable:
                if freed >= needed:
                    break
                freed += self._move_to_disk(entry, self._spill)
            return freed + self.trim()

    def _release_spare(self, needed: int, spare: Callable[[int], None]) -> int:
        """Have what can be made again released; the bytes of memory that are free then."""
        before = self.room()
        self._sparing = True
        try:
            spare(needed)
        finally:
            self._sparing = False
        return max(self.room() - before, 0) + self.trim()

    def trim(self, most: int | None = None) -> int:
        """Give the driver's unused pages back, all or about `most` bytes; returns the number."""
        with self._lock:
            self._enter("trim")
            given = self._lending.trim(most)
            if most is not None and given >= most:
                return given
            return given + self.local.trim(None if most is None else most - given)

    def room(self) -> int:
        """Bytes of the budget that no object takes up."""
        return self.budget - self.ledger.totals()[0]

    def spilled_bytes(self) -> int:
        """Bytes of the objects on disk."""
        return 0 if self._spill is None else self._spill.nbytes

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

        Raises: ObjectLost if there is no such segment (any more).
        """
        with self._lock:
            self._enter("descriptor")
            return self.local.readonly_fd(segment_id)

    @property
    def segments_closed(self) -> int:
        """How many segments were closed: unchanged, if all that workers have mapped are open."""
        return self._detached + self._lending.closed

    def gone(self, segments: Iterable[int]) -> list[int]:
        """Those of these segments that were closed: a worker can forget them."""
        return [one for one in segments if not self.local.knows(one)]

    def worker_died(self, slot: int) -> None:
        """A worker ended: its views are gone, its sealed objects stay until released.

        The caller has taken every message of that worker before: what was not adopted by now
        is given back to the machine.
        """
        with self._lock:
            self.drop_holder(slot)
            self._dead.add(slot)
            self._freed.pop(slot, None)
            self._punched.pop(slot, None)
            live, resident = self._debt.pop(slot, (0, 0))  # the worker's row is about to be true
            self.ledger.add_live(live)
            self.ledger.retract(-resident)
            self._settle_dead(slot)

    def reuse_slot(self, slot: int) -> bool:
        """Make the slot of a dead worker ready for another; False: objects of it are left."""
        with self._lock:
            if slot not in self._dead or self._attached.get(slot):
                return False
            self._dead.discard(slot)
            self._attached.pop(slot, None)
            self.ledger.clear(slot)
            return True

    def objects(self) -> list[ObjectInfo]:
        """All live objects."""
        with self._lock:
            self._enter("objects")
            return self._table.objects(self.local.pinned(), _whereabouts)

    def lend(self, nbytes: int) -> int:
        """Create a segment that workers fill together; returns its id.

        Raises: StoreFull.
        """
        return self._with_room(lambda: self._lend(nbytes))

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

    def write_apart(self, values: Sequence[object], about: bytes, what: str) -> tuple[Segment, int]:
        """Copy values, and a description of them, into a segment of their own; the values' bytes.

        Raises: NotStorable, StoreFull; nothing has been changed then.
        """
        self._enter("write_apart")
        plan = standalone_segment.Plan(values, about)
        self._with_room(lambda: self._claim_apart(plan.size, what))
        segment: Segment | None = None
        try:
            segment = Segment.create(0, plan.size)
            segment.reserve(0, plan.size)
            plan.write(segment)
        except BaseException as error:
            self.ledger.add_live(-plan.size)
            self.ledger.retract(plan.size)
            if segment is not None:
                segment.close()
            if isinstance(error, OSError):
                reason = error.strerror or "no reason given"
                raise StoreFull.for_machine(
                    plan.size, budget=self.budget, what=what, reason=reason
                ) from error
            raise
        return segment, plan.nbytes

    def close_apart(self, segment: Segment) -> None:
        """Close such a segment; its memory is kept as long as another process has it."""
        self.ledger.add_live(-segment.capacity)
        self.ledger.retract(segment.capacity)
        segment.close()

    def adopt_apart(self, fd: int) -> tuple[list[Ref], bytes]:
        """Enter the objects of another program's segment, each with one reference.

        Takes over `fd`. They take no room of the budget: it is the other program's memory.
        Raises: OSError, ValueError: when it cannot be mapped, or holds something else.
        """
        segment = Attached((APART_SLOT << SEGMENT_BITS) + next(self._aparts), fd)
        refs, about = standalone_segment.read(segment)
        with self._lock:
            self._enter("adopt_apart")
            self.local.adopt_segment(segment)
            made = [replace(ref, id=self.local.next_id(), segment=segment.id) for ref in refs]
            for ref in made:
                self._table.add(ref, APART_SLOT)
            self._left_apart[segment.id] = len(made)
            return made, about

    def _claim_apart(self, size: int, what: str) -> None:
        if not self.ledger.claim(size, self.budget):
            raise self.ledger.full(what, size, self.budget, self.local.pinned_bytes())
        self.ledger.add_live(size)

    def close(self) -> None:
        """Give back all memory but what live views need; those stay valid. May be called twice.

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
            if self._spill is not None:
                self._spill.close()
            self.local.close()
            self.ledger.close()

    def live_pins(self) -> list[Pin]:
        """None of its own: `local` has them."""
        return []

    def forked(self) -> None:
        """Called in a child of the driver, where another thread's lock would never open."""
        self._lock = threading.RLock()

    def _all_segments(self) -> list[Attached]:
        attached = [one for segments in self._attached.values() for one in segments.values()]
        return [*attached, *self._lending.segments(), *self.local.segments()]

    def _enter(self, call: str) -> None:
        forked = os.getpid() != self._pid
        if forked or self._closed:
            raise StoreClosed.for_call(call, forked=forked)
        if self.local.has_released:
            with uninterrupted(), self._lock:
                for id in self.local.drain_released():
                    self._reclaim(id)

    def _reclaim(self, id: int) -> None:
        """Reuse the memory of an object, if it is garbage."""
        if not self._table.is_garbage(id) or self.local.is_pinned(id):
            return  # called again when the last view of the driver dies
        entry = self._table.remove(id)
        place = (entry.ref.segment, entry.ref.offset)
        if entry.ref.inline:
            return
        if entry.owner == SPILL_SLOT:
            assert self._spill is not None, "only a store with a spill file has such objects"
            self._spill.free(entry.ref.offset)
        elif entry.owner == APART_SLOT:
            self._left_apart[entry.ref.segment] -= 1
            if not self._left_apart[entry.ref.segment]:
                del self._left_apart[entry.ref.segment]
                self._detach(entry.ref.segment)
        elif self._lending.knows(entry.ref.segment):
            self._lending.free(entry.ref.segment)
        elif entry.owner == DRIVER:
            self.local.free([place])
        elif entry.owner in self._dead:
            self._settle_dead(entry.owner)
        elif self._sparing:
            self._punch_block(entry.owner, entry.ref)
        else:
            self._freed.setdefault(entry.owner, []).append(place)

    def _detach(self, segment_id: int) -> None:
        self.local.detach(segment_id)
        self._detached += 1

    def _lend(self, nbytes: int) -> int:
        with self._lock:
            self._enter("lend")
            return self._lending.lend(nbytes)

    def _with_room(self, call: Callable[[], Made]) -> Made:
        """Call; if memory is full, again after room was made. Not under the lock."""
        try:
            return call()
        except StoreFull as full:
            if full.needed > self.budget:
                raise
            needed = full.needed
        if self.ask_for_pages is not None:
            self.ask_for_pages()
        for _ in range(3):  # others may take the room that was made
            try:
                return call()
            except StoreFull:
                if not self._spill_in_thread(needed):
                    raise
        return call()

    def _spill_in_thread(self, needed: int) -> int:
        """As `spill`, in a thread of its own: Ctrl-C ends the wait for it, but not the spilling."""
        if threading.current_thread() is not threading.main_thread():
            return self.spill(needed)
        found: Future[int] = Future()

        def spill() -> None:
            try:
                found.set_result(self.spill(needed))
            except BaseException as error:
                found.set_exception(error)

        threading.Thread(target=spill, name="shframe-spill", daemon=True).start()
        while True:  # in short steps: a signal just before a wait does not end it
            with contextlib.suppress(TimeoutError):
                return found.result(0.1)

    def _move_to_disk(self, entry: Entry, spill: SpillFile) -> int:
        """Move an object to disk; returns the bytes of memory that are free then, 0: it stays."""
        old, owner = entry.ref, entry.owner
        place = spill.write(self.local.descriptor(old.segment), old.offset, old.nbytes)
        if place is None:
            return 0
        self.local.adopt_segment(spill.segment())
        self.spilled_ever += old.nbytes
        entry.ref, entry.owner = replace(old, segment=SEGMENT, offset=place), SPILL_SLOT
        if self._lending.knows(old.segment):
            self._lending.drop(old.segment)
            return old.nbytes
        if owner == DRIVER:
            self.local.free([(old.segment, old.offset)])
            return self.local.trim()
        if owner in self._dead:
            self._settle_dead(owner)
            return old.nbytes
        return self._punch_block(owner, old)

    def _punch_block(self, owner: int, ref: Ref) -> int:
        """Give back the pages of a block in a worker's arena; the worker is told later.

        The worker may be busy for long: so block and pages are subtracted from the driver's row of
        the ledger, and stay in the worker's.
        """
        first, last = inner_granules(ref.offset, ref.nbytes)
        if first >= last:  # smaller than a granule: room for the worker, not for others
            self._freed.setdefault(owner, []).append((ref.segment, ref.offset))
            return ref.nbytes
        live, resident = block_size(ref.nbytes), (last - first) * GRANULE
        self._attached[owner][ref.segment].punch(first * GRANULE, resident)
        self._owe(owner, live, resident)
        self._punched.setdefault(owner, []).append((ref.segment, ref.offset, ref.nbytes))
        return resident

    def _owe(self, slot: int, live: int, resident: int) -> None:
        """Take bytes out of the driver's row that a worker's row has too much."""
        before = self._debt.get(slot, (0, 0))
        self._debt[slot] = before[0] + live, before[1] + resident
        self.ledger.add_live(-live)
        self.ledger.retract(resident)

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
                self._detach(segment_id)
        self.ledger.overwrite(slot, live, resident)


def _whereabouts(entry: Entry) -> str:
    if entry.ref.inline:
        return "inline"
    return {SPILL_SLOT: "spilled", APART_SLOT: "attached"}.get(entry.owner, "shared")


def _ref_of(entry: Entry) -> Ref:
    return entry.ref
