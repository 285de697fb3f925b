"""The contract of executors, on each of them, with real processes and real threads."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shframe as sf
from shframe.errors import (
    NotPicklable,
    NotStorable,
    RemoteTraceback,
    SessionClosed,
    TaskFailed,
    WorkerDied,
)
from shframe.graph.scheduler import submission
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Key, Task
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.graph.tracing import trace
from shframe.session import Session
from tests.conftest import live_objects, warmed
from tests.examples import examples
from tests.graph.test_fuse import evaluated, task_graphs


@pytest.fixture(scope="module", params=["processes", "threads", "sync"])
def any_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    made = sf.init(executor=request.param, workers=2, memory="1GB", inline_bytes=0)
    warmed(made)
    yield made
    sf.shutdown()


def single(function: Any, *args: Any) -> TaskGraph:
    graph = TaskGraph()
    graph.add([Task(Key("single"), Function(function), (), args)])
    graph.outputs = (Key("single"),)
    return graph


def value_of(session: Session, function: Any, *args: Any) -> Any:
    return session.run(single(function, *args))[0].value()


@settings(max_examples=examples(20), deadline=None)
@given(graph=task_graphs(), ahead=st.integers(0, 3), size=st.integers(1, 10))
def test_any_graph_gives_what_plain_calls_give_however_it_is_sliced_and_again(
    any_session: Session, graph: TaskGraph, ahead: int, size: int
) -> None:
    executor: Any = any_session.executor
    known = [s.scheduler for s in (executor, getattr(executor, "_loop", 0)) if _schedules(s)]
    with ExitStack() as stack:
        stack.enter_context(patch.object(submission, "SLICE", size))
        for scheduler in known:
            stack.enter_context(patch.object(scheduler, "ahead", ahead))
        for _ in range(2):
            assert [ref.value() for ref in any_session.run(graph)] == evaluated(graph)


def _schedules(something: object) -> bool:
    return hasattr(something, "scheduler")


def failing_at_seven(*values: int) -> int:
    if values[-1] == 7:
        raise LookupError("no such thing as 7")
    return values[-1]


def test_a_run_that_fails_before_it_is_entered_whole_leaves_nothing(any_session: Session) -> None:
    function, graph = Function(failing_at_seven), TaskGraph()
    for n in range(50):
        graph.add([Task(Key("n", (n,)), function, (Key("n", (n - 1,)),) if n else (), (n,))])
    graph.add([Task(Key("n", (n,)), Function(max), (), (n, 0)) for n in range(50, 100)])
    graph.outputs = tuple(graph.tasks)
    before = live_objects()
    with (
        patch.object(submission, "SLICE", 5),
        pytest.raises(LookupError, match="no such thing as 7"),
    ):
        any_session.run(graph)
    assert live_objects() == before
    assert value_of(any_session, max, 1, 2) == 2


def filled(n: int) -> Any:
    return np.full(200_000, n, "f8")


def total(*arrays: Any) -> float:
    return float(sum(a.sum() for a in arrays))


def test_large_results_pass_between_tasks(any_session: Session) -> None:
    graph = TaskGraph()
    keys = [Key("filled", (n,)) for n in range(6)]
    graph.add([Task(key, Function(filled), (), key.index) for key in keys])
    graph.add([Task(Key("total"), Function(total), tuple(keys))])
    graph.outputs = (Key("total"), keys[2])
    whole, part = any_session.run(graph)
    assert whole.value() == 200_000 * 15
    assert (part.value() == 2).all()
    assert not part.value().flags.writeable


def test_data_go_in_by_reference(any_session: Session) -> None:
    ref = any_session.put(np.arange(500_000))
    graph = TaskGraph(data={Key("data"): ref}, outputs=(Key("sum"), Key("data")))
    graph.add([Task(Key("sum"), Function(total), (Key("data"),))])
    made, same = any_session.run(graph)
    assert made.value() == 500_000 * 499_999 / 2
    assert same is ref


def broken(n: int) -> None:
    raise LookupError(f"no such thing as {n}")


def test_an_exception_arrives_as_it_was_and_the_session_goes_on(any_session: Session) -> None:
    with pytest.raises(LookupError, match="no such thing as 7"):
        any_session.run(single(broken, 7))
    assert value_of(any_session, max, 1, 2) == 2


def test_progress_ends_at_all_tasks(any_session: Session) -> None:
    seen: list[tuple[int, int]] = []
    graph = TaskGraph()
    graph.add([Task(Key("n", (n,)), Function(max), (), (n, 0)) for n in range(20)])
    graph.outputs = tuple(graph.tasks)
    from shframe.graph.tracing.trace import Trace

    any_session.run_in(Trace(), graph, lambda done, count: seen.append((done, count)))
    assert seen[-1] == (20, 20)


def test_the_trace_names_each_task_and_where_it_ran(any_session: Session, tmp_path: Path) -> None:
    graph = TaskGraph()
    graph.add([Task(Key("n", (n,)), Function(filled), (), (n,)) for n in range(4)])
    graph.outputs = tuple(graph.tasks)
    any_session.run(graph)
    seen = any_session.last_trace
    assert sorted(str(span.key) for span in seen.spans) == [f"('n', {n})" for n in range(4)]
    assert all(span.end >= span.start for span in seen.spans)
    seen.write(tmp_path / "trace.json")
    import json

    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert [event["name"] for event in events] == ["filled"] * 4


def test_of_many_tasks_the_trace_keeps_the_first_spans_and_counts_all(
    any_session: Session,
) -> None:
    graph = TaskGraph()
    graph.add([Task(Key("n", (n,)), Function(max), (), (n, 0)) for n in range(50)])
    graph.outputs = tuple(graph.tasks)
    with patch.object(trace, "MOST_SPANS", 10):
        any_session.run(graph)
    seen = any_session.last_trace
    assert len(seen.spans) == 10
    assert [(call, sum(pids.values())) for call, pids in seen.steps()] == [("max", 50)]
    assert seen.text().startswith("   50 x max")
    assert "spans are kept of the first 10 tasks only" in seen.text()


# --- processes only ---------------------------------------------------------------------


class Stubborn(Exception):
    def __reduce__(self) -> Any:
        raise RuntimeError("not me")


def raise_stubborn() -> None:
    raise Stubborn("cannot travel")


def test_an_exception_that_cannot_travel_becomes_task_failed(session: Session) -> None:
    with pytest.raises(TaskFailed, match="Stubborn"):
        session.run(single(raise_stubborn))


def test_the_remote_traceback_is_the_cause(session: Session) -> None:
    with pytest.raises(LookupError) as caught:
        session.run(single(broken, 1))
    assert isinstance(caught.value.__cause__, RemoteTraceback)
    assert "in broken" in str(caught.value.__cause__)


def test_both_workers_run_tasks_and_the_driver_does_not(session: Session) -> None:
    graph = TaskGraph()
    graph.add([Task(Key("n", (n,)), Function(slow_pid)) for n in range(6)])
    graph.outputs = tuple(graph.tasks)
    pids = {ref.value() for ref in session.run(graph)}
    assert len(pids) == 2
    assert os.getpid() not in pids


def slow_pid() -> int:
    time.sleep(0.02)
    return os.getpid()


def die_once(path: str, how: int) -> str:
    if not os.path.exists(path):
        Path(path).touch()
        os.kill(os.getpid(), how)
    return "survived"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_task_whose_worker_is_killed_runs_again(
    session: Session, tmp_path: Path, how: int
) -> None:
    assert value_of(session, die_once, str(tmp_path / "mark"), int(how)) == "survived"
    assert any("ended with code" in note for note in session.last_trace.notes)


def die() -> None:
    os._exit(3)


def test_a_task_that_always_kills_its_worker_is_named(session: Session) -> None:
    with pytest.raises(WorkerDied, match=r"exit code 3 while running die single") as caught:
        session.run(single(die))
    assert caught.value.tries == 4
    assert value_of(session, max, 1, 2) == 2


def make_then_die(path: str, n: int) -> Any:
    if n == 3 and not os.path.exists(path):
        Path(path).touch()
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGKILL)
    return filled(n)


def test_what_a_dead_worker_sealed_stays_readable(session: Session, tmp_path: Path) -> None:
    graph = TaskGraph()
    path = str(tmp_path / "mark")
    graph.add([Task(Key("n", (n,)), Function(make_then_die), (), (path, n)) for n in range(4)])
    graph.outputs = tuple(graph.tasks)
    for n, ref in enumerate(session.run(graph)):
        assert (ref.value() == n).all()


kept: list[Any] = []


def keep(array: Any) -> int:
    kept.append(array)
    return os.getpid()


def kept_sums() -> tuple[int, list[float]]:
    return os.getpid(), [float(a.sum()) for a in kept]


def test_a_view_kept_in_a_worker_stays_valid_while_memory_is_reused(session: Session) -> None:
    graph = TaskGraph()
    graph.add([Task(Key("made"), Function(filled), (), (5,))])
    graph.add([Task(Key("kept"), Function(keep), (Key("made"),))])
    graph.outputs = (Key("kept"),)
    pid = session.run(graph)[0].value()
    for turn in range(10):
        others = TaskGraph()
        others.add([Task(Key("other", (n,)), Function(filled), (), (n,)) for n in range(100)])
        others.outputs = tuple(others.tasks)[turn::10]
        assert [ref.value()[0] for ref in session.run(others)] == list(range(turn, 100, 10))
    for _ in range(50):
        where, sums = value_of(session, kept_sums)
        if where == pid:
            assert sums == [1_000_000.0]
            break
    else:
        raise AssertionError("no task ran in the worker that kept the view")
    value_of_all(session, forget)


def forget() -> None:
    time.sleep(0.01)
    kept.clear()


def value_of_all(session: Session, function: Any) -> None:
    graph = TaskGraph()
    graph.add([Task(Key("all", (n,)), Function(function)) for n in range(6)])
    graph.outputs = tuple(graph.tasks)
    session.run(graph)


def tangled(array: Any) -> float:
    box: list[Any] = [array]
    box.append(box)
    return float(array.sum())


def test_garbage_in_a_worker_holds_no_object(session: Session) -> None:
    graph = TaskGraph()
    keys = [Key("made", (n,)) for n in range(4)]
    graph.add([Task(key, Function(filled), (), key.index) for key in keys])
    graph.add([Task(Key("sum", (n,)), Function(tangled), (key,)) for n, key in enumerate(keys)])
    graph.outputs = tuple(Key("sum", (n,)) for n in range(4))
    before = live_objects()
    assert [ref.value() for ref in session.run(graph)] == [0.0, 2e5, 4e5, 6e5]
    deadline = time.monotonic() + 5
    while live_objects() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert live_objects() == before


def test_a_function_is_sent_to_a_worker_once(session: Session) -> None:
    ballast = b"x" * 300_000
    function = Function(lambda n: len(ballast) + n)
    graph = TaskGraph()
    graph.add([Task(Key("n", (n,)), function, (), (n,)) for n in range(50)])
    graph.outputs = tuple(graph.tasks)
    loop = session.executor.start()  # type: ignore[attr-defined]
    sent: list[int] = []
    for worker in loop.pool.workers.values():
        queue = worker.channel.queue
        worker.channel.queue = lambda m, fds=(), queue=queue: (
            sent.append(len(m)),
            queue(m, fds),
        )
    try:
        for _ in range(3):
            assert session.run(graph)[7].value() == 300_007
    finally:
        for worker in loop.pool.workers.values():
            del worker.channel.queue
    assert sum(size > 300_000 for size in sent) <= 2


def test_no_chunk_crosses_a_socket(session: Session) -> None:
    loop = session.executor.start()  # type: ignore[attr-defined]
    sizes: list[int] = []
    for worker in loop.pool.workers.values():
        arrived = worker.channel.arrived

        def counted(channel: Any = worker.channel, arrived: Any = arrived) -> Any:
            sizes.append(len(channel._in))
            return arrived()

        worker.channel.arrived = counted
    try:
        graph = TaskGraph()
        keys = [Key("filled", (n,)) for n in range(6)]
        graph.add([Task(key, Function(filled), (), key.index) for key in keys])
        graph.add([Task(Key("total"), Function(total), tuple(keys))])
        graph.outputs = (Key("total"), *keys)
        session.run(graph)
    finally:
        for worker in loop.pool.workers.values():
            del worker.channel.arrived
    assert max(sizes) < 10_000


def test_a_lock_cannot_travel_and_the_error_names_the_variable(session: Session) -> None:
    lock = threading.Lock()
    with pytest.raises(NotPicklable, match="'lock'"):
        session.run(single(lambda: lock))


def unstorable(kind: str) -> Any:
    return {"lock": threading.Lock, "generator": lambda: (n for n in "ab"), "file": _file}[kind]()


def _file() -> Any:
    return open("/dev/null")


@pytest.mark.parametrize("kind", ["lock", "generator", "file"])
def test_a_result_that_cannot_be_stored_is_named_and_nothing_is_kept(
    session: Session, kind: str
) -> None:
    kept = session.put(filled(3))
    before = live_objects()
    words = {"lock": "_thread.lock", "generator": "generator", "file": "TextIOWrapper"}
    with pytest.raises(NotStorable, match=words[kind]):
        session.run(single(unstorable, kind))
    assert live_objects() == before
    assert (kept.value() == filled(3)).all()
    assert value_of(session, max, 1, 2) == 2


def crash() -> None:
    import ctypes

    ctypes.string_at(0)


def test_a_task_that_reads_no_memory_is_named_with_its_signal(session: Session) -> None:
    with pytest.raises(WorkerDied, match=r"\(SIGSEGV\) while running crash"):
        session.run(single(crash))
    assert value_of(session, max, 1, 2) == 2


def interrupted_itself() -> int:
    os.kill(os.getpid(), signal.SIGINT)
    return os.getpid()


def test_an_interrupt_of_a_worker_is_nobodys_answer(session: Session) -> None:
    """Only the user's own Ctrl-C gives work up."""
    pid = value_of(session, interrupted_itself)
    assert not session.last_trace.notes
    os.kill(pid, signal.SIGINT)
    time.sleep(0.05)
    assert pid in session.executor.pids  # type: ignore[attr-defined]
    assert value_of(session, max, 1, 2) == 2


