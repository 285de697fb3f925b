"""The control groups that limit this process, of version 1 and 2, as files under `root`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def groups(root: Path, controller: str) -> Iterator[tuple[Path, bool]]:
    """The folder of each group of a controller from ours up to the top; whether it is version 2.

    In a container the path is the host's and does not exist: then the mount itself is ours.
    """
    for line in lines(root / "proc/self/cgroup"):
        hierarchy, controllers, path = line.split(":", 2)
        if hierarchy == "0":
            mount = root / "sys/fs/cgroup"
        elif controller in controllers.split(","):
            mount = root / "sys/fs/cgroup" / controller
            if not mount.is_dir():
                mount = root / "sys/fs/cgroup" / controllers
        else:
            continue
        group = mount / path.strip("/")
        for folder in (group, *group.parents):
            yield folder, hierarchy == "0"
            if folder == mount:
                break


def lines(path: Path) -> list[str]:
    """The lines of a file; none when it cannot be read."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def number(path: Path) -> int | None:
    """The number in a file; None if there is no file, or no number in it, as 'max'."""
    try:
        return int("".join(lines(path)))
    except ValueError:
        return None
