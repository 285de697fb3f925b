"""A worker's connection to the driver: messages are taken in here, reports gathered and sent.

Results go back in batches: at once when nothing is left to do, otherwise at most FLUSH_SECONDS
after the first of them, so that a short task costs no message of its own and a long one keeps no
finished neighbour waiting.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from typing import Any

from shframe.graph.wire.channel import Channel
from shframe.graph.wire.requests import Request, to_wire
from shframe.graph.wire.work import Report, without_empty
from shframe.graph.worker.log_capture import Capture
from shframe.graph.worker.task_queue import TaskQueue
from shframe.store.local_store import LocalStore

FLUSH_SECONDS = 0.003
CHECK_SECONDS = 0.0005  # between two looks for recalls and new tasks while tasks are waiting
SPIN_SECONDS = 0.0005  # before it blocks: waking a halted core takes as long


class DriverLink:
    """One worker's end. Any thread of a task may send.

    on_message: called with each message and its descriptors. dropped_refs: the handles that have
    died here since its last call.
    results, requests: what the next report contains; changed under `sending`.
    failed: a task has failed since the last report, and may have left what it was about to make.
    trimmed: pages were given back, as the driver asked.
    """

    def __init__(
        self, channel: Channel, store: LocalStore, capture: Capture, queue: TaskQueue
    ) -> None:
        self.channel = channel
        self.store = store
        self.capture = capture
        self.queue = queue
        self.sending = threading.RLock()
        self.receiving = threading.Lock()
        self.on_message: Callable[[tuple[Any, ...], list[int]], None]
        self.dropped_refs: Callable[[], list[int]] = list
        self.results: list[tuple[Any, ...]] = []
        self.requests: list[tuple[Any, ...]] = []
        self.failed = False
        self.trimmed = False
        self.flushed = 0.0
        self.looked = 0.0
        self._held: set[int] = set()  # as the driver knows
        self._kept: set[int] = set()  # what no collection of garbage could free

    # --- receiving ----------------------------------------------------------------------

    def receive(self) -> None:
        """Wait for a message: awake for a moment, then asleep. Raises: Closed."""
        with self.receiving:
            if not self.channel.soon(SPIN_SECONDS):
                self.channel.fill(wait=True)
            self.take_in()

    def pump(self, seconds: float) -> bool:
        """Take in what arrives within that time, in whatever thread waits for something.

        False: another thread does so just now.
        """
        if not self.receiving.acquire(blocking=False):
            return False
        try:
            if self.channel.fill() or self.channel.fill(seconds=seconds):
                self.take_in()
        finally:
            self.receiving.release()
        return True

    def look(self) -> None:
        """Send results that are due; take in what has arrived, without waiting."""
        now = time.monotonic()
        if self.results and now - self.flushed > FLUSH_SECONDS:
            self.report()
        if now - self.looked < CHECK_SECONDS:
            return
        self.looked = now
        with self.receiving:
            while self.channel.fill():
                pass
            self.take_in()
        self.queue.recall_unwanted()

    def take_in(self) -> None:
        """Handle the messages that are complete."""
        for message, fds in self.channel.arrived():
            self.on_message(message, fds)

    # --- sending ------------------------------------------------------------------------

    def request(self, request: Request) -> None:
        """Send a request at once."""
        with self.sending:
            self.requests.append(to_wire(request))
            self.send_now()

    def report(self) -> None:
        """Send results, new segments, what tasks request, and which views outlive their tasks."""
        with self.sending:
            pinned = self._pinned()
            if not self.queue.waiting and (pinned != self._kept or self.failed):
                gc.collect()  # a cycle may hold a view that its task has let go
                pinned = self._kept = self._pinned()
                self.failed = False
            self._send(pinned)

    def send_now(self) -> None:
        """As `report`, but no garbage is collected: for a thread of a task, under `sending`."""
        self._send(self._pinned())

    def _pinned(self) -> set[int]:
        """The objects that have live views here; the memory of what has died is free by now."""
        if self.store.has_released:
            self.store.drain_released()
        return self.store.pinned()

    def _send(self, pinned: set[int]) -> None:
        segments = self.store.new_segments()
        results, self.results = self.results, []
        requests, self.requests = self.requests, []
        spoke, self.capture.spoke = self.capture.spoke, False
        report = Report(
            results,
            [s for s, _ in segments],
            [*(pinned - self._held)],
            [*(self._held - pinned)],
            self.queue.take_recalled(),
            self.trimmed,
            requests,
            self.dropped_refs(),
            spoke,
        )
        if any(report):
            self.channel.send(without_empty(report), [fd for _, fd in segments])
        self.trimmed = False
        self._held = pinned
        self.flushed = time.monotonic()
