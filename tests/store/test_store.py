"""The driver's store and two workers in one process, against a plain dictionary."""

import gc
import os
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from shframe.store import (
    INLINE,
    Ledger,
    LocalStore,
    ObjectLost,
    Ref,
    SegmentGone,
    Store,
    StoreClosed,
    StoreFull,
    array_header,
)
from shframe.store.codec import codec
from shframe.store.shared_memory.mapping import round_up
from shframe.store.shared_memory.segment import Segment
from tests.examples import examples

BUDGET = 48 << 20
ROWS = 20_000  # of float64: 156 KiB, above the inline limit
WORKERS = (1, 2)


def new_worker(store: Store, slot: int) -> LocalStore:
    return LocalStore(slot, store.budget, Ledger.attach(os.dup(store.ledger.fd), slot))


def deliver(store: Store, worker: LocalStore, ref: Ref) -> None:
    """What a worker's message does: announce its segments, then hand over the object."""
    for segment, fd in worker.new_segments():
        store.attach_worker(worker.slot, segment, fd)
    store.adopt(ref, worker.slot)


def close_worker(worker: LocalStore) -> None:
    worker.close()
    worker.ledger.close()


class StoreMachine(RuleBasedStateMachine):
    """Puts, reads, keeps and drops at will; the model is id -> what it must contain."""

    refs = Bundle("refs")
    views = Bundle("views")

    def __init__(self) -> None:
        super().__init__()
        self.store = self.made()
        self.workers = {slot: new_worker(self.store, slot) for slot in WORKERS}
        self.counts: dict[int, int] = {}
        self.values: dict[int, tuple[int, int]] = {}  # id -> first number, rows
        self.kept: dict[int, tuple[int, Any]] = {}  # ticket -> object, view of all but row 0
        self.next_number = 0

    def made(self) -> Store:
        return Store(BUDGET)

    def content(self, rows: int) -> Any:
        self.next_number += rows
        return np.arange(self.next_number, self.next_number + rows, dtype="f8")

    def note(self, ref: Ref, array: Any) -> Ref:
        self.counts[ref.id] = 1
        self.values[ref.id] = int(array[0]), len(array)
        return ref

    def keep(self, ref: Ref, view: Any) -> int:
        self.next_number += 1
        self.kept[self.next_number] = ref.id, view[1:]
        return self.next_number

    @rule(target=refs, rows=st.sampled_from([5, ROWS, 3 * ROWS, 20 * ROWS]))
    def put(self, rows: int) -> Any:
        array = self.content(rows)
        try:
            return self.note(self.store.put(array), array)
        except StoreFull:
            return None

    @rule(
        target=refs,
        rows=st.sampled_from([5, ROWS, 3 * ROWS, 20 * ROWS]),
        slot=st.sampled_from(WORKERS),
        in_place=st.booleans(),
    )
    def put_in_worker(self, rows: int, slot: int, in_place: bool) -> Any:
        array = self.content(rows)
        worker = self.workers[slot]
        try:
            draft = worker.empty(rows, "f8") if in_place else None
            if draft is not None:
                draft[:] = array
            ref = worker.put(array if draft is None else draft)
        except StoreFull:
            return None
        deliver(self.store, worker, ref)
        return self.note(ref, array)

    @rule(ref=refs)
    def retain(self, ref: Ref | None) -> None:
        if ref is not None and self.counts[ref.id]:
            self.store.retain(ref.id)
            self.counts[ref.id] += 1

    @rule(ref=refs)
    def release(self, ref: Ref | None) -> None:
        if ref is None:
            return
        if self.counts[ref.id]:
            self.store.release(ref.id)
            self.counts[ref.id] -= 1
        else:
            with pytest.raises(ObjectLost):
                self.store.release(ref.id)

    @rule(target=views, ref=refs, writable=st.booleans())
    def read(self, ref: Ref | None, writable: bool) -> Any:
        if ref is None or not self.counts[ref.id]:
            return None
        view = self.store.get_writable(ref) if writable else self.store.get(ref)
        assert view.flags.writeable == writable
        if writable:
            view[0] = -1  # must reach nobody
        return self.keep(ref, view)

    @rule(target=views, ref=refs, slot=st.sampled_from(WORKERS))
    def read_in_worker(self, ref: Ref | None, slot: int) -> Any:
        if ref is None or not self.counts[ref.id]:
            return None
        worker = self.workers[slot]
        (now,) = self.store.send([ref])
        if not worker.knows(now.segment):
            worker.attach(now.segment, self.store.descriptor(now.segment))
        view = worker.get(now)
        if now.segment != INLINE:
            assert ref.id in worker.pinned()
            self.store.hold(ref.id, slot)
        self.store.ended([ref])
        return self.keep(ref, view)

    @rule(ticket=consumes(views))
    def drop(self, ticket: int | None) -> None:
        self.kept.pop(ticket or 0, None)

    @rule()
    def exchange(self) -> None:
        """What the messages between driver and workers do."""
        for slot, worker in self.workers.items():
            for id in worker.drain_released():
                self.store.unhold(id, slot)
            worker.free_punched(self.store.punched(slot))
            worker.free(self.store.freed(slot))

    @rule(slot=st.sampled_from((0, *WORKERS)))
    def trim(self, slot: int) -> None:
        (self.workers[slot] if slot else self.store.local).trim()

    @invariant()
    def every_view_shows_what_was_put(self) -> None:
        for id, view in self.kept.values():
            first, rows = self.values[id]
            assert (view == np.arange(first + 1, first + rows)).all()

    @invariant()
    def every_object_reads_as_it_was_put(self) -> None:
        for info in self.store.objects():
            entry = self.store._table.find(info.id)
            first, rows = self.values[info.id]
            found = self.store.get(entry.ref)
            assert (found == np.arange(first, first + rows)).all()
            del found

    @invariant()
    def live_objects_do_not_overlap(self) -> None:
        ends: dict[int, int] = {}
        places = [(*info.place, info.nbytes) for info in self.store.objects()]
        for segment, offset, nbytes in sorted(places):
            if segment != INLINE:
                assert offset >= ends.get(segment, 0)
                ends[segment] = offset + nbytes

    @invariant()
    def budget_holds_and_covers_all_pages(self) -> None:
        claimed = self.store.ledger.totals()[1]
        assert self.pages() <= claimed <= BUDGET
        for local in (self.store.local, *self.workers.values()):
            owed = self.owed(local.slot)
            assert self.store.ledger.of_slot(local.slot)[1] == local.stats()["resident"] + owed

    def owed(self, slot: int) -> int:
        """Bytes that the row of the ledger has more than the process."""
        return 0

    def pages(self) -> int:
        """Bytes of the pages that all segments have."""
        locals = (self.store.local, *self.workers.values())
        segments = [segment for local in locals for segment in local.segments()]
        return sum(os.fstat(segment.fd).st_blocks * 512 for segment in segments)

    def teardown(self) -> None:
        self.kept.clear()
        gc.collect()
        for id, count in self.counts.items():
            for _ in range(count):
                self.store.release(id)
        self.exchange()
        self.exchange()
        assert self.store.objects() == []
        self.trim(0)
        for slot in WORKERS:
            self.trim(slot)
        assert self.store.ledger.totals() == (0, 0)
        for worker in self.workers.values():
            close_worker(worker)
        self.store.close()


