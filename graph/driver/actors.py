"""Actors in the driver: who they are, their workers, their restarts and their end.

An actor is known by the number of the handle that keeps it alive: when the last one has died in all
processes, and no call is left, the actor ends.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shframe.graph.driver.call import Call
from shframe.graph.errors import ActorDied, ActorNotFound, WorkerDied, WorkerNotStarted
from shframe.graph.failures.error_pickling import NotMade, Told, packed
from shframe.graph.objects.object_ref import Failure, Life, ObjectRef, Unmade
from shframe.graph.scheduler.messages import Hired, Quit
from shframe.graph.tasks.actor_options import ActorOptions
from shframe.graph.tasks.arguments import Arguments, CallableRef, TaskOptions
from shframe.graph.tracing.call_site import Place, line_of

if TYPE_CHECKING:
    from shframe.graph.driver.loop import Shell
    from shframe.graph.wire.fork_messages import Ended


_CONSTRUCTOR = TaskOptions(retries=sys.maxsize)  # max_restarts says how often


@dataclass(slots=True)
class Record:
    """What is known of one actor that lives. first: the number of its newest constructor's call."""

    number: int
    function: CallableRef
    arguments: Arguments
    options: ActorOptions
    place: Place | str | None
    restarts: int
    worker: int = 0
    first: int = 0
    made: bool = False
    last: WorkerDied | None = None
    kept: ObjectRef | None = field(default=None, repr=False)  # of one that is detached


class Actors:
    """The actors of one session; used by the shell's thread only."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.records: dict[int, Record] = {}
        self._names: dict[str, int] = {}
        self._reasons: dict[int, BaseException | Unmade] = {}  # why those that have ended did

    def create_actor(
        self,
        ref: ObjectRef,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        actor_options: ActorOptions,
        place: Place | str | None = None,
        parent: int = 0,
    ) -> None:
        """Start the process of an actor and call its constructor."""
        number = ref.id
        if self.shell.dead is not None:
            ref.settle(Failure(self.shell.dead))
            return
        if actor_options.name is not None and actor_options.name in self._names:
            error = ActorDied(f"an actor of the name {actor_options.name!r} lives already")
            self._reasons[number] = error
            ref.settle(Failure(error))
            return
        record = Record(number, function, arguments, actor_options, place, actor_options.restarts)
        self.records[number] = record
        self.shell.home.note(ref)
        if actor_options.name is not None:
            self._names[actor_options.name] = number
        if actor_options.detached:
            record.kept = ref
        call = self._constructor(record, parent)
        call.refs = (ref,)
        shell = self.shell
        call.stays = Life(lambda: shell.do_some_time(lambda: self.let_go(number)))
        self._begin(record, call)

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

    def _begin(self, record: Record, call: Call) -> None:
        """Give an actor a worker, which calls the constructor first."""
        shell = self.shell
        if not call.number:  # else it was under way in a worker that has died
            shell.calls.enter((call,))
        if not call.number:  # what it is made of failed
            return
        record.first = call.number
        try:
            worker = shell.pool.add_worker()
        except WorkerNotStarted as error:
            reason = ActorDied(f"the actor {record.function.name} has no process: {error}")
            reason.__cause__ = error.with_traceback(None)  # frames here hold calls and handles
            self.end(record.number, reason)
            return
        record.worker = worker.slot
        shell.handle(Hired(worker.slot, record.number, record.options.width, call.number))

    def died(self, number: int, ended: Ended) -> None:
        """The worker of an actor has ended."""
        record = self.records.get(number)
        if record is None:
            return
        what = f"the actor {record.function.name}"
        record.last = WorkerDied.while_running(what, ended.slot, ended.pid, ended.code, 1, "none")
        record.worker = 0
        if record.restarts:
            record.restarts -= 1
            call = self.shell.calls.live.get(record.first) or self._constructor(record)
            self._begin(record, call)
            return
        self.end(number, self._dead(record))

    def _dead(self, record: Record) -> BaseException:
        made = line_of(record.place) or "an unknown line"
        error = ActorDied(
            f"the actor {record.function.name} (made at {made}) has died"
            "\n  give it max_restarts=... to have it made anew"
        )
        error.__cause__ = record.last
        return error

    def why(self, number: int) -> BaseException | Unmade:
        """The error of a call that an actor could not answer."""
        record = self.records.get(number)
        if record is not None:
            return self._dead(record)
        return self._reasons.get(number) or ActorDied("the actor has ended")

    def failed(self, number: int, failure: Failure) -> None:
        """The constructor has raised, or could not be called."""
        record = self.records.get(number)
        if record is None:
            return
        source = failure.source
        cause = source if isinstance(source, (Told, NotMade)) else Told(packed(failure.error))
        self.end(number, NotMade(record.function.name, cause))

    def let_go(self, number: int) -> None:
        """Nobody has a handle any more, and no call is left."""
        self.end(number, ActorDied("the actor has ended: its last handle was dropped"))
        self._reasons.pop(number, None)  # nobody can ask

    def kill(self, number: int, restart: bool) -> None:
        """End the process of an actor now."""
        record = self.records.get(number)
        if record is None:
            return
        if restart:
            self.shell.pool.kill(record.worker)
        else:
            self.end(number, ActorDied(f"the actor {record.function.name} was killed"))

    def end(self, number: int, reason: BaseException | Unmade) -> None:
        """An actor is no more: what was asked of it fails."""
        record = self.records.pop(number, None)
        if record is None:
            return
        self._reasons[number] = reason
        if record.options.name is not None:
            self._names.pop(record.options.name, None)
        record.kept = None
        shell, worker = self.shell, record.worker
        shell.handle(Quit(number))
        if worker in shell.pool.workers:
            shell.pool.kill(worker)
            shell.handle(lambda: shell.dismiss(worker))

    def named(self, name: str) -> tuple[ObjectRef, Any]:
        """The handle of the actor of that name, and what it can be asked. Raises: ActorNotFound."""
        number = self._names.get(name)
        ref = None if number is None else self.shell.home.known.get(number)
        if number is None or ref is None:
            raise ActorNotFound.among(name, self._names.keys() - {name})
        return ref, self.records[number].options.methods
