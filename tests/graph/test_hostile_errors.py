"""Errors whose own code raises, lies or takes its time: they end their task and nothing else."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest

import shframe as sf
import shframe.array as xp
from shframe.errors import ActorDied, TaskFailed
from tests.conftest import until, warmed


@pytest.fixture(scope="module", autouse=True)
def two_workers() -> Iterator[None]:
    warmed(sf.init(workers=2, memory="1GB", inline_bytes=0))
    yield
    sf.shutdown()


class Unequal:
    """A value that forbids to be compared."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not to be compared")

    __hash__ = object.__hash__


class Unsaid(Exception):
    def __str__(self) -> str:
        raise SystemExit("no words")


class Endless(Exception):
    def __getattr__(self, name: str) -> Any:
        return getattr(self, name + "_")


class Liar(Exception):
    """What arrives of it is no exception."""

    def __reduce__(self) -> Any:
        return int, (7,)


class Unasked(Exception):
    @property
    def __cause__(self) -> NoReturn:  # type: ignore[override]
        raise RuntimeError("no cause")

    @property
    def __notes__(self) -> NoReturn:
        raise RuntimeError("no notes")


def noted(notes: Any) -> Exception:
    error = ValueError("noted")
    error.__notes__ = notes
    return error


ERRORS: dict[str, Any] = {
    "an array": lambda: ValueError("bad values", np.array([1, 2, 3])),
    "an empty array": lambda: ValueError(np.array([])),
    "a frame": lambda: KeyError(pd.DataFrame({"a": [1, 2]})),
    "a lazy array": lambda: ValueError(xp.arange(5)),
    "what forbids to be compared": lambda: ValueError(Unequal()),
    "no word": Unsaid,
    "endless attributes": lambda: Endless("endless"),
    "a liar": lambda: Liar("lies"),
    "no questions": lambda: Unasked("asked"),
    "notes None": lambda: noted(None),
    "notes a tuple": lambda: noted(("one", 2)),
    "notes a string": lambda: noted("one"),
}


def fails(kind: str, *_: Any) -> NoReturn:
    raise ERRORS[kind]()


class Fails:
    def __init__(self, kind: str = "") -> None:
        self.calls = 0
        if kind:
            fails(kind)

    def fail(self, kind: str) -> NoReturn:
        self.calls += 1
        fails(kind)

    def count(self) -> int:
        return self.calls


@pytest.mark.parametrize("kind", ERRORS)
def test_a_task_fails_and_its_worker_goes_on(kind: str) -> None:
    pids = set(sf.session.executor().pids)  # type: ignore[attr-defined]
    ref = sf.remote(fails).remote(kind)
    with pytest.raises(Exception):  # noqa: B017, PT011  # of its own type, or what stands for it
        sf.get(ref)
    follower = sf.remote(fails).remote("an array", ref)
    with pytest.raises(Exception):  # noqa: B017, PT011
        sf.get(follower)
    inside = sf.remote(lambda refs: type(refs[0].error()).__name__)
    assert isinstance(sf.get(inside.remote([ref]), timeout=30), str)
    assert sf.get(sf.remote(abs).remote(-1)) == 1
    assert set(sf.session.executor().pids) == pids  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ERRORS)
def test_an_actor_keeps_its_state_and_its_constructors_error_is_told(kind: str) -> None:
    actor = sf.remote(Fails).remote()
    with pytest.raises(Exception):  # noqa: B017, PT011
        sf.get(actor.fail.remote(kind))
    assert sf.get(actor.count.remote()) == 1
    unmade = sf.remote(Fails).remote(kind)
    with pytest.raises(ActorDied, match="constructor of the actor Fails raised"):
        sf.get(unmade.count.remote())


@pytest.mark.parametrize("kind", ERRORS)
def test_a_graph_fails_and_the_next_one_runs(kind: str) -> None:
    lazy = sf.from_pandas(pd.Series(range(8)), npartitions=4)
    with pytest.raises(Exception):  # noqa: B017, PT011
        lazy.map_partitions(lambda part: fails(kind), meta=pd.Series(dtype="int64")).compute()
    assert lazy.sum().compute() == 28
    with pytest.raises(Exception):  # noqa: B017, PT011
        sf.delayed(fails)(kind).compute()


def test_the_values_of_an_error_arrive_with_it() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        sf.get(sf.remote(fails).remote("an array"))
    assert isinstance(caught.value, TaskFailed)
    assert caught.value.args[0] == "bad values"
    np.testing.assert_array_equal(caught.value.args[1], [1, 2, 3])


class Waits(Exception):
    """To make it again takes until a file is there."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        if threading.current_thread().name != "MainThread" or not is_worker():
            until(path.exists, 60)

    def __str__(self) -> str:
        if not is_worker():
            until(self.args[0].exists, 60)
        return "it has waited"


def is_worker() -> bool:
    from shframe.graph.worker import client

    return client.here is not None


def raises_waiting(path: Path) -> NoReturn:
    raise Waits(path)


@pytest.mark.parametrize("retried", [False, True])
def test_an_error_that_takes_its_time_holds_up_nobody_else(tmp_path: Path, retried: bool) -> None:
    go = tmp_path / "go"
    options: dict[str, Any] = {"retry_exceptions": [KeyError]} if retried else {}
    ref = sf.remote(raises_waiting).options(**options).remote(go)
    found: list[BaseException] = []

    def reads() -> None:
        try:
            sf.get(ref)
        except BaseException as error:
            found.append(error)

    reader = threading.Thread(target=reads)
    reader.start()
    try:
        time.sleep(0.1)
        assert sf.get([sf.remote(abs).remote(-n) for n in range(20)], timeout=30) == [*range(20)]
        assert sf.from_pandas(pd.Series([1, 2])).sum().compute() == 3
        assert not found
    finally:
        go.touch()
        reader.join()
    assert [str(error) for error in found] == ["it has waited"]


def test_a_callback_that_takes_its_time_or_raises_holds_up_nobody_else(tmp_path: Path) -> None:
    go = tmp_path / "go"
    ended: list[Any] = []
    first = sf.remote(abs).remote(-1).future()
    first.add_done_callback(lambda future: (until(go.exists, 60), ended.append(future.result())))
    second = sf.remote(abs).remote(-2).future()
    second.add_done_callback(lambda future: 1 / 0)
    assert sf.get([sf.remote(abs).remote(-n) for n in range(20)], timeout=30) == [*range(20)]
    assert not ended
    go.touch()
    assert until(lambda: ended == [1])


def test_a_loop_that_has_ended_meanwhile_harms_nobody() -> None:
    import asyncio

    async def gives_up() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(sf.remote(time.sleep).remote(0.5), 0.05)

    asyncio.run(gives_up())
    time.sleep(0.6)
    assert sf.get(sf.remote(abs).remote(-1)) == 1
