"""Where programs of one user meet: a socket for each name, in a folder of that user alone.

The process that listens at a name owns it. A socket that refuses connections belonged to a process
that has ended. Names are taken, and such sockets removed, while the folder is locked: the kernel
ends that lock with its process. The listener sends one message, with a descriptor, to each
connection of its own user (SO_PEERCRED); it reads nothing. Linux only.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import socket
import stat
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from shframe.store.errors import NameTaken, SharingFailed

PATIENCE = 3.0  # seconds until another program counts as stopped
LONGEST_NAME = 200
_LONGEST_MESSAGE = 1 << 16
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


class NobodyListens(SharingFailed):
    """There is no socket of a name, or its process has ended."""


def check_name(name: object) -> str:
    """The name, if it is valid. Raises: SharingFailed."""
    if (
        isinstance(name, str)
        and 0 < len(name) <= LONGEST_NAME
        and name.isprintable()  # so it has no half of a surrogate pair either
        and "/" not in name
    ):
        return name
    raise SharingFailed(
        f"{name!r:.300} is not a valid name for published data\n"
        f"  use a string of 1 to {LONGEST_NAME} printable characters without '/'"
    )


def socket_path(name: str) -> Path:
    """The socket of a name. Raises: SharingFailed if the folder is not safe."""
    return _folder() / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.sock"


def socket_paths() -> list[Path]:
    """All sockets that there are, of living programs and others."""
    return sorted(_folder().glob("*.sock"))


def listen(name: str) -> tuple[socket.socket, Path]:
    """Take a name; returns its listening socket, which does not block, and its path.

    Raises: NameTaken, SharingFailed: also when a descriptor or the folder cannot be had.
    """
    path = socket_path(name)
    with _lock(path.parent):
        taken = _holder(path)
        if taken is not None:
            raise NameTaken.by(name, taken)
        with _explain(path.parent):
            path.unlink(missing_ok=True)
            listener = _socket()
            try:
                listener.bind(os.fspath(path))
                listener.listen(128)
                listener.setblocking(False)
            except BaseException:
                listener.close()
                raise
    return listener, path


def holder(name: str) -> int | None:
    """The process that listens at a name. Raises: SharingFailed."""
    return _holder(socket_path(name))


def answer(listener: socket.socket, message: bytes, fd: int) -> None:
    """Accept a connection and send it the message and the descriptor, if it is of our user."""
    connection, _ = listener.accept()
    with connection:
        connection.setblocking(False)  # one short message into an empty queue
        if peer(connection)[1] == os.geteuid():
            socket.send_fds(connection, [message], [fd])


def ask(path: Path) -> tuple[bytes, int]:
    """The message and the descriptor that the listener at `path` hands out; close it then.

    Raises: NobodyListens; SharingFailed: also when it does not answer.
    """
    with _connection(path) as connection:
        pid, uid = peer(connection)
        if uid != os.geteuid():
            raise SharingFailed(f"the socket {os.fspath(path)!r} belongs to user {uid}")
        with _explain(path.parent, pid):
            try:
                message, fds, flags, _ = socket.recv_fds(
                    connection, _LONGEST_MESSAGE, 1, socket.MSG_CMSG_CLOEXEC
                )
            except ConnectionError as error:  # it has died since we connected
                raise NobodyListens(f"process {pid} has closed {os.fspath(path)!r}") from error
    if not message:  # it ended, or took its offer back, between our connecting and its answer
        raise NobodyListens(f"process {pid} has closed {os.fspath(path)!r}")
    if not fds or flags & socket.MSG_CTRUNC:
        for fd in fds:
            os.close(fd)
        raise SharingFailed(
            "no descriptor could be received\n  close files, or raise the limit (ulimit -n)"
        )
    return message, fds[0]


def remove_dead(path: Path) -> None:
    """Remove a socket at which no process listens. Raises: SharingFailed."""
    with _lock(path.parent):
        if _holder(path) is None:
            path.unlink(missing_ok=True)


def peer(connection: socket.socket) -> tuple[int, int]:
    """The process and the user at the other end, as the kernel knows them."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(found)
    return pid, uid


def _holder(path: Path) -> int | None:
    try:
        with _connection(path) as connection:
            return peer(connection)[0]
    except NobodyListens:
        return None


def _socket() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)


@contextlib.contextmanager
def _connection(path: Path) -> Iterator[socket.socket]:
    with _explain(path.parent):
        connection = _socket()
    with connection:
        connection.settimeout(PATIENCE)
        with _explain(path.parent):
            _connect(connection, path)
        yield connection


def _connect(connection: socket.socket, path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return connection.connect(os.fspath(path))
        except (ConnectionError, FileNotFoundError) as error:
            raise NobodyListens(f"no process listens at {os.fspath(path)!r}") from error
        except BlockingIOError:  # its queue is full: many connect at once, or it is stopped
            if time.monotonic() > end:
                raise TimeoutError from None
            time.sleep(0.001)


def _folder() -> Path:
    """A folder that no other user can enter; created if there is none. Raises: SharingFailed."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        folder = Path(runtime) / "shframe"
    else:
        folder = Path(tempfile.gettempdir()) / f"shframe-{os.geteuid()}"
    with _explain(folder):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise SharingFailed(
            f"the folder {os.fspath(folder)!r} can be entered by other users\n"
            "  remove it, or set XDG_RUNTIME_DIR to another one"
        )
    return folder


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """No other program, and no other thread, takes or removes a name meanwhile."""
    end = time.monotonic() + PATIENCE
    with _explain(folder):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with _explain(folder):
            while True:
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise TimeoutError from None
                    time.sleep(0.001)
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def _explain(folder: Path, pid: int | None = None) -> Iterator[None]:
    """Turn errors of the machine into SharingFailed with advice."""
    try:
        yield
    except TimeoutError:
        who = f"process {pid}" if pid is not None else "the program that publishes"
        raise SharingFailed(
            f"{who} has not answered for {PATIENCE:g} s: it is stopped, or busy in one long call\n"
            "  continue it (kill -CONT), or end it and publish again"
        ) from None
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            advice = "close files, or raise the limit (ulimit -n)"
        else:
            advice = "set XDG_RUNTIME_DIR to a folder of this user with a short path"
        raise SharingFailed(
            f"programs cannot meet in the folder {os.fspath(folder)!r}: {error}\n  {advice}"
        ) from error
