"""sf.Executor does what the standard library's executors do, on the session's workers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shframe as sf
from shframe.errors import InvalidArgument, NotPicklable, RemoteTraceback, WorkerDied
from shframe.session import Session


def until(path: str) -> str:
    """Run until the file is there."""
    while not os.path.exists(path):
        time.sleep(0.005)
    return path


def span() -> tuple[float, float]:
    start = time.monotonic()
    time.sleep(0.01)
    return start, time.monotonic()


def broken(n: int) -> None:
    raise LookupError(f"no such thing as {n}")


def die(mark: str) -> None:
    Path(mark).write_text(Path(mark).read_text() + "x" if os.path.exists(mark) else "x")
    os._exit(3)


def test_submit_gives_a_future_of_the_standard_library(session: Session) -> None:
    with sf.Executor() as executor:
        future = executor.submit(int, "ff", base=16)
        assert isinstance(future, concurrent.futures.Future)
        assert future.result() == 255
        assert future.done()
        assert not future.cancel()
    assert isinstance(executor, concurrent.futures.Executor)


def test_calls_run_in_the_workers(session: Session) -> None:
    with sf.Executor() as executor:
        pids = set(executor.map(pid_after_a_moment, range(20)))
    assert len(pids) == 2
    assert os.getpid() not in pids


def pid_after_a_moment(_: int) -> int:
    time.sleep(0.01)
    return os.getpid()


def test_an_exception_has_its_own_type_and_the_workers_traceback(session: Session) -> None:
    with sf.Executor() as executor:
        error = executor.submit(broken, 7).exception()
    assert type(error) is LookupError
    assert error.args == ("no such thing as 7",)
    assert isinstance(error.__cause__, RemoteTraceback)
    assert "in broken" in str(error.__cause__)


@pytest.mark.parametrize("chunksize", [1, 3, 100])
def test_map_gives_what_the_builtin_map_gives(session: Session, chunksize: int) -> None:
    with sf.Executor() as executor:
        found = executor.map(pow, range(10), [2] * 20, chunksize=chunksize)
        assert list(found) == list(map(pow, range(10), [2] * 10))
        assert list(executor.map(pow, [], [], chunksize=chunksize)) == []


@pytest.mark.parametrize("chunksize", [1, 2])
def test_map_raises_where_the_result_would_come(session: Session, chunksize: int) -> None:
    with sf.Executor() as executor:
        found = executor.map(divmod, [4, 3, 2, 1], [2, 3, 0, 1], chunksize=chunksize)
        assert [next(found), next(found)] == [(2, 0), (1, 0)]
        with pytest.raises(ZeroDivisionError):
            next(found)


def test_map_times_out_for_a_result_that_is_not_there(session: Session, tmp_path: Path) -> None:
    with sf.Executor() as executor:
        found = executor.map(until, [str(tmp_path / "gate")], timeout=0.05)
        with pytest.raises(TimeoutError):
            next(found)
        (tmp_path / "gate").touch()


def test_what_waits_can_be_cancelled_and_what_runs_cannot(session: Session, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    with sf.Executor() as executor:
        futures = [executor.submit(until, gate) for _ in range(8)]
        assert futures[0].running()
        assert not futures[0].cancel()
        assert futures[7].cancel()
        assert futures[7].cancelled()
        with pytest.raises(concurrent.futures.CancelledError):
            futures[7].result()
        Path(gate).touch()
        assert [future.result() for future in futures[:7]] == [gate] * 7


def test_wait_and_as_completed_know_the_futures(session: Session, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    with sf.Executor() as executor:
        late, soon = executor.submit(until, gate), executor.submit(abs, -1)
        done, pending = concurrent.futures.wait(
            [late, soon], return_when=concurrent.futures.FIRST_COMPLETED
        )
        assert (done, pending) == ({soon}, {late})
        order = concurrent.futures.as_completed([late, soon])
        assert next(order) is soon
        Path(gate).touch()
        assert next(order) is late


def test_a_callback_may_wait_for_the_session_and_may_raise(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []
    told = threading.Event()

    def callback(future: concurrent.futures.Future[int]) -> None:
        seen.append(sf.get(sf.remote(abs).remote(-future.result())))
        told.set()
        raise ValueError("from the callback")

    with sf.Executor() as executor, caplog.at_level(logging.CRITICAL + 1):
        executor.submit(abs, -5).add_done_callback(callback)
        assert told.wait(30)
        assert executor.submit(abs, -6).result() == 6
    assert seen == [5]


def test_nothing_is_taken_after_shutdown_and_all_that_was_taken_is_done(session: Session) -> None:
    executor = sf.Executor()
    futures = [executor.submit(abs, -n) for n in range(50)]
    executor.shutdown()
    assert [future.result() for future in futures] == list(range(50))
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(abs, 1)
    executor.shutdown()


def test_shutdown_may_drop_what_waits(session: Session, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    executor = sf.Executor()
    futures = [executor.submit(until, gate) for _ in range(9)]
    executor.shutdown(wait=False, cancel_futures=True)
    Path(gate).touch()
    executor.shutdown()
    assert futures[0].result() == gate
    assert futures[-1].cancelled()
    assert all(future.done() for future in futures)


def test_max_workers_limits_what_runs_at_once(session: Session) -> None:
    with sf.Executor(max_workers=1) as executor:
        spans = sorted(future.result() for future in [executor.submit(span) for _ in range(10)])
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    with pytest.raises(InvalidArgument, match="max_workers must be an integer >= 1, got 0"):
        sf.Executor(0)


def test_asyncio_runs_in_it(session: Session) -> None:
    async def both(executor: sf.Executor) -> list[int]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(executor, pow, 2, n) for n in range(5)))

    with sf.Executor() as executor:
        assert asyncio.run(both(executor)) == [1, 2, 4, 8, 16]


def test_an_inner_function_is_taken_as_it_is_at_each_call(session: Session) -> None:
    factor = 2

    def times(n: int) -> int:
        return n * factor

    with sf.Executor() as executor:
        first = executor.submit(times, 10)
        factor = 3
        assert (first.result(), executor.submit(times, 10).result()) == (20, 30)
        lock = threading.Lock()
        with pytest.raises(NotPicklable, match="'lock'"):
            executor.submit(lambda: lock)


def test_many_tiny_calls_arrive_in_full(session: Session) -> None:
    with sf.Executor() as executor:
        futures = [executor.submit(abs, -n) for n in range(5000)]
        assert [future.result() for future in futures] == list(range(5000))
        assert sum(executor.map(abs, range(20_000), chunksize=500)) == 199_990_000


def written_to(array: Any) -> Any:
    array[0] = 7
    return array


def test_arguments_and_results_are_ones_own_to_write(session: Session) -> None:
    shared = sf.put(np.zeros(200_000))
    with sf.Executor() as executor:
        results = [executor.submit(written_to, shared).result() for _ in range(2)]
    assert [result[0] for result in results] == [7, 7]
    results[0][:] = 1
    assert sf.get(shared).sum() == 0


def test_a_dead_worker_fails_its_call_only_and_the_call_is_not_repeated(
    session: Session, tmp_path: Path
) -> None:
    with sf.Executor() as executor:
        with pytest.raises(WorkerDied):
            executor.submit(die, str(tmp_path / "mark")).result()
        assert executor.submit(abs, -1).result() == 1
    assert (tmp_path / "mark").read_text() == "x"


state: list[Any] = []


def remember(value: Any) -> None:
    state.append(value)


def remembered(_: int) -> tuple[int, list[Any]]:
    time.sleep(0.005)
    return os.getpid(), [float(np.sum(one)) for one in state]


def test_an_initializer_runs_once_in_each_worker(session: Session) -> None:
    for value, total in ((np.ones(100_000), 100_000.0), (3, 3.0)):
        with sf.Executor(initializer=remember, initargs=(value,)) as executor:
            found = dict(executor.map(remembered, range(30)))
            found.update(future.result() for future in [executor.submit(remembered, 0)])
            assert len(found) == 2
            assert [seen[-1] for seen in found.values()] == [total, total]
            assert all(seen.count(total) == 1 for seen in found.values())
            executor.submit(state.clear).result()
        with sf.Executor() as executor:
            list(executor.map(forget, range(30)))


def forget(_: int) -> None:
    time.sleep(0.005)
    state.clear()


def test_an_initializer_that_raises_is_what_each_call_raises(session: Session) -> None:
    with sf.Executor(initializer=broken, initargs=(1,)) as executor:
        for _ in range(2):
            with pytest.raises(LookupError, match="no such thing as 1"):
                executor.submit(abs, 1).result()


def test_a_task_may_use_one(session: Session) -> None:
    assert sf.get(sf.remote(with_an_executor).remote(4)) == [0, 1, 4, 9]


def with_an_executor(n: int) -> list[int]:
    with sf.Executor() as executor:
        return list(executor.map(pow, range(n), [2] * n))


def test_an_executor_that_nobody_holds_ends_by_itself(session: Session) -> None:
    executor = sf.Executor()
    assert executor.submit(abs, -1).result() == 1
    del executor  # the fixture looks for its thread


SCRIPT = """
import os
import shframe as sf

level = None

def begin(value):
    global level
    level = value

def shown(n):
    return n, level

sf.init(workers=2)
with sf.Executor(initializer=begin, initargs=(5,)) as executor:
    assert executor.submit(shown, 1).result() == (1, 5)
    assert list(executor.map(shown, [1, 2, 3], chunksize=2)) == [(1, 5), (2, 5), (3, 5)]
executor = sf.Executor()
for n in range(20):
    executor.submit(os.write, 1, f"line {n}\\n".encode())
"""


def test_a_script_without_a_guard_has_its_globals_and_ends_when_all_is_done(
    tmp_path: Path,
) -> None:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    said = [line.rpartition(") ")[2] for line in done.stdout.splitlines()]  # behind who says it
    assert sorted(said) == sorted(f"line {n}" for n in range(20))
