"""Which tasks may start, so that what they make and need fits; part of the pure scheduler.

How much a kind of task makes is learned from its results, as its seconds are, and how much private
memory it takes while it runs (worker_memory.py). The sum over the tasks that workers were sent may
not pass the room that is left; one task may always run.
"""

from __future__ import annotations

import math

COUNTED = 1 << 16  # results below this size are not counted: theirs would cost more than it saves
HEAP_COUNTED = 4 << 20  # nor heaps below this one, which are noise of the allocators
SMOOTHING = 0.3  # weight of a smaller result in the learned size; a larger one counts at once


class Admission:
    """The bytes that running tasks are expected to make and to need, and the room for them.

    room: free bytes, set by driver/memory.py; without limit at first.
    counts: whether any kind of task is known to make large results or heaps.
    most_heap: bytes that the heap of one task may count for: of a larger one no room can be made.
    heap: bytes of private memory that the tasks that workers have been sent are expected to need.
    short: bytes missing for the task that was refused last; 0 when none was.
    """

    def __init__(self) -> None:
        self.room: float = math.inf
        self.short = 0
        self.counts = False
        self.heap: float = 0
        self.most_heap: float = math.inf
        self._sizes: dict[object, int] = {}
        self._heaps: dict[object, int] = {}
        self._promised: dict[int, tuple[int, float]] = {}  # task -> what it makes, its heap
        self._sum: float = 0

    def admits(self, number: int, kind: object, alone: bool, memory: int = 0) -> bool:
        """Whether the task may go to a worker now; if so, its result is expected from here on.

        alone: no worker has been sent anything; memory: what it needs according to the user.
        """
        size, heap = self._sizes.get(kind, 0), min(self._heaps.get(kind, 0), self.most_heap)
        if memory:
            size, heap = max(size, memory - int(heap)), heap
        elif size < COUNTED and not heap:
            return True
        needed = self._sum + self.heap + size + heap
        if needed > self.room and not alone:
            self.short = int(needed - self.room)
            return False
        self.counts = True
        self._promised[number] = size, heap
        self._sum += size
        self.heap += heap
        return True

    def end(self, number: int) -> None:
        """The task runs no more, or will not run."""
        if self._promised:
            size, heap = self._promised.pop(number, (0, 0))
            self._sum -= size
            self.heap -= heap

    def learn(self, kind: object, nbytes: int, heap: int = 0) -> None:
        """A task of this kind has made, or would have made, so many bytes, and needed a heap."""
        _learn(self._sizes, kind, nbytes, COUNTED)
        if heap >= HEAP_COUNTED or kind in self._heaps:
            _learn(self._heaps, kind, heap, HEAP_COUNTED)
        self.counts = self.counts or nbytes >= COUNTED or heap >= HEAP_COUNTED


def _learn(known: dict[object, int], kind: object, nbytes: int, counted: int) -> None:
    """More counts at once, less little by little."""
    old = known.get(kind, 0)
    more = nbytes >= old or old < counted
    known[kind] = nbytes if more else int(old + SMOOTHING * (nbytes - old))
