"""What a task had to convert or copy to read its inputs; its span in the trace names it.

Inputs are read in place; where pandas cannot hold what Arrow stores (bits as booleans, missing
integers, dictionaries as strings) a kernel notes here what it made instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CopiedBytes = tuple[tuple[str, int], ...]  # (reason, bytes)


class _Found(threading.local):
    def __init__(self) -> None:
        self.nbytes: dict[str, int] = {}
        self.detailed = False


_found = _Found()


def converted(reason: str, nbytes: int) -> None:
    """Note bytes that the running task made of an input that could not be used zero-copy."""
    _found.nbytes[reason] = _found.nbytes.get(reason, 0) + nbytes


def taken() -> CopiedBytes:
    """Return what was noted in this thread since the last call."""
    if not _found.nbytes:
        return ()
    copied = tuple(_found.nbytes.items())
    _found.nbytes = {}
    return copied


def looked_at(reason: str, count: Callable[[], int]) -> None:
    """Note bytes of an input that was read in another form, zero-copy or not, if that is asked."""
    if _found.detailed:
        converted(reason, count())


@contextmanager
def in_detail() -> Iterator[None]:
    """Let looked_at() note what this thread does."""
    before, _found.detailed = _found.detailed, True
    try:
        yield
    finally:
        _found.detailed = before
