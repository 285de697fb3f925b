"""Tasks that are given up: KeyboardInterrupt where they run Python code, else their worker goes."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shframe as sf
from shframe.graph.errors import Cancelled, TimedOut
from shframe.session import Session
from tests.conftest import live_objects, until


@pytest.fixture(autouse=True)
def current(session: Session) -> None:
    """Every test here is one of this session."""


def workers(session: Session) -> set[int]:
    executor: Any = session.executor
    return set(executor.slots.values())


@sf.remote
def slow(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@sf.remote
class Box:
    def __init__(self) -> None:
        self.held: list[Any] = []

    def keep(self, handles: list[Any]) -> None:
        self.held = handles

    def kept(self) -> list[Any]:
        return self.held


def test_a_cancelled_task_is_given_up_wherever_it_is() -> None:
    refs = [slow.remote(30) for _ in range(5)]
    after = slow.remote(refs[4])
    time.sleep(0.1)
    for ref in refs:
        sf.cancel(ref)
    for ref in [*refs, after]:
        with pytest.raises(Cancelled):
            sf.get(ref)
    assert sf.get(slow.remote(0)) == 0
    done = slow.remote(0)
    sf.get(done)
    sf.cancel(done)
    assert sf.get(done) == 0


def test_cancelling_reaches_the_tasks_of_a_task() -> None:
    @sf.remote
    def parent() -> float:
        return sf.get(slow.remote(30))

    ref = parent.remote()
    time.sleep(0.2)
    sf.cancel(ref, force=True)
    with pytest.raises(Cancelled):
        sf.get(ref)
    begin = time.monotonic()
    sf.get([slow.remote(0) for _ in range(10)])
    assert time.monotonic() - begin < 10


def test_what_a_cancelled_task_has_put_lives_on_with_its_handles() -> None:
    @sf.remote
    def make(seconds: float) -> Any:
        ref = sf.put(np.full(100_000, 3.0))
        sf.get(box.keep.remote([ref]))
        time.sleep(seconds)

    box = Box.remote()
    ref = make.remote(30)
    deadline = time.monotonic() + 10
    while not sf.get(box.kept.remote()) and time.monotonic() < deadline:
        time.sleep(0.01)
    sf.cancel(ref, force=True)
    with pytest.raises(Cancelled):
        sf.get(ref)
    (kept,) = sf.get(box.kept.remote())
    assert (sf.get(kept) == 3).all()


# each writes into the file of that path once it runs, and again when KeyboardInterrupt comes


def sleeps(path: str) -> None:
    with said(path):
        time.sleep(30)


def loops(path: str) -> None:
    with said(path):
        while True:
            pass


def waits(path: str) -> None:
    with said(path):
        sf.get(slow.remote(30))


def generates(path: str) -> Iterator[int]:
    with said(path):
        yield 1
        time.sleep(30)


def is_full(path: str) -> Iterator[int]:
    with said(path):
        yield from range(10_000)


class said:
    def __init__(self, path: str) -> None:
        self.file = Path(path)

    def __enter__(self) -> None:
        self.file.write_text("begun")

    def __exit__(self, kind: Any, *_: Any) -> None:
        time.sleep(0.05)  # a second interrupt would come here
        self.file.write_text(kind.__name__)


@pytest.mark.parametrize("function", [sleeps, loops, waits, generates, is_full])
@pytest.mark.parametrize("limited", [False, True])
def test_a_running_task_is_interrupted_once_and_its_worker_lives_on(
    session: Session, tmp_path: Path, function: Any, limited: bool
) -> None:
    sf.get([slow.remote(0.01) for _ in range(4)])
    before, file = workers(session), tmp_path / "said"
    timeout = 0.3 if limited else None
    made = sf.remote(function).options(timeout=timeout).remote(str(file))
    ref = made.completed() if isinstance(made, sf.ObjectRefGenerator) else made
    assert until(file.exists)
    if not limited:
        sf.cancel(made)
    with pytest.raises(TimedOut if limited else Cancelled):
        sf.get(ref)
    # a generator that waits for its reader is closed
    assert until(lambda: file.read_text() in ("KeyboardInterrupt", "GeneratorExit"))
    assert sf.get([slow.remote(0.01) for _ in range(4)]) == [0.01] * 4
    assert before <= workers(session)


ONCE = """
import builtins, pathlib, time
assert not hasattr(builtins, "imported_{name}"), "a second time in one process"
builtins.imported_{name} = True
pathlib.Path({begun!r}).touch()
time.sleep(0.15)
"""


def test_a_module_that_is_being_imported_is_imported_whole(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))

    @sf.remote
    def imports(name: str) -> None:
        __import__(name)
        time.sleep(30)

    @sf.remote
    def again(name: str) -> int:
        __import__(name)
        time.sleep(0.05)
        return os.getpid()

    sf.get([slow.remote(0.01) for _ in range(4)])
    before = workers(session)
    for name in ("once_a", "once_b", "once_c"):
        begun = tmp_path / f"{name}.begun"
        (tmp_path / f"{name}.py").write_text(ONCE.format(name=name, begun=str(begun)))
        ref = imports.remote(name)
        assert until(begun.exists)
        sf.cancel(ref)
        assert set(sf.get([again.remote(name) for _ in range(4)])) <= workers(session)
    assert before & workers(session)


@sf.remote
def holds_on(path: str) -> None:
    Path(path).touch()
    while True:
        try:
            time.sleep(30)
        except KeyboardInterrupt:
            continue


def test_a_task_that_does_not_end_by_that_loses_its_worker(
    session: Session, tmp_path: Path
) -> None:
    sf.get([slow.remote(0.01) for _ in range(4)])
    before, file = workers(session), tmp_path / "begun"
    ref = holds_on.remote(str(file))
    assert until(file.exists)
    sf.cancel(ref)
    assert until(lambda: len(before & workers(session)) == 1)
    assert sf.get([slow.remote(0.01) for _ in range(4)]) == [0.01] * 4


@sf.remote
def stores(seed: int, mark: str) -> int:
    made = np.random.default_rng(seed)
    total = 0
    while True:
        refs = [sf.put(made.random(int(made.integers(10_000, 100_000)))) for _ in range(3)]
        total += sum(map(len, sf.get(refs)))
        os.utime(mark)


def test_the_store_stays_whole_whenever_a_task_is_interrupted(
    session: Session, tmp_path: Path
) -> None:
    sf.get([slow.remote(0.01) for _ in range(4)])
    executor: Any = session.executor
    before, made = max(executor.slots), random.Random(7)
    (mark := tmp_path / "mark").touch()
    objects = live_objects()
    for seed in range(60):
        refs = (
            [stores.remote(seed, str(mark)), stores.remote(1000 + seed, str(mark))] if seed else []
        )
        time.sleep(made.uniform(0.0, 0.03))
        for ref in refs:
            sf.cancel(ref)
        for ref in refs:
            with pytest.raises(Cancelled):
                sf.get(ref)
        assert float(sf.get(sf.put(np.full(50_000, 3.0))).sum()) == 150_000
    # of 118; a busy machine may take longer than the grace period once
    assert max(executor.slots) - before <= 3
    assert until(lambda: live_objects() <= objects)


def test_a_coroutine_of_an_actor_is_cancelled_where_it_waits() -> None:
    @sf.remote
    class Waits:
        def __init__(self) -> None:
            self.ends: list[str] = []

        async def forever(self) -> None:
            try:
                await asyncio.sleep(60)
            except BaseException as error:
                self.ends.append(type(error).__name__)
                raise

        async def ended(self) -> list[str]:
            return self.ends

    actor = Waits.remote()
    refs = [actor.forever.remote() for _ in range(3)]
    assert sf.get(actor.ended.remote()) == []
    sf.cancel(refs[1])
    with pytest.raises(Cancelled):
        sf.get(refs[1])
    assert until(lambda: sf.get(actor.ended.remote()) == ["CancelledError"])
    assert not refs[0].done()


def test_of_an_actor_on_threads_only_a_call_that_has_not_begun_is_given_up(tmp_path: Path) -> None:
    @sf.remote(max_concurrency=2)
    class Threads:
        def __init__(self, folder: Path) -> None:
            self.folder = folder

        def run(self, n: int) -> list[str]:
            (self.folder / str(n)).touch()
            until((self.folder / "go").exists, 30)
            return sorted(os.listdir(self.folder))

    actor = Threads.remote(tmp_path)
    refs = [actor.run.remote(n) for n in range(5)]
    assert until(lambda: len(os.listdir(tmp_path)) == 2)
    for ref in (refs[0], refs[3]):
        sf.cancel(ref)
        with pytest.raises(Cancelled):
            sf.get(ref)
    time.sleep(0.4)  # a worker that had to go would be gone by now
    (tmp_path / "go").touch()
    sf.get([refs[2], refs[4]])  # side by side: neither need see the other
    assert sorted(os.listdir(tmp_path)) == ["0", "1", "2", "4", "go"]
