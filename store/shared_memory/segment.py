"""One file of shared memory: the owner's side (Segment) and that of others (Attached).

A segment is a sparse memfd as large as it may ever get; pages come by `reserve` and go by
`punch`. It is sealed against shrinking and growing, so that no access to the mapping can fault
past its end; the seals against writing are not set, because they forbid punching. The mode is
0400 and views are made from the read-only mapping alone. Knows no object and no offset in use.
"""

import contextlib
import fcntl
import os
import resource
import sys
from typing import Any, Final

from shframe.store.shared_memory.mapping import (
    PAGE,
    Mapping,
    as_bytes,
    punch_hole,
    reserve,
    round_up,
)


class Attached:
    """A segment of another process, mapped read-only once. Takes over the descriptor."""

    def __init__(self, id: int, fd: int) -> None:
        """Map the whole of `fd`. Raises: OSError: and `fd` is closed."""
        self.id: Final = id
        self._fd = fd
        try:
            self.capacity: Final = os.fstat(fd).st_size
            self._readonly: Mapping | None = Mapping(fd, self.capacity, writable=False)
        except OSError:
            os.close(fd)
            raise

    @property
    def readonly(self) -> Mapping:
        """The whole segment, mapped for reading: what every view is made from."""
        assert self._readonly is not None, "a closed segment is not read"
        return self._readonly

    @property
    def fd(self) -> int:
        """The descriptor, which stays ours."""
        return self._fd

    def private_view(self, offset: int, nbytes: int) -> tuple[Mapping, int]:
        """Map just the pages of a range, copied on write; returns them and the range's address."""
        start = offset // PAGE * PAGE
        pages = Mapping(
            self._fd, offset + nbytes - start, offset=start, writable=True, private=True
        )
        return pages, pages.address + offset - start

    def readonly_fd(self) -> int:
        """A new descriptor that cannot write, to be sent away; the caller closes it."""
        return reopen_readonly(self._fd)

    def punch(self, offset: int, nbytes: int) -> bool:
        """Give the pages of a range back (needs a read-write descriptor)."""
        return punch_hole(self._fd, offset, nbytes)

    def close(self) -> None:
        """Close the descriptor; the mapping goes with its last view."""
        self._readonly = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self.close()


class Segment(Attached):
    """A segment of this process: reserves pages, and has a mapping that can write."""

    def __init__(self, id: int, fd: int) -> None:
        super().__init__(id, fd)
        self._writable: Any = None

    @classmethod
    def create(cls, id: int, capacity: int) -> "Segment":
        """Make a sparse segment of `capacity` bytes, rounded up to whole pages.

        Raises: OSError if the machine gives no descriptor, no address space, or no file as
        large as that.
        """
        fd = _open_memory(round_up(max(capacity, 1)))
        return cls(id, fd)

    @property
    def writable(self) -> Any:
        """The whole segment, (capacity,) uint8, for the store's own code only."""
        if self._writable is None:
            self._writable = as_bytes(Mapping(self._fd, self.capacity, writable=True))
        return self._writable

    @property
    def mapping(self) -> Mapping:
        """The mapping under `writable`."""
        mapping = self.writable.base
        assert isinstance(mapping, Mapping), "an array over a mapping has it as its base"
        return mapping

    def reserve(self, offset: int, nbytes: int) -> None:
        """Back a range with pages before its first use.

        A sparse page that finds no room ends in SIGBUS; here it is an error instead.

        Raises: OSError if the machine is full.
        """
        reserve(self._fd, offset, nbytes)

    def close(self) -> None:
        """Close the descriptor; the mappings go with their last views."""
        self._writable = None
        super().close()


def largest_file() -> int:
    """Bytes that a file of this process may have (ulimit -f)."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit // PAGE * PAGE


def punch_all_but(segment: Attached, kept: list[tuple[int, int]]) -> None:
    """Give back all pages of a segment but those that touch one of the kept (start, end)."""
    position = 0
    for start, end in [*sorted(kept), (segment.capacity, segment.capacity)]:
        first = start // PAGE * PAGE
        if first > position:
            segment.punch(position, first - position)
        position = max(position, -(-end // PAGE) * PAGE)


def reopen_readonly(fd: int) -> int:
    """A new descriptor of the same file that cannot write.

    Where there is no /proc, it is a plain duplicate and the promise is weaker.
    """
    try:
        return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return os.dup(fd)


def open_shared(capacity: int) -> int:
    """A descriptor of `capacity` zero bytes without a name, writable by all that have it."""
    return _open_memory(round_up(capacity))


def _open_memory(capacity: int) -> int:
    try:
        fd = os.memfd_create("shframe", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except (OSError, AttributeError):  # macOS has none, a seccomp filter may forbid it
        return _open_unlinked(capacity)
    os.ftruncate(fd, capacity)
    os.fchmod(fd, 0o400)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return fd


def _open_unlinked(capacity: int) -> int:
    """A file that loses its name at once: weaker, its size is not sealed."""
    import tempfile  # here, as it takes long to load

    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    fd, path = tempfile.mkstemp(prefix="shframe-", dir=folder)
    os.unlink(path)
    os.ftruncate(fd, capacity)
    os.fchmod(fd, 0o400)
    return fd
