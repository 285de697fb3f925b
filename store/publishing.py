"""Sharing between programs of one user: values published under a name, and read in place.

What is published lies in a segment of its own, which holds nothing else: a reader that has its
descriptor goes on after the publisher has ended, and keeps nothing but what it reads. Each
publisher listens on a Unix socket in a folder that only its user can enter; whoever connects is
known by the kernel (SO_PEERCRED) and refused before a byte of theirs is read.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import socket
import stat
import struct
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shframe.store.errors import NameTaken, NotPublished, SharingFailed
from shframe.store.mapping import PAGE, round_up
from shframe.store.ref import Ref
from shframe.store.segment import Segment

if TYPE_CHECKING:
    from shframe.store.store import Store

PATIENCE = 5.0  # seconds that one side waits for the other
_LENGTH = struct.Struct("!I")
_LONGEST_REQUEST = 1 << 16
_NAME = re.compile(r"[^/\0]{1,200}")


@dataclass(frozen=True, slots=True)
class Published:
    """What can be attached: its name, what it is, bytes, the publisher's pid, when (epoch s)."""

    name: str
    kind: str
    nbytes: int
    pid: int
    since: float


@dataclass(frozen=True, slots=True)
class Offer:
    """A published value as its reader gets it: how to read it, where, and a description."""

    refs: tuple[Ref, ...]
    about: bytes
    fd: int


@dataclass(slots=True)
class _Publication:
    published: Published
    segment: Segment
    refs: tuple[Ref, ...]
    about: bytes


class Publisher:
    """The publications of one process and the thread that hands them out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._publications: dict[str, _Publication] = {}
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._path: Path | None = None
        self._thread: threading.Thread | None = None

    def publish(self, name: str, kind: str, values: Sequence[object], about: bytes = b"") -> int:
        """Copy values into a segment of their own and offer them; the bytes that were copied.

        Raises: NameTaken, NotStorable, StoreFull, SharingFailed: and nothing is published.
        """
        checked_name(name)
        for other in published():
            if other.name == name:
                raise NameTaken.by(name, other.pid)
        segment, refs, nbytes = self._store.written_apart(values, f"publishing {name!r}")
        shown = Published(name, kind, nbytes, os.getpid(), time.time())
        try:
            self._listen()
        except OSError as error:
            self._store.close_apart(segment)
            raise SharingFailed(f"no socket can be made in {_folder()}\n  {error}") from error
        with self._lock:
            self._publications[name] = _Publication(shown, segment, refs, about)
        return nbytes

    def unpublish(self, name: str) -> None:
        """Offer it no more; who has attached it goes on. Raises: NotPublished."""
        with self._lock:
            publication = self._publications.pop(name, None)
            known = sorted(self._publications)
        if publication is None:
            raise NotPublished.among(name, known, "this program has published")
        self._store.close_apart(publication.segment)

    def close(self) -> None:
        """Offer nothing any more; end the thread and remove the socket."""
        if self._listener is not None and self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
            self._listener.close()
            self._listener = None
        if self._thread is not None:
            self._thread.join()
        for publication in self._publications.values():
            self._store.close_apart(publication.segment)
        self._publications.clear()

    def _listen(self) -> None:
        if self._listener is not None:
            return
        path = _folder() / f"{os.getpid()}-{id(self):x}.sock"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            listener.bind(os.fspath(path))
            listener.listen(16)
        except OSError:
            listener.close()
            raise
        self._listener, self._path = listener, path
        self._thread = threading.Thread(
            target=self._serve, args=(listener,), name="shframe-publisher", daemon=True
        )
        self._thread.start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # closed
            with connection, contextlib.suppress(OSError, ValueError, EOFError):
                connection.settimeout(PATIENCE)
                if peer_uid(connection) == os.geteuid():
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        request = _receive(connection, _LONGEST_REQUEST)[0].decode()
        with self._lock:
            if not request:
                _send(connection, pickle.dumps([p.published for p in self._publications.values()]))
                return
            publication = self._publications.get(request)
            if publication is None:
                _send(connection, b"")
                return
            fd = publication.segment.readonly_fd()
        try:
            _send(connection, pickle.dumps((publication.refs, publication.about)), fd)
        finally:
            os.close(fd)


def published() -> list[Published]:
    """What all programs of this user have published, by name.

    Cost: a connection to each publisher; sockets of dead ones are removed.
    """
    found: list[Published] = []
    for connection in _connections():
        with contextlib.suppress(OSError, EOFError):
            _send(connection, b"")
            found.extend(pickle.loads(_receive(connection)[0]))
    return sorted(found, key=lambda one: one.name)


def offer(name: str) -> Offer:
    """Ask all publishers for what has this name. Raises: NotPublished.

    Cost: some messages; no byte of the value is read.
    """
    checked_name(name)
    for connection in _connections():
        with contextlib.suppress(OSError, EOFError):
            _send(connection, name.encode())
            answer, fds = _receive(connection)
            if answer:
                refs, about = pickle.loads(answer)
                return Offer(refs, about, fds[0])
    raise NotPublished.among(name, [one.name for one in published()], "there are")


def checked_name(name: str) -> str:
    """The name, when it can be one. Raises: SharingFailed."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SharingFailed(
            f"{name!r} is no name for published data\n"
            "  a text of 1 to 200 characters without '/' is needed"
        )
    return name


def peer_uid(connection: socket.socket) -> int:
    """The user at the other end, as the kernel knows it."""
    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", credentials)[1])


def _folder() -> Path:
    """A folder that nobody else can enter, made when there is none. Raises: SharingFailed."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        folder = Path(runtime) / "shframe"
    else:
        folder = Path(tempfile.gettempdir()) / f"shframe-{os.geteuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise SharingFailed(
            f"the folder {os.fspath(folder)!r} is not this user's alone\n"
            "  remove it, or name another one by XDG_RUNTIME_DIR"
        )
    return folder


def _connections() -> Iterator[socket.socket]:
    """A connection to each publisher of this user that lives."""
    for path in sorted(_folder().glob("*.sock")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            try:
                connection.connect(os.fspath(path))
            except ConnectionRefusedError:  # its process was killed
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                continue
            except OSError:
                continue
            if peer_uid(connection) == os.geteuid():
                yield connection


def _send(connection: socket.socket, payload: bytes, fd: int | None = None) -> None:
    head = _LENGTH.pack(len(payload))
    if fd is not None:
        socket.send_fds(connection, [head], [fd])
        head = b""
    connection.sendall(head + payload)  # at once: the other side may answer and go


def _receive(connection: socket.socket, longest: int = 1 << 31) -> tuple[bytes, list[int]]:
    head, fds, _, _ = socket.recv_fds(connection, _LENGTH.size, 1, socket.MSG_WAITALL)
    try:
        if len(head) < _LENGTH.size:
            raise EOFError("the other side has closed the connection")
        (length,) = _LENGTH.unpack(head)
        if length > longest:
            raise ValueError(f"a message of {length} bytes, {longest} are allowed")
        payload = bytearray()
        while len(payload) < length:
            part = connection.recv(min(length - len(payload), 1 << 20))
            if not part:
                raise EOFError("the other side has closed the connection")
            payload += part
    except BaseException:
        for fd in fds:
            os.close(fd)
        raise
    return bytes(payload), fds


def laid_out_apart(layouts: Sequence[Any]) -> tuple[list[int], int]:
    """Where values begin that lie one after another, each on a page; and where the last ends."""
    offsets, end = [], 0
    for layout in layouts:
        offsets.append(end)
        end = round_up(end + max(layout.nbytes, 1), PAGE)
    return offsets, end
