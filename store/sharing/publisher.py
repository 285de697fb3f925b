"""Sharing between programs of one user: values published under a name, and read in place.

What is published is stored in a segment of its own (standalone_segment.py): a reader that has its
descriptor goes on after the publisher has ended, and keeps nothing but what it reads. The publisher
listens at the name (rendezvous.py), with one thread for all its names, until it takes the name
back.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shframe.store.errors import NameTaken, NotPublished, SharingFailed
from shframe.store.shared_memory import forks
from shframe.store.shared_memory.pins import Pin
from shframe.store.shared_memory.segment import Segment
from shframe.store.sharing import rendezvous
from shframe.store.sharing.rendezvous import NobodyListens, check_name

if TYPE_CHECKING:
    from shframe.store.store import Store

LOG = logging.getLogger("shframe")
_LONGEST_KIND = 200


@dataclass(frozen=True, slots=True)
class Published:
    """What can be attached: its name, what it is, bytes, the publisher's pid, when (epoch s)."""

    name: str
    kind: str
    nbytes: int
    pid: int
    since: float


@dataclass(frozen=True, slots=True)
class _Publication:
    segment: Segment
    listener: socket.socket
    path: Path
    message: bytes


class Publisher:
    """The publications of one process and the thread that hands them out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._publications: dict[str, _Publication] = {}
        self._by_fd: dict[int, _Publication] = {}
        self._ready: select.epoll | None = None
        self._wake: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None
        forks.watch(self)

    def check(self, name: object) -> str:
        """The name, if it can be used; called before the work. Raises: NameTaken, SharingFailed."""
        name = check_name(name)
        taken = rendezvous.holder(name)
        if taken is not None:
            raise NameTaken.by(name, taken)
        return name

    def publish(self, name: str, kind: str, values: Sequence[object], about: bytes = b"") -> int:
        """Copy values into a segment of their own and offer them; returns the bytes copied.

        Raises: NameTaken, NotStorable, StoreFull, SharingFailed; nothing is published then.
        """
        self.check(name)
        segment, nbytes = self._store.write_apart(values, about, f"publishing {name!r}")
        shown = Published(name, kind[:_LONGEST_KIND], nbytes, self._pid, time.time())
        message = json.dumps(asdict(shown)).encode()
        try:
            with self._lock:
                listener, path = rendezvous.listen(name)
                publication = _Publication(segment, listener, path, message)
                try:
                    self._start(publication)
                except OSError as error:
                    _close(publication)
                    raise SharingFailed(f"{name!r} cannot be published: {error}") from error
                self._publications[name] = publication
        except BaseException:
            self._store.close_apart(segment)
            raise
        return nbytes

    def unpublish(self, name: str) -> None:
        """Stop offering it; programs that have attached it keep it. Raises: NotPublished."""
        with self._lock:
            publication = self._publications.pop(name, None)
            if publication is None:
                known = sorted(self._publications)
                raise NotPublished.among(name, known, "this program has published")
            self._end(publication)

    def close(self) -> None:
        """Stop offering and end the thread. Does nothing in a fork of the publisher."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            while self._publications:
                self._end(self._publications.popitem()[1])
            thread, self._thread = self._thread, None
            if self._wake is not None:
                os.write(self._wake[1], b"!")
        if thread is not None:
            thread.join()
        if self._wake is not None and self._ready is not None:
            self._ready.close()
            for fd in self._wake:
                os.close(fd)
        self._wake = self._ready = None

    def live_pins(self) -> list[Pin]:
        """None: a child of this process reads what is published by attaching it."""
        return []

    def forked(self) -> None:
        """In a child: keep no listener open, or those who connect would wait for the child."""
        self._lock = threading.Lock()
        for publication in self._publications.values():
            publication.listener.close()
        if self._ready is not None and self._wake is not None:
            self._ready.close()
            for fd in self._wake:
                os.close(fd)
        self._wake = self._ready = self._thread = None
        self._publications.clear()
        self._by_fd.clear()

    def _start(self, publication: _Publication) -> None:
        if self._ready is None or self._wake is None:
            wake = os.pipe2(os.O_CLOEXEC)
            try:
                self._ready = select.epoll()
            except OSError:
                for fd in wake:
                    os.close(fd)
                raise
            self._wake = wake
            self._ready.register(wake[0], select.EPOLLIN)
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._serve,
                args=(self._ready, self._wake[0]),
                name="shframe-publisher",
                daemon=True,
            )
            self._thread.start()
        self._by_fd[publication.listener.fileno()] = publication
        self._ready.register(publication.listener, select.EPOLLIN)

    def _end(self, publication: _Publication) -> None:
        assert self._ready is not None, "what was published was registered"
        self._ready.unregister(publication.listener)
        del self._by_fd[publication.listener.fileno()]
        _close(publication)
        self._store.close_apart(publication.segment)

    def _serve(self, ready: select.epoll, wake: int) -> None:
        while True:
            fds = [fd for fd, _ in ready.poll()]
            if wake in fds:
                return
            for fd in fds:
                with self._lock:  # so that it is not unpublished meanwhile; an answer is short
                    publication = self._by_fd.get(fd)
                    if publication is not None and not _answer(publication):
                        time.sleep(0.01)  # no descriptor is left: the connection waits in the queue


def _answer(publication: _Publication) -> bool:
    """Answer a connection; False if that must be tried again."""
    try:
        fd = publication.segment.readonly_fd()
    except OSError:
        return False
    try:
        rendezvous.answer(publication.listener, publication.message, fd)
    except (BlockingIOError, ConnectionError):
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def _close(publication: _Publication) -> None:
    """Give the name back: the socket file first, so that no program finds a dead one."""
    with contextlib.suppress(OSError):
        publication.path.unlink()
    publication.listener.close()


def published() -> list[Published]:
    """What all programs of this user have published, by name.

    Cost: a connection to each; sockets of dead programs are removed. A stopped program is left
    out, with a line in the log.
    """
    found: list[Published] = []
    for path in rendezvous.socket_paths():
        try:
            message, fd = rendezvous.ask(path)
        except NobodyListens:
            rendezvous.remove_dead(path)
        except SharingFailed as error:
            LOG.warning("published() leaves one out: %s", error)
        else:
            os.close(fd)
            found.append(Published(**json.loads(message)))
    return sorted(found, key=lambda one: one.name)


def descriptor(name: str) -> int:
    """A read-only descriptor of the segment published under a name; the caller closes it.

    Raises: NotPublished, SharingFailed.
    Cost: one message; no byte of the value is read.
    """
    path = rendezvous.socket_path(check_name(name))
    try:
        return rendezvous.ask(path)[1]
    except NobodyListens:
        rendezvous.remove_dead(path)
    raise NotPublished.among(name, [one.name for one in published()], "there are")
