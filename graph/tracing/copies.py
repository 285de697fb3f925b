"""What a task had to convert or copy to read its inputs; its span in the trace names it.

Inputs are read in place; where pandas cannot hold what Arrow stores (bits as booleans, missing
integers, dictionaries as strings) a kernel notes here what it made instead.
"""

from __future__ import annotations

import threading

CopiedBytes = tuple[tuple[str, int], ...]  # (reason, bytes)


class _Found(threading.local):
    def __init__(self) -> None:
        self.nbytes: dict[str, int] = {}


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
