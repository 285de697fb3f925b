"""Graphs of many tasks: what the driver's private memory grows by, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from shframe.benchmarks.many_tasks import Figures
from shframe.benchmarks.simulate_scheduler import Costs, message_cost, simulated
from shframe.graph.wire.work import Report, Work

PROGRAM = """
import dataclasses, json, sys
import shframe as sf
from shframe.benchmarks.many_tasks import tree_figures
sf.init(workers=2, memory="1GB", inline_bytes=0)
print(json.dumps(dataclasses.asdict(tree_figures(int(sys.argv[1])))))
sf.shutdown()
"""


def grown(tasks: int) -> Figures:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tasks)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Figures(**json.loads(done.stdout))


def test_a_run_takes_half_a_kilobyte_a_task_beside_its_graph() -> None:
    """Of three runs the least: what is on its way between processes, and how the allocator divides
    memory between threads, adds up to 60 bytes a task by chance; of so many tasks, since about
    25 MB come once, however many there are."""
    runs = (grown(200_000) for _ in range(3))
    found = next((run for run in runs if run.most - run.of_graph < 500 * run.count), None)
    assert found is not None
    assert found.of_graph < 400 * found.count


def test_virtual_workers_are_busy_until_the_central_loop_is_saturated() -> None:
    out = message_cost(Work([(1, bytes(16), (), (1,), 0)]), times=20)
    into = message_cost(Report([(1, b"x" * 40, 0.0, 0.1)]), times=20)
    assert out > 0
    assert into > 0
    costs = Costs(out=1e-5, into=1e-5, task=1e-4)  # 10,000 tasks a second at most
    few, many = (simulated(workers, [("job", 0.01)], costs) for workers in (4, 256))
    assert few.used > 0.9
    assert few.throughput == pytest.approx(400, rel=0.1)
    assert many.throughput < 10_000


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_million_tasks_let_the_driver_grow_by_half_a_gigabyte_at_most() -> None:
    found = grown(1_000_000)
    assert found.count >= 1_000_000
    assert found.most < 500_000_000
