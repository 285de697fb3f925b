"""Actors: state, order, concurrency, names, deaths, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shframe as sf
from shframe import session as sessions
from shframe.errors import InvalidArgument
from shframe.graph.errors import ActorDied, TimedOut
from shframe.session import Session
from tests.conftest import descendants, live_objects, pool_processes


@pytest.fixture(autouse=True)
def current(session: Session) -> None:
    """Every test here is one of this session."""


@sf.remote
class Counter:
    def __init__(self, start: int = 0) -> None:
        self.n = start

    def add(self, k: int = 1) -> int:
        self.n += k
        return self.n

    def where(self) -> int:
        return os.getpid()

    def fail(self) -> None:
        raise LookupError("no such method here")

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def array(self, n: int) -> Any:
        return np.full(n, float(self.n))

    @sf.method(num_returns=2)
    def both(self) -> tuple[int, int]:
        return self.n, -self.n

    def count(self, n: int) -> Iterator[int]:
        for k in range(n):
            self.n += 1
            yield k


def gone(pid: int, seconds: float = 5) -> bool:
    """Whether a process ends within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if pid not in descendants(os.getpid()):
            return True
        time.sleep(0.01)
    return False


def test_calls_run_in_order_in_a_process_of_their_own() -> None:
    counter = Counter.remote(10)
    assert sf.get([counter.add.remote(k) for k in range(200)]) == list(np.cumsum(range(200)) + 10)
    assert sf.get(counter.where.remote()) not in {os.getpid(), *pool_workers()}
    assert (sf.get(counter.array.remote(100_000)) == 10 + sum(range(200))).all()
    assert sf.get(counter.both.remote()) == [19910, -19910]
    assert [sf.get(ref) for ref in counter.count.remote(3)] == [0, 1, 2]


def pool_workers() -> set[int]:
    executor: Any = sessions.executor()
    scheduler = executor._loop.scheduler
    return {
        w.pid for w in executor._loop.pool.workers.values() if w.slot in scheduler.general_workers
    }


def test_a_call_waits_for_its_inputs_and_those_behind_it_wait_too() -> None:
    @sf.remote
    def late() -> int:
        time.sleep(0.3)
        return 5

    counter = Counter.remote()
    first, second = counter.add.remote(late.remote()), counter.add.remote(1)
    assert sf.get([first, second]) == [5, 6]


def test_an_actor_ends_with_its_last_handle() -> None:
    before = live_objects()
    counter = Counter.remote()
    pid = sf.get(counter.where.remote())
    last = counter.add.remote(7)
    del counter
    assert sf.get(last) == 7  # what was asked is answered
    assert gone(pid)
    assert live_objects() == before


def test_handles_travel_to_tasks_and_actors() -> None:
    @sf.remote
    def use(counter: Any, n: int) -> int:
        return sf.get(counter.add.remote(n))

    counter = Counter.remote()
    sf.get([use.remote(counter, n) for n in range(5)])
    assert sf.get(counter.add.remote(0)) == 10

    @sf.remote
    def make() -> Any:
        return Counter.remote(100)

    assert sf.get(sf.get(make.remote()).add.remote()) == 101


def test_an_error_of_a_method_leaves_the_actor_as_it_is() -> None:
    counter = Counter.remote(3)
    with pytest.raises(LookupError, match="no such method here"):
        sf.get(counter.fail.remote())
    assert sf.get(counter.add.remote()) == 4


def test_a_constructor_that_raises_is_told_by_every_call() -> None:
    @sf.remote
    class Broken:
        def __init__(self) -> None:
            raise OSError("no disk")

        def ask(self) -> int:
            return 1

    broken = Broken.remote()
    for _ in range(2):
        with pytest.raises(ActorDied, match=r"constructor of the actor Broken raised.*no disk"):
            sf.get(broken.ask.remote())


def test_a_death_fails_what_runs_and_what_comes() -> None:
    counter = Counter.remote()
    dying, after = counter.die.remote(), counter.add.remote()
    with pytest.raises(ActorDied, match=r"Counter .*died"):
        sf.get(dying)
    with pytest.raises(ActorDied):
        sf.get(after)
    with pytest.raises(ActorDied):
        sf.get(counter.add.remote())


