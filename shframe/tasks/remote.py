"""remote and cancel: functions that run in the workers, called one by one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, overload

from shframe import session
from shframe.errors import InvalidArgument
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.arguments import DEFAULT_OPTIONS, TaskOptions, arguments_of
from shframe.graph.tasks.function import Function
from shframe.graph.tracing.call_site import user_place
from shframe.tasks.actors import ActorClass
from shframe.tasks.coroutines import run_to_end
from shframe.tasks.generator import ObjectRefGenerator, wrap_refs
from shframe.tasks.options import task_terms


@overload
def remote(what: type, /) -> ActorClass: ...  # type: ignore[overload-overlap]
@overload
def remote(what: Callable[..., Any], /) -> RemoteFunction: ...
@overload
def remote(**options: Any) -> Callable[[Any], Any]: ...
def remote(*given: Any, **options: Any) -> Any:
    """Make a function run in the workers (`f.remote(...)`), or a class an actor there.

    `@remote` alone, or with options. For functions: num_returns (an integer, or "streaming" for a
    generator, the default of generator functions), max_retries (default 3: after a worker has
    died), retry_exceptions (True, or a list of types), backoff (seconds before a retry, doubled
    each time), timeout (seconds), priority (higher runs first), speculative (start a second copy
    of a task that takes long), memory (bytes that it needs), writable (the task may write into its
    inputs), ahead (values that a generator may produce before they are read), name. For classes:
    max_concurrency, max_restarts (-1: always), max_task_retries, name, lifetime="detached",
    get_if_exists.

    The function is pickled, with all that it captures, at its first call.

    Raises: InvalidArgument for an unknown option or an invalid value.
    Cost: a call takes some microseconds; a large argument is put into the store each time.

    Examples
    --------
    >>> import shframe as sf
    >>> @sf.remote
    ... def double(x):
    ...     return 2 * x
    >>> sf.get([double.remote(n) for n in range(3)])
    [0, 2, 4]
    >>> @sf.remote
    ... class Counter:
    ...     def __init__(self):
    ...         self.n = 0
    ...     def add(self, n):
    ...         self.n += n
    ...         return self.n
    >>> counter = Counter.remote()
    >>> sf.get([counter.add.remote(1), counter.add.remote(2)])
    [1, 3]
    >>> sf.shutdown()
    """
    if not given:
        return functools.partial(_make_remote, options=options)
    if len(given) > 1 or options or not callable(given[0]):
        raise InvalidArgument(
            "remote() decorates one function or class, or takes options by name\n"
            "  write @remote, or @remote(num_returns=2)"
        )
    return _make_remote(given[0], {})


def _make_remote(what: Any, options: Mapping[str, Any]) -> Any:
    if isinstance(what, (RemoteFunction, ActorClass)):
        raise InvalidArgument(f"{what!r} is already remote")
    if inspect.isclass(what):
        return ActorClass(what, options)
    if not callable(what):
        raise InvalidArgument(f"remote() expects a function or class, got {type(what).__name__}")
    return RemoteFunction(what, task_terms(options, what))


class RemoteFunction:
    """A function that runs in the workers. `f.function` is the plain one."""

    def __init__(
        self, function: Callable[..., Any], terms: TaskOptions, code: Function | None = None
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._terms = terms
        self._code = code if code is not None else Function(run_to_end(function))

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        """Start a task; returns its handle, a list of them, or a generator of them, at once.

        Raises: NotPicklable: names the variable or argument that cannot be pickled.
        """
        executor = session.executor(workers=True)
        arguments = arguments_of(args, kwargs, executor.put)
        refs = executor.call(self._code, arguments, self._terms, user_place())
        return refs[0] if self._terms is DEFAULT_OPTIONS else wrap_refs(refs, self._terms)

    def options(self, **options: Any) -> RemoteFunction:
        """The same function with other options (see `remote`)."""
        return RemoteFunction(self.function, task_terms(options, None, self._terms), self._code)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = self._code.name
        raise TypeError(
            f"{name} is remote: call {name}.remote(...), or {name}.function(...) to run it here"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteFunction, (self.function, self._terms)

    def __repr__(self) -> str:
        return f"RemoteFunction({self._code.name})"


def cancel(
    ref: ObjectRef | ObjectRefGenerator, *, force: bool = False, recursive: bool = True
) -> None:
    """Cancel the task of a handle; get() raises Cancelled. A task that has ended keeps its value.

    A running task gets a KeyboardInterrupt; if it has not ended 0.3 s later its worker is killed,
    and objects that the worker has stored are kept. A coroutine of an actor is cancelled; a method
    that an actor's thread has started goes on.
    force: kill the worker at once. recursive: cancel the tasks that it has called, too.
    """
    if isinstance(ref, ObjectRefGenerator):
        ref = ref.completed()
    if not isinstance(ref, ObjectRef):
        raise InvalidArgument(f"cancel() expects an ObjectRef, got {type(ref).__name__}")
    session.executor().cancel(ref, force, recursive)
