"""Call: one call of a user's function, from the moment it is made until it ends.

It is the scheduler's state of the task, and what the handles of the task hold while it is pending.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shframe.graph.failures.error_pickling import Note, describe_arguments, describe_inputs
from shframe.graph.failures.failed_task import FailedTask
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.objects.stream import Stream
from shframe.graph.scheduler.messages import SINGLE
from shframe.graph.scheduler.task_state import TaskState
from shframe.graph.tasks.arguments import DEFAULT_OPTIONS, Arguments, CallableRef, TaskOptions
from shframe.graph.tracing.call_site import Place, line_of
from shframe.graph.wire.call_format import PLAIN, STREAM, How


class Call(TaskState):
    """A call under way, as the scheduler has it too; `number` is 0 until it is entered there.

    worker: the slot that it was last sent to; failures: how often it has raised.
    lifetime: what its first handle keeps: a generator's stream, the Lifetime of an actor.
    """

    __slots__ = (
        "args",
        "callbacks",
        "failures",
        "function",
        "how",
        "inputs",
        "keep",
        "lifetime",
        "number",
        "options",
        "place",
        "priority",
        "refs",
        "worker",
    )

    def __init__(
        self,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        place: Place | str | None = None,
        method: str = "",
        actor: int = 0,
        parent: int = 0,
        width: int = 1,
    ) -> None:
        self.run = SINGLE
        self.kind = function.digest
        self.sources = ()
        self.retries = options.retries
        self.actor = actor
        self.parent = parent
        self.memory = options.memory
        self.priority = options.priority
        self.missing = self.readers = self.tries = self.refusals = self.copies = 0
        self.done = False
        self.at = self.dependents = None
        self.callbacks: list[Any] | None = None
        self.function = function
        self.args, self.inputs, places, packed, self.keep = arguments
        self.options = options
        self.place = place
        self.number = self.worker = self.failures = 0
        self.refs: Any = ()
        self.lifetime: Any = None
        self.how: int | tuple[Any, ...] = PLAIN
        if options is not DEFAULT_OPTIONS or packed or places is not None or method:
            self._refine(places, packed, method, width)

    def _refine(
        self, places: tuple[int, ...] | None, packed: bool, method: str, width: int
    ) -> None:
        options = self.options
        if options.returns == STREAM:
            self.lifetime = Stream()
        if packed or places is not None or method or options.writable or options.returns != 1:
            how = How(
                places, packed, options.returns, options.writable, options.ahead, method, width
            )
            self.how = tuple(how)
        if method:
            self.kind = (self.actor, method)

    @property
    def stream(self) -> Stream | None:
        """What its generator has made."""
        return self.lifetime if type(self.lifetime) is Stream else None

    @property
    def handles(self) -> tuple[ObjectRef, ...]:
        """The handles that await its end; that of a generator exists only while it is held."""
        stream = self.stream
        if stream is None:
            return self.refs  # type: ignore[no-any-return]
        handle = stream.handle
        return () if handle is None else (handle,)

    @property
    def constructs(self) -> bool:
        """Whether it calls the constructor of an actor."""
        return type(self.how) is tuple and How(*self.how).method == "__init__"

    @property
    def name(self) -> str:
        """For errors and the status."""
        return self.options.name or self.function.name

    @property
    def site(self) -> str:
        """The user's `file:line`."""
        return line_of(self.place)


def note_of_call(call: Call) -> Note:
    """Of a call: its function, where it was called, its arguments."""
    held = [one.state for one in call.inputs]
    return Note(call.name, (call.site,), describe_inputs(held, describe_arguments(call.args)))


def failed_call(
    call: Call, error: Callable[[], BaseException], home: Any, died: bool = False
) -> FailedTask:
    """Of a single task. error: makes what it raised."""
    how = How(*call.how) if isinstance(call.how, tuple) else How()
    made = FailedTask(call.name, call.site, died, None if call.actor else call.function)
    made._inputs, made._arguments, made._keep = call.inputs, call.args, call.keep
    made._places, made._packed, made._writable = how.places, how.packed, how.writable
    made._home = home
    made._error = error
    return made
