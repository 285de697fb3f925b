"""Zero-copy, measured: workers read one object in place, and memory does not grow."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

import shframe as sf
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.session import Session
from shframe.store.limits.memory_usage import memory

GIGABYTE = 1 << 30


def total_and_address(array: Any, started: str) -> tuple[int, float, int, str]:
    """Wait until both workers are at work, then read every byte."""
    Path(started, str(os.getpid())).touch()
    deadline = time.monotonic() + 20
    while len(os.listdir(started)) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    total = float(array.sum())
    address = array.ctypes.data
    where = next(
        line
        for line in Path("/proc/self/maps").read_text().splitlines()
        if int(line.split("-")[0], 16) <= address < int(line.split()[0].split("-")[1], 16)
    )
    return os.getpid(), total, address, where


def segments() -> list[int]:
    found = {}
    for path in Path("/proc/self/fd").iterdir():
        try:
            if os.readlink(path).startswith("/memfd:shframe"):
                found[os.stat(path).st_ino] = int(path.name)
        except OSError:
            continue
    return list(found.values())


def test_two_workers_sum_one_gigabyte_at_once_without_a_copy(
    session: Session, tmp_path: Path
) -> None:
    rows = GIGABYTE // 8
    ref = sf.put(np.ones(rows))
    graph = TaskGraph(data={Key("data"): ref})
    function = Function(total_and_address)
    keys = [Key("sum", (n,)) for n in range(2)]
    graph.add([Task(key, function, (Key("data"),), (str(tmp_path),)) for key in keys])
    graph.outputs = tuple(keys)
    pids = [os.getpid()]
    before = memory(pids, segments())
    peak = before.total
    import threading

    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, memory(pids, segments()).total)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        results = [one.value() for one in session.run(graph)]
    finally:
        done.set()
        sampler.join()
    assert {pid for pid, *_ in results} == set(session.executor.pids[1:])  # type: ignore[attr-defined]
    assert [total for _, total, _, _ in results] == [float(rows)] * 2
    for _, _, _, where in results:
        assert "memfd:shframe" in where
        assert where.split()[1].startswith("r--s")  # shared, and not writable
    assert peak - before.total < GIGABYTE * 0.05


def test_ten_tasks_of_a_program_written_for_ray_share_one_copy_of_its_array(
    session: Session,
) -> None:
    import shframe as ray

    @ray.remote
    def worker_func(data: Any, i: int) -> int:
        # Do work. This function will have read-only access to the data array.
        return 0

    @ray.remote
    def reading(data: Any, i: int) -> float:
        return float(data.sum())

    ray.get([worker_func.remote(None, i) for i in range(10)])
    data = np.zeros(10**7)
    before = memory([os.getpid()], segments()).total
    data_id = ray.put(data)
    for function, wanted in ((worker_func, 0), (reading, 0.0)):
        result_ids = [function.remote(data_id, i) for i in range(10)]
        results = ray.get(result_ids)
        assert results == [wanted] * 10
        grown = memory([os.getpid()], segments()).total - before
        assert grown < data.nbytes * 1.1
