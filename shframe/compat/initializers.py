"""Initializer: a function that is called once in each worker before the first task of a pool."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.arguments import plain
from shframe.graph.tasks.function import Function

_numbers: Iterator[int] = itertools.count()
# In a worker: the globals that each initializer which has run here has set in its module.
_globals_set: dict[str, dict[str, Any]] = {}


class Initializer:
    """An initializer and its arguments; `before` makes functions call it.

    Arguments that are not plain values are stored once: a worker reads them in place.
    """

    def __init__(self, call: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.call = call
        self.args = args
        self.token = f"{os.getpid()}-{next(_numbers)}"
        self.inputs = int(not plain(args))
        self._stored: tuple[ObjectRef, ...] | None = None

    def before(self, function: Function) -> Function:
        """The function, preceded by the initializer; its first arguments are `handles(put)`."""
        args = None if self.inputs else self.args
        return Function(
            _call_initialized, token=self.token, first=self.call, args=args, function=function
        )

    def handles(self, put: Callable[[Any], ObjectRef]) -> tuple[ObjectRef, ...]:
        """The handle of the arguments, if they are stored."""
        if self._stored is None:
            self._stored = (put(self.args),) if self.inputs else ()
        return self._stored


def _call_initialized(
    *values: Any,
    token: str,
    first: Callable[..., object],
    args: tuple[Any, ...] | None,
    function: Function,
    **named: Any,
) -> Any:
    """Called in a worker. args: None: they are the first of the values."""
    if args is None:
        args, *values = values  # type: ignore[assignment]
    if token not in _globals_set:
        _globals_set[token] = {}  # first: while it waits another task of the pool may run here
        try:
            _globals_set[token] = _run(first, args)
        except BaseException:
            del _globals_set[token]
            raise
    if _globals_set[token] and not hasattr(function, "sees_initializer"):
        _copy_globals(_globals_set[token], first, function)
        function.sees_initializer = True  # type: ignore[attr-defined]
    return function.call(*values, **function.shared, **named)


def _run(first: Callable[..., object], args: tuple[Any, ...]) -> dict[str, Any]:
    """Call the initializer; returns the globals that it has set."""
    names = getattr(first, "__globals__", {})
    before = dict(names)
    first(*args)
    return {n: v for n, v in names.items() if n not in before or before[n] is not v}


def _copy_globals(values: dict[str, Any], first: Callable[..., object], function: Function) -> None:
    """Let a function that was pickled by value see the globals that the initializer has set.

    Functions of `__main__` are sent with copies of the globals that they use, each message with
    its own; in the user's program they share them.
    """
    call = function.shared.get("one", function.call)
    while not hasattr(call, "__globals__") and hasattr(call, "func"):
        call = call.func  # a functools.partial
    names = getattr(call, "__globals__", None)
    if names is None or names.get("__name__") != getattr(first, "__module__", None):
        return
    module = sys.modules.get(names["__name__"])
    if module is None or vars(module) is not names:
        names.update(values)
