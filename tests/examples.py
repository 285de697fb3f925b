"""How many examples the generated tests try: by option, or what a slow machine has time for."""

from __future__ import annotations

import os
import time

SHARE = 1.0  # of what each test says; set by conftest.py before tests are imported
DECIDED = "SHFRAME_TEST_EXAMPLES"  # what the first process has found, for those that it starts
USUAL = 0.010  # seconds of the work below on the machines that the tests' numbers are made for
LEAST = 0.1


def examples(count: int) -> int:
    """So many examples, as far as the options of this run say nothing else."""
    return max(int(count * SHARE), 3)


def affordable_share() -> float:
    """1 on a machine of usual speed, less on a slower one: the whole suite has its time too."""
    decided = os.environ.get(DECIDED)
    if decided:
        return float(decided)
    return min(max(USUAL / min(_time_work() for _ in range(9)), LEAST), 1.0)


def _time_work() -> float:
    begun = time.perf_counter()
    total = 0
    for n in range(200_000):
        total += n
    return time.perf_counter() - begun
