"""Runs tasks in a worker: reads inputs in place, calls the function, stores the result."""

from __future__ import annotations

import functools
import inspect
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, Protocol

from shframe.graph.errors import TaskFailed
from shframe.graph.failures.error_pickling import pack_error
from shframe.graph.objects import ref_pickling
from shframe.graph.tasks import result_buffer
from shframe.graph.tasks.function import Function
from shframe.graph.tracing import copies
from shframe.graph.wire.call_format import FILLS, PLAIN, How, Wired, place_inputs, unpack_arguments
from shframe.graph.wire.work import Assigned, Raised, Result
from shframe.graph.worker.driver_link import DriverLink
from shframe.store.codec import codec
from shframe.store.errors import StoreFull
from shframe.store.ref import INLINE, Ref

_NO_NAMES: dict[str, Any] = {}


class Acting(Protocol):
    """The actor of a worker (actor.Actor)."""

    instance: Any

    def make(self, kind: type, *args: Any, **kwargs: Any) -> None:
        """Call the constructor."""

    def method(self, name: str) -> Any:
        """The instance's method, to be called in this thread."""

    def takes(self, assigned: Assigned) -> bool:
        """Run the call beside others; False: it is the main thread's."""

    def give_up(self, numbers: Iterable[int]) -> None:
        """End cancelled calls."""


