"""remote: functions and classes that run in the workers, called one by one."""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from shframe import session
from shframe.argument_checks import check_seconds, check_text, checked_whole
from shframe.errors import InvalidArgument
from shframe.graph.errors import ActorNotFound
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.actor_options import ActorOptions
from shframe.graph.tasks.arguments import DEFAULT_OPTIONS, TaskOptions, arguments_of
from shframe.graph.tasks.function import Function
from shframe.graph.tracing.call_site import user_place
from shframe.graph.wire.call_format import READY, STREAM
from shframe.tasks.coroutines import called
from shframe.tasks.generator import ObjectRefGenerator

ASYNC_WIDTH = 1000  # calls of an actor with coroutine methods that run at once

# What a task may be told, by the names that Ray's users know, and what of a call it sets.
_TASK = {
    "num_returns": "returns",
    "max_retries": "retries",
    "retry_exceptions": "retry_exceptions",
    "backoff": "backoff",
    "timeout": "timeout",
    "priority": "priority",
    "speculative": "speculative",
    "memory": "memory",
    "writable": "writable",
    "ahead": "ahead",
    "_generator_backpressure_num_objects": "ahead",
    "name": "name",
}
_ACTOR = (
    "max_concurrency",
    "max_restarts",
    "max_task_retries",
    "name",
    "lifetime",
    "get_if_exists",
    "memory",
)
# Known to Ray and of no effect here: a task takes one worker, an actor a process of its own.
_IGNORED = ("num_cpus", "num_gpus", "resources", "scheduling_strategy", "namespace", "max_calls")