StoreMachine.TestCase.settings = settings(
    max_examples=examples(12), stateful_step_count=30, deadline=None
)
TestStoreModel = StoreMachine.TestCase


@pytest.fixture
def store() -> Any:
    store = Store(BUDGET)
    yield store
    store.close()


@pytest.fixture
def worker(store: Store) -> Any:
    worker = new_worker(store, 1)
    yield worker
    close_worker(worker)


def numbers(rows: int = ROWS) -> Any:
    return np.arange(rows, dtype="f8")


def test_release_of_the_last_reference_frees_the_block(store: Store) -> None:
    first = store.put(numbers())
    store.release(first.id)
    assert store.put(numbers()).offset == first.offset
    with pytest.raises(ObjectLost, match="released"):
        store.get(first)


def test_memory_is_not_reused_while_the_driver_looks(store: Store) -> None:
    ref = store.put(numbers())
    view = store.get(ref)[5:10]
    store.release(ref.id)
    assert store.put(numbers() * 0).offset != ref.offset
    assert view.tolist() == [5, 6, 7, 8, 9]
    del view
    assert store.put(numbers()).offset == ref.offset


def test_memory_is_not_reused_while_a_worker_holds(store: Store, worker: LocalStore) -> None:
    ref = store.put(numbers())
    store.hold(ref.id, 1)
    store.release(ref.id)
    assert store.put(numbers()).offset != ref.offset
    store.drop_holder(1)
    assert store.put(numbers()).offset == ref.offset


