"""How much every process of a session uses: shared pages, six numbers a process.

Each process writes its own numbers only, so no lock is shared between processes. One is a note
of its own choice, which says what it was doing when it ended without a word. The last one is the
driver's to write: a number for a process that hears no messages while it works.
"""

import os
import threading
from typing import Any, Self

from shframe.store.errors import StoreClosed, StoreFull
from shframe.store.shared_memory.mapping import Mapping
from shframe.store.shared_memory.segment import open_shared

SLOTS = 4096  # processes of one session whose memory is in use, dead ones too
_LIVE, _RESIDENT, _NOTE, _FRESH, _WRITTEN, _TOLD = range(6)
_ROW = 6  # numbers, of 8 bytes each


class Ledger:
    """The numbers of all processes, and the right to write those of `slot`."""

    def __init__(self, fd: int, slot: int) -> None:
        if not 0 <= slot < SLOTS:
            raise ValueError(f"slot {slot} was asked for, a session has slots 0 to {SLOTS - 1}")
        self.fd = fd
        self.slot = slot
        # SLOTS rows of live bytes, resident bytes, note, bytes ever fresh, ever written, told
        self._numbers: Any = Mapping(fd, SLOTS * _ROW * 8, writable=True).numbers()
        self._start = slot * _ROW
        self._note: Any = self._numbers[self._start + _NOTE :]
        self._lock = threading.Lock()

    @classmethod
    def create(cls) -> Self:
        """A new ledger, all zeros, with the right to write slot 0 (the driver's)."""
        return cls(open_shared(SLOTS * _ROW * 8), 0)

    @classmethod
    def attach(cls, fd: int, slot: int) -> Self:
        """The ledger behind `fd`, which this object takes over, for the process in `slot`."""
        return cls(fd, slot)

    def use(self, slots: int) -> None:
        """From now on processes have the slots below this number; called by the driver alone."""
        self._open()[_NOTE] = slots

    def _sum(self, column: int) -> int:
        """Of one number of all processes; the driver, which leaves no note, says how many."""
        numbers = self._open()
        return sum(numbers[column : (numbers[_NOTE] or SLOTS) * _ROW : _ROW])

    def claim(self, nbytes: int, budget: int) -> bool:
        """Ask for fresh pages; False, and nothing changed, when the sum would pass `budget`.

        The own claim is written before the others are read, so of two that would pass the
        budget together at least one sees the other: both may be refused, never both granted.
        """
        with self._lock:
            self._open()[self._start + _RESIDENT] += nbytes
        with self._lock:  # the lock's atomic operation keeps the write before the reads
            if self._sum(_RESIDENT) <= budget:
                self._numbers[self._start + _FRESH] += nbytes
                return True
            self._numbers[self._start + _RESIDENT] -= nbytes
            return False

    def full(self, what: str, needed: int, budget: int, pinned: int) -> StoreFull:
        """The error for `what`, which needs more bytes than the budget has left."""
        live, resident = self.totals()
        return StoreFull.for_bytes(
            needed,
            free=max(budget - resident, 0),
            budget=budget,
            pinned=pinned,
            sealed=live,
            what=what,
        )

    def retract(self, nbytes: int) -> None:
        """Give pages back."""
        with self._lock:
            self._open()[self._start + _RESIDENT] -= nbytes

    def add_live(self, nbytes: int) -> None:
        """Note bytes that came into use (or, below zero, went out of use)."""
        with self._lock:
            self._open()[self._start + _LIVE] += nbytes

    def add_written(self, nbytes: int) -> None:
        """Count bytes that were written into objects."""
        with self._lock:
            self._open()[self._start + _WRITTEN] += nbytes

    def flow(self) -> tuple[int, int]:
        """Bytes of fresh pages ever claimed, and bytes ever written, of all processes."""
        return self._sum(_FRESH), self._sum(_WRITTEN)

    def overwrite(self, slot: int, live: int, resident: int) -> None:
        """Set the numbers of a process that has died (called by the driver alone)."""
        numbers = self._open()
        numbers[slot * _ROW + _LIVE] = live
        numbers[slot * _ROW + _RESIDENT] = resident

    def clear(self, slot: int) -> None:
        """Make a slot ready for another process (called by the driver alone)."""
        numbers = self._open()
        for column in (_LIVE, _RESIDENT, _NOTE, _TOLD):
            numbers[slot * _ROW + column] = 0

    def totals(self) -> tuple[int, int]:
        """(live, resident) bytes, summed over all processes."""
        return self._sum(_LIVE), self._sum(_RESIDENT)

    def of_slot(self, slot: int) -> tuple[int, int]:
        """(live, resident) bytes of one process."""
        numbers = self._open()
        return numbers[slot * _ROW + _LIVE], numbers[slot * _ROW + _RESIDENT]

    def note(self, number: int) -> None:
        """Leave a number that others can read when this process is gone."""
        self._note[0] = number

    def note_of(self, slot: int) -> int:
        """The number that a process has left; 0 when it has left none."""
        return int(self._open()[slot * _ROW + _NOTE])

    def tell(self, slot: int, number: int) -> None:
        """Leave a number for a process; called by the driver alone."""
        self._open()[slot * _ROW + _TOLD] = number

    def told(self) -> int:
        """The number that the driver has left for this process; 0: none."""
        return int(self._open()[self._start + _TOLD])

    def close(self) -> None:
        """Unmap the page and close the descriptor."""
        if self._numbers is not None:
            self._numbers = self._note = None
            os.close(self.fd)

    def _open(self) -> Any:
        if self._numbers is None:
            raise StoreClosed.for_call("the ledger", forked=False)
        return self._numbers
