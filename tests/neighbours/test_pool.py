"""sf.Pool answers as multiprocessing.Pool does: the same calls on both, and what goes beyond it."""

from __future__ import annotations

import itertools
import multiprocessing
import multiprocessing.pool
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import shframe as sf
from shframe.errors import InvalidArgument
from shframe.session import Session


@pytest.fixture
def pool(session: Session) -> Iterator[sf.Pool]:
    with sf.Pool(2) as made:
        yield made


def divided(a: int, b: int = 1) -> float:
    return a / b


def until(path: str) -> str:
    while not os.path.exists(path):
        time.sleep(0.005)
    return path


CALLS: dict[str, Callable[[Any], Any]] = {
    "apply": lambda pool: pool.apply(divided, (6,), {"b": 4}),
    "apply_async": lambda pool: pool.apply_async(divided, (6, 3)).get(),
    "map": lambda pool: pool.map(abs, range(-50, 50)),
    "map of none": lambda pool: pool.map(abs, []),
    "map in chunks": lambda pool: pool.map(abs, iter(range(-50, 50)), chunksize=7),
    "starmap": lambda pool: pool.starmap(divided, [(6, 2), (1,), [3, 3]]),
    "starmap_async": lambda pool: pool.starmap_async(
        pow, zip([2] * 9, range(9), strict=True)
    ).get(),
    "imap": lambda pool: list(pool.imap(abs, (-n for n in range(200)), chunksize=3)),
    "imap_unordered": lambda pool: sorted(pool.imap_unordered(abs, range(-20, 0))),
    "an error": lambda pool: error_of(lambda: pool.map(divided, [1, "x", 2])),
    "the error of one": lambda pool: error_of(lambda: pool.starmap(divided, [(1, 1), (1, 0)], 1)),
    "successful": lambda pool: ended(pool.apply_async(abs, (1,))).successful(),
    "unsuccessful": lambda pool: ended(pool.apply_async(abs, ("x",))).successful(),
}


def error_of(call: Callable[[], Any]) -> tuple[type, str]:
    with pytest.raises(Exception, match=r"\w") as caught:
        call()
    return type(caught.value), str(caught.value)


def ended(result: Any) -> Any:
    result.wait()
    assert result.ready()
    return result


@pytest.fixture(scope="module")
def theirs() -> Iterator[multiprocessing.pool.Pool]:
    with multiprocessing.get_context("spawn").Pool(1) as made:
        yield made


@pytest.mark.parametrize("call", CALLS)
def test_the_same_call_gives_the_same(
    pool: sf.Pool, theirs: multiprocessing.pool.Pool, call: str
) -> None:
    assert CALLS[call](pool) == CALLS[call](theirs)


def test_callbacks_get_the_result_or_the_error(pool: sf.Pool) -> None:
    seen: list[Any] = []
    told = threading.Semaphore(0)

    def note(value: Any) -> None:
        seen.append(value)
        told.release()

    pool.map_async(abs, [-1, -2], callback=note, error_callback=note)
    assert told.acquire(timeout=30)
    pool.apply_async(divided, (1, 0), callback=note, error_callback=note)
    assert told.acquire(timeout=30)
    assert seen[0] == [1, 2]
    assert isinstance(seen[1], ZeroDivisionError)


def test_get_gives_up_in_time(pool: sf.Pool, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    result = pool.apply_async(until, (str(gate),))
    with pytest.raises(multiprocessing.TimeoutError):
        result.get(0.05)
    assert not result.ready()
    with pytest.raises(ValueError, match="not ready"):
        result.successful()
    waiting = pool.imap(until, [str(gate)])
    with pytest.raises(multiprocessing.TimeoutError):
        waiting.next(0.05)
    gate.touch()
    assert waiting.next(30) == result.get(30) == str(gate)


def test_imap_takes_of_an_endless_iterable_what_it_needs(pool: sf.Pool) -> None:
    taken: list[int] = []
    endless = (taken.append(n) or n for n in itertools.count())  # type: ignore[func-returns-value]
    assert list(itertools.islice(pool.imap(abs, endless), 100)) == list(range(100))
    assert len(taken) < 200


def test_many_elements_go_in_few_tasks(pool: sf.Pool, session: Session) -> None:
    pids = pool.map(own_pid, range(1000))
    runs = [pid for pid, _ in itertools.groupby(pids)]
    assert len(runs) <= 8
    assert set(pids) <= {os.getpid()} ^ {os.getpid(), *pids}


def own_pid(_: int) -> int:
    return os.getpid()


def test_a_closed_pool_ends_what_it_has_and_takes_nothing(session: Session) -> None:
    pool = sf.Pool()
    results = [pool.apply_async(abs, (-n,)) for n in range(40)]
    with pytest.raises(ValueError, match="still running"):
        pool.join()
    pool.close()
    pool.join()
    assert [result.get(0) for result in results] == list(range(40))
    with pytest.raises(ValueError, match="not running"):
        pool.map(abs, [1])


def test_terminate_gives_up_what_runs_and_the_session_goes_on(
    session: Session, tmp_path: Path
) -> None:
    pool = sf.Pool()
    results = [pool.apply_async(until, (str(tmp_path / "never"),)) for _ in range(10)]
    pool.terminate()
    pool.join()
    assert all(result.ready() for result in results)
    assert not any(result.successful() for result in results)
    with sf.Pool() as other:
        assert other.apply(abs, (-1,)) == 1


def test_what_a_pool_cannot_be_told(session: Session) -> None:
    with pytest.raises(InvalidArgument, match="processes must be an integer >= 1, got 0"):
        sf.Pool(0)
    with sf.Pool(maxtasksperchild=3) as pool, pytest.raises(NotImplementedError, match="pickled"):
        pool.__reduce__()
