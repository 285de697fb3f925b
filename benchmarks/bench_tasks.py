"""10,000 tasks that do nothing, beside the standard library's pools."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool
from typing import Any


def pid_of(_: int) -> int:
    """What each task does."""
    return os.getpid()


class NoOp:
    """One graph of independent tasks against one submit a task, with a warm pool of two."""

    rows = 10_000
    quick_rows = 1_000
    param_names = ("engine",)
    params = (["shframe", "multiprocessing.Pool", "ProcessPoolExecutor"],)

    def setup(self, engine: str) -> None:
        self.pool: Any = None
        if engine == "ProcessPoolExecutor":
            self.pool = ProcessPoolExecutor(2)
        elif engine == "multiprocessing.Pool":
            self.pool = Pool(2)

    def teardown(self, engine: str) -> None:
        if engine == "ProcessPoolExecutor":
            self.pool.shutdown()
        elif engine == "multiprocessing.Pool":
            self.pool.terminate()
            self.pool.join()

    def time_answer(self, engine: str) -> Any:
        if engine == "shframe":
            return len(_shframe(self.rows))
        if engine == "ProcessPoolExecutor":
            futures = [self.pool.submit(pid_of, n) for n in range(self.rows)]
            return len([future.result() for future in futures])
        waiting = [self.pool.apply_async(pid_of, (n,)) for n in range(self.rows)]
        return len([one.get() for one in waiting])


def _shframe(count: int) -> list[int]:
    from shframe import session
    from shframe.graph.function import Function
    from shframe.graph.task import Key, Task
    from shframe.graph.taskgraph import TaskGraph

    function = Function(pid_of)
    graph = TaskGraph()
    graph.add([Task(Key("noop", (n,)), function, (), (n,)) for n in range(count)])
    graph.outputs = tuple(graph.tasks)
    return [ref.value() for ref in session.current().run(graph)]
