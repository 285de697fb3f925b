"""Framed messages over a Unix stream socket, with file descriptors beside them.

A frame is a header (payload bytes, number of descriptors) and a payload; its descriptors are sent
with its first byte, so they are there when the frame is complete.
"""

from __future__ import annotations

import array
import contextlib
import errno
import os
import pickle
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

HEADER = struct.Struct("<II")
CHUNK = 1 << 18  # bytes asked for in one receive: a socket's buffer holds about as much
MOST_FDS = 250  # the kernel takes 253 descriptors in one message
# plain numbers: Python's flags take microseconds to be joined
DONT_WAIT = int(socket.MSG_DONTWAIT)
CLOEXEC = int(getattr(socket, "MSG_CMSG_CLOEXEC", 0))
CUT = int(socket.MSG_CTRUNC)
_SPACE = socket.CMSG_SPACE(MOST_FDS * 4)


class Closed(Exception):
    """The other end is gone."""


class Channel:
    """One end of a connection; not for use by two threads at once."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._in = bytearray()
        self._chunk = memoryview(bytearray(CHUNK))  # made once: new pages each time cost more
        self._fds: deque[int] = deque()
        self.cut = False  # descriptors were lost: messages and descriptors do not fit any more
        self._out: deque[tuple[memoryview, tuple[int, ...]]] = deque()

    def fileno(self) -> int:
        return self.sock.fileno()

    def send(self, message: object, fds: Sequence[int] = ()) -> None:
        """Send a message, waiting while there is no room; raises Closed.

        The descriptors are taken over: they are closed here once they are sent.
        """
        self.queue(message, fds)
        while not self.flush():
            select.select([], [self.sock], [])

    def queue(self, message: object, fds: Sequence[int] = ()) -> None:
        """Line a message up for flush(); the descriptors are taken over."""
        payload = message if isinstance(message, bytes) else pickle.dumps(message, protocol=5)
        if len(fds) > MOST_FDS:
            raise ValueError(f"{len(fds)} descriptors in one message; at most {MOST_FDS} go")
        frame = HEADER.pack(len(payload), len(fds)) + payload
        self._out.append((memoryview(frame), tuple(fds)))

    @property
    def pending(self) -> bool:
        """Whether flush() has something left to send."""
        return bool(self._out)

    def flush(self) -> bool:
        """Send what fits now without waiting; whether all is sent."""
        while self._out:
            view, fds = self._out[0]
            try:
                sent = self._send_some(view, fds)
            except BlockingIOError:
                return False
            except (BrokenPipeError, ConnectionResetError) as error:
                raise Closed from error
            for fd in fds:
                os.close(fd)
            if sent == len(view):
                self._out.popleft()
            else:
                self._out[0] = (view[sent:], ())
        return True

    def _send_some(self, view: memoryview, fds: tuple[int, ...]) -> int:
        if not fds:
            return self.sock.send(view, DONT_WAIT)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
        return self.sock.sendmsg([view], rights, DONT_WAIT)

    def receive(self, seconds: float | None = None) -> tuple[Any, list[int]]:
        """Wait for the next message. Raises: Closed, TimeoutError."""
        while True:
            for message in self.arrived():
                return message
            if seconds is None:
                self.fill(wait=True)
            elif not self.fill(seconds=seconds):
                raise TimeoutError(f"no message came within {seconds} s")

    def fill(self, *, wait: bool = False, seconds: float = 0) -> bool:
        """Take in what has arrived, or arrives within `seconds`, or ever (`wait`).

        Whether anything has. Raises: Closed; OSError: descriptors that came found no room here,
        and what comes from now on is not taken.
        """
        if seconds:
            poll = select.poll()
            poll.register(self.sock, select.POLLIN)
            poll.poll(seconds * 1000)
        flags = CLOEXEC if wait else CLOEXEC | DONT_WAIT
        try:
            size, ancillary, found, _ = self.sock.recvmsg_into([self._chunk], _SPACE, flags)
        except BlockingIOError:
            return False
        except ConnectionResetError as error:
            raise Closed from error
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                whole = len(content) - len(content) % 4
                self._fds.extend(array.array("i", content[:whole]))
        if found & CUT:
            self.cut = True
            raise OSError(errno.EMFILE, "too many open files: raise the limit (ulimit -n)")
        if not size:
            raise Closed
        self._in += self._chunk[:size]
        return True

    def soon(self, seconds: float) -> bool:
        """Take in what arrives within that time, staying awake; whether anything has.

        Waking a halted core takes longer than most messages take to come. Raises: Closed.
        """
        deadline = time.monotonic() + seconds
        while not self.fill():
            if time.monotonic() > deadline:
                return False
            os.sched_yield()  # other threads with work to do come first
        return True

    def arrived(self) -> Iterator[tuple[Any, list[int]]]:
        """The complete messages taken in so far, one at a time."""
        while len(self._in) >= HEADER.size and not self.cut:
            size, count = HEADER.unpack_from(self._in)
            end = HEADER.size + size
            if len(self._in) < end:
                return
            message = pickle.loads(self._in[HEADER.size : end])
            del self._in[:end]
            fds = [self._fds.popleft() for _ in range(count)] if count else []
            yield message, fds

    def end(self) -> None:
        """Close, so that the other side sees it, even where a forked child has the socket too."""
        with contextlib.suppress(OSError):  # the other side has ended it, or it is closed
            self.sock.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Close the socket, descriptors not taken and those not sent."""
        self.sock.close()
        for _, fds in self._out:
            self._fds.extend(fds)
        self._out.clear()
        while self._fds:
            with contextlib.suppress(OSError):
                os.close(self._fds.popleft())


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected stream sockets with room for batches."""
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    for sock in (a, b):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return a, b
