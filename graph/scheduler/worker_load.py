"""Which workers can take tasks: their order by load, kept so that an event costs the same with two
workers and with hundreds. Part of the pure scheduler.

What changes a worker's tasks touches it; what was touched is sorted in at the next question.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

IDLE = -1.0  # below every load: a sum of seconds may come out a little below zero


@dataclass(slots=True)
class WorkerState:
    """The tasks that a worker has been sent, in the order in which it runs them.

    blocked: those of them that wait, each with what it waits for; the last one waits on top.
    """

    slot: int
    assigned: dict[int, float] = field(default_factory=dict)  # task -> expected seconds
    load: float = 0.0  # sum of the expected seconds
    blocked: list[tuple[int, frozenset[int]]] = field(default_factory=list)
    actor: int = 0

    @property
    def waits(self) -> bool:
        """Whether a task waits here and nothing runs on top of it."""
        return bool(self.blocked) and len(self.assigned) <= len(self.blocked)


class Loads:
    """All workers; those of the general_workers run any task, the others the calls of their actor.

    A worker is free while none of its tasks waits for others.
    """

    def __init__(self) -> None:
        self.workers: dict[int, WorkerState] = {}
        self.general_workers: dict[int, WorkerState] = {}
        self._touched: set[int] = set()
        self._running: set[int] = set()  # workers that have more tasks than such as wait
        self._busy: set[int] = set()  # free ones of the general_workers that have tasks
        self._blocked: set[int] = set()  # those of the general_workers that are not free
        self._by_load: list[tuple[float, int]] = []  # a heap of loads, IDLE for those without tasks
        self._loads: dict[int, float] = {}  # of free ones: other entries of the heap are old

    def touch(self, slot: int) -> None:
        """The worker came, went, or has other tasks than before."""
        self._touched.add(slot)

    def anything_runs(self) -> bool:
        """Whether a worker has a task that does not wait for others."""
        self._sort_touched()
        return bool(self._running)

    def counts(self) -> tuple[int, int]:
        """How many of the general_workers are free, and how many of those have tasks."""
        self._sort_touched()
        return len(self.general_workers) - len(self._blocked), len(self._busy)

    def least(self) -> WorkerState | None:
        """The free worker with the least to do; it is not given again before it is touched."""
        self._sort_touched()
        while self._by_load:
            load, slot = heapq.heappop(self._by_load)
            if self._loads.get(slot) == load:
                del self._loads[slot]
                return self.general_workers[slot]
        return None

    def take_back(self, states: Iterable[WorkerState]) -> None:
        """Workers that least() has given may be given again."""
        self._touched.update(state.slot for state in states)

    def has_room(self, seconds: float) -> bool:
        """Whether a free worker has less to do than that."""
        self._sort_touched()
        while self._by_load and self._loads.get(self._by_load[0][1]) != self._by_load[0][0]:
            heapq.heappop(self._by_load)
        return bool(self._by_load) and self._by_load[0][0] < seconds

    def _sort_touched(self) -> None:
        if not self._touched:
            return
        for slot in self._touched:
            state = self.workers.get(slot)
            runs = state is not None and len(state.assigned) > len(state.blocked)
            _put(self._running, slot, runs)
            member = self.general_workers.get(slot)
            free = member is not None and not member.blocked
            _put(self._blocked, slot, member is not None and not free)
            _put(self._busy, slot, free and runs)
            if member is None or not free:
                self._loads.pop(slot, None)
            else:
                load = member.load if member.assigned else IDLE
                if self._loads.get(slot) != load:
                    self._loads[slot] = load
                    heapq.heappush(self._by_load, (load, slot))
        self._touched.clear()
        if len(self._by_load) > 64 + 4 * len(self._loads):
            self._by_load = [(load, slot) for slot, load in self._loads.items()]
            heapq.heapify(self._by_load)


def _put(members: set[int], slot: int, belongs: bool) -> None:
    if belongs:
        members.add(slot)
    else:
        members.discard(slot)
