"""Which tasks may start, so that what they make fits into memory; part of the pure scheduler.

How much a kind of task makes is learned from its results, as its seconds are. The sum over the
tasks that workers have been sent may not pass the room that is left; one task may always run.
"""

from __future__ import annotations

import math

COUNTED = 1 << 16  # results below this size are not counted: theirs would cost more than it saves
SMOOTHING = 0.3  # weight of a smaller result in the learned size; a larger one counts at once


class Admission:
    """The bytes that running tasks are expected to make, and the room for them.

    room: bytes that no object takes up, told by the shell; without limit at first.
    counts: whether any kind of task is known to make large results.
    short: bytes missing for the task that was refused last; 0 when none was.
    """

    def __init__(self) -> None:
        self.room: float = math.inf
        self.short = 0
        self.counts = False
        self._sizes: dict[object, int] = {}
        self._promised: dict[int, int] = {}
        self._sum = 0

    def admits(self, number: int, kind: object, alone: bool) -> bool:
        """Whether the task may go to a worker now; if so, its result is expected from here on.

        alone: no worker has been sent anything.
        """
        size = self._sizes.get(kind, 0)
        if size < COUNTED:
            return True
        if self._sum + size > self.room and not alone:
            self.short = int(self._sum + size - self.room)
            return False
        self._promised[number] = size
        self._sum += size
        return True

    def ended(self, number: int) -> None:
        """The task runs no more, or will not run."""
        if self._promised:
            self._sum -= self._promised.pop(number, 0)

    def learn(self, kind: object, nbytes: int) -> None:
        """A task of this kind has made, or would have made, so many bytes."""
        old = self._sizes.get(kind, 0)
        if nbytes >= old or old < COUNTED:
            self._sizes[kind] = nbytes
            self.counts = self.counts or nbytes >= COUNTED
        else:
            self._sizes[kind] = int(old + SMOOTHING * (nbytes - old))