def test_an_actor_is_made_anew_as_often_as_it_may() -> None:
    counter = Counter.options(max_restarts=1).remote(5)
    assert sf.get(counter.add.remote()) == 6
    with pytest.raises(ActorDied):
        sf.get(counter.die.remote())
    assert sf.get(counter.add.remote()) == 6  # from its constructor
    with pytest.raises(ActorDied):
        sf.get(counter.die.remote())
    with pytest.raises(ActorDied):
        sf.get(counter.add.remote())


class Streams:
    """An actor whose generators say when they are closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _count(self) -> int:
        return len([*self.folder.iterdir()])

    def plain(self) -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            (self.folder / "plain").touch()

    def __call__(self, n: int) -> int:
        return n * 10


class AsyncStreams(Streams):
    async def awaited(self) -> AsyncIterator[int]:
        try:
            for n in range(10**9):
                await asyncio.sleep(0)
                yield n
        finally:
            (self.folder / "awaited").touch()


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize(("kind", "method"), [(Streams, "plain"), (AsyncStreams, "awaited")])
def test_a_generator_of_an_actor_that_nobody_has_is_closed(
    tmp_path: Path, kind: type, method: str, width: int
) -> None:
    actor = sf.remote(max_concurrency=width)(kind).remote(tmp_path)
    values = getattr(actor, method).remote()
    assert [sf.get(next(values)) for _ in range(5)] == list(range(5))
    del values
    deadline = time.monotonic() + 10
    while not (tmp_path / method).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sf.get(actor._count.remote()) == 1
    assert sf.get(actor.__call__.remote(3)) == 30


def test_an_actor_says_when_it_is_ready_and_ends_when_it_is_asked_to() -> None:
    counter = Counter.options(max_restarts=3).remote(1)
    assert sf.get(counter.__ray_ready__.remote()) is True
    refs = [counter.add.remote() for _ in range(20)]
    end = counter.__ray_terminate__.remote()
    sf.get(end)
    assert sf.get(refs) == list(range(2, 22))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            sf.get(counter.add.remote())
        except ActorDied:
            break
    with pytest.raises(ActorDied, match="was killed"):
        sf.get(counter.add.remote())


class Frail:
    """Dies in its constructor, or in a call, as often as there is no further line in a file."""

    def __init__(self, path: Path, deaths: int) -> None:
        self.path = path
        if self.noted("made") <= deaths:
            os._exit(3)

    def noted(self, what: str) -> int:
        with self.path.open("a") as file:
            file.write(f"{what}\n")
        return self.path.read_text().split().count(what)

    def die(self) -> None:
        self.noted("died")
        time.sleep(0.05)  # the calls beside it have begun
        os._exit(3)

    def wait(self) -> None:
        self.noted("waited")
        time.sleep(60)

    def answer(self, n: int) -> int:
        return n


class FrailAsync(Frail):
    async def other(self) -> None:
        """Makes the actor one with an event loop."""


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("kind", [Frail, FrailAsync])
def test_a_constructor_that_dies_is_called_once_for_each_restart(
    tmp_path: Path, kind: type, width: int
) -> None:
    options = {"max_restarts": 6, "max_concurrency": width}
    frail = sf.remote(**options)(kind).remote(tmp_path / "notes", 5)
    assert sf.get([frail.answer.remote(n) for n in range(3)]) == [0, 1, 2]
    assert (tmp_path / "notes").read_text().split() == ["made"] * 6
    hopeless = sf.remote(max_restarts=2)(kind).remote(tmp_path / "others", 9)
    with pytest.raises(ActorDied):
        sf.get(hopeless.answer.remote(1))
    assert (tmp_path / "others").read_text().split() == ["made"] * 3


@pytest.mark.parametrize("kind", [Frail, FrailAsync])
def test_no_call_that_had_begun_is_repeated_unasked(tmp_path: Path, kind: type) -> None:
    frail = sf.remote(max_restarts=1, max_concurrency=3)(kind).remote(tmp_path / "notes", 0)
    calls = [frail.die.remote()]
    if kind is Frail:  # on a loop they would come one after the other
        calls += [frail.wait.remote(), frail.wait.remote()]
    for call in calls:
        with pytest.raises(ActorDied):
            sf.get(call)
    assert sf.get(frail.answer.remote(5)) == 5
    notes = (tmp_path / "notes").read_text().split()
    assert notes.count("died") == 1
    assert notes.count("waited") == len(calls) - 1
    assert notes.count("made") == 2


def test_a_call_may_be_tried_again_after_a_restart(tmp_path: Any) -> None:
    mark = tmp_path / "mark"

    @sf.remote(max_restarts=-1, max_task_retries=2)
    class Dies:
        def once(self) -> str:
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return "survived"

    assert sf.get(Dies.remote().once.remote()) == "survived"


def test_kill_ends_an_actor_now() -> None:
    counter = Counter.remote()
    pid = sf.get(counter.where.remote())
    sf.kill(counter)
    assert gone(pid)
    with pytest.raises(ActorDied, match="was killed"):
        sf.get(counter.add.remote())
    again = Counter.options(max_restarts=1).remote(1)
    first = sf.get(again.where.remote())
    sf.kill(again, no_restart=False)
    assert gone(first)
    assert sf.get(again.where.remote()) != first


def test_an_actor_is_found_by_its_name_while_it_lives() -> None:
    counter = Counter.options(name="the counter").remote(1)
    sf.get(counter.add.remote())
    assert sf.get(sf.get_actor("the counter").add.remote()) == 3

    @sf.remote
    def find() -> int:
        return sf.get(sf.get_actor("the counter").add.remote())

    assert sf.get(find.remote()) == 4
    with pytest.raises(ActorDied, match="already exists"):
        sf.get(Counter.options(name="the counter").remote().add.remote())
    same = Counter.options(name="the counter", get_if_exists=True).remote()
    assert sf.get(same.add.remote()) == 5
    with pytest.raises(ValueError, match=r"no actor named 'nobody' .existing: 'the counter'"):
        sf.get_actor("nobody")
    made = Counter.options(name="another", get_if_exists=True).remote(7)
    assert sf.get(made.add.remote()) == 8
    pid = sf.get(counter.where.remote())
    del counter, same
    assert gone(pid)
    with pytest.raises(ActorDied, match="no actor named"):
        sf.get_actor("the counter")


def test_a_detached_actor_outlives_its_handles() -> None:
    Counter.options(name="detached", lifetime="detached").remote(40)
    assert sf.get(sf.get_actor("detached").add.remote(2)) == 42
    sf.kill(sf.get_actor("detached"))


def test_several_calls_may_run_at_once() -> None:
    @sf.remote(max_concurrency=4)
    class Gate:
        def __init__(self) -> None:
            self.event = threading.Event()

        def wait(self) -> bool:
            return self.event.wait(10)

        def open(self) -> None:
            self.event.set()

    gate = Gate.remote()
    waiting = [gate.wait.remote() for _ in range(3)]
    sf.get(gate.open.remote())
    assert sf.get(waiting) == [True] * 3


def test_coroutine_methods_run_at_once_on_one_loop() -> None:
    @sf.remote
    class Meeting:
        def __init__(self) -> None:
            self.here = 0
            self.full = asyncio.Event()

        async def meet(self, n: int) -> tuple[int, int]:
            self.here += 1
            if self.here == n:
                self.full.set()
            await self.full.wait()
            return self.here, threading.get_ident()

        async def ask(self, other: Any) -> int:
            return await other.add.remote(5)

        async def values(self, n: int) -> AsyncIterator[int]:
            for k in range(n):
                await asyncio.sleep(0)
                yield k

    meeting = Meeting.remote()
    met = sf.get([meeting.meet.remote(50) for _ in range(50)])
    assert {here for here, _ in met} == {50}
    assert len({thread for _, thread in met}) == 1
    assert sf.get(meeting.ask.remote(Counter.remote(1))) == 6
    assert [sf.get(ref) for ref in meeting.values.remote(4)] == [0, 1, 2, 3]


def test_actors_that_call_each_other_in_a_cycle_answer() -> None:
    @sf.remote
    class Node:
        def __init__(self) -> None:
            self.calls = 0

        def bounce(self, nodes: list[Any], place: int, left: int) -> int:
            self.calls += 1
            if not left:
                return self.calls
            following = (place + 1) % len(nodes)
            return sf.get(nodes[following].bounce.remote(nodes, following, left - 1))

    nodes = [Node.remote() for _ in range(3)]
    assert sf.get(nodes[0].bounce.remote(nodes, 0, 10), timeout=30) == 4


def test_an_actor_calls_itself() -> None:
    @sf.remote
    class Selfish:
        def outer(self, me: Any) -> int:
            return sf.get(me[0].inner.remote()) + 1

        def inner(self) -> int:
            return 1

    me = Selfish.remote()
    assert sf.get(me.outer.remote([me]), timeout=30) == 2


def test_a_call_may_be_cancelled_and_limited() -> None:
    @sf.remote(max_restarts=-1)
    class Slow:
        def sleep(self, seconds: float) -> float:
            time.sleep(seconds)
            return seconds

    slow = Slow.remote()
    with pytest.raises(TimedOut):
        sf.get(slow.sleep.options(timeout=0.2).remote(30))
    assert sf.get(slow.sleep.remote(0.01)) == 0.01
    ref = slow.sleep.remote(30)
    time.sleep(0.1)
    sf.cancel(ref)
    with pytest.raises(sf.errors.Cancelled):
        sf.get(ref)
    assert sf.get(slow.sleep.remote(0.02)) == 0.02


def test_mistakes_are_said_at_the_call() -> None:
    counter = Counter.remote()
    with pytest.raises(AttributeError, match="did you mean 'add'"):
        _ = counter.addd
    with pytest.raises(TypeError, match=r"Counter\.remote"):
        Counter()
    with pytest.raises(TypeError, match=r"add\.remote"):
        counter.add()
    with pytest.raises(InvalidArgument, match="no option 'width'"):
        Counter.options(width=3)
    with pytest.raises(InvalidArgument, match="max_concurrency must be an integer >= 1, got 0"):
        Counter.options(max_concurrency=0)
    with pytest.raises(InvalidArgument, match="takes the handle of an actor"):
        sf.kill(counter.add.remote())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unexpected keyword"):
        sf.get(counter.add.remote(steps=1))


def test_nothing_of_an_actor_is_left() -> None:
    before = descendants(os.getpid()) - pool_processes()
    handles = [Counter.remote(n) for n in range(3)]
    sf.get([handle.add.remote() for handle in handles])
    pids = sf.get([handle.where.remote() for handle in handles])
    del handles
    assert all(gone(pid) for pid in pids)
    assert descendants(os.getpid()) - pool_processes() <= before


FEW = """
import resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, (150, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
import shframe as sf
sf.init(workers=2)

@sf.remote
class One:
    def get(self):
        return 1

@sf.remote
def deep(n):
    return 1 + sf.get(deep.remote(n - 1)) if n else 0

actors = [One.remote() for _ in range(60)]
calls = [actor.get.remote() for actor in actors]
sf.wait(calls, num_returns=len(calls), timeout=60)
errors = [call.error() for call in calls]
lived = errors.count(None)
print(5 < lived < 60, {type(e).__name__ for e in errors if e}, "ulimit -n" in str(errors[-1]))
print(sf.get(deep.remote(40), timeout=60))
del actors, calls, errors
deadline = time.monotonic() + 30
while len(sf.status().workers) > 10 and time.monotonic() < deadline:
    time.sleep(0.05)
print(sf.get(One.remote().get.remote(), timeout=60))
"""


def test_without_descriptors_actors_fail_by_name_and_the_session_goes_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FEW], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.stdout.split("\n")[:3] == ["True {'ActorDied'} True", "40", "1"], done.stderr
    assert "Traceback" not in done.stderr
