"""The loop of a worker process: take tasks in, run them, report.

driver_link.py receives and sends, task_runner.py runs tasks, client.py is what tasks use to call
further ones.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from shframe.graph.machine.kept_heap import KeptHeap
from shframe.graph.objects import ref_pickling
from shframe.graph.tasks import result_buffer
from shframe.graph.wire.channel import Channel, Closed
from shframe.graph.wire.log_messages import Levels
from shframe.graph.wire.work import Work
from shframe.graph.worker.client import WorkerClient
from shframe.graph.worker.driver_link import DriverLink
from shframe.graph.worker.interrupts import Interrupts
from shframe.graph.worker.log_capture import Capture
from shframe.graph.worker.task_queue import TaskQueue
from shframe.graph.worker.task_runner import Acting, TaskRunner
from shframe.store.local_store import LocalStore

log = logging.getLogger("shframe")


class Worker:
    """One worker: its parts, and what its messages change."""

    def __init__(
        self, channel: Channel, store: LocalStore, capture: Capture, heap: KeptHeap
    ) -> None:
        self.store = store
        self.heap = heap
        self.capture = capture
        self.queue = TaskQueue()
        self.link = DriverLink(channel, store, capture, self.queue)
        self.runner = TaskRunner(self.link)
        self.interrupts = Interrupts(self.runner)
        self.client = WorkerClient(self.link, self.runner, self.interrupts)
        self.link.on_message = self._take_in
        self.link.dropped_refs = self.client.take_dropped
        self.runner.new_actor = self._new_actor
        self.runner.stream = self.client.stream
        capture.describe_task = self.runner.describe_task

    def serve(self) -> None:
        """Run tasks until the driver is gone."""
        result_buffer.set_allocator(self.store.empty)
        ref_pickling.set_home(self.client)
        waiting, link, runner = self.queue.waiting, self.link, self.runner
        try:
            while True:
                if not waiting:
                    link.report()
                    link.receive()
                link.look()
                if waiting:
                    runner.run_next()
                    self.heap.settle()
        except Closed:
            return

    def _take_in(self, message: tuple[Any, ...], fds: list[int]) -> None:
        if len(message) > 1 or fds:  # most have tasks and nothing else
            self._prepare(Work(*message), fds)
        self.queue.add(message[0])

    def _prepare(self, work: Work, fds: list[int]) -> None:
        """Take in what tasks need, before them."""
        rest = iter(fds)
        for segment in work.segments:
            self.store.attach(segment, next(rest))
        if fds:
            self.queue.add_targets(work.tasks, rest)
        for segment in work.gone:
            self.store.detach(segment)
        if work.freed:
            self.store.free(work.freed)
        if work.punched:
            self.store.free_punched(work.punched)
        if work.trim:
            self.store.trim(work.trim if work.trim > 0 else None)
            self.link.trimmed = True
        if work.surroundings is not None:
            self._surround(*work.surroundings)
        for digest, payload in work.functions.items():
            self.runner.load_function(digest, payload)
        self.queue.on_top.update(work.on_top)
        self.queue.unwanted.update(work.recalled)
        if work.recalled and self.runner.actor is not None:
            self.runner.actor.give_up(work.recalled)
        if work.answers:
            self.client.take_answers(work.answers)

    def _surround(
        self, folder: str, environment: dict[str, str], path: list[str], levels: Levels
    ) -> None:
        """Become like the driver: working directory, environment, module path, log levels."""
        self.capture.set_levels(levels)
        try:
            if folder:  # else the driver's was removed
                os.chdir(folder)
        except OSError as error:
            log.warning("a worker cannot enter the folder %r: %s", folder, error)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        sys.path[:] = path

    def _new_actor(self, width: int) -> Acting:
        from shframe.graph.worker.actor import Actor  # loads asyncio

        return Actor(self.link, self.runner, self.client, width)