def remote(*given: Any, **options: Any) -> Any:
    """Make a function run in the workers (`f.remote(...)`), or a class an actor there.

    `@remote` by itself, or with options. For functions: num_returns (a number, or "streaming" for
    a generator, which is what a generator function has by itself), max_retries (3: after a worker's
    death), retry_exceptions (True, or a list of types), backoff (seconds before it is tried again,
    doubled each time), timeout (seconds), priority (more is sooner), speculative (a late one is
    doubled), memory (bytes that it needs), writable (its inputs are its own to write into), ahead
    (values that a generator makes before they are taken), name. For classes: max_concurrency,
    max_restarts (-1: always), max_task_retries, name, lifetime="detached", get_if_exists.

    The function is taken with all that it captures at its first call.

    Raises: InvalidArgument for an option that does not exist or a value that it cannot have.
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
        return functools.partial(_made, options=options)
    if len(given) > 1 or options or not callable(given[0]):
        raise InvalidArgument(
            "remote() decorates one function or class, or takes options by name\n"
            "  write @remote, or @remote(num_returns=2)"
        )
    return _made(given[0], {})


def _made(what: Any, options: Mapping[str, Any]) -> Any:
    if isinstance(what, (RemoteFunction, ActorClass)):
        raise InvalidArgument(f"{what!r} is remote already")
    if inspect.isclass(what):
        return ActorClass(what, options)
    if not callable(what):
        raise InvalidArgument(f"remote() takes a function or class, found {type(what).__name__}")
    return RemoteFunction(what, _terms(options, what))


def method(**options: Any) -> Callable[[Any], Any]:
    """Say how a method of an actor is called: num_returns, timeout and the like.

    Examples
    --------
    >>> import shframe as sf
    >>> @sf.remote
    ... class Pair:
    ...     @sf.method(num_returns=2)
    ...     def both(self):
    ...         return 1, 2
    """
    terms = _terms(options, None)

    def marked(function: Any) -> Any:
        function.__shframe_terms__ = terms
        return function

    return marked


class RemoteFunction:
    """A function that runs in the workers. `f.function` is the plain one."""

    def __init__(
        self, function: Callable[..., Any], terms: TaskOptions, code: Function | None = None
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._terms = terms
        self._code = code if code is not None else Function(called(function))

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        """Start a task; its handle, a list of them, or a generator of them, at once.

        Raises: NotPicklable: names the variable or argument that cannot travel.
        """
        executor = session.executor(workers=True)
        arguments = arguments_of(args, kwargs, executor.put)
        refs = executor.call(self._code, arguments, self._terms, user_place())
        return refs[0] if self._terms is DEFAULT_OPTIONS else _given(refs, self._terms)

    def options(self, **options: Any) -> RemoteFunction:
        """The same function with other options (see `remote`)."""
        return RemoteFunction(self.function, _terms(options, None, self._terms), self._code)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = self._code.name
        raise TypeError(
            f"{name} is remote: call {name}.remote(...), or {name}.function(...) to run it here"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteFunction, (self.function, self._terms)

    def __repr__(self) -> str:
        return f"RemoteFunction({self._code.name})"


def _given(refs: tuple[ObjectRef, ...], terms: TaskOptions) -> Any:
    if terms.returns == STREAM:
        return ObjectRefGenerator(refs[0], refs[1] if len(refs) > 1 else None)
    if terms.returns == 0:
        return None
    return refs[0] if terms.returns == 1 else list(refs)


# --- actors -----------------------------------------------------------------------------


class ActorClass:
    """A class whose instances live in processes of their own."""

    def __init__(
        self, kind: type, options: Mapping[str, Any], code: Function | None = None
    ) -> None:
        self.kind = kind
        self._options = {**_checked_actor(options)}
        self._code = code if code is not None else Function(kind)
        self.__name__ = kind.__name__
        self.__doc__ = kind.__doc__

    def remote(self, *args: Any, **kwargs: Any) -> ActorHandle:
        """Start an actor; its handle, at once. It ends with its last handle.

        Raises: NotPicklable: names what cannot travel.
        """
        asked = self._options
        executor = session.executor(workers=True)
        if asked.get("get_if_exists") and asked.get("name"):
            with contextlib.suppress(ActorNotFound):
                return get_actor(asked["name"])
        methods = _methods(self.kind)
        is_async = any(one.coroutine for one in methods.values())
        width = asked.get("max_concurrency") or (ASYNC_WIDTH if is_async else 1)
        described = self.kind.__name__, methods, asked.get("max_task_retries", 0)
        job = ActorOptions(
            asked.get("name"),
            asked.get("lifetime") == "detached",
            width,
            asked.get("max_restarts", 0),
            described,
        )
        arguments = arguments_of(args, kwargs, executor.put)
        ref = executor.create_actor(self._code, arguments, DEFAULT_OPTIONS, user_place(), job)
        return ActorHandle(ref, *described)

    def options(self, **options: Any) -> ActorClass:
        """The same class with other options (see `remote`)."""
        return ActorClass(self.kind, {**self._options, **options}, self._code)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = self.kind.__name__
        raise TypeError(f"{name} is an actor: call {name}.remote(...)")

    def __reduce__(self) -> tuple[Any, ...]:
        return ActorClass, (self.kind, self._options)

    def __repr__(self) -> str:
        return f"ActorClass({self.kind.__name__})"


class Method(NamedTuple):
    """What a handle knows of a method."""

    terms: TaskOptions
    coroutine: bool


def _methods(kind: type) -> dict[str, Method]:
    found = {}
    for name, one in inspect.getmembers(kind, callable):
        if name.startswith("__") and name != "__call__":
            continue
        terms = getattr(one, "__shframe_terms__", None) or _terms({}, one)
        coroutine = inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one)
        found[name] = Method(terms, coroutine)
    return found


class ActorHandle:
    """A handle on an actor: `handle.method.remote(...)`. It travels in arguments and values."""

    def __init__(
        self, ref: ObjectRef, name: str, methods: dict[str, Method], retries: int = 0
    ) -> None:
        self._ref = ref
        self._name = name
        self._methods = methods
        self._retries = retries

    def __getattr__(self, name: str) -> ActorMethod:
        if name == "__ray_terminate__":
            return Terminating(self, READY, DEFAULT_OPTIONS)
        if name == READY:
            return ActorMethod(self, name, DEFAULT_OPTIONS)
        methods = self.__dict__.get("_methods", {})  # it may be half made
        if name not in methods:
            near = difflib.get_close_matches(name, methods, n=1)
            hint = f"\n  did you mean {near[0]!r}?" if near else ""
            raise AttributeError(
                f"the actor {self.__dict__.get('_name')} has no method {name!r}{hint}"
            )
        terms = replace(methods[name].terms, retries=self._retries)
        made = ActorMethod(self, name, terms)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return ActorHandle, (self._ref, self._name, self._methods, self._retries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActorHandle) and other._ref == self._ref

    def __hash__(self) -> int:
        return hash(self._ref)

    def __repr__(self) -> str:
        return f"ActorHandle({self._name}, {self._ref.id:x})"


class ActorMethod:
    """One method of an actor."""

    __slots__ = ("_handle", "_name", "_terms")

    def __init__(self, handle: ActorHandle, name: str, terms: TaskOptions) -> None:
        self._handle = handle
        self._name = name
        self._terms = terms

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        """Call it after the calls before; its handle, at once.

        Raises: NotPicklable: names the argument that cannot travel.
        """
        executor = session.executor(workers=True)
        ref = self._handle._ref
        arguments = arguments_of(args, kwargs, executor.put)
        arguments = arguments._replace(keep=(*arguments.keep, ref))
        code = Named(self._handle._name, self._name)
        refs = executor.call(code, arguments, self._terms, user_place(), self._name, ref.id)
        return _given(refs, self._terms)

    def options(self, **options: Any) -> ActorMethod:
        """The same method with other options (see `remote`)."""
        return ActorMethod(self._handle, self._name, _terms(options, None, self._terms))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{self._name} belongs to an actor: call {self._name}.remote(...)")


class Terminating(ActorMethod):
    """Ends an actor after the calls before, as Ray's programs ask for it."""

    __slots__ = ()

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        """End the actor when it comes to this call; the call's handle, at once."""
        ref = super().remote(*args, **kwargs)
        ref.add_done_callback(lambda _: kill(self._handle))
        return ref


