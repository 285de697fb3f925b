"""The budget holds: more than fits goes to disk, waits for room, or fails by name."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
import shframe.array as xp
from shframe.errors import InvalidSize, SpillFailed, StoreFull
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.session import current
from shframe.store import Store
from tests.conftest import until

BUDGET = 64 << 20
ROWS = 1 << 19  # of a chunk: 4 MiB of float64


@contextmanager
def session(**options: Any) -> Iterator[Store]:
    opened = sf.init(**{"memory": BUDGET, "workers": 2, **options})
    try:
        yield opened.executor.store
    finally:
        sf.shutdown()


@contextmanager
def highest(store: Store) -> Iterator[list[int]]:
    """The most bytes of shared pages that there were meanwhile, as the only element."""
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.is_set():
            with store._lock:
                segments = store._all_segments()
                pages = sum(os.fstat(segment.fd).st_blocks * 512 for segment in segments)
            peak[0] = max(peak[0], pages)
            time.sleep(0.001)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def ramp(chunks: int) -> Any:
    """Chunks of 4 MiB, each made by a task."""
    return xp.arange(chunks * ROWS, chunks=ROWS, dtype="f8")


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_results_of_four_times_the_budget_are_kept_on_disk(workers: int) -> None:
    with session(workers=workers) as store, highest(store) as peak:
        kept = (ramp(64) + 1).persist()
        assert store.spilled_bytes() >= 64 * 8 * ROWS - BUDGET
        assert float(kept.sum().compute()) == 64 * ROWS * (64 * ROWS + 1) / 2
        assert float((kept * 2).max().compute()) == 2.0 * 64 * ROWS
        assert 0 < peak[0] <= BUDGET
        del kept
        assert float(ramp(2).sum().compute()) == 2 * ROWS * (2 * ROWS - 1) / 2
        assert until(lambda: store.spilled_bytes() == 0)


def test_chunks_pass_through_a_barrier_larger_than_the_budget() -> None:
    with session() as store, highest(store) as peak:
        values = xp.arange(1 << 25, chunks=1 << 19, dtype="f8").reshape(1 << 12, 1 << 13)
        turned = (values * 1).rechunk((1 << 12, 1 << 10)).persist()
        expected = np.arange(1 << 25, dtype="f8").reshape(1 << 12, 1 << 13)
        assert (turned[:, 5000].compute() == expected[:, 5000]).all()
        assert float(turned.sum().compute()) == expected.sum()
        assert store.spilled_bytes() >= expected.nbytes - BUDGET
        assert peak[0] <= BUDGET


def made(place: int, nbytes: int) -> Any:
    return np.full(nbytes // 8, float(place))


def summed(*arrays: Any) -> float:
    return float(sum(array.sum() for array in arrays))


@pytest.mark.parametrize(
    "nbytes", [10 << 20, pytest.param(100 << 20, marks=pytest.mark.soak)], ids=["10 MB", "100 MB"]
)
def test_200_partitions_pass_through_room_for_ten(nbytes: int) -> None:
    """Each is read by two tasks, so that it lies in the store meanwhile."""
    graph = TaskGraph()
    sources = [Task(Key("made", (n,)), Function(made), (), (n, nbytes)) for n in range(200)]
    pairs = zip(sources, sources[1:] + sources[:1], strict=True)
    sums = [
        Task(Key("summed", (n,)), Function(summed), (a.key, b.key))
        for n, (a, b) in enumerate(pairs)
    ]
    graph.add([*sources, *sums])
    graph.outputs = tuple(task.key for task in sums)
    with session(memory=10 * nbytes, spill_limit=0) as store, highest(store) as peak:
        found = sf.get(current().run(graph))
    expected = [float(nbytes // 8) * (n + (n + 1) % 200) for n in range(200)]
    assert found == expected
    assert peak[0] <= 10 * nbytes


def test_frames_of_four_times_the_budget_are_sorted_and_joined(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    keys = rng.permutation(1 << 22)
    frame = pd.DataFrame({"k": keys, "v": rng.random(1 << 22), "w": keys % 7})
    for n in range(32):
        part = frame.iloc[n << 17 : (n + 1) << 17]
        part.to_parquet(tmp_path / f"part-{n:02}.parquet", index=False)
    with session() as store, highest(store) as peak:
        lazy = sf.read_parquet(tmp_path).persist()
        by_key = lazy.sort_values("k")
        assert by_key["k"].head(3).compute().tolist() == [0, 1, 2]
        other = sf.from_pandas(pd.DataFrame({"k": np.arange(0, 1 << 22, 64)}), npartitions=2)
        joined = lazy.merge(other, on="k")["v"].sum().compute()
        assert joined == pytest.approx(frame.v[frame.k % 64 == 0].sum(), rel=1e-9)
        assert store.spilled_bytes() > 0
        assert peak[0] <= BUDGET


def test_put_of_more_than_the_budget_spills_what_nobody_looks_at() -> None:
    with session() as store:
        refs = [sf.put(np.full(ROWS, n, "f8")) for n in range(64)]
        views = [sf.get(ref) for ref in refs[:3]]
        assert store.spilled_bytes() >= 64 * 8 * ROWS - BUDGET
        for n, ref in enumerate(refs):
            assert (sf.get(ref) == n).all()
        assert [float(view[0]) for view in views] == [0, 1, 2]


def test_pages_that_idle_workers_keep_are_there_for_a_put() -> None:
    with session(spill_limit=0) as store:
        kept = (ramp(8) + 1).persist()
        del kept  # the workers keep the pages
        assert store.ledger.totals()[1] >= 8 * 8 * ROWS
        big = sf.put(np.zeros(BUDGET // 8 - ROWS))
        assert sf.get(big).nbytes == BUDGET - 8 * ROWS


def test_without_a_disk_a_result_that_has_no_room_fails_by_name() -> None:
    with session(spill_limit=0) as store:
        with pytest.raises(StoreFull, match="memory="):
            (ramp(64) + 1).persist()
        assert store.spilled_bytes() == 0
        assert float((ramp(64) + 1).sum().compute()) == 64 * ROWS * (64 * ROWS + 1) / 2


def test_without_a_disk_a_failed_run_leaves_the_room_to_the_next() -> None:
    with session(spill_limit=0) as store:
        with pytest.raises(StoreFull):
            (ramp(64) + 1).persist()
        assert float((ramp(12) + 1).persist().sum().compute()) == 12 * ROWS * (12 * ROWS + 1) / 2
        assert store.ledger.totals()[1] <= BUDGET


def test_an_object_larger_than_the_budget_is_refused_at_once() -> None:
    with session() as store:
        with pytest.raises(StoreFull, match=r"free of 64\.0 MiB"):
            sf.put(np.zeros(BUDGET // 8 + 1))
        with pytest.raises(StoreFull):
            xp.zeros(BUDGET // 8 + 1, chunks=BUDGET // 8 + 1).persist()
        assert store.objects() == []


@sf.remote
def ones(count: int) -> Any:
    return np.ones(count)


def test_a_call_that_finds_all_memory_looked_at_says_so_and_the_next_has_room() -> None:
    with session():
        views = [sf.get(ones.remote(BUDGET // 64)) for _ in range(6)]
        with pytest.raises(StoreFull, match="memory="):
            views.extend(sf.get(ones.remote(BUDGET // 64)) for _ in range(6))
        assert all(view.sum() == BUDGET // 64 for view in views)
        views.clear()
        assert sf.get(ones.remote(BUDGET // 64)).sum() == BUDGET // 64


def test_a_pool_of_killed_workers_keeps_what_went_to_disk() -> None:
    with session() as store:
        kept = (ramp(48) + 1).persist()
        for pid in current().executor.pids[1:]:  # type: ignore[attr-defined]
            os.kill(pid, signal.SIGKILL)
        assert float(kept.sum().compute()) == 48 * ROWS * (48 * ROWS + 1) / 2
        assert store.ledger.totals()[1] <= BUDGET


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"spill_folder": "/dev/shm"}, SpillFailed, "tmpfs"),
        ({"spill_folder": "/no/such/folder"}, SpillFailed, "/no/such/folder"),
        ({"spill_limit": "much"}, InvalidSize, "much"),
        ({"spill_limit": -1}, InvalidSize, "-1"),
    ],
)
def test_options_that_cannot_hold_are_refused_at_the_call(
    options: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        sf.init(memory=BUDGET, workers=1, **options)
