"""Output of workers, in the driver: prints, warnings and log records (log_capture.py sends them).

A thread reads and passes on, so that neither the driver's loop nor a worker depends on a reader of
the driver's output. A thread that waits for a result passes on earlier output first: in a notebook
it is shown in the cell that waits. Lines are whole and name their task; what several tasks print is
shown once, with a count when that is over.
"""

from __future__ import annotations

import functools
import logging
import math
import os
import pickle
import select
import socket
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shframe.graph.driver.log_streams import LAST_SECONDS, Outlets, room_of
from shframe.graph.driver.wakeup_pipe import WakePipe
from shframe.graph.wire.log_messages import (
    BUFFER,
    ERR,
    OUT,
    CapturedRecord,
    CapturedWarning,
    LogMessage,
)

WINDOW = 1.0  # seconds in which the same line is counted, not shown again
REMEMBERED = 4096  # lines that may be repeated, at most
LINE = 1 << 20  # characters of one line; a longer one is broken
CHUNK = 1 << 16  # bytes of one read: what a pipe holds
LOOK_SECONDS = 0.001  # between two looks of a thread that waits for results
PATIENCE = 2.0  # seconds that a waiting thread waits for another one that passes on
SHORT = 0.02  # the same, once it has not come back in time
READER_SECONDS = 0.05  # between two looks whether a reader has room again
PASSES = 64  # reads of each pipe in a row, for a thread that waits

log = logging.getLogger("shframe")


@dataclass(slots=True)
class Pipe:
    """The driver's end of one way in which a worker sends output.

    stream: OUT or ERR of descriptors, 0 for its messages. begun: bytes of a line that is not whole.
    """

    slot: int
    stream: int
    fd: int
    pid: int = 0
    begun: bytes = b""


@dataclass(slots=True)
class Repeated:
    """Output that was shown just now.

    first: the process and task that it came from; others: whether it came from another too.
    say: shows it again, with a count behind it.
    """

    since: float
    first: tuple[int, int]
    say: Callable[[str], None]
    others: bool = False
    count: int = 0
    pids: set[int] = field(default_factory=set)


