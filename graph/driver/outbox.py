"""What is to be sent to workers: the message that is being made for each, and its sending."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shframe.graph.driver.call import Call
from shframe.graph.driver.context import Context
from shframe.graph.driver.environment import Environment
from shframe.graph.driver.pool import WorkerHandle
from shframe.graph.errors import NotPicklable
from shframe.graph.tasks.arguments import CallableRef
from shframe.graph.tasks.function import Function
from shframe.graph.wire.call_format import Wired
from shframe.graph.wire.channel import MOST_FDS, Closed
from shframe.graph.wire.work import Assigned, Surroundings, Work, fills, without_empty
from shframe.store.ref import Ref


@dataclass(slots=True)
class Outgoing:
    """What has come together: the fields are those of wire.work.Work.

    segments: with their descriptors, which go with the message.
    """

    tasks: list[Assigned] = field(default_factory=list)
    functions: dict[bytes, bytes] = field(default_factory=dict)
    freed: Sequence[Any] = ()
    segments: dict[int, int] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    punched: Sequence[tuple[int, int, int]] = ()
    trim: int = 0
    recalled: list[int] = field(default_factory=list)
    surroundings: Surroundings | None = None
    answers: list[tuple[Any, ...]] = field(default_factory=list)
    on_top: list[int] = field(default_factory=list)

    def messages(self, targets: Sequence[int]) -> Iterator[tuple[Outgoing, list[int]]]:
        """What is sent, with its descriptors: one message, or several where one takes no more.

        targets: descriptors of what tasks fill, in the order of the tasks.
        """
        if len(self.segments) + len(targets) <= MOST_FDS:
            yield self, [*self.segments.values(), *targets]
            return
        segments, tasks, left = [*self.segments.items()], self.tasks, [*targets]
        for start in range(0, len(segments), MOST_FDS):
            some = dict(segments[start : start + MOST_FDS])
            yield Outgoing(segments=some), [*some.values()]
        yield replace(self, segments={}, tasks=[]), []
        for start in range(0, len(tasks), MOST_FDS):
            batch = tasks[start : start + MOST_FDS]
            count = sum(fills(task) for task in batch)
            yield Outgoing(batch), left[:count]
            del left[:count]

    def encode(self) -> bytes:
        """Pickled; by cloudpickle only where a task's own arguments need it."""
        work = without_empty(
            Work(
                self.tasks,
                self.functions,
                self.freed,
                [*self.segments],
                self.gone,
                self.punched,
                self.trim,
                self.recalled,
                self.surroundings,
                self.answers,
                self.on_top,
            )
        )
        try:
            return pickle.dumps(work, protocol=5)
        except (pickle.PicklingError, AttributeError, TypeError):
            return _cloudpickle(work)

    def drop_unpicklable(self, fds: list[int]) -> list[tuple[int, Exception]]:
        """Take out the tasks whose arguments cannot be pickled, and what they fill; why each."""
        dropped: list[tuple[int, Exception]] = []
        kept = []
        place = len(self.segments)
        for task in self.tasks:
            try:
                _cloudpickle(task)
            except Exception as error:
                if fills(task):
                    os.close(fds.pop(place))
                reason = NotPicklable(f"an argument of a task cannot be pickled: {error}")
                number, *_ = task
                dropped.append((number, reason))
                continue
            place += fills(task)
            kept.append(task)
        self.tasks = kept
        return dropped