def test_freed_block_of_a_worker_waits_for_its_own_view(store: Store, worker: LocalStore) -> None:
    ref = worker.put(numbers())
    view = worker.get(ref)
    worker.free([ref])
    assert worker.put(numbers()).offset != ref.offset
    del view
    assert worker.put(numbers()).offset == ref.offset


def test_two_reads_of_one_object_are_one_pin(local: LocalStore) -> None:
    ref = local.put(numbers())
    first, second = local.get(ref), local.get(ref)
    assert local.stats()["pinned"] == ref.nbytes
    del first
    assert local.drain_released() == []
    del second
    assert local.drain_released() == [ref.id]
    assert local.drain_released() == []


def test_object_read_anew_is_not_reported_as_released(local: LocalStore) -> None:
    ref = local.put(numbers())
    view = local.get(ref)
    del view
    view = local.get(ref)
    assert local.drain_released() == []
    assert local.pinned() == {ref.id}
    del view


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["f8", "M8[ns]", [("a", "i4"), ("b", "u1")]])
def test_draft_is_sealed_without_a_copy(local: LocalStore, order: Any, dtype: Any) -> None:
    draft = local.empty((100, 500), dtype, order)
    draft[...] = np.zeros((), draft.dtype)
    assert local.stats()["written"] == 0
    ref = local.put(draft)
    assert local.stats()["written"] == 0
    assert not draft.flags.writeable
    back = local.get(ref)
    assert back.dtype == draft.dtype
    assert back.flags.f_contiguous == (order == "F")
    assert (back == draft).all()


def test_part_of_a_draft_is_copied(local: LocalStore) -> None:
    draft = local.empty(3 * ROWS, "f8")
    draft[:] = 1
    ref = local.put(draft[ROWS:])
    draft[:] = 2
    assert (local.get(ref) == 1).all()


def test_view_of_a_whole_draft_is_copied_because_the_draft_stays_writable(
    local: LocalStore,
) -> None:
    draft = local.empty(2 * ROWS, "f8")
    draft[:] = 1
    ref = local.put(draft.reshape(2, ROWS))
    draft[:] = 2
    assert (local.get(ref) == 1).all()


def test_draft_that_is_never_put_is_freed(local: LocalStore) -> None:
    draft = local.empty(ROWS, "f8")
    assert local.stats()["live"] >= draft.nbytes
    del draft
    local.drain_released()
    assert local.stats()["live"] == 0


def test_sealed_draft_stays_pinned_while_the_draft_lives(local: LocalStore) -> None:
    draft = local.empty(ROWS, "f8")
    draft[:] = 3
    ref = local.put(draft)
    assert local.pinned() == {ref.id}
    local.free([ref])
    assert local.put(numbers()).offset != ref.offset
    assert (draft == 3).all()
    del draft
    assert local.drain_released() == [ref.id]


def test_small_or_object_draft_is_an_ordinary_array(local: LocalStore) -> None:
    assert local.put(local.empty(5, "i4")).segment == INLINE
    assert local.empty(ROWS, object)[0] is None


def test_full_store_says_what_it_needed_and_changes_nothing(store: Store) -> None:
    kept = store.put(numbers(4_000_000))
    before = store.local.stats(), store.ledger.totals()
    with pytest.raises(StoreFull, match="needed for a value of ndarray") as caught:
        store.put(numbers(4_000_000))
    assert caught.value.needed == 32_000_000
    assert caught.value.budget == BUDGET
    assert caught.value.free < 32_000_000
    assert (store.local.stats(), store.ledger.totals()) == before
    store.release(kept.id)
    store.put(numbers(4_000_000))


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_put_that_gets_no_pages_changes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    store.put(numbers())
    before = store.local.stats(), store.ledger.totals()

    def refuse(*_: object) -> None:
        raise error

    expected = StoreFull if isinstance(error, OSError) else KeyboardInterrupt
    with monkeypatch.context() as patched:
        patched.setattr(Segment, "reserve", refuse)
        with pytest.raises(expected):
            store.put(numbers(1_000_000))
    assert (store.local.stats(), store.ledger.totals()) == before
    store.put(numbers(1_000_000))