class LogRelay:
    """All workers of a session. Safe to use from any thread.

    who: the pid of the worker in a slot, and what it runs now.
    """

    def __init__(self, who: Callable[[int], tuple[int, str]]) -> None:
        self.who = who
        self._pipes: dict[int, Pipe] = {}
        self._epoll = select.epoll()
        self._waking = WakePipe()
        self._epoll.register(self._waking, select.EPOLLIN)
        self._lock = threading.RLock()  # one reads and passes on at a time
        self._passing = False
        self.spoke = False
        self._looked = 0.0
        self._closing = False
        self._said: deque[Callable[[], None]] = deque()  # what is to be shown
        # (slot, pid, thread, stream) -> who began a line, and what it has of it
        self._begun: dict[tuple[int, int, int, int], LogMessage] = {}
        self._recent: dict[tuple[Any, ...], Repeated] = {}  # the oldest first
        self._outlets = Outlets()
        self._stuck = False  # who passes something on does not come back
        self._registries: dict[str, dict[Any, Any]] = {}
        self._thread: threading.Thread | None = None

    def pipes_for(self, slot: int) -> list[int]:
        """Read from a worker that is to be forked; the descriptors that it writes into."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        given = [theirs.detach()]
        self._listen(Pipe(slot, 0, ours.detach()))
        for stream in (OUT, ERR):
            out, into = os.pipe()
            os.set_blocking(out, False)
            given.append(into)
            self._listen(Pipe(slot, stream, out))
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="shframe-output", daemon=True)
            self._thread.start()
        return given

    def _listen(self, pipe: Pipe) -> None:
        self._pipes[pipe.fd] = pipe
        self._epoll.register(pipe.fd, select.EPOLLIN)

    @property
    def descriptors(self) -> set[int]:
        """Of the connections to workers, who may be replaced at any time."""
        return set(self._pipes)

    def flush(self, idle: bool) -> None:
        """Pass on the output until now. idle: nothing is under way any more.

        A report says that there is output (`spoke`); what programs and C code write directly is
        looked for every LOOK_SECONDS, and read by the thread in any case.
        Cost: about 1 us when there is none.
        """
        # The thread raises the flag before it reads: what is in no pipe any more is seen by that.
        if self._closing:
            return
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self.spoke = self.spoke or bool(self._epoll.poll(0))
            self._looked = now
        if self.spoke or self._passing or self._said or (idle and self._recent):
            self.spoke = False
            # Without a reader a handler of log records waits; only the own thread does so.
            if room_of(sys.stderr) != 0 and self._pass_on(PASSES, PATIENCE) and idle:
                self._count_all()

    def close(self) -> None:
        """The workers are gone: pass on their last output."""
        self._closing = True
        self._waking.wake()
        if self._thread is not None:
            self._thread.join(LAST_SECONDS)
        if self._thread is not None and self._thread.is_alive():
            return  # a handler of the user's has not come back: its thread has what is left
        self._pass_on(PASSES)
        with self._lock:
            for pipe in [*self._pipes.values()]:
                self._stop_listening(pipe)
            self._count_all()
            self._speak()
            self._outlets.finish()
        self._epoll.close()
        self._waking.close()

    # --- listening ----------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._closing:
            due = min((one.since for one in self._repeated_lines()), default=math.inf) + WINDOW
            if self._outlets.waiting:
                due = min(due, time.monotonic() + READER_SECONDS)
            self._epoll.poll(None if due == math.inf else max(due - time.monotonic(), 0.01))
            self._waking.drain()
            self._pass_on(1)

    def _repeated_lines(self) -> list[Repeated]:
        with self._lock:
            return [one for one in self._recent.values() if one.count]

    def _pass_on(self, passes: int, patience: float = -1) -> bool:
        """Read what there is and show it. From within that (a handler of log records that waits
        for a task) nothing more is shown.

        patience: seconds to wait for another thread that does so; False: it has not come back.
        """
        if not self._lock.acquire(timeout=SHORT if self._stuck and patience > 0 else patience):
            self._stuck = True
            return False
        try:
            self._stuck = False
            if self._passing:
                return True
            self._passing = True
            try:
                for _ in range(passes):
                    ready = [fd for fd, _ in self._epoll.poll(0) if fd in self._pipes]
                    # messages first: what a task has printed before it started a program
                    for fd in sorted(ready, key=lambda fd: self._pipes[fd].stream):
                        self._read(self._pipes[fd])
                    self._speak()
                    if not ready:
                        break
                self._forget_old()
                self._speak()
                return True
            finally:
                self._passing = False
                if self._said:  # a Ctrl-C came between
                    self._waking.wake()
        finally:
            self._lock.release()

    def _read(self, pipe: Pipe) -> None:
        if pipe.stream:
            self._read_pipe(pipe)
            return
        for _ in range(64):
            try:
                message = os.read(pipe.fd, BUFFER)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                self._stop_listening(pipe)
                return
            self._take(pipe.slot, LogMessage(*pickle.loads(message)))

    def _read_pipe(self, pipe: Pipe) -> None:
        try:
            found = os.read(pipe.fd, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            found = b""
        *lines, pipe.begun = (pipe.begun + found).split(b"\n")
        if not found or len(pipe.begun) >= LINE:
            lines, pipe.begun = [*lines, *([pipe.begun] if pipe.begun else [])], b""
        if lines:
            pid, name = self.who(pipe.slot)
            pipe.pid = pid or pipe.pid
            for line in lines:
                self._line(pipe.stream, pipe.pid, 0, name, line.decode("utf-8", "replace"))
        if not found:
            self._stop_listening(pipe)

    def _stop_listening(self, pipe: Pipe) -> None:
        if self._pipes.pop(pipe.fd, None) is None:
            return
        self._epoll.unregister(pipe.fd)
        os.close(pipe.fd)
        if not pipe.stream:
            for key in [key for key in self._begun if key[0] == pipe.slot]:
                said = self._begun.pop(key)
                self._line(said.stream, said.pid, said.task, said.name, said.what)

    # --- lines and records --------------------------------------------------------------

    def _take(self, slot: int, said: LogMessage) -> None:
        if said.stream:
            self._take_text(slot, said)
        elif len(said.what) == len(CapturedWarning._fields):
            warned = CapturedWarning(*said.what)
            self._said.append(lambda: self._warn(warned))
        else:
            self._take_record(said, CapturedRecord(*said.what).fields)

    def _take_text(self, slot: int, said: LogMessage) -> None:
        key = slot, said.pid, said.thread, said.stream
        begun = self._begun.pop(key, None)
        text = "" if begun is None else begun.what
        if said.what is None:
            if text:
                self._line(said.stream, said.pid, said.task, said.name, text)
            return
        *lines, rest = (text + said.what).split("\n")
        for line in lines:
            self._line(said.stream, said.pid, said.task, said.name, line)
        if len(rest) >= LINE:
            self._line(said.stream, said.pid, said.task, said.name, rest)
        elif rest:
            self._begun[key] = said._replace(what=rest)

    def _line(self, stream: int, pid: int, task: int, name: str, line: str) -> None:
        """A whole line; of one that was written over only what is seen in the end."""
        line = line.rstrip("\r").rpartition("\r")[2]
        prefix = f"({name} pid={pid}) " if name else f"(pid={pid}) "

        def say(count: str) -> None:
            self._outlets.say(stream, f"{prefix}{line}{count}\n")

        if line.strip():
            self._once((stream, line), (pid, task), say)
        else:
            self._said.append(functools.partial(say, ""))

    def _take_record(self, said: LogMessage, fields: dict[str, Any]) -> None:
        record = logging.makeLogRecord(fields)
        record.processName = f"{said.name} pid={said.pid}"
        key = (record.name, record.levelno, record.getMessage(), record.lineno)
        self._once(key, (said.pid, said.task), lambda count: self._record(record, count))

    def _once(
        self, key: tuple[Any, ...], source: tuple[int, int], say: Callable[[str], None]
    ) -> None:
        """Show something, unless another task has just sent the same: then it is counted."""
        recent = self._recent.get(key)
        if recent is None:
            self._recent[key] = Repeated(time.monotonic(), source, say)
        elif recent.others or recent.first != source:
            recent.others = True
            recent.count += 1
            recent.pids.add(source[0])
            return
        self._said.append(functools.partial(say, ""))

    def _forget_old(self) -> None:
        now = time.monotonic()
        beyond = max(len(self._recent) - REMEMBERED, 0)
        for place, (key, one) in enumerate([*self._recent.items()]):
            if place >= beyond and now - one.since < WINDOW:
                break
            del self._recent[key]
            self._count(one)

    def _count_all(self) -> None:
        """Show how often lines were repeated."""
        with self._lock:
            recent, self._recent = self._recent, {}
            for one in recent.values():
                self._count(one)
            if not self._passing:
                self._speak()

    def _count(self, one: Repeated) -> None:
        if one.count:
            workers = "1 worker" if len(one.pids) == 1 else f"{len(one.pids)} workers"
            text = f" [repeated {one.count}x by {workers}]"
            self._said.append(functools.partial(one.say, text))

    # --- passing on ---------------------------------------------------------------------

    def _speak(self) -> None:
        while self._said:
            say = self._said.popleft()
            try:
                say()
            except Exception as error:  # a user's handler; nothing of ours may end by it
                log.debug("output of a worker could not be passed on: %r", error)
        self._outlets.write()

    def _record(self, record: logging.LogRecord, count: str) -> None:
        """Give a record to the logger of its name, as if it had been made here.

        Without a handler of the user's it is a line that names its task.
        """
        if count:
            record = logging.makeLogRecord({**record.__dict__, "msg": f"{record.msg}{count}"})
        logger = logging.getLogger(record.name)
        if not logger.isEnabledFor(record.levelno):
            return
        self._outlets.write()
        last = logging.lastResort
        if logger.hasHandlers() or last is None:
            logger.handle(record)
        elif record.levelno >= last.level and logger.filter(record):
            self._outlets.say(ERR, f"({record.processName}) {last.format(record)}\n")

    def _warn(self, warned: CapturedWarning) -> None:
        """Warn as if it had been here: the filters of this process decide what becomes of it.

        What a filter makes an error is shown: its task has ended long ago.
        """
        self._outlets.write()
        message, category = _unpack(warned)
        module = warned.module or _module_of(warned.file)
        registry = self._registries.setdefault(module, {})
        try:
            warnings.warn_explicit(message, category, warned.file, warned.line, module, registry)
        except Warning as raised:
            raised.__traceback__ = None  # who records the warning would keep who waits here
            warnings.showwarning(message, category, warned.file, warned.line)


def _unpack(warned: CapturedWarning) -> tuple[Any, type[Warning]]:
    try:
        message, category = pickle.loads(warned.packed)
    except Exception:  # a class that this process cannot import
        return warned.text, UserWarning
    return message, category


def _module_of(file: str) -> str:
    for name, module in [*sys.modules.items()]:
        if getattr(module, "__file__", None) == file:
            return name
    return "__main__"
