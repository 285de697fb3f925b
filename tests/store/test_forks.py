"""A forked child reads what its parent looked at, whatever the parent does; it can do no harm."""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shframe.store import SpillFile, Store, StoreClosed
from shframe.store.shared_memory import forks
from tests.store.test_store import BUDGET, close_worker, deliver, new_worker

ROWS = 500_000  # of float64: 4 MB


@contextmanager
def child(work: Callable[[], object]) -> Iterator[Callable[[], str]]:
    """A forked child that does `work` when the caller asks for its answer, once."""
    go_out, go_in = os.pipe()
    answer_out, answer_in = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.read(go_out, 1)
            answer = str(work())
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(answer_in, answer.encode()[:4000])
        os._exit(0)

    def asked() -> str:
        os.write(go_in, b"x")
        ready, _, _ = select.select([answer_out], [], [], 5)
        if not ready:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert ready, "the child hangs"
        return os.read(answer_out, 4000).decode()

    try:
        yield asked
    finally:
        for fd in (go_out, go_in, answer_out, answer_in):
            os.close(fd)
        forks.sweep()  # what the next call of a store would do


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(BUDGET, spill=SpillFile(None, 1 << 30))
    yield made
    made.close()


def refill(store: Store) -> None:
    """Use whatever memory is free, more than once."""
    for _ in range(3):
        for ref in [store.put(np.full(ROWS, 9.0)) for _ in range(8)]:
            store.release(ref.id)


def test_what_the_parent_frees_is_not_used_again_before_the_child_ends(store: Store) -> None:
    ref = store.put(np.full(ROWS, 7.0))
    kept = [store.get(ref)]
    with child(lambda: (kept[0] == 7.0).all()) as answer:
        kept.clear()
        store.release(ref.id)
        refill(store)
        store.spill(BUDGET)
        assert len(store.objects()) == 1
        assert answer() == "True"
    assert store.objects() == []
    assert store.put(np.zeros(ROWS)).offset == ref.offset


def test_views_of_a_child_outlive_the_store() -> None:
    store = Store(BUDGET)
    kept = [store.get(store.put(np.full(ROWS, 7.0)))]
    with child(lambda: (kept[0] == 7.0).all()) as answer:
        kept.clear()
        store.close()
        assert answer() == "True"


def test_a_worker_holds_what_its_child_may_read(store: Store) -> None:
    worker = new_worker(store, 1)
    ref = worker.put(np.full(ROWS, 7.0))
    deliver(store, worker, ref)
    kept = [worker.get(ref)]
    with child(lambda: (kept[0] == 7.0).all()) as answer:
        kept.clear()
        assert worker.pinned() == {ref.id}
        store.hold(ref.id, 1)
        store.release(ref.id)
        refill(store)
        assert answer() == "True"
    assert worker.pinned() == set()
    close_worker(worker)


def test_store_calls_in_a_child_raise_and_its_end_frees_nothing(store: Store) -> None:
    ref = store.put(np.full(ROWS, 7.0))
    for call in (lambda: store.get(ref), lambda: store.put(1), lambda: store.release(ref.id)):
        with child(call) as answer:
            assert answer().startswith("StoreClosed")
    with child(store.close) as answer:
        assert answer() == "None"
    assert (store.get(ref) == 7.0).all()


def test_a_child_forked_while_another_thread_holds_the_lock_does_not_hang(store: Store) -> None:
    ref = store.put(np.full(ROWS, 7.0))
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store._lock, store.local._lock:
            locked.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait()
    with child(lambda: store.get(ref)) as answer:
        done.set()
        thread.join()
        assert answer().startswith(StoreClosed.__name__)


def test_a_child_that_becomes_another_program_keeps_nothing(store: Store) -> None:
    ref = store.put(np.full(ROWS, 7.0))
    view: Any = store.get(ref)
    pid = os.fork()
    if not pid:
        os.execvp("sleep", ["sleep", "5"])
    del view
    store.release(ref.id)
    deadline = time.monotonic() + 4
    while store.objects():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
