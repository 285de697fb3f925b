"""Handles inside values: which ones are pickled with a value, and what they become.

A handle is no data: code that pickles a value with handles in it must keep them alive until it is
unpickled. So a handle can be pickled only within `noting`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Handle(Protocol):
    """What is used of an ObjectRef here."""

    home: Any


class Finder(Protocol):
    """Where handles arrive."""

    def find(self, id: int) -> Any:
        """The handle with that number, in this process."""


class _Here(threading.local):
    noted: list[Any] | None = None
    home: Finder | None = None


_here = _Here()
_default: Finder | None = None


def note(ref: Handle) -> bool:
    """A handle is being pickled; whether that is noted."""
    if _here.noted is None:
        return False
    _here.noted.append(ref)
    ref.home.note(ref)
    return True


@contextmanager
def noting() -> Iterator[list[Any]]:
    """Collect the handles that are pickled in this thread."""
    before, _here.noted = _here.noted, []
    try:
        yield _here.noted
    finally:
        _here.noted = before


@contextmanager
def home_is(home: Finder) -> Iterator[None]:
    """Handles that are unpickled in this thread belong there."""
    before, _here.home = _here.home, home
    try:
        yield
    finally:
        _here.home = before


def set_home(home: Finder | None) -> None:
    """Handles that are unpickled anywhere in this process belong there: called by a worker."""
    global _default
    _default = home


def unpickle_ref(id: int) -> Any:
    """Called by pickle: a handle has unpickle_ref in this process."""
    home = _here.home or _default
    if home is None:
        raise RuntimeError("a handle was unpickled outside of shframe")
    return home.find(id)
