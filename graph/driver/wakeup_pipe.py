"""A pipe by which any thread wakes the one that waits for many things at once."""

from __future__ import annotations

import contextlib
import os


class WakePipe:
    """Something to poll; `wake` makes it readable. Takes no lock: for finalizers too."""

    def __init__(self) -> None:
        self._out, self._into = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def fileno(self) -> int:
        return self._out

    def wake(self) -> None:
        """Have the thread look at what was handed in."""
        with contextlib.suppress(OSError):  # a full pipe wakes as well, a closed one does not
            os.write(self._into, b"x")

    def drain(self) -> None:
        """It has woken: until it is called again nothing is to be read."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._out, 65536)

    def close(self) -> None:
        """Close both ends."""
        os.close(self._into)
        os.close(self._out)
