"""Objects that go to disk: the model with spilling, folders that cannot be used, full disks."""

import errno
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from shframe.store import Ref, SpillFailed, SpillFile, Store, StoreFull
from shframe.store.shared_memory import spill_file as spilling
from shframe.store.shared_memory.spill_file import SEGMENT
from tests.examples import examples
from tests.store.test_store import (
    BUDGET,
    WORKERS,
    StoreMachine,
    close_worker,
    deliver,
    new_worker,
    numbers,
)

DISK = spilling.default_folder()
pytestmark = pytest.mark.skipif(DISK is None, reason="no folder on a real disk can be written")


class SpillingMachine(StoreMachine):
    """The same rules, and objects move to the disk at will."""

    def made(self) -> Store:
        self.seen: dict[int, bytes] = {}
        return Store(BUDGET, spill=SpillFile(DISK, 1 << 30))

    @rule(nbytes=st.sampled_from([1, 1 << 20, 1 << 30]), backwards=st.booleans())
    def spill(self, nbytes: int, backwards: bool) -> None:
        looked_at = {id for id, _ in self.kept.values()}
        before = {info.id: info.place for info in self.store.objects()}
        self.store.spill(nbytes, lambda id: -id if backwards else id)
        for info in self.store.objects():
            if info.id in looked_at:
                assert info.place == before[info.id], "an object with views has moved"

    @rule(ref=StoreMachine.refs, nbytes=st.sampled_from([1 << 20, 1 << 30]))
    def spill_while_a_task_reads(self, ref: Ref | None, nbytes: int) -> None:
        if ref is None or not self.counts[ref.id]:
            return
        (now,) = self.store.send([ref])
        self.store.spill(nbytes)
        assert self.store.send([ref]) == [now], "an object whose address was told has moved"
        self.store.ended([ref, ref])

    def owed(self, slot: int) -> int:
        debts = {slot: resident for slot, (_, resident) in self.store._debt.items()}
        untold = (
            sum(
                (offset + nbytes) // (1 << 16) - -(-offset // (1 << 16))
                for _, offset, nbytes in self.store._punched.get(slot, [])
            )
            << 16
        )
        return debts.get(slot, 0) - untold if slot else -sum(debts.values())

    def teardown(self) -> None:
        spill = self.store._spill
        assert spill is not None
        super().teardown()
        assert spill.nbytes == 0


SpillingMachine.TestCase.settings = settings(
    max_examples=examples(12), stateful_step_count=40, deadline=None
)
TestSpillModel = SpillingMachine.TestCase


@pytest.fixture
def store() -> Any:
    store = Store(BUDGET, spill=SpillFile(DISK, 1 << 30))
    yield store
    store.close()


def test_ten_times_the_budget_can_be_put_and_read(store: Store) -> None:
    refs = [store.put(np.full(2_000_000, n, "f8")) for n in range(30)]
    assert store.ledger.totals()[1] <= BUDGET
    assert store.spilled_bytes() >= 30 * 16_000_000 - BUDGET
    for n, ref in enumerate(refs):
        value = store.get(ref)
        assert not value.flags.writeable
        assert (value == n).all()
        writable = store.get_writable(ref)
        writable[0] = -1
        assert value[0] == n
        del value, writable
        store.release(ref.id)
    assert store.spilled_bytes() == 0


def test_what_is_needed_last_goes_first(store: Store) -> None:
    refs = [store.put(numbers(1_000_000)) for _ in range(4)]
    needed = {refs[2].id: 3.0, refs[0].id: 2.0, refs[3].id: 1.0, refs[1].id: 0.0}
    store.spill(9_000_000, needed.__getitem__)
    places = {info.id: info.place[0] for info in store.objects()}
    assert [places[ref.id] == SEGMENT for ref in refs] == [True, False, True, False]


def test_spilled_objects_of_a_dead_worker_live_on(store: Store) -> None:
    worker = new_worker(store, WORKERS[0])
    refs = [worker.put(numbers(n * 100_000)) for n in (1, 2)]
    for ref in refs:
        deliver(store, worker, ref)
    store.spill(1)
    store.worker_died(WORKERS[0])
    close_worker(worker)
    for n, ref in zip((1, 2), refs, strict=True):
        assert (store.get(ref) == numbers(n * 100_000)).all()
        store.release(ref.id)
    assert store.ledger.totals() == (0, 0)


def test_views_of_a_spilled_object_outlive_the_store() -> None:
    store = Store(BUDGET, spill=SpillFile(DISK, 1 << 30))
    ref = store.put(numbers(1 << 20))
    store.spill(1)
    assert store.spilled_bytes() == 1 << 23
    view = store.get(ref)
    store.close()
    assert (view == numbers(1 << 20)).all()


def test_the_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for named in (False, True):  # as where O_TMPFILE is not known
        if named:
            monkeypatch.delattr(os, "O_TMPFILE")
        store = Store(BUDGET, spill=SpillFile(tmp_path, 1 << 30))
        store.put(numbers(1_000_000))
        assert store.spill(1) >= 8_000_000
        assert list(tmp_path.iterdir()) == []
        store.close()


@pytest.mark.parametrize("folder", ["/dev/shm", "/no/such/folder", __file__])
def test_a_folder_that_cannot_be_used_is_refused_at_once(folder: str) -> None:
    with pytest.raises(SpillFailed, match=folder):
        SpillFile(folder, None)


def test_over_the_limit_the_store_is_full_and_nothing_is_lost() -> None:
    store = Store(BUDGET, spill=SpillFile(DISK, 20_000_000))
    refs = [store.put(np.full(1 << 20, n, "f8")) for n in range(8)]  # 6 in memory, 2 on disk
    with pytest.raises(StoreFull):
        store.put(np.full(1 << 20, 8, "f8"))
    assert store.spilled_bytes() == 2 << 23
    for n, ref in enumerate(refs):
        assert (store.get(ref) == n).all()
    store.close()


def test_a_full_disk_leaves_the_object_where_it_was_and_is_said_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    refs = [store.put(numbers(1_000_000)) for _ in range(4)]
    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING, "shframe"):
        patched.setattr(spilling, "_copy", full)
        assert store.spill(1) == 0
        with pytest.raises(StoreFull):
            store.put(numbers(3_000_000))
    assert len(caplog.records) == 1
    assert "disk" in caplog.text
    assert store.spilled_bytes() == 0
    for ref in refs:
        assert (store.get(ref) == numbers(1_000_000)).all()
    assert store.put(numbers(3_000_000)).nbytes == 24_000_000  # there is room again


def test_without_a_real_disk_one_line_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spilling, "default_folder", lambda: None)
    store = Store(BUDGET, spill=SpillFile(None, None))
    with caplog.at_level(logging.WARNING, "shframe"):
        kept = [store.put(numbers(2_000_000)) for _ in range(2)]
        for _ in range(2):
            with pytest.raises(StoreFull):
                kept.append(store.put(numbers(4_000_000)))
    assert len(caplog.records) == 1
    assert "spill_folder" in caplog.text
    store.close()
