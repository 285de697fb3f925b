"""The most memory that this process and its children take during something, by the meter."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from shframe.store.limits.memory_usage import Memory, memory

PAUSE = 0.01  # seconds between two looks


@dataclass
class Peaks:
    """Bytes; each part's peak is its own, that of the total too."""

    total: int = 0
    anon: int = 0
    segments: int = 0
    file: int = 0

    def look(self) -> None:
        """Take in what there is now."""
        now = measured()
        for part in fields(self):
            setattr(self, part.name, max(getattr(self, part.name), getattr(now, part.name)))


@contextmanager
def watched() -> Iterator[Peaks]:
    """The peaks meanwhile, by a look every 10 ms; complete at the end."""
    peaks, ended = Peaks(), threading.Event()

    def look_on() -> None:
        while not ended.wait(PAUSE):
            peaks.look()

    thread = threading.Thread(target=look_on)
    thread.start()
    try:
        yield peaks
    finally:
        ended.set()
        thread.join()
        peaks.look()


def measured() -> Memory:
    """What this process, its children and the segments that it has take now."""
    return memory([os.getpid()], _segments())


def _segments() -> list[int]:
    """Descriptors of this process that are segments, each file once."""
    found: dict[int, int] = {}
    for path in Path("/proc/self/fd").iterdir():
        try:
            if os.readlink(path).startswith("/memfd:shframe"):
                found.setdefault(os.stat(path).st_ino, int(path.name))
        except OSError:
            continue
    return list(found.values())
