"""Captures what tasks print, warn of and log in a worker, and sends it to the driver.

Text of sys.stdout and sys.stderr, warnings and log records are messages on a socket of their own: a
message that was sent is read even when the worker ends right after it. What C code and programs
that tasks start write to descriptors 1 and 2 goes through two pipes. While the driver is slow to
read, a task that prints waits: nothing is kept in memory. log_relay.py is the other end.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import pickle
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from shframe.graph.failures import tracebacks
from shframe.graph.wire.log_messages import (
    BUFFER,
    ERR,
    OUT,
    PIECE,
    CapturedRecord,
    CapturedWarning,
    Levels,
    LogMessage,
)

_PLAIN = (str, int, float, bool, type(None))


class Capture:
    """The capture of one worker; safe to use from any thread of a task.

    open: threads that have sent a part of a line. spoke: there was output since it was unset.
    describe_task: returns the number and the name of the task that runs in this thread.
    """

    def __init__(self, fd: int) -> None:
        self.sock = socket.socket(fileno=fd)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self.describe_task: Callable[[], tuple[int, str]] = lambda: (0, "")
        self.open: set[tuple[int, int]] = set()
        self.spoke = False
        self._levelled: tuple[tuple[str, int], ...] = ()
        self._warned: set[tuple[Any, ...]] = set()
        self._warned_by = 0

    def send(self, stream: int, what: Any) -> None:
        """Send something, waiting while the driver is slow to read."""
        task, name = self.describe_task()
        said = LogMessage(stream, task, name, os.getpid(), threading.get_ident(), what)
        self.spoke = True
        with contextlib.suppress(OSError):  # the driver is gone
            self.sock.send(pickle.dumps(tuple(said), protocol=5))

    def end_task(self) -> None:
        """What a task has left of a line is a line now."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, StdStream):
                stream.flush()
        if self.open:
            for stream, thread in [*self.open]:
                if thread == threading.get_ident():
                    self.open.discard((stream, thread))
                    self.send(stream, None)

    def set_levels(self, levels: Levels) -> None:
        """Have loggers take what the driver's of the same name would."""
        disabled, wanted = levels
        logging.disable(disabled)
        for name, _ in self._levelled:
            logging.getLogger(name).setLevel(logging.NOTSET if name else logging.WARNING)
        for name, level in wanted:
            logging.getLogger(name).setLevel(level)
        self._levelled = wanted

    def warn(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: str | None = None,
    ) -> None:
        """Stands for warnings.showwarning: the driver's filters decide. Once for each task."""
        if file is not None:
            with contextlib.suppress(OSError):
                file.write(warnings.formatwarning(message, category, filename, lineno, line))
            return
        text = str(message)
        task = self.describe_task()[0]
        if task != self._warned_by:
            self._warned.clear()
            self._warned_by = task
        known = (category, text, filename, lineno)
        if known in self._warned:
            return
        self._warned.add(known)
        packed = _packed_warning(message, category)
        self.send(
            0, tuple(CapturedWarning(packed, text[:PIECE], filename, lineno, _module_of(filename)))
        )


def _packed_warning(message: Warning | str, category: type[Warning]) -> bytes:
    import cloudpickle

    for what in ((message, category), (str(message), category)):
        try:
            packed = bytes(cloudpickle.dumps(what, protocol=5))
            pickle.loads(packed)
        except Exception:  # the message has attributes that cannot be pickled
            continue
        if len(packed) <= PIECE:
            return packed
    return b""


def _module_of(file: str) -> str:
    """The module whose code in that file warns just now; "" when it is not on the stack."""
    for frame, _ in traceback.walk_stack(sys._getframe(1)):
        if frame.f_code.co_filename == file:
            return str(frame.f_globals.get("__name__") or "")
    return ""


