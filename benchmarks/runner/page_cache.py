"""Files in the page cache of Linux: how much of them is, and dropping them from it."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def cached_share(paths: Iterable[Path]) -> float | None:
    """The share of the files' pages that are in the page cache; None without files."""
    inside = pages = 0
    for path in paths:
        size = path.stat().st_size
        if not size:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            count = -(-size // mmap.PAGESIZE)
            marks = (ctypes.c_ubyte * count)()
            view = np.frombuffer(mapped, np.uint8)
            address = ctypes.c_void_p(view.ctypes.data)
            failed = ctypes.CDLL(None).mincore(address, ctypes.c_size_t(size), marks)
            del view
            if failed:
                return None
            inside += int((np.frombuffer(bytes(marks), np.uint8) & 1).sum())
            pages += count
    return inside / pages if pages else None


def drop_from_cache(paths: Iterable[Path]) -> None:
    """Have the files read from the disk again; what is dirty is written first."""
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
