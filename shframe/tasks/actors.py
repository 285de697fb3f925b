"""Actors: classes whose instances run in processes of their own, and the handles on them."""

from __future__ import annotations

import contextlib
import difflib
import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from shframe import session
from shframe.errors import InvalidArgument
from shframe.graph.errors import ActorNotFound
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.actor_options import ActorOptions
from shframe.graph.tasks.arguments import DEFAULT_OPTIONS, TaskOptions, arguments_of
from shframe.graph.tasks.function import Function
from shframe.graph.tracing.call_site import user_place
from shframe.graph.wire.call_format import READY
from shframe.tasks.generator import wrap_refs
from shframe.tasks.options import check_actor_options, task_terms

ASYNC_WIDTH = 1000  # calls of an actor with coroutine methods that run at once


class ActorClass:
    """A class whose instances run in processes of their own."""

    def __init__(
        self, kind: type, options: Mapping[str, Any], code: Function | None = None
    ) -> None:
        self.kind = kind
        self._options = check_actor_options(options)
        self._code = code if code is not None else Function(kind)
        self.__name__ = kind.__name__
        self.__doc__ = kind.__doc__

    def remote(self, *args: Any, **kwargs: Any) -> ActorHandle:
        """Start an actor; returns its handle at once. The actor ends with its last handle.

        Raises: NotPicklable: names what cannot be pickled.
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
    """How a method is called."""

    terms: TaskOptions
    coroutine: bool


def _methods(kind: type) -> dict[str, Method]:
    found = {}
    for name, one in inspect.getmembers(kind, callable):
        if name.startswith("__") and name != "__call__":
            continue
        terms = getattr(one, "__shframe_terms__", None) or task_terms({}, one)
        coroutine = inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one)
        found[name] = Method(terms, coroutine)
    return found


class ActorHandle:
    """A handle on an actor: `handle.method.remote(...)`. It can be sent to tasks and returned."""

    def __init__(
        self, ref: ObjectRef, name: str, methods: dict[str, Method], retries: int = 0
    ) -> None:
        self._ref = ref
        self._name = name
        self._methods = methods
        self._retries = retries

    def __getattr__(self, name: str) -> ActorMethod:
        if name == "__ray_terminate__":
            return TerminateMethod(self, READY, DEFAULT_OPTIONS)
        if name == READY:
            return ActorMethod(self, name, DEFAULT_OPTIONS)
        methods = self.__dict__.get("_methods", {})  # empty while it is being unpickled
        if name not in methods:
            near = difflib.get_close_matches(name, methods, n=1)
            hint = f"\n  did you mean {near[0]!r}?" if near else ""
            raise AttributeError(
                f"the actor {self.__dict__.get('_name')} has no method {name!r}{hint}"
            )
        terms = replace(methods[name].terms, retries=self._retries)
        return ActorMethod(self, name, terms)

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
        """Call it after the calls before; returns the handle of the result at once.

        Raises: NotPicklable: names the argument that cannot be pickled.
        """
        executor = session.executor(workers=True)
        ref = self._handle._ref
        arguments = arguments_of(args, kwargs, executor.put)
        arguments = arguments._replace(keep=(*arguments.keep, ref))
        code = MethodCode(self._handle._name, self._name)
        refs = executor.call(code, arguments, self._terms, user_place(), self._name, ref.id)
        return wrap_refs(refs, self._terms)

    def options(self, **options: Any) -> ActorMethod:
        """The same method with other options (see `remote`)."""
        return ActorMethod(self._handle, self._name, task_terms(options, None, self._terms))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{self._name} belongs to an actor: call {self._name}.remote(...)")


class TerminateMethod(ActorMethod):
    """Ends an actor after the calls before, as Ray's programs do it."""

    __slots__ = ()

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        """End the actor when it reaches this call; returns the handle of the call at once."""
        ref = super().remote(*args, **kwargs)
        ref.add_done_callback(lambda _: kill(self._handle))
        return ref


class MethodCode:
    """Stands for the function in the call of a method: the actor has the method already."""

    digest = b"method"
    payload = b"\x80\x05N\x85\x94}\x94\x86\x94."  # ((None,), {}), never called

    def __init__(self, actor: str, name: str) -> None:
        self.name = f"{actor}.{name}"


def get_actor(name: str) -> ActorHandle:
    """The handle of the actor of that name.

    Raises: ActorNotFound (also a ValueError): lists the names that exist.
    """
    ref, described = session.executor().named(name)
    return ActorHandle(ref, *described)


def kill(actor: ActorHandle, *, no_restart: bool = True) -> None:
    """End an actor now; its pending calls fail with ActorDied.

    no_restart: False: restart it, if its max_restarts allows it.
    """
    if not isinstance(actor, ActorHandle):
        raise InvalidArgument(
            f"kill() takes the handle of an actor, got {type(actor).__name__}\n"
            "  cancel() cancels the task of an ObjectRef"
        )
    session.executor().kill(actor._ref, not no_restart)
