"""How much memory a session takes: private pages of its processes plus resident segments.

The proportional set size alone would miss pages that are allocated but mapped nowhere and
count files that the kernel can drop; so anonymous pages come from the processes, the shared
ones from the segments themselves, each segment once.
"""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes at one moment."""

    anon: int  # private pages of all processes, shared ones by their part
    segments: int  # pages of the shared segments
    file: int  # mapped files, which the kernel can drop: not in the total

    @property
    def total(self) -> int:
        """Memory that the session uses."""
        return self.anon + self.segments


def memory(pids: Iterable[int], segment_fds: Iterable[int]) -> Memory:
    """Measure the processes, all their children, and the segments behind the descriptors.

    A process that ends meanwhile counts nothing, nor does a segment that is closed. Where
    there is no /proc, processes are 0.
    """
    parts = [_rollup(pid) for pid in process_tree(pids)]
    files = {}
    for fd in segment_fds:
        with contextlib.suppress(OSError):
            stat = os.fstat(fd)
            files[stat.st_dev, stat.st_ino] = stat.st_blocks
    return Memory(
        anon=sum(part.get("Pss_Anon", 0) for part in parts),
        segments=sum(files.values()) * 512,
        file=sum(part.get("Pss_File", 0) for part in parts),
    )


def process_tree(pids: Iterable[int]) -> set[int]:
    """The processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The command may hold spaces and brackets: what counts comes after the last one.
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def _rollup(pid: int) -> dict[str, int]:
    """The lines of smaps_rollup in bytes; nothing for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    fields = (line.split() for line in lines)
    return {field[0].rstrip(":"): int(field[1]) << 10 for field in fields}
