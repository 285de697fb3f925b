"""Calls, actors and generators in the calling thread: a call has ended when it is there.

For the executors without processes: `sync`, where pdb works, and `threads`, whose threads are for
graphs. Values are stored as they are anywhere, so that what works here works in workers.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from shframe.graph.errors import ActorDied, ActorNotFound, GeneratorExhausted
from shframe.graph.failures.error_pickling import PickledError, note_of_task, pack_local_error
from shframe.graph.failures.failed_task import FailedTask, failed_here, failed_task
from shframe.graph.objects.object_ref import Failure, ObjectRef
from shframe.graph.objects.ref_backend import StoreBackend
from shframe.graph.tasks.actor_options import ActorOptions
from shframe.graph.tasks.arguments import Arguments, CallableRef, TaskOptions
from shframe.graph.tasks.task import Task
from shframe.graph.tracing.call_site import Place, line_of
from shframe.graph.wire.call_format import READY, place_inputs, unpack_arguments


class InProcess:
    """What `.remote` needs of an executor, in one process."""

    home: StoreBackend

    def warm_up(self) -> bool:
        """Nothing is to be started."""
        return False

    def __init__(self, home: StoreBackend) -> None:
        self.home = home
        self._actors: dict[int, Any] = {}
        self._names: dict[str, tuple[ObjectRef, Any]] = {}
        self.failed: FailedTask | None = None

    def put(self, value: object) -> ObjectRef:
        """Store a value; its handle."""
        return self.home.put(value)

    def call(
        self,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        place: Place | None = None,
        method: str = "",
        actor: int = 0,
    ) -> tuple[ObjectRef, ...]:
        """Run a task; its handles."""
        self.home.check((*arguments.inputs, *arguments.keep))
        count = max(options.returns, 1)
        try:
            positional, named = self._values(arguments, options)
            if method:
                made = self._method(actor, method)(*positional, **named)
            else:
                made = function(*positional, **named)  # type: ignore[operator]
            if inspect.iscoroutine(made):
                import asyncio

                made = asyncio.run(made)
        except Exception as error:
            frames = error.__traceback__ and error.__traceback__.tb_next  # without this one
            code, site = None if method else function, line_of(place)
            self.failed = failed_here(
                code, function.name, arguments, options, error, site, self.home
            )
            failure = Failure(error, frames)
            return tuple(ObjectRef(self.home.next_id(), failure, self.home) for _ in range(count))
        if options.returns < 0:
            return (self._stream(made),)
        if options.returns <= 1:
            return (self._store_result(made),)
        return tuple(map(self._store_result, made))

    def task_failed(
        self, task: Task, inputs: Sequence[Any], site: str, error: Exception, target: int | None
    ) -> None:
        """A graph's task has raised: the error says which, and sf.debug() can call it again.

        site: where the computation was asked for. target: bytes of what it fills a part of.
        """
        note = note_of_task(task, site, inputs)
        pickled = PickledError(pack_local_error(error), note)
        self.failed = failed_task(task, inputs, note, pickled.error, target)
        error.add_note(str(note))

    def forget_failed(self) -> None:
        """Let go of what the newest task that failed has read."""
        self.failed = None

    def _values(
        self, arguments: Arguments, options: TaskOptions
    ) -> tuple[list[Any], dict[str, Any]]:
        values = [ref.value(writable=options.writable) for ref in arguments.inputs]
        if arguments.packed:
            return unpack_arguments(arguments.args, values)
        if arguments.places is not None:
            return place_inputs(arguments.args, values, arguments.places), {}
        return [*values, *arguments.args], {}

    def _store_result(self, value: Any) -> ObjectRef:
        try:
            return self.put(value)
        except Exception as error:
            return self._failure_of(error)

    def _failure_of(self, error: BaseException) -> ObjectRef:
        return ObjectRef(self.home.next_id(), Failure(error), self.home)

    def _stream(self, values: Any) -> ObjectRef:
        """A handle that keeps the handles of all values; what raised stands behind the last."""
        made = []
        try:
            for value in values:
                made.append(self._store_result(value))
        except Exception as error:
            made.append(self._failure_of(error))
        whole = self.put(len(made))
        whole.keep = tuple(made)
        return whole

    def item(self, generator: ObjectRef, place: int) -> ObjectRef:
        """The handle of a generator's value at that place."""
        if place < len(generator.keep):
            return generator.keep[place]  # type: ignore[no-any-return]
        return self._failure_of(
            GeneratorExhausted(f"the generator yielded {len(generator.keep)} values")
        )

    def create_actor(
        self,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        place: Place | None,
        actor_options: ActorOptions,
    ) -> ObjectRef:
        """Make an actor; the handle that keeps it alive."""
        self.home.check((*arguments.inputs, *arguments.keep))
        try:
            positional, named = self._values(arguments, options)
            instance = function(*positional, **named)  # type: ignore[operator]
            ref = self.put(None)
        except Exception as error:
            instance = ActorDied(f"its constructor raised {type(error).__name__}: {error}")
            instance.__cause__ = error
            ref = self._failure_of(instance)
        self._actors[ref.id] = instance
        if actor_options.name is not None:
            self._names[actor_options.name] = ref, actor_options.methods
        return ref

    def _method(self, actor: int, name: str) -> Any:
        instance = self._actors.get(actor, ActorDied("the actor has ended"))
        if isinstance(instance, ActorDied):
            raise instance
        return (lambda: True) if name == READY else getattr(instance, name)

    def kill(self, actor: ObjectRef, restart: bool) -> None:
        """End an actor."""
        if actor.id in self._actors:
            self._actors[actor.id] = ActorDied("the actor was killed")

    def cancel(self, ref: ObjectRef, force: bool, recursive: bool) -> None:
        """It has ended already."""

    def named(self, name: str) -> tuple[ObjectRef, Any]:
        """The actor of that name. Raises: ActorNotFound."""
        if name not in self._names:
            raise ActorNotFound.among(name, self._names)
        return self._names[name]
