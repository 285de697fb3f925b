"""Which call of an actor runs when: what could run is not held up, and circles are untied."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shframe as sf
from shframe.errors import Cancelled, WorkerNotStarted
from shframe.graph.driver import pool
from tests.conftest import until, warmed


@pytest.fixture(scope="module", autouse=True)
def two_workers() -> Iterator[None]:
    warmed(sf.init(workers=2, memory="1GB", inline_bytes=0))
    yield
    sf.shutdown()


def waits_for(path: Path) -> str:
    until(path.exists, 60)
    return "it came"


@sf.remote
class Threads:
    def echo(self, value: Any) -> Any:
        return value


@sf.remote
class Coroutines:
    async def echo(self, value: Any) -> Any:
        return value


@pytest.mark.parametrize("kind", [Threads.options(max_concurrency=2), Coroutines])
def test_a_concurrent_actor_begins_what_can_run(tmp_path: Path, kind: Any) -> None:
    actor = kind.remote()
    slow = sf.remote(waits_for).remote(tmp_path / "go")
    held_up = [actor.echo.remote(slow) for _ in range(3)]
    assert sf.get([actor.echo.remote(n) for n in range(20)], timeout=30) == [*range(20)]
    sf.cancel(held_up[1])
    assert until(held_up[1].done)
    assert [held_up[0].done(), held_up[2].done()] == [False, False]
    (tmp_path / "go").touch()
    assert sf.get([held_up[0], held_up[2]]) == ["it came"] * 2
    with pytest.raises(Cancelled):
        sf.get(held_up[1])


def test_what_waits_beside_the_line_fails_with_its_actor(tmp_path: Path) -> None:
    actor = Threads.options(max_concurrency=2).remote()
    slow = sf.remote(waits_for).remote(tmp_path / "go")
    held_up = actor.echo.remote(slow)
    assert sf.get(actor.echo.remote(1)) == 1
    sf.kill(actor)
    with pytest.raises(sf.errors.ActorDied):
        sf.get(held_up, timeout=30)
    (tmp_path / "go").touch()
    sf.get(slow)


@sf.remote
class Peer:
    def meet(self, others: list[Any]) -> Any:
        """Ask the first, who is to ask the others."""
        if len(others) == 1:
            return sf.get(others[0].hello.remote())
        return sf.get(others[0].meet.remote(others[1:]))

    def hello(self) -> str:
        return "hello"

    def later(self, other: Any, value: Any) -> Any:
        return sf.get(other.hello.remote()), value


@pytest.mark.parametrize("count", [2, 3])
def test_calls_that_wait_for_each_other_are_named_and_answered(
    count: int, caplog: pytest.LogCaptureFixture
) -> None:
    peers: list[Any] = [Peer.remote() for _ in range(count)]
    sf.get([one.hello.remote() for one in peers])
    with caplog.at_level(logging.WARNING, "shframe"):
        refs = [one.meet.remote([peers[n - 1]]) for n, one in enumerate(peers)]
        assert sf.get(refs, timeout=60) == ["hello"] * count
    said = str(sf.status())
    if "wait for each other" in caplog.text:  # else one was quick enough
        assert "Peer.meet (called at" in caplog.text
        assert "Peer.hello (called at" in caplog.text
        assert "these calls wait for each other: Peer." in said


def test_a_circle_is_always_named(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    @sf.remote
    class Half:
        def meet(self, other: Any, mine: Path, its: Path) -> Any:
            mine.touch()
            assert until(its.exists, 30)  # now both are in a call
            return sf.get(other.hello.remote())

        def hello(self) -> str:
            return "hello"

    one: Any = Half.remote()
    two: Any = Half.remote()
    left, right = tmp_path / "left", tmp_path / "right"
    with caplog.at_level(logging.WARNING, "shframe"):
        refs = [one.meet.remote(two, left, right), two.meet.remote(one, right, left)]
        assert sf.get(refs, timeout=60) == ["hello", "hello"]
    assert caplog.text.count("these calls wait for each other") == 1
    for text in (caplog.text, str(sf.status())):
        assert "Half.meet (called at" in text
        assert "Half.hello (called at" in text


def test_slots_of_actors_that_have_ended_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RESTING", 2)
    shell = sf.session.executor()._loop  # type: ignore[attr-defined]
    monkeypatch.setattr(pool, "LAST_SLOT", shell.pool._next_slot + 5)

    @sf.remote
    class Makes:
        def ones(self, n: int) -> Any:
            return np.full(50_000, n)

    for n in range(14):
        actor: Any = Makes.remote()
        assert sf.get(actor.ones.remote(n))[-1] == n
        del actor
    kept: list[Any] = []

    def keep() -> None:
        actor: Any = Makes.remote()
        kept.append(actor.ones.remote(len(kept)))
        sf.get(kept[-1])
        sf.kill(actor)

    with pytest.raises(sf.errors.ActorDied, match=r"results of .* earlier ones are in use"):
        deque((keep() for _ in range(30)), maxlen=0)
    assert all(sf.get(ref)[0] == n for n, ref in enumerate(kept[:-1]))
    kept.clear()
    time.sleep(0.1)
    actor = Makes.remote()
    assert sf.get(actor.ones.remote(5))[0] == 5
    assert issubclass(WorkerNotStarted, sf.errors.ShframeError)
