"""Where objects go that memory has no room for: one file without a name on a real disk.

The file is sparse and as large as it may get; an object lies in it as the same aligned bytes, so
reading it is a mapping like any other and needs no room. Blocks that are freed are punched out.
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

SPILL_SLOT = SLOTS - 1  # no process has it: the owner of what lies on the disk
SEGMENT = SPILL_SLOT << SEGMENT_BITS
LOG = logging.getLogger("shframe")
_MEMORY_FILES = ("tmpfs", "ramfs", "devtmpfs")
_COPY = 16 << 20  # bytes of one call


class SpillFile:
    """The file, made when the first object comes. The caller holds the store's lock.

    folder: on a real disk; None: the folder for temporary files, or the user's cache.
    limit: bytes that may lie in it; None: what is free on the disk, less a tenth.
    Raises: SpillFailed: at once, when a named folder cannot hold it.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, limit: int | None) -> None:
        self._limit = limit
        self._segment: Attached | None = None
        self._allocator = Allocator(0)
        self._said = False
        self._folder = checked_folder(folder) if folder is not None else None

    @property
    def nbytes(self) -> int:
        """Bytes of the objects in it."""
        return self._allocator.allocated

    def write(self, source: int, offset: int, nbytes: int) -> int | None:
        """Copy a range of another file in; its place here, or None when there is no room.

        Raises: SpillFailed: when the disk fails in another way than being full.
        """
        segment = self._opened()
        if segment is None:
            return None
        place = self._allocator.allocate(nbytes)
        if place is None:
            return None
        try:
            _copy(source, offset, segment.fd, place, nbytes)
        except OSError as error:
            self.free(place)
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                self._say(f"the disk of the spill folder is full: {error}")
                return None
            raise SpillFailed(
                f"writing {format_bytes(nbytes)} to the spill folder {self._folder} failed\n"
                f"  {error}\n  name another folder by spill_folder=..."
            ) from error
        return place

    def free(self, place: int) -> None:
        """Give an object's room on the disk back."""
        size = self._allocator.free(place)
        if self._segment is not None:
            punch_hole(self._segment.fd, place, size)

    def segment(self) -> Attached:
        """The file as a segment that can be read; only after a write."""
        assert self._segment is not None, "there is a file once something was written"
        return self._segment

    def close(self) -> None:
        """Close the file, which ends it; views of it stay valid."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _opened(self) -> Attached | None:
        if self._segment is not None:
            return self._segment
        folder = self._folder or default_folder()
        if folder is None:
            self._say("no folder on a real disk was found: spill_folder=... names one")
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
                f"no spill file can be made in {folder}\n  {error}\n"
                "  name another folder by spill_folder=..."
            ) from error
        self._segment = Attached(SEGMENT, fd)
        self._allocator = Allocator(capacity)
        return self._segment

    def _say(self, why: str) -> None:
        if not self._said:
            self._said = True
            LOG.warning("nothing (more) is spilled to disk: %s", why)


def _copy(source: int, offset: int, target: int, place: int, nbytes: int) -> None:
    os.lseek(target, place, os.SEEK_SET)
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
    """Where objects are spilled to when nobody says it; None: no real disk can be written."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in (Path(tempfile.gettempdir()), Path("/var/tmp"), cache):
        if folder.is_dir() and os.access(folder, os.W_OK) and not _in_memory(folder):
            return folder
    return None


def checked_folder(name: str | os.PathLike[str]) -> Path:
    """The folder, if objects can be spilled to it. Raises: SpillFailed."""
    folder = Path(name)
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise SpillFailed(f"spill_folder={os.fspath(folder)!r} is no folder that can be written")
    if _in_memory(folder):
        raise SpillFailed(
            f"spill_folder={os.fspath(folder)!r} lies in memory (tmpfs), where spilling gains "
            "nothing\n  name a folder on a disk"
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
