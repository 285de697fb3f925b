"""What a worker sends of its tasks' output: printed text, warnings and log records."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

OUT, ERR = 1, 2
PIECE = 32_768  # characters in one message: at 4 bytes each, well within a socket's buffer
BUFFER = 1 << 20  # bytes in a socket, if the kernel allows it
Levels = tuple[int, tuple[tuple[str, int], ...]]  # what is disabled, and by logger: its level
STANDARD_LEVELS: Levels = (0, (("", logging.WARNING),))


class LogMessage(NamedTuple):
    """Worker to driver.

    stream: OUT, ERR, or 0 for a warning or a log record. task: the number of the task that said it.
    what: the text, which need not be a whole line; None: the thread says no more on its line; a
        CapturedWarning or CapturedRecord.
    """

    stream: int
    task: int
    name: str
    pid: int
    thread: int
    what: Any


class CapturedWarning(NamedTuple):
    """A warning: pickled (its message as a Warning, its category), or its text alone."""

    packed: bytes
    text: str
    file: str
    line: int
    module: str


class CapturedRecord(NamedTuple):
    """A log record: those of its attributes that are plain values."""

    fields: dict[str, Any]
