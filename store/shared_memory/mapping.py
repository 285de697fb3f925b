"""One mapping of a range of a file into this process: made, advised, unmapped. Knows no object.

Python's own mmap keeps a duplicate descriptor for each mapping until 3.13, so ten thousand
writable results would need ten thousand descriptors; the C library's call keeps none. A Mapping
is unmapped when the last thing that refers to it dies: every view must keep it alive, and does,
because NumPy's base chain ends in it or in the pin that holds it.
"""

import contextlib
import ctypes
import mmap
import os
import sys
from collections.abc import Callable
from typing import Any

PAGE = mmap.PAGESIZE

_MAP_FIXED = 0x10
_MAP_NORESERVE = 0x4000 if sys.platform == "linux" else 0x40
_MADV_DONTDUMP = 16
_MADV_POPULATE_READ = 22
_MADV_POPULATE_WRITE = 23
_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_mmap = _libc.mmap
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_int64]
_munmap = _libc.munmap
_munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_madvise = _libc.madvise
_madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Mapping:
    """A range of a file at `address` of this process, unmapped with its last reference."""

    __slots__ = ("__weakref__", "address", "nbytes", "writable")

    def __init__(
        self, fd: int, nbytes: int, *, offset: int = 0, writable: bool, private: bool = False
    ) -> None:
        """Map `nbytes` from `offset` (a multiple of the page); `private` copies on write.

        Raises: OSError if the descriptor or the machine does not allow it.
        """
        self.address = 0  # __del__ must find it when the next line raises
        self.nbytes = nbytes
        self.writable = writable
        self.address = _map(fd, nbytes, offset, writable, private, address=None)
        if sys.platform == "linux" and not private:
            _madvise(self.address, nbytes, _MADV_DONTDUMP)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return array_interface(self.address, self.nbytes, self.writable)

    def numbers(self) -> memoryview:
        """The bytes as int64, to be read and written; the view keeps the mapping alive."""
        memory = (ctypes.c_char * self.nbytes).from_address(self.address)
        memory.mapping = self  # type: ignore[attr-defined]
        return memoryview(memory).cast("B").cast("q")

    def populate(self, offset: int, nbytes: int) -> None:
        """Make the pages of a range present, in one call instead of a fault for each.

        A kernel that does not know the call (before 5.14) leaves it to the faults.
        """
        if sys.platform == "linux":
            start = (self.address + offset) // PAGE * PAGE
            advice = _MADV_POPULATE_WRITE if self.writable else _MADV_POPULATE_READ
            _madvise(start, self.address + offset + nbytes - start, advice)

    def withdraw(self, fd: int, offset: int) -> None:
        """Replace the pages, in place, by a private read-only mapping of the same file.

        Whatever view is left reads on, and cannot reach the file.
        """
        _map(fd, self.nbytes, offset, writable=False, private=True, address=self.address)
        self.writable = False

    def __del__(self, munmap: Callable[..., Any] = _munmap) -> None:
        if self.address:
            munmap(self.address, self.nbytes)


def as_bytes(memory: Any) -> Any:
    """A mapping or a pin as (nbytes,) uint8; the array and its views keep it alive."""
    import numpy as np

    return np.asarray(memory)


def array_interface(address: int, nbytes: int, writable: bool) -> dict[str, Any]:
    """The array interface of memory as bytes: shape (nbytes,) uint8."""
    return {
        "version": 3,
        "typestr": "|u1",
        "shape": (nbytes,),
        "data": (address, not writable),
    }


def round_up(nbytes: int, unit: int = PAGE) -> int:
    """The smallest multiple of `unit` that is not below `nbytes`."""
    return -(-nbytes // unit) * unit


def punch_hole(fd: int, offset: int, nbytes: int) -> bool:
    """Give the pages of a range back; they read as zeros. False if that is not possible."""
    if sys.platform != "linux":
        return False
    result = _libc.fallocate(
        ctypes.c_int(fd), ctypes.c_int(3), ctypes.c_int64(offset), ctypes.c_int64(nbytes)
    )
    return bool(result == 0)


def reserve(fd: int, offset: int, nbytes: int) -> None:
    """Give a range its pages now. Raises: OSError if the machine has none."""
    with contextlib.suppress(AttributeError):  # macOS has no such call
        os.posix_fallocate(fd, offset, nbytes)


def _map(
    fd: int, nbytes: int, offset: int, writable: bool, private: bool, *, address: int | None
) -> int:
    protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
    # A private view costs what is written into it, not its size: nothing is set aside.
    flags = mmap.MAP_PRIVATE | _MAP_NORESERVE if private else mmap.MAP_SHARED
    if address is not None:
        flags |= _MAP_FIXED
    mapped = _mmap(address, nbytes, protection, flags, fd, offset)
    if mapped is None or mapped == _FAILED:
        number = ctypes.get_errno()
        raise OSError(number, f"mapping {nbytes} bytes: {os.strerror(number)}")
    return int(mapped)
