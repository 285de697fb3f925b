"""The spill file: objects that do not fit into memory, in a file without a name on a disk.

The file is sparse and as large as it may get; an object is stored in it as the same aligned bytes,
so reading it is a mapping like any other and needs no room. Blocks that are freed are punched out.
"""

import contextlib
import errno
import logging
import os
import tempfile
from pathlib import Path

from shframe.store.byte_sizes import format_bytes
from shframe.store.errors import SpillFailed
from shframe.store.ref import SEGMENT_BITS
from shframe.store.shared_memory.allocator import Allocator
from shframe.store.shared_memory.ledger import SLOTS
from shframe.store.shared_memory.mapping import punch_hole, round_up
from shframe.store.shared_memory.segment import Attached, largest_file

SPILL_SLOT = SLOTS - 1  # no process has it: the owner of objects on disk
SEGMENT = SPILL_SLOT << SEGMENT_BITS
LOG = logging.getLogger("shframe")
_MEMORY_FILES = ("tmpfs", "ramfs", "devtmpfs")
_COPY = 16 << 20  # bytes of one call


class SpillFile:
    """The file, created with the first object. The caller holds the store's lock.

    folder: on a real disk; None: the folder for temporary files, or the user's cache.
    limit: bytes that it may hold; None: what is free on the disk, less a tenth.
    Raises: SpillFailed: at once if a named folder cannot hold it.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, limit: int | None) -> None:
        self._limit = limit
        self._segment: Attached | None = None
        self._allocator = Allocator(0)
        self._warned = False
        self._folder = check_folder(folder) if folder is not None else None

    @property
    def nbytes(self) -> int:
        """Bytes of the objects in it."""
        return self._allocator.allocated

    def write(self, source: int, offset: int, nbytes: int) -> int | None:
        """Copy a range of another file into it; returns the offset, None if there is no room.

        Raises: SpillFailed if the disk fails in another way than being full.
        """
        segment = self._open()
        if segment is None:
            return None
        start = self._allocator.allocate(nbytes)
        if start is None:
            return None
        try:
            _copy(source, offset, segment.fd, start, nbytes)
        except OSError as error:
            self.free(start)
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                self._warn(f"the disk of the spill folder is full: {error}")
                return None
            raise SpillFailed(
                f"writing {format_bytes(nbytes)} to the spill folder {self._folder} failed\n"
                f"  {error}\n  use another folder: spill_folder=..."
            ) from error
        return start

    def free(self, start: int) -> None:
        """Give an object's room on the disk back."""
        size = self._allocator.free(start)
        if self._segment is not None:
            punch_hole(self._segment.fd, start, size)

    def segment(self) -> Attached:
        """The file as a segment that can be read; only after a write."""
        assert self._segment is not None, "there is a file once something was written"
        return self._segment

    def close(self) -> None:
        """Close the file, which ends it; views of it stay valid."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _open(self) -> Attached | None:
        if self._segment is not None:
            return self._segment
        folder = self._folder or default_folder()
        if folder is None:
            self._warn("no folder on a real disk was found: set spill_folder=...")
            return None
        self._folder = folder
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
        wanted = round_up(self._limit if self._limit is not None else int(free * 0.9))
        capacity = min(wanted, largest_file())
        if capacity == 0:
            return None
        try:
            fd = _open_without_name(folder)
            os.ftruncate(fd, capacity)
        except OSError as error:
            raise SpillFailed(
                f"cannot create a spill file in {folder}\n  {error}\n"
                "  use another folder: spill_folder=..."
            ) from error
        self._segment = Attached(SEGMENT, fd)
        self._allocator = Allocator(capacity)
        return self._segment

    def _warn(self, why: str) -> None:
        if not self._warned:
            self._warned = True
            LOG.warning("no more objects are spilled to disk: %s", why)


def _copy(source: int, offset: int, target: int, start: int, nbytes: int) -> None:
    os.lseek(target, start, os.SEEK_SET)
    while nbytes:
        done = os.sendfile(target, source, offset, min(nbytes, _COPY))
        if not done:
            raise OSError(errno.EIO, "the source ended early")
        offset += done
        nbytes -= done


def _open_without_name(folder: Path) -> int:
    with contextlib.suppress(OSError, AttributeError):  # not every file system has it
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fd, name = tempfile.mkstemp(prefix=".shframe-spill-", dir=folder)
    os.unlink(name)
    return fd


def default_folder() -> Path | None:
    """Where objects are spilled to by default; None: no real disk can be written."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in (Path(tempfile.gettempdir()), Path("/var/tmp"), cache):
        if folder.is_dir() and os.access(folder, os.W_OK) and not _in_memory(folder):
            return folder
    return None


def check_folder(name: str | os.PathLike[str]) -> Path:
    """The folder, if objects can be spilled to it. Raises: SpillFailed."""
    folder = Path(name)
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise SpillFailed(f"spill_folder={os.fspath(folder)!r} is not a writable folder")
    if _in_memory(folder):
        raise SpillFailed(
            f"spill_folder={os.fspath(folder)!r} is in memory (tmpfs), so spilling there "
            "frees nothing\n  name a folder on a disk"
        )
    return folder


def _in_memory(folder: Path) -> bool:
    """Whether the folder's file system is kept in memory."""
    device = os.stat(folder).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return False
    for line in lines:
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted:
            return after.split()[0] in _MEMORY_FILES
    return False
