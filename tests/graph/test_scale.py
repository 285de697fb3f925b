"""Graphs of many tasks: what the driver's private memory grows by, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from shframe.benchmarks.bench_scale import Figures

PROGRAM = """
import dataclasses, json, sys
import shframe as sf
from shframe.benchmarks.bench_scale import tree_figures
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
    found = grown(60_000)
    assert found.most - found.of_graph < 500 * found.count
    assert found.of_graph < 400 * found.count


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_million_tasks_let_the_driver_grow_by_half_a_gigabyte_at_most() -> None:
    found = grown(1_000_000)
    assert found.count >= 1_000_000
    assert found.most < 500_000_000
