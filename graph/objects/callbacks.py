"""Calling what is not ours: what it raises is logged, or passed to a callback."""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger("shframe")


def attempt(what: Callable[[], None], blame: Callable[[BaseException], None]) -> None:
    """Call; `blame` is called with what it raises."""
    try:
        what()
    except Exception as error:
        blame(error)


def run_guarded(what: Callable[[], None]) -> None:
    """Call; what it raises is logged."""
    try:
        what()
    except Exception:
        log.exception("a callback raised")
