"""How many cores this process may use: its affinity, and the CPU quotas of its control groups."""

from __future__ import annotations

import math
import os
from pathlib import Path

from shframe.store.limits.cgroups import groups, lines, number


def available_cores(root: Path = Path("/")) -> int:
    """Cores of the affinity, or fewer where a quota gives less time; at least 1.

    Part of a core counts as one. `root` is where /proc and /sys are looked for.
    """
    shares = [float(len(os.sched_getaffinity(0)))]
    for folder, newer in groups(root, "cpu"):
        quota, period = _newer(folder) if newer else _older(folder)
        if quota is not None and period and quota > 0:
            shares.append(quota / period)
    return max(math.ceil(min(shares)), 1)


def _newer(folder: Path) -> tuple[int | None, int | None]:
    words = " ".join(lines(folder / "cpu.max")).split()
    if len(words) != 2 or not all(word.isdigit() for word in words):
        return None, None  # "max": no limit
    return int(words[0]), int(words[1])


def _older(folder: Path) -> tuple[int | None, int | None]:
    return number(folder / "cpu.cfs_quota_us"), number(folder / "cpu.cfs_period_us")