class Outbox:
    """Messages to the workers of one session; used by the loop's thread only.

    waiting: the message that is being made for each worker. unsent: workers for whom something
    waits in our end of the socket. targets: worker -> descriptors of what its tasks fill.
    """

    def __init__(self, context: Context, environment: Environment) -> None:
        self.store = context.store
        self.home = context.home
        self.pool = context.pool
        self.environment = environment
        self.waiting: dict[int, Outgoing] = {}
        self.unsent: set[int] = set()
        self.targets: dict[int, list[int]] = {}
        self.reading: dict[tuple[int, int], list[Ref]] = {}  # (worker, task) -> what it was sent
        self._segments_closed = 0

    def work_for(self, slot: int) -> Outgoing:
        """The message that is being made for a worker."""
        work = self.waiting.get(slot)
        if work is None:
            work = self.waiting[slot] = Outgoing()
        return work

    def add_function(self, worker: WorkerHandle, work: Outgoing, function: CallableRef) -> None:
        """See that the worker has a function that its next task calls."""
        digest = function.digest
        if digest not in worker.known:
            if isinstance(function, Function):
                self.home.check(function.handles)
            worker.known.add(digest)
            work.functions[digest] = function.payload

    def add_inputs(
        self, worker: WorkerHandle, work: Outgoing, number: int, inputs: list[Wired]
    ) -> tuple[Wired, ...]:
        """Inputs as the worker gets them; those in the store stay in memory until the task has
        ended."""
        found: list[Wired] = []
        for held in inputs:
            kind = type(held)
            if kind is bytes:
                found.append(held)
            elif kind is Call:  # it is to run before this one in this worker
                found.append(held.number)
            elif kind is Ref and not held.inline:
                (now,) = self.store.send((held,))
                # noted at once: what comes after it may fail
                self.reading.setdefault((worker.slot, number), []).append(now)
                self.add_segment(worker, work, now)
                found.append(now)
            else:
                found.append(held)
        return tuple(found)

    def add_segment(self, worker: WorkerHandle, work: Outgoing, ref: Ref) -> None:
        """See that the worker has the segment mapped. Raises: OSError without descriptors."""
        if ref.segment not in worker.segments:
            work.segments[ref.segment] = self.store.descriptor(ref.segment)
            worker.segments.add(ref.segment)

    def release_inputs(self, slot: int, number: int) -> None:
        """The worker does not run the task any more."""
        if self.reading:
            refs = self.reading.pop((slot, number), None)
            if refs is not None:
                self.store.ended(refs)

    def discard(self, slot: int) -> None:
        """Drop what was to be sent to a worker that has ended, and the descriptors for it."""
        work = self.waiting.pop(slot, None)
        for fd in [*(work.segments.values() if work else ()), *self.targets.pop(slot, [])]:
            os.close(fd)

    def post(self) -> list[tuple[WorkerHandle, int, Exception]]:
        """Send what has come together for each worker, as one message; tasks that cannot be
        pickled, and why."""
        if self.store.segments_closed != self._segments_closed:
            self._add_closed_segments()
        owed = self.store.owed
        failed: list[tuple[WorkerHandle, int, Exception]] = []
        for slot in {*self.waiting, *owed} if owed else [*self.waiting]:
            worker = self.pool.workers.get(slot)
            work = self.waiting.pop(slot, None) or Outgoing()
            if worker is not None:
                failed.extend(self._queue(worker, work, slot in owed))
        for slot in [*self.unsent]:
            self._flush(slot)
        return failed

    def _queue(
        self, worker: WorkerHandle, work: Outgoing, owed: bool
    ) -> list[tuple[WorkerHandle, int, Exception]]:
        slot, surroundings = worker.slot, None
        if worker.surroundings != self.environment.changes:
            worker.surroundings = self.environment.changes
            surroundings = self.environment.now
        freed = self.store.freed(slot) if owed else ()
        punched = self.store.punched(slot) if owed else ()
        work.freed, work.punched, work.surroundings = freed, punched, surroundings
        targets = self.targets.pop(slot, []) if self.targets else []
        failed: list[tuple[WorkerHandle, int, Exception]] = []
        for message, fds in work.messages(targets):
            try:
                payload = message.encode()
            except Exception:  # an argument of a task of a graph; the others are sent
                dropped = message.drop_unpicklable(fds)
                failed += [(worker, number, error) for number, error in dropped]
                payload = message.encode()
            worker.channel.queue(payload, fds)
        self.unsent.add(slot)
        return failed

    def _flush(self, slot: int) -> None:
        """Send as much as the worker's socket takes now."""
        worker = self.pool.workers.get(slot)
        try:
            if worker is None or worker.channel.flush():
                self.unsent.discard(slot)
        except Closed:  # the server will say how it ended
            self.unsent.discard(slot)

    def _add_closed_segments(self) -> None:
        """Have workers forget segments that are no more, or their descriptors would run out."""
        self._segments_closed = self.store.segments_closed
        for worker in self.pool.workers.values():
            gone = self.store.gone(worker.segments)
            if gone:
                worker.segments.difference_update(gone)
                self.work_for(worker.slot).gone.extend(gone)


def _cloudpickle(value: Any) -> bytes:
    import cloudpickle

    return bytes(cloudpickle.dumps(value, protocol=5))
