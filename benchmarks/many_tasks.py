"""How many tasks one graph may have: tasks a second, and what the driver's private memory grows by.

`python -m shframe.benchmarks.many_tasks [tasks]`. Growth is the most that was seen, by a look
every 10 ms, above what the driver took before the graph was made; each case has a process of its
own. `tree`: a TaskGraph made by hand, leaves that are numbers and a 16-ary tree of min() above
them. `array`: a sum over an array of so many blocks of four elements.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAN_IN = 16
PAUSE = 0.01  # seconds between two looks


def private() -> int:
    """Bytes of this process that it shares with no other and with no file."""
    _, resident, shared = map(int, Path("/proc/self/statm").read_text().split()[:3])
    return (resident - shared) * os.sysconf("SC_PAGESIZE")


class Growth:
    """The most private memory that was seen since it was made."""

    def __init__(self) -> None:
        gc.collect()
        self.start = self.most = private()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def _look_on(self) -> None:
        while not self._ended.wait(PAUSE):
            self.most = max(self.most, private())

    @property
    def bytes(self) -> int:
        """The growth so far, at most."""
        self.most = max(self.most, private())
        return self.most - self.start

    def end(self) -> int:
        """Look no more; the growth."""
        self._ended.set()
        self._thread.join()
        return self.bytes


def tree(leaves: int) -> Any:
    """A graph of about `leaves` * 16 / 15 tasks; its result is 0."""
    from shframe.graph.tasks.function import Function
    from shframe.graph.tasks.task import Key, Task
    from shframe.graph.tasks.task_graph import TaskGraph

    number, least = Function(int), Function(min)
    graph = TaskGraph()
    level = [Key("leaf", (n,)) for n in range(leaves)]
    graph.add(Task(key, number, (), key.index) for key in level)
    depth = 0
    while len(level) > 1:
        depth += 1
        above = [Key(f"min-{depth}", (n,)) for n in range(-(-len(level) // FAN_IN))]
        graph.add(
            Task(key, least, tuple(level[n * FAN_IN : (n + 1) * FAN_IN]), (0,))
            for n, key in enumerate(above)
        )
        level = above
    graph.outputs = tuple(level)
    return graph


def leaves_of(tasks: int) -> int:
    """How many leaves make a tree of so many tasks."""
    return tasks * (FAN_IN - 1) // FAN_IN


@dataclass(frozen=True)
class Figures:
    """Tasks, seconds to build and to run them; bytes of growth when built, and at most."""

    count: int
    built: float
    ran: float
    of_graph: int
    most: int


def tree_figures(tasks: int) -> Figures:
    """Build and run a tree of so many tasks."""
    from shframe import session

    session.current().run(tree(100))  # starts the workers
    growth = Growth()
    begin = time.perf_counter()
    graph = tree(leaves_of(tasks))
    built = time.perf_counter() - begin
    of_graph = growth.bytes
    begin = time.perf_counter()
    (ref,) = session.current().run(graph)
    ran = time.perf_counter() - begin
    assert ref.value() == 0
    return Figures(len(graph.tasks), built, ran, of_graph, growth.end())


def run_tree(tasks: int) -> str:
    """A line of figures of the tree."""
    of = tree_figures(tasks)
    return (
        f"tree   {of.count:>9,} tasks: built {of.count / of.built:>9,.0f}/s, run "
        f"{of.count / of.ran:>8,.0f}/s; grew {of.of_graph / 1e6:>6.1f} MB by the graph, "
        f"{of.most / 1e6:>6.1f} MB in all ({of.most / of.count:>5.0f} bytes a task)"
    )


def run_array(blocks: int) -> str:
    """Plan and run a sum over so many blocks; a line of figures."""
    import shframe.array as xp
    from shframe import session

    (xp.ones((400,), chunks=(4,)) * 2).sum().compute()
    growth = Growth()
    begin = time.perf_counter()
    answer = float((xp.ones((blocks * 4,), chunks=(4,)) * 2).sum().compute())
    spent = time.perf_counter() - begin
    assert answer == blocks * 8
    most, spans = growth.end(), session.current().last_trace.sums.values()
    count = sum(sums.pids.total() for sums in spans)
    return (
        f"array  {blocks:>9,} blocks: {count:,} tasks, planned and run {blocks / spent:>8,.0f}/s; "
        f"grew {most / 1e6:>6.1f} MB in all ({most / blocks:>5.0f} bytes a block)"
    )


CASES: dict[str, Callable[[int], str]] = {"tree": run_tree, "array": run_array}


def main(arguments: Sequence[str] | None = None) -> int:
    """Each case in a process of its own, or the one that is named, here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="?", type=int, default=100_000)
    parser.add_argument("--case", choices=[*CASES])
    asked = parser.parse_args(arguments)
    if asked.case is not None:
        import shframe as sf

        sf.init(inline_bytes=0)
        print(CASES[asked.case](asked.tasks), flush=True)
        sf.shutdown()
        return 0
    for case in CASES:
        here = [sys.executable, "-m", "shframe.benchmarks.many_tasks", str(asked.tasks)]
        subprocess.run([*here, "--case", case], check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
