"""What still refers to values of this process, in words: variables, frames, tracebacks, cycles.

The search goes up from a value to its referrers, a level at a time, by the garbage collector's
records, until it reaches something that has a name. References from Arrow's C++ side are not found.
"""

from __future__ import annotations

import gc
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from types import FrameType, FunctionType, ModuleType, TracebackType
from typing import Any

_SHOWN = re.compile(r"_+|_\d+")  # IPython's names for results that it has shown
_LEVELS = 12  # how far up the search goes
_CAPTURED = 2  # a value, its cell, the tuple of cells; further up a function means little
_WIDTH = 2000  # referrers of one level that are searched


def find_holders(value: object, ignored: Iterable[object] = ()) -> list[str]:
    """What keeps a value alive, each as one phrase, the most specific first.

    ignored: objects that do not count as holders.
    Cost: some passes over all objects of the process, tens of milliseconds each.
    """
    search = _Search(ignored)
    try:
        names = dict.fromkeys(search.names(value))
        if names:
            return list(names)
        return ["a cycle of references, which gc.collect() frees"] if search.closed else []
    finally:
        search.frames.clear()  # they refer back to the search: a cycle


def all_referents() -> Iterator[object]:
    """All that the collector's objects and the local variables of running functions refer to."""
    for one in gc.get_objects():
        yield from gc.get_referents(one)
    for frame in _running_frames():
        for _, value in _variables(frame):
            yield value


class _Search:
    def __init__(self, ignored: Iterable[object]) -> None:
        self.frames = {id(frame): frame for frame in _running_frames()}
        self.skipped = {id(one) for one in ignored} | {id(self), id(self.__dict__)}
        self.closed = False

    def names(self, value: object) -> Iterator[str]:
        level: list[Any] = [value]
        self.skipped.update(id(frame) for frame in _frames_of_caller())
        seen = {id(value)}
        for height in range(_LEVELS):
            if not level:
                self.closed = True
                return
            for one in level:
                yield from self._locals(one)
            above = [
                one
                for one in gc.get_referrers(*level)[:_WIDTH]
                if one is not level and id(one) not in seen and id(one) not in self.skipped
            ]
            seen.update(map(id, above))
            found, level = level, []
            for one in above:
                names = list(self._describe(one, found, height))
                yield from names
                if not names:
                    level.append(one)
            del above

    def _locals(self, value: object) -> Iterator[str]:
        """Running functions with the value in a local variable: they may have no frame object."""
        for frame in self.frames.values():
            if id(frame) not in self.skipped:
                for name, found in _variables(frame):
                    if found is value:
                        yield f"local variable {name!r} of {_where(frame)}"

    def _describe(self, holder: Any, below: list[Any], height: int) -> Iterator[str]:
        if isinstance(holder, FrameType):
            ours = str(holder.f_globals.get("__name__", "")).startswith("shframe.")
            if id(holder) not in self.frames and not ours:
                yield f"a traceback, by a local variable of {_where(holder)}"
        elif isinstance(holder, TracebackType):
            yield "a traceback"
        elif isinstance(holder, ModuleType):
            yield f"the module {holder.__name__}"
        elif isinstance(holder, dict):
            module = "__main__" if "_oh" in holder else _module_of(holder)
            if module is not None:
                ids = {id(one) for one in below}
                for name, value in list(holder.items()):
                    if id(value) in ids:
                        yield _variable(module, name, value)
        elif isinstance(holder, FunctionType) and height <= _CAPTURED:
            yield f"the function {holder.__qualname__}, which captured it"


def _variable(module: str, name: str, value: object) -> str:
    if module == "__main__" and (name in ("Out", "_oh") or _SHOWN.fullmatch(name)):
        return "IPython's Out"
    owner = "" if module == "__main__" else f" of module {module}"
    return f"variable {name!r}{owner} ({type(value).__name__})"


def _module_of(namespace: dict[Any, Any]) -> str | None:
    name = namespace.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) else None
    return name if module is not None and module.__dict__ is namespace else None


def _variables(frame: FrameType) -> list[tuple[str, object]]:
    """The local variables of a running function."""
    if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        return []  # a module's or a class's: they are in its namespace
    namespace = frame.f_locals
    found = list(namespace.items())
    if isinstance(namespace, dict) and frame.f_trace is None and sys.gettrace() is None:
        namespace.clear()  # until Python 3.13 a copy, which would keep what it names alive
    return found


def _where(frame: FrameType) -> str:
    return f"{frame.f_code.co_name}() ({frame.f_code.co_filename}:{frame.f_lineno})"


def _running_frames() -> Iterator[FrameType]:
    for top in sys._current_frames().values():
        frame: FrameType | None = top
        while frame is not None:
            yield frame
            frame = frame.f_back


def _frames_of_caller() -> Iterator[FrameType]:
    """The frames of shframe's own code that run now."""
    for frame in _running_frames():
        if str(frame.f_globals.get("__name__", "")).startswith("shframe."):
            yield frame
