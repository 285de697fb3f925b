"""How much memory a session takes when nobody says: a share of what this process may use."""

import os
from pathlib import Path

from shframe.store.cgroups import groups, lines, number

SHARE = 0.6  # the rest is for the heaps of the workers and for everybody else
_UNLIMITED = 1 << 60  # cgroup v1 writes a number near 2**63 for "no limit"


def default_budget(root: Path = Path("/")) -> int:
    """60 % of the least that the machine and every control group on our path leave free.

    `root` is where /proc and /sys are looked for.
    """
    return int(SHARE * available_bytes(root))


def available_bytes(root: Path = Path("/")) -> int:
    """What this process may still allocate; limits of a group count without its cache."""
    rooms = [_machine(root)]
    for folder, newer in groups(root, "memory"):
        limit_name, usage_name, cache_names = _V2 if newer else _V1
        limit = number(folder / limit_name)
        if limit is not None and 0 <= limit < _UNLIMITED:
            statistics = dict(line.split()[:2] for line in lines(folder / "memory.stat"))
            cache = sum(int(statistics.get(name, 0)) for name in cache_names)
            rooms.append(limit - max((number(folder / usage_name) or 0) - cache, 0))
    return max(min(rooms), 0)


_V2 = ("memory.max", "memory.current", ("inactive_file", "active_file"))
_V1 = (
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_inactive_file", "total_active_file"),
)


def _machine(root: Path) -> int:
    for line in lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
