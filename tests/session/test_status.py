"""sf.status() says what runs where and what waits for what; sf.timeline() what has run."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import shframe as sf
from shframe.diagnostics.status import StatusReport
from shframe.errors import TimedOut
from tests.conftest import warmed


@pytest.fixture(scope="module", autouse=True)
def two_workers() -> Iterator[None]:
    warmed(sf.init(workers=2, memory="1GB", inline_bytes=0))
    yield
    sf.shutdown()


def until(seen: Callable[[StatusReport], bool]) -> StatusReport:
    deadline = time.monotonic() + 20
    while not seen(report := sf.status()):
        assert time.monotonic() < deadline, report
        time.sleep(0.02)
    return report


@sf.remote
def waits_for_file(path: str, *_: object) -> int:
    while not os.path.exists(path):
        time.sleep(0.01)
    return os.getpid()


@sf.remote
def parent(path: str) -> int:
    return int(sf.get(waits_for_file.remote(path)))


def test_tasks_that_run_block_and_wait_are_told(tmp_path: Path) -> None:
    path = str(tmp_path / "go")
    first = waits_for_file.remote(path)
    second = waits_for_file.remote(path, first)
    above = parent.remote(path)
    report = until(lambda now: len([w for w in now.workers if w.task and w.pid]) == 3)
    states = {one.task.partition(" ")[0]: one for one in report.workers if one.state == "blocked"}
    assert list(states) == ["parent"]
    (awaited,) = states["parent"].waits_for
    assert awaited.startswith(f"waits_for_file (called at {__file__}:")
    assert [one.task.partition(" ")[0] for one in report.waiting] == ["waits_for_file"]
    assert report.waiting[0].waits_for[0].startswith("waits_for_file")
    assert report.waits == 1
    later = until(lambda now: min(w.seconds for w in now.workers if w.task) > 0.1)
    assert "running, waits_for_file (called at" in str(later)
    assert "waits for waits_for_file" in repr(later)
    Path(path).touch()
    pids = set(sf.get([first, second, above]))
    assert pids <= {one.pid for one in report.workers}
    until(lambda now: {one.state for one in now.workers} == {"idle"})


def test_tasks_that_no_worker_has_yet_are_counted(tmp_path: Path) -> None:
    path = str(tmp_path / "go")
    refs = [waits_for_file.remote(path) for _ in range(30)]
    try:
        # ready ones, those that were sent ahead, and those that run: at one moment that is all
        until(lambda now: now.ready + sum(w.queued + bool(w.task) for w in now.workers) == 30)
        assert sf.status().ready > 20
    finally:
        Path(path).touch()
    sf.get(refs)


@sf.remote
class Waiter:
    def wait(self, path: str) -> None:
        while not os.path.exists(path):
            time.sleep(0.01)


def test_actors_are_told_with_their_queues(tmp_path: Path) -> None:
    path = str(tmp_path / "go")
    actor = Waiter.options(name="waiter").remote()
    refs = [actor.wait.remote(path) for _ in range(3)]
    # it runs its constructor first, when all three calls are queued
    report = until(
        lambda now: [(a.state, a.queued) for a in now.actors] == [("running", 2)],
    )
    (one,) = report.actors
    assert (one.name, one.kind, one.queued) == ("waiter", "Waiter", 2)
    assert "actor Waiter 'waiter'" in str(report)
    Path(path).touch()
    sf.get(refs)
    del actor, refs


def test_a_worker_that_was_stopped_is_seen() -> None:
    pid = sf.status().workers[0].pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        report = until(lambda now: now.workers[0].state == "stopped")
        assert "stopped" in str(report)
    finally:
        os.kill(pid, signal.SIGCONT)


def test_an_answer_comes_even_if_nobody_drives_the_workers(tmp_path: Path) -> None:
    path = str(tmp_path / "go")
    ref = waits_for_file.remote(path)
    until(lambda now: any(one.task for one in now.workers))
    shell = sf.session.executor().start()  # type: ignore[attr-defined]
    begin = time.monotonic()
    shell.do(lambda: time.sleep(2))
    report = sf.status(timeout=0.2)
    assert time.monotonic() - begin < 1.5
    assert not report.answered
    assert any(one.task.startswith("waits_for_file") for one in report.workers)
    assert "does not answer" in str(report)
    Path(path).touch()
    sf.get(ref)


def test_the_story_of_a_task_is_told(tmp_path: Path) -> None:
    path = str(tmp_path / "go")
    first = waits_for_file.remote(path)
    second = waits_for_file.remote(path, first)
    until(lambda _: " runs on worker " in sf.status(first).story[0])
    story = sf.status(first).story
    assert story[0].startswith("waits_for_file: runs on worker ")
    assert [line.partition(" ago: ")[2].partition(" worker")[0] for line in story[1:]] == [
        "called",
        "sent to",
    ]
    waits = f"waits_for_file: waits for waits_for_file (called at {__file__}:"
    assert sf.status(second).story[0].startswith(waits)
    assert sf.status().story == ()
    with pytest.raises(TimedOut, match="1 result still pending") as late:
        sf.get(second, timeout=0.05)
    assert "waits_for_file: waits for waits_for_file (called at" in str(late.value)
    assert " s ago: called" in str(late.value)
    Path(path).touch()
    sf.get([first, second])
    assert sf.status(first).story == ()  # its value is there: nothing is left to be told


def test_the_story_of_a_failed_task_is_told() -> None:
    ref = sf.remote(lambda: int("no")).remote()
    with pytest.raises(ValueError, match="invalid literal"):
        sf.get(ref)
    lines = [line.partition(" ago: ")[2] for line in sf.status(ref).story[1:]]
    assert lines[0] == "called"
    assert lines[1].startswith("sent to worker ")
    assert lines[2].startswith("failed (worker ")
    assert lines[3:] == ["failed"]


def test_the_newest_failure_is_named() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        sf.get(sf.remote(lambda: int("no")).remote())
    assert "the newest failure: <lambda>, built at" in str(sf.status())


def test_the_timeline_has_calls_and_the_newest_computation(tmp_path: Path) -> None:
    sf.get([sf.remote(abs).remote(n) for n in range(5)])
    import pandas as pd

    sf.from_pandas(pd.DataFrame({"a": range(1000)})).sum().compute()
    given = sf.timeline(tmp_path / "timeline.json")
    events = json.loads((tmp_path / "timeline.json").read_text())["traceEvents"]
    assert events == json.loads(json.dumps(given))
    names = [event["name"] for event in events]
    assert names.count("abs") >= 5
    assert len(set(names)) > 1
    assert all(event["dur"] >= 0 and event["pid"] for event in events)
    assert [event["ts"] for event in events] == sorted(event["ts"] for event in events)


def nested_names() -> list[str]:
    import shframe

    return [type(getattr(shframe, name)).__name__ for name in ("remote", "status")]


def test_functions_are_not_hidden_by_modules_of_their_names() -> None:
    assert sf.get(sf.remote(nested_names).remote()) == ["function", "function"]
