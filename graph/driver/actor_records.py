"""Who the actors of a session are, and why those that have ended did."""

from __future__ import annotations

from dataclasses import dataclass, field

from shframe.graph.errors import ActorDied, WorkerDied
from shframe.graph.objects.object_ref import FailureSource, ObjectRef
from shframe.graph.tasks.actor_options import ActorOptions
from shframe.graph.tasks.arguments import Arguments, CallableRef
from shframe.graph.tracing.call_site import Place, line_of


@dataclass(slots=True)
class Record:
    """What is known of one running actor. first: the number of its newest constructor's call."""

    number: int
    function: CallableRef
    arguments: Arguments
    options: ActorOptions
    place: Place | str | None
    restarts: int
    worker: int = 0
    first: int = 0
    last: WorkerDied | None = None
    kept: ObjectRef | None = field(default=None, repr=False)  # of one that is detached

    def death(self) -> ActorDied:
        """The error of calls that it does not answer any more."""
        created = line_of(self.place) or "an unknown line"
        error = ActorDied(
            f"actor {self.function.name} (created at {created}) died"
            "\n  set max_restarts= to restart it"
        )
        error.__cause__ = self.last
        return error


class ActorRecords:
    """The actors of one session by the numbers of their handles; used by the loop's thread only."""

    def __init__(self) -> None:
        self.running: dict[int, Record] = {}
        self.names: dict[str, int] = {}
        self._reasons: dict[int, BaseException | FailureSource] = {}  # of those that have ended

    def add(self, record: Record) -> None:
        """Take in an actor that starts."""
        self.running[record.number] = record
        if record.options.name is not None:
            self.names[record.options.name] = record.number

    def end(self, number: int, reason: BaseException | FailureSource) -> Record | None:
        """Take out an actor that has ended; None if it had ended before."""
        record = self.running.pop(number, None)
        if record is not None:
            self.note_reason(number, reason)
            if record.options.name is not None:
                self.names.pop(record.options.name, None)
            record.kept = None
        return record

    def note_reason(self, number: int, reason: BaseException | FailureSource) -> None:
        """Say why calls of an actor will fail."""
        self._reasons[number] = reason

    def forget_reason(self, number: int) -> None:
        """No handle of it is left."""
        self._reasons.pop(number, None)

    def reason(self, number: int) -> BaseException | FailureSource:
        """The error of a call that an actor could not answer."""
        record = self.running.get(number)
        if record is not None:
            return record.death()
        return self._reasons.get(number) or ActorDied("the actor has ended")
