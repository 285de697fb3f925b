"""The driver's standard output and error, for output of tasks: nothing waits for their readers.

A pipe or a terminal takes as much as it has room for now; the rest waits here, within bounds, and
beyond those the oldest lines go, with a count in their place.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import stat
import sys
import time
from collections import deque
from typing import Any

from shframe.graph.wire.log_messages import OUT

KEPT = 16 << 20  # characters that wait for a reader
PIECE = 1024  # characters of one write: in any encoding less than a pipe that is ready takes
LAST_SECONDS = 1.0  # at the end a reader that takes nothing is waited for so long


class Outlets:
    """Lines for the two streams, in their order. The caller sees that one thread at a time uses it.

    waiting: whether there are lines for which a reader has no room.
    """

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque()
        self._size = 0
        self._dropped: dict[int, int] = {}  # lines by stream

    @property
    def waiting(self) -> bool:
        return bool(self._lines)

    def say(self, stream: int, line: str) -> None:
        """Add a whole line, its end included."""
        self._lines.append((stream, line))
        self._size += len(line)
        if self._size > KEPT:
            self.write()
        while self._size > KEPT and len(self._lines) > 1:
            stream, line = self._lines.popleft()
            self._size -= len(line)
            self._dropped[stream] = self._dropped.get(stream, 0) + 1

    def write(self) -> None:
        """Write what there is room for."""
        while self._lines:
            stream = self._lines[0][0]
            target = sys.stdout if stream == OUT else sys.stderr
            room = room_of(target)
            if room is not None and room <= 0:
                if not room:
                    return
                self._take(stream, None)  # it can never be read
                continue
            text = self._count(stream) + self._take(stream, room)
            with contextlib.suppress(OSError, ValueError, AttributeError):  # it is closed
                target.write(text)
                target.flush()

    def finish(self) -> None:
        """Write all, as long as it is read."""
        deadline = time.monotonic() + LAST_SECONDS
        while self._lines and time.monotonic() < deadline:
            before = self._size
            self.write()
            if self._size < before:
                deadline = time.monotonic() + LAST_SECONDS
            elif self._lines:
                time.sleep(0.01)

    def _take(self, stream: int, room: int | None) -> str:
        """The next characters for a stream, of lines that follow each other."""
        taken: list[str] = []
        left = self._size if room is None else room
        while self._lines and self._lines[0][0] == stream and left > 0:
            _, line = self._lines.popleft()
            if len(line) > left:
                self._lines.appendleft((stream, line[left:]))
                line = line[:left]
            taken.append(line)
            left -= len(line)
            self._size -= len(line)
        return "".join(taken)

    def _count(self, stream: int) -> str:
        count = self._dropped.pop(stream, 0)
        return f"[{count} lines of tasks were dropped: they were not read]\n" if count else ""


def room_of(target: Any) -> int | None:
    """Characters that a stream takes without waiting; None: it never waits; -1: its reader is gone.

    Cost: a system call or two for a pipe or a terminal.
    """
    if not isinstance(target, io.TextIOWrapper):
        return None
    try:
        fd = target.fileno()
    except io.UnsupportedOperation:  # it is in memory
        return None
    except ValueError:
        return -1
    try:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        poll = select.poll()
        poll.register(fd, select.POLLOUT)
        events = poll.poll(0)
    except OSError:
        return -1
    if not events:
        return 0
    return -1 if events[0][1] & (select.POLLERR | select.POLLNVAL) else PIECE
