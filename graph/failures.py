"""What a task raised, as the user meets it: its own type, with the task's name and its own frames."""

from __future__ import annotations

import pickle
from functools import cache
from typing import TYPE_CHECKING, Any

from shframe.graph.errors import RemoteTraceback, TaskFailed
from shframe.store.errors import ShframeError

if TYPE_CHECKING:
    from shframe.graph.call import Call


def told(error: BaseException, call: Call) -> BaseException:
    """The error of a call: of its own type and a TaskFailed as well, where Python allows that."""
    del call
    if isinstance(error, ShframeError) or not isinstance(error, Exception):
        return error
    try:
        return _both(error)
    except Exception:  # a type that cannot be inherited from, or made again
        return error


def _both(error: Exception) -> BaseException:
    kind = type(error)
    reduced = error.__reduce__()
    made: Any = _both_type(kind).__new__(_both_type(kind), *error.args)
    BaseException.__init__(made, *error.args)
    if len(reduced) > 2 and isinstance(reduced[2], dict):
        made.__dict__.update(reduced[2])
    made.__dict__["error"] = error
    made.__cause__ = error.__cause__
    if str(made) != str(error):
        raise TypeError(f"{kind.__name__} does not say the same of what it is made of")
    return made  # type: ignore[no-any-return]


@cache
def _both_type(kind: type[Exception]) -> type:
    name = f"TaskFailed({kind.__name__})"
    return type(name, (_Told, kind), {"__module__": kind.__module__, "__qualname__": name})


class _Told(TaskFailed):
    """A TaskFailed that is a user's exception too: `error` is that by itself."""

    error: Exception

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.error,)

    def __str__(self) -> str:
        return str(self.error)


def _again(error: Exception) -> BaseException:
    try:
        return _both(error)
    except Exception:
        return error


def packed(error: BaseException) -> bytes:
    """The error and its traceback's text, as a worker sends and gets it."""
    import cloudpickle

    text = str(error.__cause__.text) if isinstance(error.__cause__, RemoteTraceback) else ""
    try:
        return bytes(cloudpickle.dumps((error, text), protocol=5))
    except Exception:
        return pickle.dumps((TaskFailed(f"{type(error).__name__}: {error!s:.500}"), text))