class TaskRunner:
    """Runs the tasks of one worker.

    running: the number of the task that the main thread runs, 0: none.
    calling: whether the main thread is in a function of the user's, or of a plan.
    new_actor: makes the actor with that width. stream: sends the values of a task's generator,
    at most so many ahead of its reader; how many there were.
    """

    new_actor: Callable[[int], Acting]
    stream: Callable[[int, Iterable[Any], int], int]

    def __init__(self, link: DriverLink) -> None:
        self.link = link
        self.queue = link.queue
        self.store = link.store
        self.pid = os.getpid()
        self.functions: dict[bytes, Any] = {}
        self.actor: Acting | None = None
        self.running = 0
        self.calling = False
        self._assigned: Assigned | None = None  # the task that runs, and how it is called
        self._task: ContextVar[int] = ContextVar("task", default=0)

    # --- which task ---------------------------------------------------------------------

    @property
    def task(self) -> int:
        """The number of the task that runs in this thread, or in this process."""
        return self._task.get() or self.running

    def set_task(self, number: int) -> None:
        """Say which task runs in this context, where it is not the main thread's."""
        self._task.set(number)

    def describe_task(self) -> tuple[int, str]:
        """The task that runs in this thread and its name, for its output."""
        number, actor = self.task, self.actor
        kind = "" if actor is None or actor.instance is None else type(actor.instance).__name__
        if number != self.running or self._assigned is None:
            return number, kind
        _, digest, _, _, how = self._assigned
        if type(how) is tuple and How(*how).method:
            return number, f"{kind}.{How(*how).method}" if kind else ""
        function = self.functions.get(digest)
        if isinstance(function, Function):
            return number, function.label
        return number, str(getattr(function, "__name__", type(function).__name__))

    # --- running ------------------------------------------------------------------------

    def run_next(self) -> None:
        """Run the next task: alone, or on top of one that waits."""
        queue, link, ledger = self.queue, self.link, self.store.ledger
        assigned = queue.waiting.popleft()
        number, digest, inputs, args, how = assigned
        queue.on_top.discard(number)
        if inputs and int in map(type, inputs):
            here = queue.resolve(inputs)
            if here is None:  # what it follows has failed, or was given back
                queue.recalled.append(number)
                return
            assigned = (number, digest, here, args, how)
        if type(how) is tuple and self.actor is not None and self.actor.takes(assigned):
            return
        if not link.results:
            link.flushed = time.monotonic()
        before = self.running, self._assigned
        self.running, self._assigned = number, assigned
        ledger.note(number + 1)  # the driver reads it if this process ends here
        result = self.run(assigned)
        if os.getpid() != self.pid:  # the task has forked, and its child has come to its end
            _end_child(result)
        link.capture.end_task()
        self.running, self._assigned = before
        ledger.note(self.running + 1 if self.running else 0)
        _, held, *_ = result
        if queue.readers:
            queue.keep_result(number, held)
        with link.sending:
            link.results.append(result)
        if type(held) is Ref and held.segment != INLINE:
            link.report()  # what is sealed must not be lost with a task that ends this process

    def run(self, assigned: Assigned, call: Any = None) -> tuple[Any, ...]:
        """Run a task in this thread, `call` in place of what it names; its Result."""
        number, digest, inputs, args, how = assigned
        others: Any = ()
        start = time.monotonic()
        try:
            if how == PLAIN:
                held, inside = self.store_value(self._call_plain(digest, inputs, args))
            elif how == FILLS:
                with result_buffer.open_window(self.queue.targets.pop(number)):
                    held, inside = self.store_value(self._call_plain(digest, inputs, args))
            else:
                held, inside, others = self._call(number, digest, inputs, args, How(*how), call)
        except BaseException as raised:
            error, needed = _pack_error(raised), self._bytes_needed(raised)
            self.link.failed = self.link.failed or self.store.in_use > 0
            return Result(number, None, start, time.monotonic(), error, needed)
        read = sum(one.nbytes for one in inputs if type(one) is Ref) if inputs else 0
        copied = copies.taken()
        if read or copied or inside or others:
            end = time.monotonic()
            return Result(number, held, start, end, None, 0, read, copied, inside, others)
        return number, held, start, time.monotonic()

    def _call_plain(self, digest: bytes, inputs: tuple[Wired, ...], args: Any) -> Any:
        """Call a function with its inputs and then its own arguments."""
        values = map(self._read, inputs) if inputs else ()
        return self.call_users(self.functions[digest], (*values, *args), _NO_NAMES)

    def call_users(self, function: Any, positional: Iterable[Any], named: dict[str, Any]) -> Any:
        """Call what may be interrupted (interrupts.py); what is done around it may not."""
        before, self.calling = self.calling, True
        try:
            return function(*positional, **named)
        finally:
            self.calling = before

    def _call(
        self,
        number: int,
        digest: bytes,
        inputs: tuple[Wired, ...],
        args: Any,
        how: How,
        call: Any,
    ) -> tuple[Wired, tuple[int, ...], tuple[Any, ...]]:
        """A call that is not PLAIN: its value, the handles in it, and further values."""
        function = self._function(digest, how) if call is None else call
        positional, named = self.arguments(inputs, args, how)
        made = self.call_users(function, positional, named)
        del positional, named
        return self._store_results(number, made, how)

    def _function(self, digest: bytes, how: How) -> Any:
        if not how.method:
            return self.functions[digest]
        if how.method == "__init__":
            self.actor = self.new_actor(how.width)
            return functools.partial(self.actor.make, self.functions[digest])
        assert self.actor is not None, "its constructor is called first"
        return self.actor.method(how.method)

    # --- arguments ----------------------------------------------------------------------

    def _read(self, wired: Wired) -> Any:
        """The value of an input, read in place."""
        return pickle.loads(wired) if type(wired) is bytes else self.store.get(wired)

    def _read_writable(self, wired: Wired) -> Any:
        return pickle.loads(wired) if type(wired) is bytes else self.store.get_writable(wired)

    def arguments(
        self, inputs: tuple[Wired, ...], args: Any, how: How
    ) -> tuple[list[Any], dict[str, Any]]:
        """The positional arguments and those by name."""
        values = [*map(self._read_writable if how.writable else self._read, inputs)]
        if how.packed:
            return unpack_arguments(args, values)
        return (place_inputs(args, values, how.places) if how.places else [*values, *args]), {}

    # --- results ------------------------------------------------------------------------

    def _store_results(self, number: int, made: Any, how: How) -> tuple[Any, tuple[int, ...], Any]:
        """What a call returns: one value, several, or those of a generator one by one."""
        if how.returns == 1:
            return (*self.store_value(made), ())
        if how.returns < 0:
            count = self.stream(number, self._values_of(made), how.ahead)
            if inspect.isgenerator(made):  # it may stand at a yield
                self.call_users(made.close, (), _NO_NAMES)
            return (*self.store_value(count), ())
        if how.returns == 0:
            return (*self.store_value(None), ())
        values = tuple(made)
        if len(values) != how.returns:
            raise ValueError(
                f"the task returned {len(values)} values, expected num_returns={how.returns}"
            )
        first, *others = [self.store_value(value) for value in values]
        return (*first, tuple(others))

    def _values_of(self, generator: Iterable[Any]) -> Iterator[Any]:
        """Values of a generator, which may be interrupted while it makes the next one."""
        values, end = iter(generator), object()
        while (value := self.call_users(next, (values, end), _NO_NAMES)) is not end:
            yield value
            del value

    def store_value(self, value: Any) -> tuple[Wired, tuple[int, ...]]:
        """A value pickled if it is small, else stored; and the handles in it."""
        if type(value) in codec.ATOMS:
            recipe = codec.atom(value)
            if len(recipe) < codec.INLINE_LIMIT:
                return recipe, ()
        with ref_pickling.noting() as inside:
            ref = self.store.put(value)
        if ref.segment == INLINE and ref.kind == "pickle" and not ref.spans:
            return ref.header, tuple(one.id for one in inside)
        return ref, tuple(one.id for one in inside)

    def _bytes_needed(self, error: BaseException) -> int:
        """What an empty store would have had room for; 0 for any other error."""
        if isinstance(error, StoreFull) and error.needed <= self.store.budget:
            return error.needed
        return 0

    # --- functions ----------------------------------------------------------------------

    def load_function(self, digest: bytes, payload: bytes) -> None:
        """Unpickle a function; where that fails, each call of it raises why."""
        try:
            call, shared = pickle.loads(payload)
        except Exception as error:
            self.functions[digest] = _Unloadable(error)
        else:
            self.functions[digest] = Function(call, **shared) if shared else call


class _Unloadable:
    """Stands for a function that could not be unpickled here: raises why when called."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise self.error


def _pack_error(error: BaseException) -> Raised:
    """What a task raised, pickled: whatever its own code does, the worker goes on."""
    try:
        return pack_error(error)
    except BaseException as failed:
        return pack_error(
            TaskFailed(
                f"a task raised {type(error).__name__}, which cannot be pickled:"
                f" its code raised {type(failed).__name__}"
            )
        )


def _end_child(result: tuple[Any, ...]) -> None:
    """End a process that is no worker: its parent says what became of the task."""
    error = Result(*result).error
    if error is not None:
        sys.stderr.write(error.text)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if error is None else 1)
