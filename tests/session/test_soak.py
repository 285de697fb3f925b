"""A long life: thousands of mixed operations leave memory and the machine as they found it.

Every value is made from a recipe, so that what comes out of the store at any later time can be
compared with what went in without a second copy of it being kept.
"""

from __future__ import annotations

import faulthandler
import gc
import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import shframe as sf
import shframe.array as xp
from shframe.errors import NotStorable
from shframe.graph.machine.kept_heap import LEAST
from shframe.session import current
from shframe.store.limits.memory_usage import memory as measured
from tests.conftest import warmed
from tests.examples import examples

OPERATIONS = examples(20_000)
HOUR = 3600.0
LIVE = 150  # handles that are kept at most
VIEWS = 40
BUDGET = 24 << 20  # bytes: less than what is kept, so that some of it lies on the disk
MOST_FRAGMENTED = 0.20
MOST_SEGMENTS = 8 + 4  # the ledger, two of each of three arenas, the spill file; pytest's own


@pytest.fixture(autouse=True)
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", os.fspath(tmp_path))
    warmed(sf.init(workers=2, memory=BUDGET, inline_bytes=0))
    yield
    sf.shutdown()


class Recipe(NamedTuple):
    """What a value is made of."""

    kind: str
    seed: int
    rows: int


def made(recipe: Recipe) -> Any:
    """The value; the same for the same recipe."""
    rng = np.random.default_rng(recipe.seed)
    rows = recipe.rows
    if recipe.kind == "array":
        return rng.random(rows)
    if recipe.kind == "matrix":
        return np.asfortranarray(rng.integers(0, 99, (rows // 8 + 1, 8)))
    if recipe.kind == "frame":
        return pd.DataFrame(
            {
                "key": rng.integers(0, 9, rows),
                "x": rng.random(rows),
                "text": pd.array(rng.choice(["a", "bcd", "efghij"], rows), dtype="str"),
            }
        )
    if recipe.kind == "table":
        return pa.table({"n": rng.integers(0, 99, rows), "when": np.arange(rows).astype("M8[s]")})
    return {"list": rng.integers(0, 9, rows % 100).tolist(), "text": "x" * (rows % 5000)}


def same(found: Any, recipe: Recipe) -> bool:
    """Whether a value is what the recipe makes."""
    expected = made(recipe)
    if isinstance(expected, np.ndarray):
        return bool(np.array_equal(found, expected))
    if isinstance(expected, (pd.DataFrame, pa.Table)):
        return bool(found.equals(expected))
    return bool(found == expected)


class Lifetime:
    """The model: what has been put, computed, kept and looked at; one method an operation."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.refs: list[tuple[sf.ObjectRef, Recipe]] = []
        self.views: list[tuple[Any, Recipe]] = []
        self.kept: list[tuple[Any, Any]] = []  # lazy collections computed in place, their answer
        self.seeds = itertools.count(seed)
        self.names = itertools.count()
        self.done: dict[str, int] = {}
        self.most_spilled = 0
        self.operations: dict[Callable[[], None], int] = {
            self.put: 300,
            self.drop: 250,
            self.get: 150,
            self.look: 100,
            self.look_again: 100,
            self.scribble: 20,
            self.refused: 20,
            self.copy_few: 10,
            self.group: 8,
            self.compute_array: 6,
            self.keep: 6,
            self.drop_kept: 6,
            self.fail: 3,
            self.share: 2,
            self.report: 1,
            self.kill: 0,  # by its own clock: as each costs a start
        }

    def step(self) -> None:
        """One operation, drawn by its weight."""
        (chosen,) = self.random.choices(
            list(self.operations), weights=list(self.operations.values())
        )
        self.do(chosen)

    def do(self, chosen: Callable[[], None]) -> None:
        """One operation, counted."""
        name = chosen.__name__
        self.done[name] = self.done.get(name, 0) + 1
        chosen()

    def recipe(self, kinds: str = "array matrix frame table object") -> Recipe:
        rows = int(2 ** self.random.uniform(0, 17))
        return Recipe(self.random.choice(kinds.split()), next(self.seeds), rows)

    def put(self) -> None:
        if len(self.refs) == LIVE:
            self.drop()
        recipe = self.recipe()
        self.refs.append((sf.put(made(recipe)), recipe))

    def drop(self) -> None:
        if self.refs:
            self.refs.pop(self.random.randrange(len(self.refs)))

    def get(self) -> None:
        if self.refs:
            ref, recipe = self.random.choice(self.refs)
            assert same(sf.get(ref), recipe)

    def look(self) -> None:
        if self.refs:
            ref, recipe = self.random.choice(self.refs)
            self.views.append((sf.get(ref), recipe))
        if len(self.views) > VIEWS:
            self.look_again()

    def look_again(self) -> None:
        if self.views:
            value, recipe = self.views.pop(self.random.randrange(len(self.views)))
            assert same(value, recipe)

    def scribble(self) -> None:
        arrays = [pair for pair in self.refs if pair[1].kind in ("array", "matrix")]
        if arrays:
            ref, recipe = self.random.choice(arrays)
            mine = sf.get(ref, writable=True)
            mine[self.random.randrange(len(mine))] = -1
            assert not same(mine, recipe)
            assert same(sf.get(ref), recipe)

    def refused(self) -> None:
        with pytest.raises(NotStorable):
            sf.put({"deep": [n for n in range(9)], "no": (n for n in range(9))})

    def copy_few(self) -> None:
        if self.views:
            value, _ = self.random.choice(self.views)
            if isinstance(value, np.ndarray):
                few = sf.compact(value[:3])
                assert np.array_equal(few, value[:3])

    def group(self) -> None:
        frame = made(self.recipe("frame"))
        lazy = sf.from_pandas(frame, npartitions=self.random.randrange(1, 6))
        found = lazy[lazy.x > 0.5].groupby("key").agg({"x": "sum", "text": "count"}).compute()
        expected = frame[frame.x > 0.5].groupby("key").agg({"x": "sum", "text": "count"})
        pd.testing.assert_frame_equal(found, expected)

    def compute_array(self) -> None:
        recipe = self.recipe("array")
        values = made(recipe)
        lazy = xp.asarray(values, chunks=max(1, len(values) // 4))
        np.testing.assert_allclose((xp.sin(lazy) * 2 + 1).compute(), np.sin(values) * 2 + 1)

    def keep(self) -> None:
        frame = made(self.recipe("frame"))
        lazy = sf.from_pandas(frame, npartitions=3).assign(y=lambda one: one.x * 2).persist()
        self.kept.append((lazy, frame.assign(y=frame.x * 2)))
        if len(self.kept) > 6:
            self.drop_kept()

    def drop_kept(self) -> None:
        if self.kept:
            lazy, expected = self.kept.pop(self.random.randrange(len(self.kept)))
            pd.testing.assert_frame_equal(lazy.compute(), expected)

    def fail(self) -> None:
        frame = pd.DataFrame({"a": [1, 2, 3]})
        with pytest.raises(ZeroDivisionError):
            sf.from_pandas(frame, npartitions=2).map_partitions(divided, meta=frame).compute()

    def share(self) -> None:
        name, recipe = f"soak-{next(self.names)}", self.recipe()
        sf.publish(name, made(recipe))
        assert same(sf.attach(name), recipe)
        sf.unpublish(name)

    def report(self) -> None:
        assert str(sf.memory(holders=False))

    def kill(self) -> None:
        executor: Any = current().executor
        os.kill(self.random.choice(list(executor.slots.values())), signal.SIGKILL)

    def fragmentation(self) -> float | None:
        """The part of the pages that no object uses and that cannot be given back."""
        live, resident = given_back()
        executor: Any = current().executor
        self.most_spilled = max(self.most_spilled, executor.store.spilled_bytes())
        return 1 - live / resident if live > BUDGET // 4 else None

    def end(self) -> None:
        """Compare all that is left, and drop it."""
        while self.refs:
            ref, recipe = self.refs.pop()
            assert same(sf.get(ref), recipe)
        while self.views:
            self.look_again()
        while self.kept:
            self.drop_kept()


def divided(part: pd.DataFrame) -> pd.DataFrame:
    """Fails in a worker."""
    return part / (len(part) // 10**9) if part.empty else part.assign(a=1 // 0)


def given_back() -> tuple[int, int]:
    """Bytes in objects and bytes in pages, after all processes have given back what they can."""
    executor: Any = current().executor
    gc.collect()
    sf.memory(holders=False)
    executor.store.trim()
    executor.store.ask_for_pages()
    live, resident = executor.store.ledger.totals()
    return live, resident


def targets(pid: int) -> list[str]:
    """What the descriptors of a process are of."""
    return [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()]


def descriptors(pid: int) -> list[str]:
    """The same without segments and the spill file, which has no name."""
    return [target for target in targets(pid) if not target.endswith(" (deleted)")]


class Standing(NamedTuple):
    """What must not grow, of this process and its workers.

    descriptors: but for those of segments and the spill file. segments: the most of those that
        a process has; an arena takes a second one when its first is too scattered.
    private: bytes, which are less exact.
    """

    live: int
    resident: int
    spilled: int
    objects: int
    descriptors: int
    threads: int
    workers: int
    descriptors_of_workers: int
    segments: int
    private: int

    @classmethod
    def now(cls) -> Standing:
        executor: Any = current().executor
        executor.forget_failed()  # what sf.debug() would open again holds its inputs
        live, resident = given_back()
        workers = list(executor.slots.values())
        return cls(
            live,
            resident,
            executor.store.spilled_bytes(),
            len(executor.store.objects()),
            len(descriptors(os.getpid())),
            threading.active_count(),
            len(workers),
            sum(len(descriptors(pid)) for pid in workers),
            max(len(targets(pid)) - len(descriptors(pid)) for pid in [os.getpid(), *workers]),
            measured([os.getpid()], []).anon,
        )


def lived(seed: int, enough: Callable[[int], bool]) -> tuple[Lifetime, list[float]]:
    """Operations until it is enough, and the fragmentation measured on the way."""
    life = Lifetime(seed)
    fragments = []
    for number in itertools.count():
        if enough(number):
            break
        life.step()
        if number % 500 == 0:
            found = life.fragmentation()
            fragments += [] if found is None else [found]
        if number % 2000 == 1000:
            life.do(life.kill)
    life.end()
    return life, fragments


def check(enough: Callable[[int], bool]) -> None:
    """Live, and end as it began; imports, threads of libraries and caches are made once, before."""
    lived(0, lambda number: number == 1500)
    warmed(current())
    before = Standing.now()
    life, fragments = lived(1, enough)
    after = Standing.now()
    print(life.done, fragments, before, after, sep="\n")
    assert (after.live, after.resident, after.spilled, after.objects) == (0, 0, 0, 0)
    assert after[4:8] == before[4:8]
    assert after.segments <= MOST_SEGMENTS
    assert after.private < before.private + after.workers * LEAST + (32 << 20)  # heaps are kept
    assert len(fragments) > 5
    assert max(fragments) < MOST_FRAGMENTED
    assert all(count > 0 for count in life.done.values())
    assert life.done.keys() == {one.__name__ for one in life.operations}
    assert life.most_spilled > 0


def test_thousands_of_operations_leave_everything_as_it_was() -> None:
    check(lambda number: number == OPERATIONS)


@pytest.mark.soak
@pytest.mark.timeout(int(HOUR * 1.2))
def test_an_hour_leaves_everything_as_it_was() -> None:
    faulthandler.cancel_dump_traceback_later()  # pytest's limit for a test
    end = time.monotonic() + HOUR
    check(lambda number: time.monotonic() > end)
