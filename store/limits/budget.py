"""The memory budget of a session: as users write it, or a share of what this process may use."""

import os
import re
from pathlib import Path

from shframe.store.errors import InvalidSize
from shframe.store.limits.cgroups import groups, lines, number

SHARE = 0.6  # the rest is for the heaps of the workers and for other programs
_UNLIMITED = 1 << 60  # cgroup v1 writes a number near 2**63 for "no limit"
_UNITS = {
    "": 1,
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgtp", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgtp", 1)},
    **{letter: 1024**power for power, letter in enumerate("kmgtp", 1)},
}
_PATTERN = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)\s*([a-zA-Z]*)\s*")


def parse_bytes(size: int | str) -> int:
    """Read a size: an int is bytes, a string has a unit ('4GB' is 4e9, '64MiB' and '64M' 2**26).

    Raises: InvalidSize if it is not a size, or negative.

    >>> parse_bytes("64MiB"), parse_bytes("4GB"), parse_bytes(10)
    (67108864, 4000000000, 10)
    """
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    match = _PATTERN.fullmatch(size) if isinstance(size, str) else None
    if match is None or match[2].lower() not in _UNITS:
        raise _invalid_size(size)
    return int(float(match[1].replace("_", "")) * _UNITS[match[2].lower()])


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


def _invalid_size(size: object) -> InvalidSize:
    return InvalidSize(
        f"{size!r} is not a size in bytes\n"
        "  write a number of bytes (1048576) or a string with a unit ('64MiB', '4GB')"
    )
