"""inspect_serializability: which part of a function or value cannot be pickled, and why."""

from __future__ import annotations

import inspect
import pickletools
from collections.abc import Iterator
from typing import Any, NamedTuple

from shframe.graph.objects import ref_pickling
from shframe.graph.tasks.function import dumped


class SerializationFailure(NamedTuple):
    """A part that cannot be pickled.

    name: of the variable, attribute or element. parent: the object that contains it. reason: the
    message of pickle.
    """

    obj: Any
    name: str
    parent: Any
    reason: str


def inspect_serializability(
    base_obj: Any, name: str | None = None, depth: int = 3
) -> tuple[bool, list[SerializationFailure]]:
    """Whether a function or value can be sent to a worker, and the innermost parts that cannot.

    Looks into what functions capture, attributes of objects and elements of containers, `depth`
    levels deep.

    Examples
    --------
    >>> import threading, shframe as sf
    >>> lock = threading.Lock()
    >>> def work(n):
    ...     with lock:
    ...         return n
    >>> fine, failures = sf.inspect_serializability(work)
    >>> fine, [failure.name for failure in failures]
    (False, ['lock'])
    """
    reason = _reason(base_obj)
    if reason is None:
        return True, []
    found: dict[int, SerializationFailure] = {}
    shown = name or getattr(base_obj, "__name__", None) or type(base_obj).__name__
    first = SerializationFailure(base_obj, shown, None, reason)
    stack = [(first, depth)]
    seen = {id(base_obj)}
    while stack:
        failure, left = stack.pop()
        inner = [
            SerializationFailure(part, label, failure.obj, why)
            for label, part in (_parts(failure.obj) if left else ())
            if (why := _reason(part)) is not None
        ]
        if not inner:
            found.setdefault(id(failure.obj), failure)
        new = [one for one in inner if id(one.obj) not in seen]
        seen.update(id(one.obj) for one in new)
        stack.extend((one, left - 1) for one in reversed(new))
    return False, [*found.values()]


def _reason(value: Any) -> str | None:
    """Why a value cannot be pickled, or a worker could not load it; None: it can."""
    try:
        with ref_pickling.noting():
            payload = dumped(value)
    except Exception as error:
        return str(error) or type(error).__name__
    name = next(_names_in_main(payload), None)
    return name and f"it is pickled as the name {name!r} in __main__, which a worker does not have"


def _names_in_main(payload: bytes) -> Iterator[str]:
    """The names that a pickle looks up in the script or notebook."""
    memo: list[Any] = []
    strings: list[Any] = [None, None]  # the last two on the stack; None: not a string
    for operation, argument, _ in pickletools.genops(payload):
        if operation.name == "MEMOIZE":
            memo.append(strings[-1])
        elif operation.name == "STACK_GLOBAL":
            if strings[-2] == "__main__":
                yield str(strings[-1])
            strings.append(None)
        else:
            read = operation.name in ("BINGET", "LONG_BINGET")
            strings.append(memo[int(argument or 0)] if read else argument)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a value, with their names."""
    if inspect.isfunction(value):
        captured = inspect.getclosurevars(value)
        yield from {**captured.nonlocals, **captured.globals}.items()
        defaults = (value.__defaults__ or ()), (value.__kwdefaults__ or {})
        yield from ((f"default {n}", one) for n, one in enumerate(defaults[0]))
        yield from defaults[1].items()
    elif inspect.ismethod(value):
        yield "__self__", value.__self__
        yield value.__func__.__name__, value.__func__
    elif isinstance(value, dict):
        yield from ((repr(key), one) for key, one in value.items())
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from ((f"[{n}]", one) for n, one in enumerate(value))
    elif inspect.isclass(value):
        yield from ((n, one) for n, one in vars(value).items() if inspect.isfunction(one))
    else:
        yield from getattr(value, "__dict__", {}).items()