class Named:
    """What a call of a method has in place of a function: the actor has it already."""

    digest = b"method"
    payload = b"\x80\x05N\x85\x94}\x94\x86\x94."  # ((None,), {}), which nobody calls

    def __init__(self, actor: str, name: str) -> None:
        self.name = f"{actor}.{name}"


def get_actor(name: str) -> ActorHandle:
    """The handle of the actor of that name.

    Raises: ActorNotFound, a ValueError too, which names those that there are.
    """
    ref, described = session.executor().named(name)
    return ActorHandle(ref, *described)


def kill(actor: ActorHandle, *, no_restart: bool = True) -> None:
    """End an actor now; what was asked of it fails with ActorDied.

    no_restart: False has it made anew, as far as its max_restarts allow.
    """
    if not isinstance(actor, ActorHandle):
        raise InvalidArgument(
            f"kill() takes the handle of an actor, found {type(actor).__name__}\n"
            "  cancel() gives up the task of an ObjectRef"
        )
    session.executor().kill(actor._ref, not no_restart)


def cancel(
    ref: ObjectRef | ObjectRefGenerator, *, force: bool = False, recursive: bool = True
) -> None:
    """Give the task of a handle up; get() raises Cancelled. One that has ended keeps its value.

    In a task that runs already KeyboardInterrupt is raised; when that has not ended it after 0.3 s
    its worker is killed, and what that has sealed lives on. force: it is killed at once. A
    coroutine of an actor is cancelled; a method on an actor's thread that has begun goes on.
    recursive: the tasks that it has called, too.
    """
    if isinstance(ref, ObjectRefGenerator):
        ref = ref.completed()
    if not isinstance(ref, ObjectRef):
        raise InvalidArgument(f"cancel() takes an ObjectRef, found {type(ref).__name__}")
    session.executor().cancel(ref, force, recursive)


# --- options ----------------------------------------------------------------------------


def _terms(
    options: Mapping[str, Any], function: Any, base: TaskOptions = DEFAULT_OPTIONS
) -> TaskOptions:
    """Options as a call has them; a generator function streams by itself."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        if name in _IGNORED:
            continue
        if name not in _TASK:
            raise InvalidArgument(f"no option {name!r} of a task; there are {', '.join(_TASK)}")
        found[_TASK[name]] = _checked(name, value)
    if "returns" not in found and function is not None and _generates(function):
        found["returns"] = STREAM
    return replace(base, **found) if found else base


def _generates(function: Any) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _checked(name: str, value: Any) -> Any:
    if name == "num_returns" and value in ("streaming", "dynamic"):
        return STREAM
    if name == "retry_exceptions":
        return value if isinstance(value, bool) else _types(value)
    if name == "memory":
        from shframe.store.limits.budget import parse_bytes

        return parse_bytes(value)
    if name == "timeout":
        check_seconds(name, value, above=True)
    if name == "max_retries" and value == -1:
        return 1 << 30
    if name in ("num_returns", "max_retries", "ahead", "_generator_backpressure_num_objects"):
        return checked_whole(name, value, 0)
    if name == "backoff":
        check_seconds(name, value, none=False)
    if name == "name":
        check_text(name, value)
    if name == "priority" and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidArgument(f"priority={value!r}: a whole number is needed; more is sooner")
    return value


def _types(value: Any) -> tuple[type[BaseException], ...]:
    types = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if not all(inspect.isclass(one) and issubclass(one, BaseException) for one in types):
        raise InvalidArgument(f"retry_exceptions={value!r}: True or types of exceptions are needed")
    return types


def _checked_actor(options: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in options.items():
        if name in _IGNORED:
            continue
        if name not in _ACTOR:
            raise InvalidArgument(f"no option {name!r} of an actor; there are {', '.join(_ACTOR)}")
        if name in ("max_concurrency", "max_restarts", "max_task_retries"):
            value = checked_whole(name, value, 1 if name == "max_concurrency" else -1)
        if name == "name":
            check_text(name, value)
        if name == "lifetime" and value not in (None, "detached"):
            raise InvalidArgument(f'lifetime={value!r}: None or "detached" are known')
        found[name] = value
    return found
