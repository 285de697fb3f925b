"""When a session does nothing for a while, its warm pages go back to the machine, bit by bit.

Pages that no object uses are kept, because writing into them again is several times faster than
into fresh ones. Of an idle session they only take memory from other programs.
"""

from __future__ import annotations

AFTER = 10.0  # seconds without work before the first pages go
EVERY = 1.0  # seconds between two parts
PARTS = 8
FLOOR = 1 << 20  # bytes that are not worth waking up for


class IdlePages:
    """Says when how many bytes are to be given back. It reads no clock: the caller says `now`."""

    def __init__(self) -> None:
        self._mark: object = None
        self._due = 0.0
        self._part = 0
        self._over = False  # what is left cannot be given back

    def wait(self, now: float, mark: object, warm: int) -> float:
        """Seconds until `give_back` is worth a call: objects are dropped without notice.

        mark: changes with all that is done; warm: bytes of pages that no object uses.
        """
        self._look(now, mark)
        return AFTER if self._over or warm < FLOOR else max(self._due - now, 0.0)

    def give_back(self, now: float, mark: object, warm: int) -> int:
        """Bytes to be given back now."""
        self._look(now, mark)
        if self._over or warm < FLOOR or now < self._due:
            return 0
        self._part = self._part or max(warm // PARTS, FLOOR)
        self._due = now + EVERY
        return min(self._part, warm)

    def nothing_left(self) -> None:
        """No page could be given back: until something changes there is nothing to do."""
        self._over = True

    def _look(self, now: float, mark: object) -> None:
        if mark != self._mark:
            self._mark, self._due, self._part, self._over = mark, now + AFTER, 0, False
