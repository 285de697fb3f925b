"""A thread for what runs users' code and must not hold up the thread that drives the workers.

An error's constructor, a value's `__setstate__`, a callback of a future: each may raise, or never
return. They are called here one after another, in the order in which they came.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from shframe.graph.objects.callbacks import run_guarded

log = logging.getLogger("shframe")

SECONDS = 1.0  # that the end of a session waits for users' callbacks; they may never return


class Aside:
    """The thread ends with `close`."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # nothing is handed in behind the end
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="shframe-aside", daemon=True)
        self._thread.start()

    def call(self, what: Callable[[], None]) -> None:
        """Have it called soon; from any thread. At once, here, when the session has ended."""
        with self._lock:
            if not self._closed:
                self._calls.put(what)
                return
        run_guarded(what)

    def _serve(self) -> None:
        while (what := self._calls.get()) is not None:
            run_guarded(what)
            del what  # what it holds is not kept until the next one comes

    def close(self) -> None:
        """End the thread when all has been called. Called in it, it does not wait for itself."""
        with self._lock:
            self._closed = True
            self._calls.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join(SECONDS)
