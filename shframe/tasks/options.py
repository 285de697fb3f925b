"""Options of tasks and actors: their names, their checks, and what of a call each sets."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from shframe.argument_checks import check_integer, check_seconds, check_string
from shframe.errors import InvalidArgument
from shframe.graph.tasks.arguments import DEFAULT_OPTIONS, TaskOptions
from shframe.graph.wire.call_format import STREAM
from shframe.store.limits.budget import parse_bytes

# Options of a task, by the names that Ray has for them, and the field of TaskOptions of each.
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
    terms = task_terms(options, None)

    def mark(function: Any) -> Any:
        function.__shframe_terms__ = terms
        return function

    return mark


def task_terms(
    options: Mapping[str, Any], function: Any, base: TaskOptions = DEFAULT_OPTIONS
) -> TaskOptions:
    """Options as a call has them; a generator function streams unless told otherwise."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        if name in _IGNORED:
            continue
        if name not in _TASK:
            raise InvalidArgument(f"a task has no option {name!r}, only {', '.join(_TASK)}")
        found[_TASK[name]] = _check_option(name, value)
    if "returns" not in found and function is not None and _is_generator(function):
        found["returns"] = STREAM
    return replace(base, **found) if found else base


def _is_generator(function: Any) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _check_option(name: str, value: Any) -> Any:
    if name == "num_returns" and value in ("streaming", "dynamic"):
        return STREAM
    if name == "retry_exceptions":
        return value if isinstance(value, bool) else _exception_types(value)
    if name == "memory":
        return parse_bytes(value)
    if name == "timeout":
        check_seconds(name, value, above=True)
    if name == "max_retries" and value == -1:
        return 1 << 30
    if name in ("num_returns", "max_retries", "ahead", "_generator_backpressure_num_objects"):
        return check_integer(name, value, 0)
    if name == "backoff":
        check_seconds(name, value, none=False)
    if name == "name":
        check_string(name, value)
    if name == "priority" and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidArgument(f"priority must be an integer (higher runs first), got {value!r}")
    return value


def _exception_types(value: Any) -> tuple[type[BaseException], ...]:
    types = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if not all(inspect.isclass(one) and issubclass(one, BaseException) for one in types):
        raise InvalidArgument(f"retry_exceptions must be True or exception types, got {value!r}")
    return types


def check_actor_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of an actor, without those that have no effect here."""
    found = {}
    for name, value in options.items():
        if name in _IGNORED:
            continue
        if name not in _ACTOR:
            raise InvalidArgument(f"an actor has no option {name!r}, only {', '.join(_ACTOR)}")
        if name in ("max_concurrency", "max_restarts", "max_task_retries"):
            value = check_integer(name, value, 1 if name == "max_concurrency" else -1)
        if name == "name":
            check_string(name, value)
        if name == "lifetime" and value not in (None, "detached"):
            raise InvalidArgument(f'lifetime must be None or "detached", got {value!r}')
        found[name] = value
    return found
