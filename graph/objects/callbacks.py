"""Calling what is not ours: what it raises is logged, or told to who waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger("shframe")


def attempt(what: Callable[[], None], blame: Callable[[BaseException], None]) -> None:
    """Call; who waits for it is told what it raises."""
    try:
        what()
    except Exception as error:
        blame(error)


def guarded(what: Callable[[], None]) -> None:
    """Call; what it raises is logged: nobody waits for its word."""
    try:
        what()
    except Exception:
        log.exception("a callback raised")
