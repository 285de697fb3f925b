"""Free pages that the heaps of a worker keep for its next task.

Left to themselves, glibc's heap (NumPy, pandas) and Arrow's give the pages of temporaries back
between two kernels and fault them in again: a third of the time of a group-by, a sixth of the CPU
time of TPC-H. The driver counts what is kept as part of the budget (driver/worker_memory.py).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

from shframe.graph.machine.procfs import anonymous

MOST = 256 << 20  # bytes that a heap keeps between two kernels, in a large budget
LEAST = 32 << 20  # in a small one
SHARE = 32  # of the budget may be kept by all workers together
_M_TRIM_THRESHOLD = -1
# Of the server and its workers. Arrow's heap gives nothing back for so many milliseconds.
ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(LEAST),
    "MIMALLOC_PURGE_DELAY": "1000000",
}


class KeptHeap:
    """How much one worker keeps; what the user's environment says of an allocator goes first."""

    def __init__(self, budget: int, workers: int) -> None:
        self.most = max(LEAST, min(budget // (SHARE * max(workers, 1)), MOST))
        self._pid = os.getpid()
        self._idle = anonymous(self._pid)
        self._allocations = 0
        self._keeps = os.environ.get("MIMALLOC_PURGE_DELAY") == ENVIRONMENT["MIMALLOC_PURGE_DELAY"]
        if os.environ.get("MALLOC_TRIM_THRESHOLD_") == ENVIRONMENT["MALLOC_TRIM_THRESHOLD_"]:
            with contextlib.suppress(AttributeError, OSError):  # of another libc
                ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, self.most)

    def settle(self) -> None:
        """After a task: Arrow's free pages are given back where too much is kept.

        Cost: 10 us after a task that has used Arrow's heap, else below one.
        """
        arrow = sys.modules.get("pyarrow")
        if arrow is None or not self._keeps or not hasattr(arrow, "default_memory_pool"):
            return
        pool = arrow.default_memory_pool()
        allocations = pool.num_allocations()
        if allocations != self._allocations:
            self._allocations = allocations
            if anonymous(self._pid) - self._idle > self.most:
                pool.release_unused()