def test_value_that_fails_while_it_is_written_leaves_no_block(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(codec, "write", fail)
        with pytest.raises(KeyboardInterrupt):
            store.put(numbers())
    assert store.local.stats()["live"] == 0
    assert store.objects() == []


def test_scattered_free_pages_are_given_back_before_the_store_is_full(store: Store) -> None:
    refs = [store.put(numbers(1_000_000)) for _ in range(5)]
    for ref in refs[::2]:
        store.release(ref.id)
    assert store.put(numbers(2_500_000)).nbytes == 20_000_000
    assert store.ledger.totals()[1] <= BUDGET


def test_object_outlives_the_worker_that_made_it(store: Store) -> None:
    worker = new_worker(store, 1)
    kept, dropped, lost = (worker.put(numbers()) for _ in range(3))
    deliver(store, worker, kept)
    deliver(store, worker, dropped)
    close_worker(worker)
    store.worker_died(1)
    assert (store.get(kept) == numbers()).all()
    with pytest.raises(ObjectLost, match="slot 1 died"):
        store.adopt(lost, 1)
    store.release(dropped.id)
    store.release(kept.id)
    assert store.freed(1) == []
    assert store.ledger.totals() == (0, 0)
    with pytest.raises(SegmentGone):
        store.descriptor(kept.segment)


def test_dead_worker_gives_back_all_but_its_living_objects(store: Store) -> None:
    worker = new_worker(store, 1)
    refs = [worker.put(numbers(1_000_000)) for _ in range(3)]
    for ref in refs:
        deliver(store, worker, ref)
    close_worker(worker)
    store.release(refs[0].id)
    store.release(refs[2].id)
    store.worker_died(1)
    assert (store.get(refs[1]) == numbers(1_000_000)).all()
    live, resident = store.ledger.of_slot(1)
    assert live == 8_000_000
    assert resident < 8_000_000 + 2 * os.sysconf("SC_PAGE_SIZE")


def test_lent_segment_is_filled_by_workers_and_sealed(store: Store, worker: LocalStore) -> None:
    nbytes = 2 * ROWS * 8
    segment = store.lend(nbytes)
    page = os.sysconf("SC_PAGE_SIZE")
    middle = nbytes // 2 // page * page
    for start, stop in ((0, middle), (middle, nbytes)):
        with worker.borrow(segment, store.lent_fd(segment), start, stop) as part:
            part.view("f8")[:] = np.arange(start // 8, stop // 8)
    ref = store.seal_lent(segment, array_header("f8", (2, ROWS), "C"))
    worker.attach(segment, store.descriptor(segment))
    for reader in (store.get, worker.get, worker.get_writable):
        assert (reader(ref).ravel() == np.arange(2 * ROWS)).all()
    store.release(ref.id)
    assert store.ledger.totals() == (0, round_up(nbytes))


def test_a_lent_segment_stays_warm_for_the_next_result_and_goes_first_when_full(
    store: Store, worker: LocalStore
) -> None:
    def result(count: int, value: int) -> tuple[int, Ref]:
        segment = store.lend(count)
        with worker.borrow(segment, store.lent_fd(segment)) as part:
            part[:] = value
        return segment, store.seal_lent(segment, array_header("u1", (count,), "C"))

    first, ref = result(8 << 20, 1)
    view = store.get(ref)
    store.release(ref.id)
    second, ref = result(8 << 20, 2)
    assert second != first  # somebody looks at the first
    assert (view == 1).all()
    del view
    third, other = result(7 << 20, 3)
    assert third == first
    assert (store.get(other) == 3).all()
    assert (store.get(ref) == 2).all()
    assert store.ledger.totals() == (16 << 20, 16 << 20)
    for one in (ref, other):
        store.release(one.id)
    assert store.ledger.totals() == (0, 16 << 20)
    closed = store.segments_closed
    store.abort_lent(store.lend(40 << 20))  # nearly all of the budget
    assert store.segments_closed == closed + 3
    assert store.gone([first, second]) == [first, second]
    assert store.ledger.totals() == (0, 0)


def test_view_of_a_borrowed_segment_cannot_write_after_the_end(
    store: Store, worker: LocalStore
) -> None:
    segment = store.lend(ROWS * 8)
    with worker.borrow(segment, store.lent_fd(segment)) as part:
        part[:] = 7
    ref = store.seal_lent(segment, array_header("u1", (ROWS * 8,), "C"))
    assert part[11] == 7
    mapped = _permissions(part.__array_interface__["data"][0])
    assert mapped.startswith("r--p")
    assert (store.get(ref) == 7).all()


def _permissions(address: int) -> str:
    with open("/proc/self/maps") as lines:
        for line in lines:
            span, permissions = line.split()[:2]
            start, _, end = span.partition("-")
            if int(start, 16) <= address < int(end, 16):
                return permissions
    return ""


def test_aborted_lent_segment_is_given_back(store: Store) -> None:
    segment = store.lend(1 << 20)
    assert store.ledger.totals()[1] == 1 << 20
    store.abort_lent(segment)
    assert store.ledger.totals() == (0, 0)
    with pytest.raises(SegmentGone):
        store.lent_fd(segment)


def test_lend_beyond_the_budget_raises_after_trimming(store: Store) -> None:
    ref = store.put(numbers(3_000_000))
    with pytest.raises(StoreFull):
        store.lend(40 << 20)
    store.release(ref.id)
    store.abort_lent(store.lend(40 << 20))


def test_object_of_an_unknown_segment_is_named(local: LocalStore) -> None:
    with pytest.raises(SegmentGone, match="not attached"):
        local.get(Ref(77, 5 << 20, 0, 64, "array", b"x", ((0, 64),)))


def test_views_stay_valid_after_close() -> None:
    store = Store(BUDGET)
    worker = new_worker(store, 1)
    own, foreign = store.put(numbers()), worker.put(numbers() + 1)
    deliver(store, worker, foreign)
    views = [store.get(own), store.get(foreign)]
    writable = [store.get_writable(own), store.get_writable(foreign)]
    other = store.put(numbers())
    store.get_writable(other)
    close_worker(worker)
    store.close()
    store.close()
    for array in writable:
        array += 1
    assert (views[0] == numbers()).all()
    assert (views[1] == numbers() + 1).all()
    assert (writable[0] == numbers() + 1).all()
    assert (writable[1] == numbers() + 2).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.put(1),
        lambda store: store.get(Ref(1, INLINE, 0, 0, "pickle", b"N.", ())),
        lambda store: store.release(1),
        lambda store: store.lend(5),
        lambda store: store.local.empty(5, "f8"),
    ],
)
def test_closed_store_takes_no_calls(call: Any) -> None:
    store = Store(BUDGET)
    store.close()
    with pytest.raises(StoreClosed, match="was closed"):
        call(store)


