"""The newest task that failed, with all that it takes to call it again in the driver.

It holds handles of the task's inputs, so that they stay in the store until another task fails or
the session ends, and no frame and no value: what the user's variables hold is not kept alive by it.
"""

from __future__ import annotations

import inspect
import os
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shframe.graph.errors import NothingToDebug
from shframe.graph.failures import error_pickling
from shframe.graph.objects import ref_pickling
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks import result_buffer
from shframe.graph.tasks.arguments import Arguments, CallableRef, TaskOptions
from shframe.graph.tasks.function import Function
from shframe.graph.tasks.task import Task
from shframe.graph.wire.call_format import place_inputs, unpack_arguments


@dataclass(slots=True, repr=False)
class FailedTask:
    """A task that failed. `function(*args, **kwargs)` does again what it did, on what it read.

    Values of inputs are views in place, made when they are asked for: nothing is copied.
    task: its name. site: the `file:line` that built it.
    died: whether its worker ended while it ran.
    """

    task: str
    site: str
    died: bool = False
    _code: CallableRef | None = None
    _inputs: Sequence[Any] = ()  # handles, or values of an executor that has them here
    _arguments: Any = ()
    _places: Sequence[int] | None = None
    _packed: bool = False
    _writable: bool = False
    _keep: Sequence[Any] = ()
    _target: int | None = None  # bytes of the final object of which it fills a part
    _home: Any = None
    _error: Callable[[], BaseException] = field(default=RuntimeError)

    @property
    def error(self) -> BaseException:
        """What it raised."""
        return self._error()

    @property
    def function(self) -> Callable[..., Any]:
        """What it calls: the user's function, or the step of a plan that holds it.

        Raises: NothingToDebug: it is a method of an actor, whose instance lives elsewhere.
        """
        code: Any = self._code
        if code is None:
            raise NothingToDebug(
                f"{self.task} is a method of an actor: its instance lives in the actor's process\n"
                "  call the method on an instance made here, or have the actor return its state"
            )
        if not isinstance(code, Function):  # a task sent it
            call, shared = pickle.loads(code.payload)
            code = Function(call, **shared)
        return code if code.shared else code.call  # type: ignore[no-any-return]

    @property
    def args(self) -> tuple[Any, ...]:
        """Its positional arguments."""
        return tuple(self._values()[0])

    @property
    def kwargs(self) -> dict[str, Any]:
        """Its arguments by name."""
        return self._values()[1]

    def _values(self) -> tuple[Sequence[Any], dict[str, Any]]:
        values = [
            one.value(writable=self._writable) if isinstance(one, ObjectRef) else one
            for one in self._inputs
        ]
        if self._packed:
            with ref_pickling.home_is(self._home):
                return unpack_arguments(self._arguments, values)
        if self._places is not None:
            return place_inputs(self._arguments, values, self._places), {}
        return [*values, *self._arguments], {}

    def run(self) -> Any:
        """Call it again here; what it raises is raised."""
        function, (args, kwargs) = self.function, self._values()
        return self.called(function, *args, **kwargs)

    def called(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function as the task would be: a coroutine is awaited, a generator read."""
        if self._target is None:
            return _whole(function(*args, **kwargs))
        fd = os.memfd_create("shframe-debug", os.MFD_CLOEXEC)
        os.ftruncate(fd, self._target)
        with result_buffer.open_window(fd):  # what it fills in vain
            return _whole(function(*args, **kwargs))

    def __repr__(self) -> str:
        return f"FailedTask({self.task}, built at {self.site or 'an unknown line'})"


def _whole(made: Any) -> Any:
    if inspect.iscoroutine(made):
        import asyncio

        return asyncio.run(made)
    if inspect.isgenerator(made):
        return list(made)
    return made


def failed_task(
    task: Task,
    inputs: Sequence[Any],
    note: error_pickling.Note,
    error: Callable[[], BaseException],
    target: int | None,
) -> FailedTask:
    """Of a graph's task. inputs: handles of them, or values. error: makes what it raised."""
    made = FailedTask(task.function.label, ", ".join(note.sites), False, task.function)
    made._inputs, made._arguments, made._target = inputs, task.args, target
    made._error = error
    return made


def failed_here(
    code: CallableRef | None,
    name: str,
    arguments: Arguments,
    options: TaskOptions,
    error: BaseException,
    site: str,
    home: Any,
) -> FailedTask:
    """Of a task that ran in this process. code: None for a method."""
    made = FailedTask(options.name or name, site, False, code)
    made._inputs, made._arguments, made._keep = arguments.inputs, arguments.args, arguments.keep
    made._places, made._packed = arguments.places, arguments.packed
    made._writable, made._home = options.writable, home
    made._error = error_pickling.PickledError(error_pickling.pack_local_error(error)).error
    return made
