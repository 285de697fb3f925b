"""Sessions for tests, and the check that no test leaves anything behind."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import shframe as sf
from shframe import session as sessions
from shframe.graph.driver import launcher
from shframe.graph.objects.ref_backend import release_dropped
from shframe.session import Session
from tests import examples

# Order of folders: with several processes the longest come first, so that none is left alone with
# them at the end; those of engines last, as a process in which Ray's threads run must not fork.
LONGEST = {"places": 0, "session": 1, "graph": 2, "engines": 4}
os.environ.setdefault("SHFRAME_CHECK", "1")  # each stage of a plan is validated
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile all again
SEGMENTS = ("/memfd:shframe", "/dev/shm/shframe-")  # the second where memfd is refused


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, help="how often a worker is killed under real jobs (200)")
    parser.addoption("--soak", action="store_true", help="also run what takes long")
    parser.addoption(
        "--examples",
        type=float,
        help="times as many generated examples (soak: 5; else 1, or fewer on a slow machine)",
    )


def pytest_configure(config: pytest.Config) -> None:
    asked = config.getoption("--examples") or (5.0 if config.getoption("--soak") else 0.0)
    examples.SHARE = asked or examples.affordable_share()
    os.environ[examples.DECIDED] = str(examples.SHARE)  # for the processes that run tests


def pytest_report_header() -> str:
    return f"examples: {examples.SHARE:.2g} times as many as each test says"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--soak"):
        long = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    items.sort(key=lambda item: LONGEST.get(item.path.parent.name, 3))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    """Tests of a group run in one process, one after another, and share sessions and clusters."""
    folder = item.path.parent.name
    if folder == "places":  # each starts a pytest of its own
        return item.name
    return folder if folder == "engines" else f"{folder}/{item.path.stem}"


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collections around each test need not look at it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def imported_before(request: pytest.FixtureRequest) -> None:
    """The same for what earlier files have imported. Not beside clusters, whose sockets are closed
    by a collection.
    """
    if request.path.parent.name != "engines":
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="module", params=["processes"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """Two workers that run everything, however small, for all tests of a module."""
    made = sf.init(executor=request.param, workers=2, memory="2GB", inline_bytes=0)
    warmed(made)
    yield made
    sf.shutdown()


def warmed(made: Session) -> None:
    """Start the workers, so that what they open is not counted as a test's."""
    from shframe.graph.tasks.function import Function
    from shframe.graph.tasks.task import Key, Task
    from shframe.graph.tasks.task_graph import TaskGraph

    graph = TaskGraph()
    tasks = [Task(Key("warm", (n,)), Function(os.getpid)) for n in range(8)]
    graph.add(tasks)
    graph.outputs = tuple(task.key for task in tasks)
    made.run(graph)


@pytest.fixture(scope="session", autouse=True)
def own_names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests publish has names that no program beside them sees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", os.fspath(tmp_path_factory.mktemp("run")))
        yield


def until(settled: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether it comes true in time; what is let go of elsewhere goes when they get to it."""
    deadline = time.monotonic() + seconds
    while not settled() and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.02)
    return settled()


def in_child(call: Callable[[], Any]) -> str:
    """What a forked child finds."""
    out, into = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(into, repr(call()).encode())
        except BaseException as error:
            os.write(into, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out) as reader:
        said = reader.read()
    os.waitpid(pid, 0)
    return said


def descendants(pid: int) -> set[int]:
    """Pids of all processes below one."""
    found: set[int] = set()
    stack = [pid]
    while stack:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            for path in Path(f"/proc/{stack.pop()}/task").glob("*/children"):
                children = {int(word) for word in path.read_text().split()}
                stack.extend(children - found)
                found |= children
    return found


def open_descriptors() -> dict[int, str]:
    """Descriptors of this process and what they are; those of a live session are its own."""
    found = {}
    ours = pool_sockets()
    for path in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(path)
        except OSError:
            continue
        if target.startswith(SEGMENTS) and sessions._default is not None:
            continue
        if int(path.name) not in ours:
            found[int(path.name)] = target
    return found


def pool_sockets() -> set[int]:
    """Descriptors of the connections to the current workers, who may be replaced at any time, and
    to a server that waits for the next session."""
    parked = launcher.parked()
    kept = set() if parked is None else {parked.channel.fileno()}
    current = sessions._default
    loop = getattr(current._executor, "_loop", None) if current is not None else None
    if loop is None:
        return kept
    sockets = {worker.channel.fileno() for worker in list(loop.pool.workers.values())}
    return kept | sockets | loop.logs.descriptors


def pool_processes() -> set[int]:
    """Processes of the current session; a worker that a test killed is replaced by another. And the
    server that waits for the next session."""
    current, parked = sessions._default, launcher.parked()
    kept = set() if parked is None else {parked.process.pid}
    return kept | (set(getattr(current._executor, "pids", ())) if current is not None else set())


def live_objects() -> int:
    """Objects in the current session's store after everything dropped has been release_dropped,
    without those that the file cache holds."""
    current = sessions._default
    if current is None or current._executor is None:
        return 0
    current.file_cache.clear()
    store = current._executor.store
    current._executor.forget_failed()  # type: ignore[attr-defined]  # kept for sf.debug()
    release_dropped(store, current._dropped)
    return len(store.objects())


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test after which a process, thread, descriptor or object is there that was not."""
    gc.collect()
    before = (
        descendants(os.getpid()),
        set(threading.enumerate()),
        open_descriptors(),
        live_objects(),
    )
    yield
    deadline = time.monotonic() + 3
    while True:
        gc.collect()
        left = _left(before)
        if not left or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    assert not left, "\n".join(left)


def _left(before: tuple[set[int], set[threading.Thread], dict[int, str], int]) -> list[str]:
    pids, threads, descriptors, objects = before
    alive = descendants(os.getpid()) - pool_processes()
    found = [f"process {pid}" for pid in alive - pids]
    found += [f"thread {t.name}" for t in set(threading.enumerate()) - threads]
    now = open_descriptors()
    found += [f"descriptor {fd}: {now[fd]}" for fd in now.keys() - descriptors.keys()]
    if live_objects() > objects:
        found.append(f"{live_objects() - objects} objects in the store")
    return found
