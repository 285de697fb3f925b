"""The most memory that this process and its children take during something, by the meter."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from shframe.store.meter import Memory, memory

PAUSE = 0.01  # seconds between two looks


class Peaks:
    """A context that looks every 10 ms; each part's peak is its own, that of the total too."""

    def __init__(self) -> None:
        self.anon = self.segments = self.file = self.total = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    def told(self) -> dict[str, int]:
        """The peaks by name, in bytes."""
        return {name: getattr(self, name) for name in ("total", "anon", "segments", "file")}

    def _look_on(self) -> None:
        while not self._ended.wait(PAUSE):
            self._look()

    def _look(self) -> None:
        now = measured()
        for name, most in self.told().items():
            setattr(self, name, max(most, getattr(now, name)))


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
