"""A handle belongs to its session: in another one, and in a forked child, every door says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import shframe as sf
import shframe.array as xp
from shframe.errors import SessionClosed
from tests.conftest import in_child

LARGE = 200_000


@sf.remote
def total(array: Any) -> float:
    return float(np.sum(array))


@sf.remote
def inside(values: Any) -> Any:
    return sf.get(values[0])


@sf.remote
class Named:
    def __init__(self, name: Any) -> None:
        self.name = name

    def who(self, *_: Any) -> Any:
        return self.name

    def counts(self, n: int) -> Iterator[int]:
        yield from range(n)


def reads(ref: Any) -> Callable[[], Any]:
    return lambda: sf.get(ref)


class Made:
    """Everything that a session gives."""

    def __init__(self, fill: float) -> None:
        sf.init(workers=2, inline_bytes=0)
        data = np.full(LARGE, fill)
        self.ref = sf.put(data)
        self.small = total.remote(1)
        self.lazy = xp.from_array(data, chunks=LARGE // 4)
        self.kept = (self.lazy + 1).persist()
        self.frame = sf.from_pandas(pd.DataFrame({"v": data}), npartitions=4)
        ref = self.ref
        self.capturing = lambda part: part + sf.get(ref)[0]
        self.delayed = sf.delayed(np.sum)(self.ref)
        self.actor: Any = Named.remote(f"filled with {fill}")
        self.queue = sf.Queue()
        self.queue.put(1)
        sf.get([self.small, self.actor.who.remote()])


DOORS: dict[str, Callable[[Made], Any]] = {
    "get": lambda old: sf.get(old.ref),
    "get of a small value": lambda old: sf.get(old.small),
    "a task": lambda old: sf.get(total.remote(old.ref)),
    "a task, by name": lambda old: sf.get(total.remote(array=old.ref)),
    "a task, a small value": lambda old: sf.get(total.remote(old.small)),
    "deep inside": lambda old: sf.get(inside.remote([old.ref])),
    "a captured handle": lambda old: sf.get(sf.remote(reads(old.ref)).remote()),
    "a handle captured in a graph": lambda old: (
        sf.from_pandas(pd.Series([1.0])).map_partitions(old.capturing).compute()
    ),
    "put of what holds it": lambda old: sf.get(inside.remote(sf.put([old.ref]))),
    "an actor's constructor": lambda old: sf.get(Named.remote(old.ref).who.remote()),
    "a method's argument": lambda old: sf.get(Named.remote("new").who.remote(old.ref)),
    "an old actor": lambda old: sf.get(old.actor.who.remote()),
    "an old actor's generator": lambda old: [*old.actor.counts.remote(3)],
    "delayed": lambda old: old.delayed.compute(),
    "an executor": lambda old: sf.Executor().submit(np.sum, old.ref).result(),
    "a lazy array": lambda old: old.lazy.sum().compute(),
    "what was persisted": lambda old: old.kept.sum().compute(),
    "a frame": lambda old: old.frame.v.sum().compute(),
    "a queue": lambda old: old.queue.get(timeout=5),
}


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Made, Made]]:
    """What an ended session has left, and what there is in the one of now."""
    old = Made(1.0)
    new = Made(100.0)
    yield old, new
    sf.shutdown()


@pytest.mark.parametrize("door", DOORS)
def test_a_handle_of_an_ended_session_is_nothing_else(both: tuple[Made, Made], door: str) -> None:
    old, new = both
    with pytest.raises(SessionClosed):
        DOORS[door](old)
    assert sf.get(total.remote(new.ref)) == 100 * LARGE


def test_what_has_ended_with_its_session_is_ended_again_without_a_word(
    both: tuple[Made, Made],
) -> None:
    old, new = both
    sf.kill(old.actor)
    sf.cancel(old.small)
    assert sf.get(new.actor.who.remote()) == "filled with 100.0"


@pytest.mark.parametrize("door", DOORS)
def test_a_forked_child_is_told_at_once(both: tuple[Made, Made], door: str) -> None:
    _, new = both
    said = in_child(lambda: DOORS[door](new))
    if door == "get of a small value":  # it lies in the handle
        assert said == "1.0"
    else:
        assert said.startswith(("SessionClosed: ", "StoreClosed: "))
    assert sf.get(total.remote(new.ref)) == 100 * LARGE
