"""sf.Queue and sf.ActorPool, from the driver and from tasks."""

from __future__ import annotations

import asyncio
import queue
import random
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shframe as sf
from shframe.errors import InvalidArgument
from shframe.session import Session


def test_items_come_in_the_order_of_their_putting(session: Session) -> None:
    line = sf.Queue()
    for n in range(5):
        line.put({"n": n})
    assert (line.qsize(), len(line), line.empty(), line.full()) == (5, 5, False, False)
    assert [line.get()["n"] for _ in range(5)] == list(range(5))
    assert line.empty()


def test_a_full_and_an_empty_queue_raise_what_the_standard_library_raises(
    session: Session,
) -> None:
    line = sf.Queue(maxsize=2)
    line.put_nowait_batch([1, 2])
    assert line.full()
    with pytest.raises(queue.Full):
        line.put_nowait(3)
    with pytest.raises(queue.Full):
        line.put(3, timeout=0.02)
    with pytest.raises(queue.Full):
        line.put_nowait_batch([3])
    assert line.get_nowait_batch(2) == [1, 2]
    with pytest.raises(queue.Empty):
        line.get_nowait()
    with pytest.raises(queue.Empty):
        line.get(timeout=0.02)
    with pytest.raises(queue.Empty):
        line.get_nowait_batch(1)
    with pytest.raises(
        InvalidArgument, match="timeout must be a number of seconds >= 0 or None, got -1"
    ):
        line.get(timeout=-1)


@sf.remote
def produce(line: sf.Queue, count: int) -> None:
    for n in range(count):
        line.put(n)
    line.put(None)


@sf.remote
def consume(line: sf.Queue) -> int:
    return sum(iter(line.get, None))


def test_tasks_speak_through_it(session: Session) -> None:
    line = sf.Queue(maxsize=3)
    summed = consume.remote(line)
    sf.get(produce.remote(line, 30), timeout=60)
    assert sf.get(summed, timeout=60) == 435


def test_a_large_item_is_not_copied(session: Session) -> None:
    line = sf.Queue()
    line.put(np.arange(100_000))
    item = line.get()
    assert item[-1] == 99_999
    assert not item.flags.writeable


def test_coroutines_wait_for_it(session: Session) -> None:
    async def both(line: sf.Queue) -> list[int]:
        first = asyncio.ensure_future(line.get_async())
        await line.put_async(1)
        return [await first]

    assert asyncio.run(both(sf.Queue())) == [1]


async def give_up(work: Coroutine[Any, Any, Any], seconds: float) -> list[Any]:
    """What the work gives in that time, in a list."""
    try:
        return [await asyncio.wait_for(work, seconds)]
    except TimeoutError:
        return []


def test_what_is_given_up_takes_nothing_and_puts_nothing_in(session: Session) -> None:
    async def scene() -> tuple[int, Any, int]:
        line = sf.Queue(maxsize=1)
        await asyncio.gather(*(give_up(line.get_async(), 0.05) for _ in range(3)))
        await line.put_async("first")
        await asyncio.gather(*(give_up(line.put_async("late"), 0.05) for _ in range(3)))
        there = line.qsize()
        return there, await line.get_async(), line.qsize()

    assert asyncio.run(scene()) == (1, "first", 0)


@pytest.mark.parametrize("seed", range(3))
def test_no_item_is_lost_or_doubled_when_waiting_is_given_up_at_any_moment(
    session: Session, seed: int
) -> None:
    chance = random.Random(seed)

    async def get(line: sf.Queue, seen: list[int]) -> None:
        for _ in range(15):
            seen += await give_up(line.get_async(), chance.uniform(0, 0.004))

    async def put(line: sf.Queue, kept: list[int], first: int) -> None:
        for n in range(first, first + 15):
            if await give_up(line.put_async(n), chance.uniform(0, 0.006)):
                kept.append(n)

    async def scene() -> tuple[list[int], list[int]]:
        line, seen, kept = sf.Queue(maxsize=4), list[int](), list[int]()
        getters = [get(line, seen) for _ in range(3)]
        await asyncio.gather(*getters, *(put(line, kept, first) for first in (0, 100, 200)))
        while found := await give_up(line.get_async(), 0.3):
            seen += found
        return seen, kept

    seen, kept = asyncio.run(scene())
    assert len(set(seen)) == len(seen)
    assert set(kept) <= set(seen)


@sf.remote
class Worker:
    def double(self, n: int) -> int:
        return 2 * n

    def until(self, path: str) -> str:
        import os
        import time

        while not os.path.exists(path):
            time.sleep(0.005)
        return path


def double(actor: Any, n: int) -> Any:
    return actor.double.remote(n)


def until(actor: Any, path: str) -> Any:
    return actor.until.remote(path)


def test_a_pool_of_actors_gives_results_in_order_and_as_they_come(
    session: Session, tmp_path: Path
) -> None:
    pool = sf.ActorPool([Worker.remote(), Worker.remote()])
    assert list(pool.map(double, range(20))) == list(range(0, 40, 2))
    assert sorted(pool.map_unordered(double, range(20))) == list(range(0, 40, 2))
    gate = tmp_path / "gate"
    pool.submit(until, str(gate))
    pool.submit(double, 1)
    assert not pool.has_free()
    assert pool.get_next_unordered() == 2
    with pytest.raises(TimeoutError):
        pool.get_next(timeout=0.02)
    gate.touch()
    assert pool.get_next() == str(gate)
    assert not pool.has_next()
    with pytest.raises(StopIteration):
        pool.get_next()


def test_actors_join_and_leave_a_pool(session: Session) -> None:
    first = Worker.remote()
    pool = sf.ActorPool([first])
    with pytest.raises(InvalidArgument, match="already"):
        pool.push(first)
    assert pool.pop_idle() == first
    assert pool.pop_idle() is None
    pool.submit(double, 4)
    with pytest.raises(InvalidArgument, match="no actor"):
        pool.get_next()
    pool.push(first)
    assert pool.get_next() == 8
