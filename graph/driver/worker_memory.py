"""How much private memory tasks take while they run, seen from outside.

The driver reads the anonymous pages of each busy worker every few milliseconds: what pandas or
Arrow allocate in a task is not reported, and is gone at its end. What a kind of task took above
the level at which it found its worker is what admission.py expects of the next one.
"""

from __future__ import annotations

from dataclasses import dataclass

from shframe.graph.machine.procfs import anonymous

PAUSE = 0.02  # seconds between two looks: a task that is shorter makes no large heap


@dataclass(slots=True)
class _Heap:
    """Bytes of one worker. idle: before its first task; level: after its last; peak: since then."""

    pid: int
    idle: int
    level: int
    peak: int


class WorkerMemory:
    """The private memory of the workers of one session. Reads no clock."""

    def __init__(self) -> None:
        self._heaps: dict[int, _Heap] = {}
        self._looked = 0.0

    def due(self, now: float) -> bool:
        """Whether it is time for another look."""
        return now - self._looked >= PAUSE

    def look(self, now: float, workers: dict[int, int]) -> None:
        """Read how much each worker has, unless that was done just now. workers: slot -> pid."""
        if not self.due(now):
            return
        self._looked = now
        for slot in self._heaps.keys() - workers.keys():
            del self._heaps[slot]
        for slot, pid in workers.items():
            nbytes = anonymous(pid)
            heap = self._heaps.get(slot)
            if heap is None or heap.pid != pid:
                self._heaps[slot] = _Heap(pid, nbytes, nbytes, nbytes)
            else:
                heap.peak = max(heap.peak, nbytes)

    def take_peak(self, slot: int) -> int:
        """What the tasks that the worker has just ended took at most; then it starts from zero."""
        heap = self._heaps.get(slot)
        if heap is None or heap.peak == heap.level:
            return 0
        found = heap.peak - heap.level
        heap.level = heap.peak = anonymous(heap.pid)
        return max(found, 0)

    def kept(self) -> int:
        """What workers have kept of what tasks took, above what they had at first."""
        return sum(max(heap.level - heap.idle, 0) for heap in self._heaps.values())
