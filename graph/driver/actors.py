"""Actors in the driver: their workers, their restarts and their end.

An actor is known by the number of the handle that keeps it alive: when the last one is dropped in
all processes, and no call is left, the actor ends.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from shframe.graph.driver.actor_records import ActorRecords, Record
from shframe.graph.driver.call import Call
from shframe.graph.driver.context import Context
from shframe.graph.driver.task_calls import TaskCalls
from shframe.graph.errors import ActorDied, ActorNotFound, WorkerDied, WorkerNotStarted
from shframe.graph.failures.error_pickling import ConstructorFailed, PickledError, pack_unraised
from shframe.graph.objects.object_ref import Failure, FailureSource, Lifetime, ObjectRef
from shframe.graph.scheduler.messages import ActorEnded, ActorStarted
from shframe.graph.tasks.actor_options import ActorOptions
from shframe.graph.tasks.arguments import Arguments, CallableRef, TaskOptions
from shframe.graph.tracing.call_site import Place
from shframe.graph.wire.fork_messages import Ended

_CONSTRUCTOR = TaskOptions(retries=sys.maxsize)  # max_restarts says how often


class Actors:
    """The actors of one session; used by the loop's thread only.

    dismiss: ends the worker in a slot.
    """

    def __init__(
        self,
        context: Context,
        calls: TaskCalls,
        records: ActorRecords,
        dismiss: Callable[[int], None],
    ) -> None:
        self.context = context
        self.calls = calls
        self.records = records
        self.dismiss = dismiss
        calls.on_constructor_failed = self._constructor_failed

    def create_actor(
        self,
        ref: ObjectRef,
        function: CallableRef,
        arguments: Arguments,
        options: ActorOptions,
        place: Place | str | None = None,
        parent: int = 0,
    ) -> None:
        """Start the process of an actor and call its constructor."""
        number, context = ref.id, self.context
        if context.dead is not None:
            ref.settle(Failure(context.dead))
            return
        if options.name is not None and options.name in self.records.names:
            error = ActorDied(f"actor {options.name!r} already exists")
            self.records.note_reason(number, error)
            ref.settle(Failure(error))
            return
        record = Record(number, function, arguments, options, place, options.restarts)
        self.records.add(record)
        context.home.note(ref)
        if options.detached:
            record.kept = ref
        call = self._constructor(record, parent)
        call.refs = (ref,)
        call.lifetime = Lifetime(lambda: context.do_some_time(lambda: self._release(number)))
        self._start(record, call)

    @staticmethod
    def _constructor(record: Record, parent: int = 0) -> Call:
        return Call(
            record.function,
            record.arguments,
            _CONSTRUCTOR,
            record.place,
            "__init__",
            record.number,
            parent,
            record.options.width,
        )

    def _start(self, record: Record, call: Call) -> None:
        """Give an actor a worker, which calls the constructor first."""
        if not call.number:  # else it was under way in a worker that has died
            self.calls.enter((call,))
        if not call.number:  # what it is made of failed
            return
        record.first = call.number
        try:
            worker = self.context.pool.add_worker()
        except WorkerNotStarted as error:
            reason = ActorDied(f"the actor {record.function.name} has no process: {error}")
            reason.__cause__ = error.with_traceback(None)  # frames here hold calls and handles
            self.end(record.number, reason)
            return
        record.worker = worker.slot
        width = record.options.width
        self.context.handle(ActorStarted(worker.slot, record.number, width, call.number))

    def worker_ended(self, number: int, ended: Ended) -> None:
        """The worker of an actor has ended."""
        record = self.records.running.get(number)
        if record is None:
            return
        what = f"the actor {record.function.name}"
        record.last = WorkerDied.while_running(what, ended.slot, ended.pid, ended.code, 1, "none")
        record.worker = 0
        if record.restarts:
            record.restarts -= 1
            call = self.calls.live.get(record.first) or self._constructor(record)
            self._start(record, call)
            return
        self.end(number, record.death())

    def _constructor_failed(self, number: int, failure: Failure) -> None:
        """The constructor has raised, or could not be called."""
        record = self.records.running.get(number)
        if record is None:
            return
        source = failure.source
        cause = (
            source
            if isinstance(source, (PickledError, ConstructorFailed))
            else PickledError(pack_unraised(failure.error))
        )
        self.end(number, ConstructorFailed(record.function.name, cause))

    def _release(self, number: int) -> None:
        """The last handle was dropped, and no call is left."""
        self.end(number, ActorDied("the actor has ended: its last handle was dropped"))
        self.records.forget_reason(number)

    def kill(self, number: int, restart: bool) -> None:
        """End the process of an actor now."""
        record = self.records.running.get(number)
        if record is None:
            return
        if restart:
            self.context.pool.kill(record.worker)
        else:
            self.end(number, ActorDied(f"the actor {record.function.name} was killed"))

    def end(self, number: int, reason: BaseException | FailureSource) -> None:
        """End an actor for good: its calls fail, those to come too."""
        record = self.records.end(number, reason)
        if record is None:
            return
        context, worker = self.context, record.worker
        context.handle(ActorEnded(number))
        if worker in context.pool.workers:
            context.pool.kill(worker)
            context.handle(lambda: self.dismiss(worker))

    def find(self, name: str) -> tuple[ObjectRef, Any]:
        """The handle of the actor of that name, and its methods. Raises: ActorNotFound."""
        names = self.records.names
        number = names.get(name)
        ref = None if number is None else self.context.home.known.get(number)
        if number is None or ref is None:
            raise ActorNotFound.among(name, names.keys() - {name})
        return ref, self.records.running[number].options.methods
