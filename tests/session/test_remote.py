"""remote, get, wait: the Ray-shaped core, with real workers."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
from shframe.errors import InvalidArgument, NotPicklable, UnsupportedType, WorkerDied
from shframe.graph.errors import RefNotPicklable, TaskFailed, TimedOut
from shframe.session import Session
from tests.conftest import live_objects


@sf.remote
def add(a: Any, b: Any = 1) -> Any:
    return a + b


@sf.remote
def pid() -> int:
    time.sleep(0.005)
    return os.getpid()


@sf.remote
def filled(n: float, size: int = 200_000) -> Any:
    return np.full(size, n)


@sf.remote
def slow(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@pytest.fixture(autouse=True)
def current(session: Session) -> None:
    """Every test here is one of this session."""


def test_arguments_are_values_or_handles_at_any_place() -> None:
    ref = sf.put(np.arange(300_000))
    one = add.remote(1)
    assert sf.get(add.remote(one, one)) == 4
    assert sf.get(add.remote(1, one)) == 3
    assert sf.get(add.remote(b=one, a=5)) == 7
    assert (sf.get(add.remote(ref, b=one)) == np.arange(300_000) + 2).all()
    assert sf.get(add.remote([1], b=[one and 2])) == [1, 2]


def test_handles_deep_inside_arguments_stay_handles() -> None:
    @sf.remote
    def read(handles: dict[str, Any]) -> Any:
        assert isinstance(handles["ref"], sf.ObjectRef)
        return sf.get(handles["ref"]).sum(), sf.get(handles["many"])

    handles = {"ref": sf.put(np.ones(200_000)), "many": [add.remote(n) for n in range(3)]}
    assert sf.get(read.remote(handles)) == (200_000.0, [1, 2, 3])


def test_a_handle_may_lie_in_a_result_and_in_what_is_put() -> None:
    @sf.remote
    def make() -> list[Any]:
        return [sf.put(np.full(100_000, 7.0)), filled.remote(3.0)]

    first, second = sf.get(make.remote())
    assert (sf.get(first) == 7).all()
    assert (sf.get(second) == 3).all()
    nested = sf.put({"inner": first})
    del first
    assert (sf.get(sf.get(nested)["inner"]) == 7).all()


def test_what_lies_in_a_handle_lives_as_long_as_that() -> None:
    before = live_objects()
    outer = sf.put([sf.put(np.zeros(100_000))])
    assert live_objects() == before + 2
    assert sf.get(sf.get(outer)[0]).sum() == 0
    del outer
    assert live_objects() == before


def test_memory_is_free_when_the_last_handle_of_a_result_goes() -> None:
    before = live_objects()
    refs = [filled.remote(n) for n in range(4)]
    sf.get(refs)
    assert live_objects() == before + 4
    del refs
    deadline = time.monotonic() + 5
    while live_objects() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert live_objects() == before


def test_several_results_have_a_handle_each() -> None:
    @sf.remote(num_returns=3)
    def three() -> tuple[int, Any, str]:
        return 1, np.ones(100_000), "three"

    first, second, third = three.remote()
    assert sf.get(third) == "three"
    assert sf.get(second).sum() == 100_000
    assert sf.get(first) == 1


def test_a_wrong_number_of_results_is_said() -> None:
    @sf.remote(num_returns=2)
    def one() -> list[int]:
        return [1]

    with pytest.raises(ValueError, match="returned 1 values, expected num_returns=2"):
        sf.get(one.remote()[1])


def test_every_worker_runs_tasks_and_the_driver_none() -> None:
    pids = set(sf.get([pid.remote() for _ in range(40)]))
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_the_values_are_taken_at_the_call() -> None:
    box = [1, 2]
    array = np.zeros(200_000)
    refs = [add.remote(box, [3]), add.remote(array, 1)]
    box.append(9)
    array[:] = 5
    assert sf.get(refs[0]) == [1, 2, 3]
    assert (sf.get(refs[1]) == 1).all()


MOST = 10


def test_a_function_is_captured_with_its_globals_at_the_first_call() -> None:
    namespace: dict[str, Any] = {"MOST": 1, "sf": sf, "__name__": "__main__"}
    exec("def most():\n    return MOST\n", namespace)
    function = sf.remote(namespace["most"])
    assert sf.get(function.remote()) == 1
    namespace["MOST"] = 2
    assert sf.get(function.remote()) == 1
    assert sf.get(sf.remote(namespace["most"]).remote()) == 2


def test_ten_tasks_share_one_copy(session: Session) -> None:
    data = sf.put(np.zeros(10**6))

    @sf.remote
    def total(data: Any, i: int) -> tuple[float, bool]:
        return float(data.sum()), data.flags.writeable

    before = live_objects()
    assert sf.get([total.remote(data, i) for i in range(10)]) == [(0.0, False)] * 10
    assert live_objects() == before


def test_a_large_argument_is_put_by_itself_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    frame = pd.DataFrame({"a": np.arange(100_000)})
    with caplog.at_level("INFO", "shframe"):
        ref = add.remote(frame)
    assert "put into the store on its own" in caplog.text
    assert (sf.get(ref)["a"] == frame["a"] + 1).all()


def test_inputs_are_read_only_and_writable_when_asked_for() -> None:
    def write(array: Any) -> float:
        array[0] = 5.0
        return float(array.sum())

    ref = sf.put(np.zeros(200_000))
    with pytest.raises(ValueError, match="read-only"):
        sf.get(sf.remote(write).remote(ref))
    writing = sf.remote(writable=True)(write)
    assert sf.get([writing.remote(ref), writing.remote(ref)]) == [5.0, 5.0]
    assert sf.get(ref).sum() == 0


# --- nested -----------------------------------------------------------------------------


@sf.remote
def depth(n: int) -> int:
    return 0 if n == 0 else 1 + sf.get(depth.remote(n - 1))


def test_recursion_fifty_deep_works_on_two_workers() -> None:
    assert sf.get(depth.remote(50)) == 50


@sf.remote
def fib(n: int) -> int:
    return n if n < 2 else sum(sf.get([fib.remote(n - 1), fib.remote(n - 2)]))


def test_a_tree_of_tasks_that_wait_comes_to_its_end() -> None:
    assert sf.get(fib.remote(9)) == 34


def test_a_frame_and_an_array_compute_inside_a_task() -> None:
    frame = pd.DataFrame({"k": [1, 2, 1, 2] * 1000, "v": np.arange(4000.0)})

    @sf.remote
    def nested(frame: pd.DataFrame) -> tuple[Any, float, int]:
        import shframe.array as xp

        grouped = sf.from_pandas(frame, npartitions=3).groupby("k").agg({"v": "sum"}).compute()
        total = (xp.asarray(np.arange(1000.0)) + 1).sum().compute()
        return grouped, float(total), os.getpid()

    grouped, total, where = sf.get(nested.remote(frame))
    expected = frame.groupby("k").agg({"v": "sum"})
    pd.testing.assert_frame_equal(grouped, expected)
    assert total == 500_500.0
    assert where != os.getpid()


def test_a_task_that_starts_a_session_has_the_one_it_belongs_to(session: Session) -> None:
    @sf.remote
    def inside() -> tuple[set[int], int]:
        sf.init(workers=1, memory="1MB")
        pids = set(sf.get([pid.remote() for _ in range(8)]))
        sf.shutdown()
        return pids, sf.get(add.remote(1, 2))

    pids, three = sf.get(inside.remote())
    assert three == 3
    executor: Any = session.executor
    assert pids <= set(executor.pids)


def test_threads_of_a_task_may_ask_at_once() -> None:
    @sf.remote
    def many() -> list[int]:
        found: list[int] = [0] * 4

        def one(n: int) -> None:
            found[n] = sf.get(add.remote(n, 10))

        threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    assert sf.get(many.remote()) == [10, 11, 12, 13]


def test_a_tasks_tasks_fail_with_their_own_error() -> None:
    @sf.remote
    def outer() -> int:
        return sf.get(broken.remote("inner"))

    with pytest.raises(LookupError, match="no inner"):
        sf.get(outer.remote())


# --- waiting ----------------------------------------------------------------------------


def test_wait_gives_what_is_ready_and_what_is_not() -> None:
    fast, late = add.remote(1), slow.remote(0.5)
    ready, rest = sf.wait([late, fast])
    assert (ready, rest) == ([fast], [late])
    ready, rest = sf.wait([late, fast], num_returns=2)
    assert (ready, rest) == ([late, fast], [])
    assert sf.wait([slow.remote(0.2)], timeout=0)[0] == []


def test_get_gives_up_after_its_time_and_the_task_goes_on() -> None:
    ref = slow.remote(0.4)
    with pytest.raises(TimedOut, match=r"timed out after 0\.05 s: 1 result still pending"):
        sf.get(ref, timeout=0.05)
    with pytest.raises(TimeoutError):
        sf.get([add.remote(1), ref], timeout=0.05)
    assert sf.get(ref) == 0.4


def test_as_completed_gives_handles_as_they_come() -> None:
    refs = [slow.remote(0.3), add.remote(1), add.remote(2)]
    assert next(iter(sf.as_completed(refs))) in refs[1:]
    assert set(sf.as_completed(refs)) == set(refs)
    with pytest.raises(TimedOut):
        list(sf.as_completed([slow.remote(1.0)], timeout=0.05))


def test_asyncio_awaits_handles_and_their_futures() -> None:
    async def both() -> list[Any]:
        future = asyncio.wrap_future(add.remote(2).future())
        return [await add.remote(1), await future, *await asyncio.gather(*map(add.remote, [3, 4]))]

    assert asyncio.run(both()) == [2, 3, 4, 5]


def test_a_future_calls_back_and_gives_the_error() -> None:
    called = threading.Event()
    future = add.remote(1).future()
    future.add_done_callback(lambda _: called.set())
    assert future.result(5) == 2
    assert called.wait(5)
    with pytest.raises(LookupError):
        broken.remote("x").future().result(5)


# --- errors -----------------------------------------------------------------------------


@sf.remote
def broken(what: str) -> Any:
    raise LookupError(f"no {what}")


def test_an_error_is_of_its_own_type_and_a_task_failed() -> None:
    with pytest.raises(LookupError, match="no thing") as caught:
        sf.get(broken.remote("thing"))
    assert isinstance(caught.value, TaskFailed)
    assert caught.value.args == ("no thing",)


def test_what_reads_a_failed_result_fails_with_the_same_error() -> None:
    ref = add.remote(add.remote(broken.remote("source")), add.remote(1))
    with pytest.raises(LookupError, match="no source"):
        sf.get(ref)
    with pytest.raises(LookupError, match="no source"):
        sf.get(add.remote(ref))


class Awkward(Exception):
    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")
        self.first = first


def test_an_exception_with_arguments_of_its_own_arrives() -> None:
    @sf.remote
    def awkward() -> None:
        raise Awkward(1, 2)

    with pytest.raises((Awkward, TaskFailed), match=r"1 and 2|Awkward"):
        sf.get(awkward.remote())


def test_what_raises_may_be_tried_again(tmp_path: Path) -> None:
    marks = tmp_path / "marks"

    @sf.remote(max_retries=3, retry_exceptions=[OSError], backoff=0.01)
    def flaky(kind: str) -> int:
        with marks.open("a") as file:
            file.write("x")
        if len(marks.read_text()) < 3:
            raise OSError("not yet") if kind == "os" else KeyError("other")
        return len(marks.read_text())

    assert sf.get(flaky.remote("os")) == 3
    marks.unlink()
    with pytest.raises(KeyError):
        sf.get(flaky.remote("key"))
    assert marks.read_text() == "x"


def test_a_task_that_runs_too_long_is_ended(session: Session) -> None:
    limited = slow.options(timeout=0.2)
    begin = time.monotonic()
    with pytest.raises(TimedOut, match=r"ran for more than 0\.2 s"):
        sf.get(limited.remote(30))
    assert time.monotonic() - begin < 10
    assert sf.get(limited.remote(0.01)) == 0.01


def test_a_task_that_kills_its_worker_is_named_with_its_line() -> None:
    @sf.remote(max_retries=1)
    def killer() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(WorkerDied, match=r"SIGKILL.*\n.*\n(.*\n)?.*tried 2 times") as caught:
        sf.get(killer.remote())
    assert "test_remote.py" in str(caught.value)
    assert sf.get(add.remote(1)) == 2


def test_the_other_tasks_of_a_dead_worker_run_elsewhere(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    @sf.remote
    def once(n: int) -> int:
        if n == 7 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return n

    assert sf.get([once.remote(n) for n in range(100)]) == list(range(100))


def test_a_late_task_is_doubled(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    @sf.remote(speculative=True)
    def stalls_once(n: int) -> int:
        if n == 5 and not mark.exists():
            mark.touch()
            time.sleep(30)
        time.sleep(0.01)
        return n

    begin = time.monotonic()
    assert sf.get([stalls_once.remote(n) for n in range(6)]) == list(range(6))
    assert time.monotonic() - begin < 20


# --- generators -------------------------------------------------------------------------


def test_a_generator_gives_handles_as_it_goes() -> None:
    @sf.remote
    def count(n: int) -> Iterator[Any]:
        for k in range(n):
            yield np.full(50_000, k) if k % 2 else k

    values = [sf.get(ref) for ref in count.remote(7)]
    assert [v if isinstance(v, int) else v[0] for v in values] == list(range(7))
    assert sf.get(count.remote(5).completed()) == 5


def test_a_generator_waits_for_its_values_to_be_taken(tmp_path: Path) -> None:
    mark = tmp_path / "made"

    @sf.remote(ahead=3)
    def write() -> Iterator[int]:
        for k in range(20):
            mark.write_text(str(k))
            yield k

    values = write.remote()
    assert sf.get(next(values)) == 0
    time.sleep(0.3)
    assert int(mark.read_text()) <= 4
    assert [sf.get(ref) for ref in values] == list(range(1, 20))


def test_what_a_generator_raises_stands_behind_its_values() -> None:
    @sf.remote
    def breaks() -> Iterator[int]:
        yield 1
        raise LookupError("no more")

    first, second, *rest = breaks.remote()
    assert sf.get(first) == 1
    assert not rest
    with pytest.raises(LookupError, match="no more"):
        sf.get(second)


def test_values_that_nobody_takes_are_freed() -> None:
    @sf.remote
    def arrays() -> Iterator[Any]:
        for k in range(5):
            yield np.full(100_000, k)

    before = live_objects()
    values = arrays.remote()
    sf.get(next(values))
    sf.get(values.completed())
    del values
    deadline = time.monotonic() + 5
    while live_objects() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert live_objects() == before


@sf.remote(ahead=3)
def endless(mark: Path, pause: float = 0.0) -> Iterator[Any]:
    try:
        for k in itertools.count():
            yield np.full(30_000, k)
            time.sleep(pause)
    finally:
        mark.write_text(str(k))


def busy() -> bool:
    return any(one.state != "idle" for one in sf.status().workers)


def written(mark: Path) -> int:
    """What a generator has left at its end."""
    deadline = time.monotonic() + 10
    while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return int(mark.read_text())


@sf.remote
def takes(mark: Path, count: int) -> list[int]:
    values = endless.remote(mark)
    return [int(sf.get(next(values))[0]) for _ in range(count)]


@sf.remote
def takes_of(values: list[Any], count: int) -> list[int]:
    return [int(sf.get(next(values[0]))[0]) for _ in range(count)]


def test_a_generator_that_nobody_has_any_more_is_closed(tmp_path: Path) -> None:
    before = live_objects()
    for pause in (0.0, 0.02):  # it waits for its values to be taken, or works
        mark = tmp_path / f"paused {pause}"
        values = endless.remote(mark, pause)
        assert [int(sf.get(next(values))[0]) for _ in range(5)] == list(range(5))
        del values
        assert 4 <= written(mark) <= 9
    endless.remote(tmp_path / "unread")
    assert written(tmp_path / "unread") <= 4
    assert sf.get(takes.remote(tmp_path / "in a task", 4)) == [0, 1, 2, 3]
    assert written(tmp_path / "in a task") <= 8
    assert sf.get(takes_of.remote([endless.remote(tmp_path / "handed on")], 4)) == [0, 1, 2, 3]
    assert written(tmp_path / "handed on") <= 8
    deadline = time.monotonic() + 5
    while (live_objects() > before or busy()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert live_objects() == before
    assert not busy()


def test_a_generator_whose_end_is_awaited_runs_to_it(tmp_path: Path) -> None:
    @sf.remote(ahead=2)
    def count(n: int) -> Iterator[Any]:
        for k in range(n):
            yield np.full(30_000, k)

    before = live_objects()
    whole = count.remote(50).completed()
    assert sf.get(whole) == 50
    assert live_objects() == before
    values = count.remote(50)
    third = [next(values) for _ in range(3)][2]
    whole = values.completed()
    del values
    assert sf.get(whole) == 50
    assert sf.get(third)[0] == 2


def test_a_task_reads_a_generator_that_was_handed_over() -> None:
    @sf.remote
    def count(n: int) -> Iterator[int]:
        yield from range(n)

    @sf.remote
    def total(values: list[Any]) -> int:
        return sum(sf.get(ref) for ref in values[0])

    assert sf.get(total.remote([count.remote(10)])) == 45


# --- mistakes ---------------------------------------------------------------------------


def test_what_cannot_travel_is_named() -> None:
    lock = threading.Lock()

    @sf.remote
    def locked() -> Any:
        return lock

    with pytest.raises(NotPicklable, match="'lock'"):
        locked.remote()
    with open(__file__) as file:
        with pytest.raises(NotPicklable, match="'file', of type TextIOWrapper"):
            sf.remote(lambda: file.read()).remote()
        assert not sf.inspect_serializability(lambda: file.read())[0]

    @sf.remote
    def early() -> Any:
        return later, lock

    with pytest.raises(NotPicklable, match="'lock'"):  # beside a variable that is not there yet
        early.remote()
    later = 1
    with pytest.raises(NotPicklable, match="argument 0"):
        add.remote(lock)
    with pytest.raises(NotPicklable, match="argument 'b'"):
        add.remote(1, b=(n for n in "ab"))


def test_wrong_calls_are_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"add\.remote"):
        add(1)
    with pytest.raises(UnsupportedType, match="got int"):
        sf.get(5)
    with pytest.raises(UnsupportedType, match="got str"):
        sf.get([add.remote(1), "x"])
    with pytest.raises(
        InvalidArgument, match=r"timeout must be a number of seconds >= 0 or None, got -1"
    ):
        sf.get(add.remote(1), timeout=-1)
    ref = add.remote(1)
    with pytest.raises(InvalidArgument, match="twice"):
        sf.wait([ref, ref])
    with pytest.raises(InvalidArgument, match="1 to 1"):
        sf.wait([add.remote(1)], num_returns=2)
    with pytest.raises(InvalidArgument, match="no option 'speed'"):
        sf.remote(speed=9)(lambda: 1)
    for options in (
        {"num_returns": 1.5},
        {"max_retries": "3"},
        {"backoff": float("nan")},
        {"backoff": None},
        {"timeout": "1"},
        {"timeout": True},
        {"name": 5},
        {"ahead": -1},
        {"priority": 0.5},
    ):
        with pytest.raises(InvalidArgument, match=next(iter(options))):
            add.options(**options)
    for options in ({"workers": "2"}, {"workers": 1.5}, {"workers": 0}, {"inline_bytes": "1MB"}):
        with pytest.raises(InvalidArgument, match=next(iter(options))):
            sf.init(**options)
    with pytest.raises(
        InvalidArgument, match="timeout must be a number of seconds >= 0 or None, got '1'"
    ):
        sf.get(add.remote(1), timeout="1")
    with pytest.raises(InvalidArgument, match="num_returns must be an integer >= 1, got '1'"):
        sf.wait([add.remote(1)], num_returns="1")
    assert sf.get(add.options(max_retries=np.int64(2), timeout=np.float64(9)).remote(1)) == 2
    assert sf.wait([]) == ([], [])
    with pytest.raises(
        InvalidArgument, match="timeout must be a number of seconds > 0 or None, got -1"
    ):
        add.options(timeout=-1)
    with pytest.raises(InvalidArgument, match="num_returns must be an integer >= 0, got -3"):
        add.options(num_returns=-3)
    with pytest.raises(InvalidArgument, match="decorates"):
        sf.remote(3)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        sf.get(add.remote())


def test_a_handle_cannot_be_pickled_by_the_user() -> None:
    import pickle

    with pytest.raises(RefNotPicklable, match="nothing would keep"):
        pickle.dumps(add.remote(1))


def test_a_function_may_return_its_own_handle_given_to_it() -> None:
    @sf.remote
    def same(handles: list[Any]) -> Any:
        return handles[0]

    ref = sf.put(4)
    assert sf.get(sf.get(same.remote([ref]))) == 4
    assert sf.get(sf.get(sf.get(same.remote([same.remote([ref])])))) == 4


def test_many_open_handles_may_be_dropped() -> None:
    refs = [add.remote(n) for n in range(3000)]
    del refs
    assert sf.get(add.remote(1)) == 2


# --- what workers see -------------------------------------------------------------------


def test_a_module_that_is_loaded_again_has_no_old_code_in_any_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib
    import sys

    path = tmp_path / "edited_beside_the_script.py"
    path.write_text("def version():\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("edited_beside_the_script")

    @sf.remote
    def ask(n: int) -> int:
        import edited_beside_the_script

        time.sleep(0.005)
        return int(edited_beside_the_script.version())

    direct = sf.remote(module.version)
    assert set(sf.get([ask.remote(n) for n in range(20)])) == {1}
    assert sf.get(direct.remote()) == 1
    for version in (2, 3):
        # of another size: Python takes two edits in one second for one if they are of the same
        path.write_text(f"def version():\n    return {version}\n" + "\n" * version)
        importlib.reload(module)
        assert set(sf.get([ask.remote(n) for n in range(20)])) == {version}
        assert sf.get(sf.remote(module.version).remote()) == version
    del sys.modules["edited_beside_the_script"]


def test_calls_see_the_folder_the_environment_and_the_module_path_of_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @sf.remote
    def look() -> tuple[str, str | None, bool]:
        import sys

        return os.getcwd(), os.environ.get("SHFRAME_MARK"), str(tmp_path) in sys.path

    before = os.getcwd()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHFRAME_MARK", "here")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert sf.get(look.remote()) == (str(tmp_path), "here", True)
    monkeypatch.undo()
    assert sf.get(look.remote()) == (before, None, False)


def test_memory_says_where_results_lie() -> None:
    small, large = add.remote(1), filled.remote(2.0)
    sf.get([small, large])
    found = {one.where: one for one in sf.memory(holders=False).objects}
    assert found["inline"].nbytes < 1000
    assert found["shared"].nbytes >= 1_600_000
    assert "test_remote.py" in found["shared"].site


def test_a_handle_of_a_session_that_has_ended_says_so() -> None:
    import subprocess
    import sys

    code = (
        "import shframe as sf\n"
        "f = sf.remote(lambda: 1)\n"
        "ref, late = f.remote(), sf.remote(__import__('time').sleep).remote(30)\n"
        "sf.get(ref)\n"
        "sf.shutdown()\n"
        "for one in (ref, late):\n"
        "    try:\n"
        "        sf.get(one)\n"
        "    except sf.errors.SessionClosed as error:\n"
        "        print(type(error).__name__)\n"
        "open_ones = [f.remote() for _ in range(10_000)]\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=env, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("SessionClosed\n" * 2, "")


def test_two_threads_of_the_driver_may_call_at_once() -> None:
    found: dict[int, list[int]] = {}

    def call(n: int) -> None:
        found[n] = sf.get([add.remote(n, k) for k in range(200)])

    threads = [threading.Thread(target=call, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: [n + k for k in range(200)] for n in range(4)}


def test_results_are_the_same_whoever_dies(session: Session) -> None:
    """Workers are killed at random moments under tasks that call tasks, and a dataflow."""
    import contextlib
    import random

    shell: Any = session.executor.start()  # type: ignore[attr-defined]
    ended = threading.Event()
    patient = {"max_retries": 1000}  # chance may meet one task often

    @sf.remote(**patient)
    def leaf(n: int) -> Any:
        return np.full(30_000, n)

    @sf.remote(**patient)
    def total(n: int, a: Any, b: Any) -> int:
        return int(a[0] + b[0]) + sf.get(add.options(**patient).remote(n, 0))

    kills = 0

    def kill() -> None:
        nonlocal kills
        rng = random.Random(5)
        while not ended.wait(rng.uniform(0.05, 0.3)):
            general_workers = [w.pid for w in list(shell.pool.workers.values()) if w.pid]
            if general_workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(rng.choice(general_workers), signal.SIGKILL)
                    kills += 1

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        while kills < 30:
            leaves = [leaf.remote(n) for n in range(20)]
            sums = [total.remote(n, leaves[n], leaves[-n - 1]) for n in range(20)]
            assert sf.get(sums) == [19 + n for n in range(20)]
    finally:
        ended.set()
        thread.join()
