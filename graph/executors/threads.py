"""The executor on threads: the same scheduler, values passed by reference in one process.

For kernels that let go of the GIL and for looking at a problem without processes; Python
functions do not run in parallel here.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from shframe.graph.errors import Cancelled as CancelledError
from shframe.graph.errors import SessionClosed
from shframe.graph.executors.base import wait_for
from shframe.graph.executors.in_process import InProcess
from shframe.graph.objects.object_ref import Death, ObjectRef
from shframe.graph.objects.ref_backend import StoreBackend
from shframe.graph.scheduler.messages import (
    Abort,
    Done,
    Drop,
    Failed,
    Finish,
    Instruction,
    Joined,
    More,
    Recall,
    Recalled,
    Run,
    TaskCancelled,
)
from shframe.graph.scheduler.scheduler import Scheduler
from shframe.graph.scheduler.submission import GraphSubmission
from shframe.graph.tasks import result_buffer
from shframe.graph.tasks.result_buffer import target_fd, target_size
from shframe.graph.tasks.task import Key
from shframe.graph.tasks.task_graph import Progress, TaskGraph
from shframe.graph.tracing import copies
from shframe.graph.tracing.call_site import user_line
from shframe.graph.tracing.trace import Span, Trace
from shframe.store.store import Store


@dataclass(slots=True)
class _Live:
    graph: TaskGraph
    submission: GraphSubmission
    trace: Trace
    ended: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None
    done: int = 0
    site: str = field(default_factory=user_line)


class ThreadExecutor(InProcess):
    """Runs graphs on threads of the driver, which start with the first run."""

    lends = True

    def __init__(self, store: Store, dropped: deque[Death], workers: int) -> None:
        self.store = store
        self.dropped = dropped
        self.workers = workers
        super().__init__(StoreBackend(store, dropped))
        self.scheduler = Scheduler()
        self.lock = threading.RLock()  # the scheduler and the tables below are one state
        self.queues: dict[int, queue.SimpleQueue[int | None]] = {
            n: queue.SimpleQueue() for n in range(workers)
        }
        self.threads: list[threading.Thread] = []
        self.values: dict[int, Any] = {}
        self.runs: dict[int, _Live] = {}
        self.recalled: set[int] = set()
        self.next_task = 0
        self.next_run = 1
        self.closed = False

    def run(
        self, graph: TaskGraph, trace: Trace, progress: Progress | None = None
    ) -> list[ObjectRef]:
        """Run a graph on the threads; outputs are stored, values between tasks are not."""
        number, live = self._submit(graph, trace)
        try:
            wait_for(live.ended, progress, lambda: (live.done, len(live.submission)))
        except BaseException:
            with self.lock:
                self._carry_out(self.scheduler.handle(TaskCancelled(number)))
            raise
        if live.error is not None:
            raise live.error
        return self._collect(live)

    def _submit(self, graph: TaskGraph, trace: Trace) -> tuple[int, _Live]:
        with self.lock:
            if self.closed:
                raise SessionClosed("this session has been shut down; sf.init() starts a new one")
            self._start()
            submission = GraphSubmission(graph)
            number, self.next_run = self.next_run, self.next_run + 1
            first, self.next_task = self.next_task, self.next_task + len(submission)
            live = self.runs[number] = _Live(graph, submission, trace)
            self._carry_out(self.scheduler.handle(submission.submitted(number, first)))
            return number, live

    def _start(self) -> None:
        if self.threads:
            return
        for number in self.queues:
            self.scheduler.handle(Joined(number))
            name = f"shframe-worker-{number}"
            thread = threading.Thread(target=self._serve, args=(number,), name=name, daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, worker: int) -> None:
        while (number := self.queues[worker].get()) is not None:
            self._take_one(worker, number)  # its locals die with it: an idle thread holds nothing

    def _take_one(self, worker: int, number: int) -> None:
        with self.lock:
            if number in self.recalled:
                self.recalled.discard(number)
                self._carry_out(self.scheduler.handle(Recalled(worker, [number])))
                return
            live = self._holding(number)
            inputs = live.submission.inputs(number, self.scheduler.tasks[number].sources)
        self._run_one(worker, number, live, inputs)

    def _holding(self, number: int) -> _Live:
        for live in self.runs.values():
            if live.submission.has(number):
                return live
        raise AssertionError("a task was assigned of a run that is not live")

    def _run_one(self, worker: int, number: int, live: _Live, wanted: list[Key | int]) -> None:
        task = live.submission.task(number)
        start = time.monotonic()
        inputs = [self._value(live, source) for source in wanted]
        try:
            with result_buffer.open_window(target_fd(self.store, task)):
                value = task.function(*inputs, *task.args)
        except BaseException as error:
            with self.lock:
                if live.error is None:
                    live.error = error
                    if isinstance(error, Exception):
                        size = target_size(self.store, task)
                        self.task_failed(task, inputs, live.site, error, size)
                self._carry_out(self.scheduler.handle(Failed(worker, number)))
            return
        end = time.monotonic()
        copied = copies.taken()
        with self.lock:
            self.values[number] = value
            live.done += 1
            span = Span(task.key, task.function.name, worker, os.getpid(), start, end, 0, 0, copied)
            live.trace.add(span)
            self._carry_out(self.scheduler.handle(Done(worker, [(number, end - start, 0)])))

    def _value(self, live: _Live, source: Key | int) -> Any:
        if not isinstance(source, int):
            return live.graph.data[source].value()
        with self.lock:
            return self.values[source]

    def _carry_out(self, instructions: list[Instruction]) -> None:
        waiting = deque(instructions)
        while waiting:
            instruction = waiting.popleft()
            if isinstance(instruction, Run):
                for number in instruction.tasks:
                    self.queues[instruction.worker].put(number)
            elif isinstance(instruction, Drop):
                for number in instruction.tasks:
                    self.values.pop(number, None)
            elif isinstance(instruction, Recall):
                self.recalled.update(instruction.tasks)
            elif isinstance(instruction, More):
                submission = self.runs[instruction.run].submission
                waiting.extend(self.scheduler.handle(submission.next(instruction.run, id)))
            elif isinstance(instruction, Finish):
                self.runs.pop(instruction.run).ended.set()
            elif isinstance(instruction, Abort):
                live = self.runs.pop(instruction.run)
                live.error = live.error or CancelledError("the computation was cancelled")
                live.ended.set()

    def _collect(self, live: _Live) -> list[ObjectRef]:
        """Store the outputs; a value that is an output twice is stored once."""
        made: dict[Key, ObjectRef] = {}
        for key in live.graph.outputs:
            if key in live.graph.data:
                made[key] = live.graph.data[key]
            elif key not in made:
                with self.lock:
                    value = self.values.pop(live.submission.numbers[key])
                made[key] = self.put(value)
        return [made[key] for key in live.graph.outputs]

    def close(self) -> None:
        """End the threads and free the store."""
        with self.lock:
            if self.closed:
                return
            self.closed = True
            for live in self.runs.values():
                live.error = SessionClosed("the session was shut down while this was computed")
                live.ended.set()
            for line in self.queues.values():
                line.put(None)
        for thread in self.threads:
            thread.join()
        self.store.close()