def test_fork_may_not_call_the_store_and_frees_nothing(store: Store) -> None:
    ref = store.put(numbers())
    view = store.get(ref)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            store.put(1)
        except StoreClosed:
            store.close()
            del view
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert (store.get(ref) == view).all()


def test_objects_lists_counts_holders_and_places(store: Store, worker: LocalStore) -> None:
    ref = store.put(numbers())
    store.retain(ref.id)
    store.hold(ref.id, 1)
    view = store.get(ref)
    (info,) = store.objects()
    assert (info.id, info.kind, info.nbytes) == (ref.id, "array", ROWS * 8)
    assert (info.count, info.holders) == (2, (0, 1))
    assert info.place == (ref.segment, ref.offset)
    del view
    assert store.objects()[0].holders == (1,)


def test_threads_that_put_and_drop_at_once_lose_nothing(store: Store) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(40):
                array = np.full(ROWS, number * 1000 + step)
                ref = store.put(array)
                view = store.get(ref)
                store.release(ref.id)
                assert (view == array).all()
                del view
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.objects() == []
    assert store.local.stats()["live"] == 0


def test_ids_of_different_processes_never_meet(store: Store, worker: LocalStore) -> None:
    ids = [store.put(0).id, store.put(0).id, worker.put(0).id, worker.put(0).id]
    assert len(set(ids)) == 4
    series = [id >> 40 for id in ids]
    assert series == [series[0], series[0], series[2], series[2]]
    other = Store(1 << 20)
    try:
        assert other.put(0).id >> 40 not in series
    finally:
        other.close()


def test_many_objects_and_views_take_few_mappings(store: Store) -> None:
    """The kernel allows vm.max_map_count of them, 65,530 as a rule."""

    def mappings() -> int:
        with open("/proc/self/maps") as lines:
            return sum(1 for _ in lines)

    begin = mappings()
    refs = [store.put(np.full(ROWS, float(n))) for n in range(250)]
    views = [store.get(ref) for ref in refs for _ in range(20)]
    assert mappings() - begin < 20
    writable = [store.get_writable(ref) for ref in refs]
    assert mappings() - begin < len(refs) + 20
    assert [view[0] for view in views[::20]] == [other[-1] for other in writable] == [*range(250)]
    del views, writable
    for ref in refs:
        store.release(ref.id)
