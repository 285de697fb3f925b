"""Tasks that do nothing, one by one, in trees and chains; round trips; graphs before they run.

Slow peers get fewer tasks, and a note below the row tells it: `scale` makes the runner's figures
those of the full count.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
import tracemalloc
from typing import Any

from shframe.benchmarks.engines.call_engines import PEERS, WITH_CHAINS, WORKERS, leaf
from shframe.benchmarks.suites.case import Case


def added(a: int, b: int) -> int:
    return a + b


def one_more(n: int) -> int:
    return n + 1


def pid_of(_: int) -> int:
    """What each task does."""
    return os.getpid()


class Beside(Case):
    """A job that each engine does on its share of the tasks."""

    size = 10_000
    quick_size = 1_000
    unit = "tasks"

    def setup(self, engine: str) -> None:
        self.peer = PEERS[engine]()
        self.count = max(int(self.size * self.peer.share), 200)
        self.scale = self.size / self.count
        self.peer.start()
        self.peer.results([self.peer.submit(pid_of, n) for n in range(200)])

    def teardown(self, engine: str) -> None:
        self.peer.stop()

    def note(self) -> str:
        return f"{self.count:,} tasks, time times {self.scale:g}" if self.scale > 1 else ""


class NoOp(Beside):
    """Independent tasks, one submit each, all gathered; each gives its worker's pid."""

    params = ([*PEERS],)

    def time_answer(self, engine: str) -> None:
        handles = [self.peer.submit(pid_of, n) for n in range(self.count)]
        pids = set(self.peer.results(handles))
        assert os.getpid() not in pids, f"{engine} ran a task in the driver"
        assert len(pids) == WORKERS, f"{engine} ran tasks in {len(pids)} processes"


class Tree(Beside):
    """Half of the tasks are leaves; the others add two results each, through handles."""

    params = (WITH_CHAINS,)

    def time_answer(self, engine: str) -> Any:
        leaves = self.count // 2
        level = [self.peer.submit(leaf, n) for n in range(leaves)]
        while len(level) > 1:
            rest = level[len(level) & ~1 :]
            pairs = zip(level[::2], level[1::2], strict=False)
            level = [self.peer.submit(added, a, b) for a, b in pairs] + rest
        total = self.peer.results(level)[0]
        assert total == leaves * (leaves - 1) // 2, f"{engine} added wrongly"


class Chain(Beside):
    """Each task reads the result of the one before."""

    params = (WITH_CHAINS,)

    def time_answer(self, engine: str) -> Any:
        handle = self.peer.submit(leaf, 0)
        for _ in range(self.count - 1):
            handle = self.peer.submit(one_more, handle)
        last = self.peer.results([handle])[0]
        assert last == self.count - 1, f"{engine} counted wrongly"


class RoundTrip(Beside):
    """300 tasks, each awaited before the next; the note has p50 and p99."""

    size = 300
    quick_size = 300
    params = ([*PEERS],)

    def setup(self, engine: str) -> None:
        super().setup(engine)
        self.count, self.scale = self.size, 1.0
        self.seconds: list[float] = []

    def time_answer(self, engine: str) -> Any:
        for n in range(self.count):
            start = time.perf_counter()
            self.peer.results([self.peer.submit(leaf, n)])
            self.seconds.append(time.perf_counter() - start)

    def note(self) -> str:
        steady = self.seconds[self.count :]  # without the round that warms up
        *_, p99 = statistics.quantiles(steady, n=100)
        return f"p50 {statistics.median(steady) * 1e6:,.0f} us, p99 {p99 * 1e6:,.0f} us"


class Build(Case):
    """A tree of delayed calls, built and not run; the note has bytes a task, by tracemalloc."""

    size = 100_000
    quick_size = 10_000
    params = (["calls", "calls and graph"], ["shframe", "dask"])

    delayed: Any
    graph: Any

    def setup(self, what: str, engine: str) -> None:
        if engine == "shframe":
            import shframe as sf
            from shframe.lazy.delayed_graph import graph_of

            self.delayed = sf.delayed
            self.graph = lambda root: graph_of([root]).tasks
        else:
            import dask
            from dask.base import collections_to_expr

            def graph(root: Any) -> Any:
                plan: Any = collections_to_expr([root])
                return plan.__dask_graph__()

            self.delayed = dask.delayed
            self.graph = graph
        self.what = what
        self.count = self.size if engine == "shframe" else self.size // 5
        self.scale = self.size / self.count

    def _built(self, what: str) -> tuple[Any, Any]:
        first, add = self.delayed(leaf, pure=False), self.delayed(added, pure=False)
        level = [first(n) for n in range(self.count // 2)]
        while len(level) > 1:
            rest = level[len(level) & ~1 :]
            level = [add(a, b) for a, b in zip(level[::2], level[1::2], strict=False)] + rest
        return level[0], self.graph(level[0]) if what != "calls" else None

    def time_answer(self, what: str, engine: str) -> Any:
        self._built(what)

    def teardown(self, what: str, engine: str) -> None:
        gc.collect()

    def note(self) -> str:
        gc.collect()
        tracemalloc.start()
        kept = self._built(self.what)
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        del kept
        fewer = f", {self.count:,} tasks, time times {self.scale:g}" if self.scale > 1 else ""
        return f"{size / self.count:,.0f} bytes a task{fewer}"
