"""How much memory a session takes when nobody says: a share of what this process may use."""

import os
from pathlib import Path

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
    for line in _lines(root / "proc/self/cgroup"):
        hierarchy, controllers, path = line.split(":", 2)
        if hierarchy == "0":
            rooms += _rooms(root / "sys/fs/cgroup", path, _V2)
        elif "memory" in controllers.split(","):
            rooms += _rooms(root / "sys/fs/cgroup/memory", path, _V1)
    return max(min(rooms), 0)


_V2 = ("memory.max", "memory.current", ("inactive_file", "active_file"))
_V1 = (
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_inactive_file", "total_active_file"),
)


def _rooms(mount: Path, path: str, names: tuple[str, str, tuple[str, ...]]) -> list[int]:
    """What is left in each group from ours up to the top of the mount.

    In a container the path is the host's and is not there: then the mount itself is ours.
    """
    limit_name, usage_name, cache_names = names
    group = mount / path.strip("/")
    rooms = []
    for folder in (group, *group.parents):
        limit = _number(folder / limit_name)
        if limit is not None and limit < _UNLIMITED:
            statistics = dict(line.split()[:2] for line in _lines(folder / "memory.stat"))
            cache = sum(int(statistics.get(name, 0)) for name in cache_names)
            usage = (_number(folder / usage_name) or 0) - cache
            rooms.append(limit - max(usage, 0))
        if folder == mount:
            break
    return rooms


def _machine(root: Path) -> int:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return _physical()


def _physical() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _number(path: Path) -> int | None:
    """The number in a file; None when the file is not there or says 'max'."""
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