class StdStream(io.TextIOBase):
    """What sys.stdout or sys.stderr is in a worker: lines are sent when they are whole.

    Each thread has a line of its own, so that two never mix.
    """

    encoding = "utf-8"
    errors = "backslashreplace"
    line_buffering = True

    def __init__(self, capture: Capture, stream: int) -> None:
        self.capture = capture
        self.stream = stream
        self.buffer = open(stream, "wb", buffering=0, closefd=False)  # noqa: SIM115  # stays open
        self._begun: dict[int, str] = {}  # thread -> what it has written of a line

    @property
    def name(self) -> str:
        return "<stdout>" if self.stream == OUT else "<stderr>"

    @property
    def mode(self) -> str:
        return "w"

    def fileno(self) -> int:
        return self.stream

    def writable(self) -> bool:
        return True

    def reconfigure(self, **_: Any) -> None:
        """As of a file of text; nothing can be changed."""

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes a str, found {type(text).__name__}")
        thread = threading.get_ident()
        begun = self._begun.pop(thread, "")
        if "\n" not in text and len(begun) + len(text) < PIECE:
            self._begun[thread] = begun + text
            return len(text)
        if begun and len(text) > PIECE:  # no copy of a very long one
            self._send(begun)
            begun = ""
        whole = begun + text
        end = whole.rfind("\n") + 1
        for start in range(0, end, PIECE):
            self._send(whole[start : min(start + PIECE, end)])
        rest = end
        while len(whole) - rest >= PIECE:
            self._send(whole[rest : rest + PIECE])
            rest += PIECE
        if rest < len(whole):
            self._begun[thread] = whole[rest:]
        return len(text)

    def flush(self) -> None:
        """Send what this thread has begun."""
        begun = self._begun.pop(threading.get_ident(), "")
        if begun:
            self._send(begun)

    def close(self) -> None:
        """Stays open, as the worker does."""
        self.flush()

    def _send(self, text: str) -> None:
        mine = (self.stream, threading.get_ident())
        if text.endswith("\n"):
            self.capture.open.discard(mine)
        else:
            self.capture.open.add(mine)
        self.capture.send(self.stream, text)


class _Records(logging.Handler):
    """Sends log records to the driver."""

    def __init__(self, capture: Capture) -> None:
        super().__init__()
        self.capture = capture

    def emit(self, record: logging.LogRecord) -> None:
        try:
            fields = {k: v for k, v in record.__dict__.items() if isinstance(v, _PLAIN)}
            fields["msg"] = record.getMessage()[:PIECE]
            fields["args"] = fields["exc_info"] = None
            if record.exc_info and record.exc_info[1] is not None:
                fields["exc_text"] = tracebacks.text_of(record.exc_info[1])[-PIECE:]
            self.capture.send(0, tuple(CapturedRecord(fields)))
        except Exception:
            self.handleError(record)


def start_capture(fds: Sequence[int]) -> Capture:
    """Give this worker its capture: the socket, and the pipes for descriptors 1 and 2."""
    sock, out, err = fds
    for stream, fd in ((OUT, out), (ERR, err)):
        os.dup2(fd, stream)
        os.close(fd)
    capture = Capture(sock)
    sys.stdout = sys.__stdout__ = StdStream(capture, OUT)  # type: ignore[misc, assignment]
    sys.stderr = sys.__stderr__ = StdStream(capture, ERR)  # type: ignore[misc, assignment]
    _hear_all_warnings()
    warnings.showwarning = capture.warn
    logging.getLogger().handlers[:] = [_Records(capture)]
    return capture


def _hear_all_warnings() -> None:
    """Python's own filters go, which the driver has too; those of libraries and the user stay."""
    with contextlib.suppress(AttributeError):
        warnings.filters[:] = [  # type: ignore[index]
            one for one in warnings.filters if one[1] is not None or one[4] or _not_standard(one)
        ]
        warnings._filters_mutated()  # type: ignore[attr-defined]
    warnings.simplefilter("always", append=True)


def _not_standard(one: tuple[Any, ...]) -> bool:
    standard = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
    return not (one[2] in standard and one[0] in ("ignore", "default"))
