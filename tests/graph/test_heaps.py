"""The private memory of workers is seen from outside, learned per kind, and counted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import shframe as sf
from shframe.graph.driver.worker_memory import PAUSE, WorkerMemory
from shframe.graph.machine.kept_heap import LEAST
from shframe.graph.machine.procfs import anonymous
from shframe.graph.scheduler.messages import Done, Joined
from shframe.graph.scheduler.scheduler import Scheduler
from tests.graph.submitting import submit

HEAP = 96 << 20
NOISE = 8 << 20


@contextmanager
def child() -> Iterator[tuple[int, int, int]]:
    """A process that takes and gives HEAP bytes; (pid, its input, its output)."""
    read, order = os.pipe()
    answer, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        kept = None
        while (word := os.read(read, 1)) in (b"+", b"-"):
            kept = np.ones(HEAP, np.uint8) if word == b"+" else None
            os.write(write, b"x")
        os._exit(kept is not None)
    try:
        yield pid, order, answer
    finally:
        for fd in (read, order, answer, write):
            os.close(fd)
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_what_a_task_took_and_what_it_kept_are_told_apart() -> None:
    with child() as (pid, order, answer):

        def told(word: bytes) -> None:
            os.write(order, word)
            os.read(answer, 1)

        heaps, now = WorkerMemory(), 1.0
        heaps.look(now, {7: pid})
        assert heaps.take_peak(7) < NOISE
        told(b"+")
        heaps.look(now + PAUSE / 2, {7: pid})  # too soon: not looked at
        told(b"-")
        heaps.look(now + PAUSE, {7: pid})
        assert heaps.take_peak(7) < NOISE
        told(b"+")
        heaps.look(now + 2 * PAUSE, {7: pid})
        told(b"-")
        assert HEAP <= heaps.take_peak(7) < HEAP + NOISE
        assert heaps.kept() < NOISE
        told(b"+")
        heaps.look(now + 3 * PAUSE, {7: pid})
        assert HEAP <= heaps.take_peak(7) < HEAP + NOISE
        assert HEAP <= heaps.kept() < HEAP + NOISE  # it was not given back
        assert heaps.take_peak(7) == 0
        heaps.look(now + 4 * PAUSE, {})
        assert heaps.kept() == 0
    assert anonymous(pid) == 0
    assert heaps.take_peak(7) == 0


def test_tasks_run_side_by_side_only_as_far_as_their_heaps_fit() -> None:
    scheduler = Scheduler()
    for worker in range(4):
        scheduler.handle(Joined(worker))
    scheduler.admission.room = 100 << 20
    submit(scheduler, 1, 0, ["one"] * 20, [()] * 20, [])
    for worker in range(4):
        scheduler.handle(Done(worker, [(worker, 1.0, 0)], heap=40 << 20))
    assert sum(len(state.assigned) for state in scheduler.workers.values()) == 2
    assert scheduler.admission.heap == 80 << 20
    assert scheduler.admission.short == 20 << 20
    scheduler.admission.most_heap = 20 << 20
    while scheduler.tasks:
        worker, number = next(
            (w, n) for w, state in scheduler.workers.items() for n in state.assigned
        )
        scheduler.handle(Done(worker, [(number, 1.0, 0)], heap=40 << 20))
    assert scheduler.admission.heap == 0


def peaked(part: pd.DataFrame, folder: str) -> pd.DataFrame:
    """Takes a heap of its own for a while, and notes how many do so at the moment."""
    values = np.ones(HEAP, np.uint8)
    mark = Path(folder, f"now-{os.getpid()}")
    mark.touch()
    time.sleep(4 * PAUSE)
    count = len(list(Path(folder).glob("now-*")))
    mark.unlink()
    return part.assign(at_once=count, a=int(values[0]))


@pytest.mark.parametrize(("memory", "at_once"), [(128 << 20, 1), (1 << 30, 2)])
def test_large_heaps_take_turns_in_a_small_budget(
    memory: int, at_once: int, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"a": range(32)})
    meta = frame.assign(at_once=1).iloc[:0]
    sf.init(memory=memory, workers=2, inline_bytes=0)
    lazy = sf.from_pandas(frame, npartitions=16)
    seen = lazy.map_partitions(peaked, str(tmp_path), meta=meta).compute().at_once.to_numpy()
    sf.shutdown()
    assert len(seen) == len(frame)
    # nothing is known of the first task of each worker, and it is measured while others begin
    assert seen[16:].max() == at_once


@sf.remote
def add_in_arrow(nbytes: int) -> int:
    """Takes so much of Arrow's heap, twice, and gives it back; the process."""
    columns = [pa.array(np.ones(1 << 20)) for _ in range(nbytes >> 23)]
    assert len([pc.add(column, 1.0) for column in columns]) == len(columns)
    return os.getpid()


@pytest.mark.parametrize(("memory", "kept"), [(256 << 20, False), (16 << 30, True)])
def test_arrows_free_pages_are_kept_as_far_as_the_budget_goes(memory: int, kept: bool) -> None:
    sf.init(workers=1, memory=memory)
    pid = sf.get(add_in_arrow.remote(8 << 20))
    before = anonymous(pid)
    assert sf.get(add_in_arrow.remote(HEAP)) == pid
    limit = before + LEAST + NOISE
    deadline = time.monotonic() + 10
    while not kept and anonymous(pid) > limit and time.monotonic() < deadline:
        time.sleep(0.01)  # it gives them back when it has told its result
    assert (anonymous(pid) > limit) == kept
    sf.shutdown()
