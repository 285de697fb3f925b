"""PickledFunctions: functions that are called again and again, pickled no more often than needed.

A function that has a name in its module is pickled once, with what it captures then: a pool of the
standard library would not see later changes of globals either. What a lambda or an inner function
captures may have changed since the last call, so it is pickled at each call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from shframe.compat.initializers import Initializer
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.function import Function

MOST = 128  # functions that are remembered


class PickledFunctions:
    """The functions of one pool. An initializer, if there is one, is called before them."""

    def __init__(self, first: Initializer | None = None) -> None:
        self._first = first
        self._known: dict[tuple[Any, bool], Function] = {}

    def code_for(
        self, call: Callable[..., Any], args: tuple[Any, ...], put: Callable[[Any], ObjectRef]
    ) -> tuple[Function, tuple[Any, ...]]:
        """The function and the arguments of the task for `call(*args)`.

        Raises: NotPicklable: names what cannot be pickled.
        """
        chunked = isinstance(call, _OfChunk)
        one = call.call if isinstance(call, _OfChunk) else call
        if not callable(one):
            raise TypeError(f"expected a callable, got {type(one).__name__}")
        code = self._code(one, chunked)
        if self._first is None:
            return code, args
        return code, (*self._first.handles(put), *args)

    @property
    def inputs(self) -> int:
        """How many inputs each call has for the initializer."""
        return 0 if self._first is None else self._first.inputs

    @staticmethod
    def of_chunk(call: Callable[..., Any]) -> Callable[..., Any]:
        """A function that takes a list of argument tuples and returns a list of results."""
        return _OfChunk(call)

    def _code(self, call: Callable[..., Any], chunked: bool) -> Function:
        if not _has_a_name(call):
            code = self._new_code(call, chunked)
            _ = code.digest  # pickles it now
            return code
        known = self._known.get((call, chunked))
        if known is None:
            if len(self._known) >= MOST:
                self._known.clear()
            known = self._known[call, chunked] = self._new_code(call, chunked)
        return known

    def _new_code(self, call: Callable[..., Any], chunked: bool) -> Function:
        function = Function(_each, one=call) if chunked else Function(call)
        return function if self._first is None else self._first.before(function)


class _OfChunk:
    """Marks a function that is called with chunks."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __call__(self, chunk: list[tuple[Any, ...]]) -> list[Any]:
        return _each(chunk, one=self.call)


def _each(chunk: list[tuple[Any, ...]], *, one: Callable[..., Any]) -> list[Any]:
    """Called in a worker: the results of one chunk."""
    return [one(*args) for args in chunk]


def _has_a_name(call: Any) -> bool:
    """Whether the function, or class, is what its module has under its name."""
    found: Any = sys.modules.get(getattr(call, "__module__", None) or "")
    for part in getattr(call, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    return found is call
