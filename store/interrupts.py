"""Blocks that Ctrl-C must not interrupt: a KeyboardInterrupt waits until they are done.

Python raises it in the main thread between any two steps, also between the end of an object's
copying and the entry in the table, where the object would be lost forever. It waits within
`uninterrupted()`; `interruptible()` lets it through where the work is long and may be interrupted.
"""

from __future__ import annotations

# The module signal converts all numbers to enumerations, which takes ten times as long.
import _signal  # type: ignore[import-not-found]
import threading
from types import FrameType
from typing import Any

_MAIN = threading.main_thread().ident
_SIGINT = int(_signal.SIGINT)
_raises = _signal.default_int_handler


class Uninterrupted:
    """A block of the main thread that is not interrupted; in other threads it does nothing."""

    __slots__ = ("_caught", "_depth")

    def __init__(self) -> None:
        self._depth = 0
        self._caught: tuple[int, FrameType | None] | None = None

    def __enter__(self) -> None:
        if threading.get_ident() != _MAIN:
            return
        if not self._depth and _signal.getsignal(_SIGINT) is not _raises:
            return
        if not self._depth:
            _signal.signal(_SIGINT, self._catch)  # from here on nothing is raised
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        if threading.get_ident() == _MAIN and self._depth:
            self._depth -= 1
            if not self._depth:
                self._give_back()

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self._caught = number, frame

    def _give_back(self) -> None:
        _signal.signal(_SIGINT, _raises)
        caught, self._caught = self._caught, None
        if caught is not None:
            _raises(*caught)


class _Interruptible:
    """A block inside an uninterrupted one that may be interrupted."""

    __slots__ = ("_depth",)

    def __init__(self) -> None:
        self._depth = 0

    def __enter__(self) -> None:
        if threading.get_ident() == _MAIN and _whole._depth:
            self._depth, _whole._depth = _whole._depth, 0
            _whole._give_back()

    def __exit__(self, *_: object) -> None:
        if self._depth:
            _signal.signal(_SIGINT, _whole._catch)
            _whole._depth = self._depth


_whole = Uninterrupted()


def uninterrupted() -> Any:
    """A block that Ctrl-C does not interrupt. Cost: 2 us in the main thread."""
    return _whole


def interruptible() -> Any:
    """A block inside of it that Ctrl-C does interrupt: the code around it must clean up."""
    return _Interruptible()
