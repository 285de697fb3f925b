"""Streams: what a generator task has made so far, and who waits for more.

Each value has a handle of its own, which may be asked for before it is there. The one after the
last holds a GeneratorExhausted. When no handle is left by which values could be asked for, they are
dropped as they come; when none awaits the end of the whole either, the generator is closed.
"""

from __future__ import annotations

import sys
import weakref

from shframe.graph.errors import GeneratorExhausted
from shframe.graph.objects.object_ref import Failure, ObjectRef
from shframe.graph.wire.call_format import CLOSED


class Stream:
    """The values of one generator, in the loop's thread.

    taken: how many values were asked for, as the generator is told it.
    whole: the handle of the whole, weakly: it exists as long as it is held or awaited.
    """

    def __init__(self) -> None:
        self.taken = 0
        self.whole: weakref.ref[ObjectRef] | None = None
        self._left = False
        self._made: dict[int, ObjectRef] = {}  # until they are asked for
        self._wanted: dict[int, ObjectRef] = {}
        self._count = 0
        self._failure: Failure | None = None
        self._over = False

    def add(self, place: int, one: ObjectRef) -> None:
        """The generator has made a value; once more, if its worker had died."""
        if place < self._count:
            return
        self._count = place + 1
        wanted = self._wanted.pop(place, None)
        if wanted is not None:
            one.hand_over(wanted)
            self.check_readers()
        elif not self._left:
            self._made[place] = one

    def want(self, place: int, ref: ObjectRef) -> None:
        """The value at that position is asked for."""
        self.taken = max(self.taken, place + 1)
        if place in self._made:
            self._made.pop(place).hand_over(ref)
        elif self._over:
            ref.settle(self._end(place))
        else:
            self._wanted[place] = ref

    def leave(self) -> None:
        """Values cannot be asked for any more."""
        self._left = True
        self._made.clear()
        self.check_readers()

    def check_readers(self) -> None:
        """See whether the generator is to go on when its values cannot be asked for."""
        if self._left and not self._wanted:
            self.taken = CLOSED if self.handle is None else sys.maxsize

    @property
    def handle(self) -> ObjectRef | None:
        """The handle of the whole, if it is held."""
        return None if self.whole is None else self.whole()

    def end(self, failure: Failure | None) -> None:
        """The generator has come to its end, or has raised."""
        self._over, self._failure = True, failure
        for place, ref in sorted(self._wanted.items()):
            ref.settle(self._end(place))
        self._wanted.clear()

    def _end(self, place: int) -> Failure:
        """What raised stands where the next value would be; behind that there is nothing."""
        if self._failure is not None and place == self._count:
            return self._failure
        return Failure(GeneratorExhausted(f"the generator yielded {self._count} values"))