def interrupted_soon(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_comes_back_at_once_and_the_session_goes_on(
    session: Session,
) -> None:
    # A shell starts what runs in its background with the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupt_a_run(session)
    finally:
        signal.signal(signal.SIGINT, before)


def interrupt_a_run(session: Session) -> None:
    threading.Thread(target=interrupted_soon, args=(0.3,)).start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        session.run(single(time.sleep, 30))
    assert time.monotonic() - begin < 1.0
    assert value_of(session, max, 1, 2) == 2


def test_two_threads_of_the_user_may_compute_at_once(session: Session) -> None:
    found: dict[int, Any] = {}

    def compute(n: int) -> None:
        found[n] = [value_of(session, filled, n)[0] for _ in range(10)]

    threads = [threading.Thread(target=compute, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: [float(n)] * 10 for n in range(4)}


def surroundings() -> tuple[str, str | None]:
    return os.getcwd(), os.environ.get("SHFRAME_TEST_MARK")


def test_workers_see_the_folder_and_environment_of_the_driver(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHFRAME_TEST_MARK", "here")
    assert value_of(session, surroundings) == (str(tmp_path), "here")
    monkeypatch.undo()
    assert value_of(session, surroundings) == (os.getcwd(), None)


def facts_of_worker() -> tuple[int, str, float]:
    sid = os.getsid(0)
    return sid, os.readlink("/proc/self/fd/0"), float(np.random.random())


def test_workers_have_a_session_of_their_own_and_no_input(session: Session) -> None:
    sid, stdin, _ = value_of(session, facts_of_worker)
    assert sid != os.getsid(0)
    assert stdin == "/dev/null"


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def test_the_server_has_one_thread(session: Session) -> None:
    server = session.executor.pids[0]  # type: ignore[attr-defined]
    assert threads_of(server) == 1


def test_a_handle_outlives_its_session_with_a_typed_error() -> None:
    made = sf.init(executor="sync")
    ref = made.put(np.arange(10))
    sf.shutdown()
    with pytest.raises((SessionClosed, sf.errors.StoreClosed)):
        ref.value()


def runs(pid: int) -> bool:
    """Whether the process is there; one that only waits to be reaped by init has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_nothing_remains_after_the_driver_is_killed(tmp_path: Path) -> None:
    code = (
        "import shframe as sf, os, time, numpy as np\n"
        "from tests.conftest import live_objects, warmed\n"
        "s = sf.init(executor='processes', workers=2, inline_bytes=0)\n"
        "warmed(s)\n"
        "ref = s.put(np.ones(1_000_000))\n"
        "print(*s.executor.pids, flush=True)\n"
        "time.sleep(60)\n"
    )
    import subprocess

    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True
    ) as driver:
        assert driver.stdout is not None
        pids = [int(word) for word in driver.stdout.readline().split()]
        assert len(pids) == 3
        driver.kill()
    deadline = time.monotonic() + 2
    alive = pids
    while alive and time.monotonic() < deadline:
        alive = [pid for pid in pids if runs(pid)]
        time.sleep(0.01)
    assert alive == []
