"""The file cache: what was read from files more than once stays decoded in the store.

It is read in place the next time. Nothing is kept of what is read once, and the values that were
used longest ago go first: when others need the cache, or when the store needs the room.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shframe.graph.objects.object_ref import ObjectRef

NOTED = 50_000  # parts that are known to have been read


class _Value:
    """A value of the cache, and the parts of files that are in it."""

    __slots__ = ("parts", "ref")

    def __init__(self, ref: ObjectRef, parts: tuple[Hashable, ...]) -> None:
        self.ref = ref
        self.parts = parts


class FileCache:
    """Parts of files, such as a column of a row group, in values of the store.

    A part's name says which state of the file it is of: size and time of change. May be used by
    any thread.
    """

    def __init__(self, most: int) -> None:
        """most: bytes that its values may have together; 0: nothing is kept."""
        self.most = most
        self.nbytes = 0
        self._values: OrderedDict[int, _Value] = OrderedDict()  # by number of the object
        self._holders: dict[Hashable, _Value] = {}
        self._noted: OrderedDict[Hashable, None] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many values there are."""
        return len(self._values)

    def find(self, part: Hashable) -> ObjectRef | None:
        """The value that has a part; it is the one used last."""
        with self._lock:
            value = self._holders.get(part)
            if value is None:
                return None
            self._values.move_to_end(value.ref.id)
            return value.ref

    def was_read(self, part: Hashable) -> bool:
        """Whether a part has been read before."""
        return part in self._noted

    def note(self, parts: Iterable[Hashable]) -> None:
        """These parts have been read."""
        with self._lock:
            for part in parts:
                self._noted[part] = None
                self._noted.move_to_end(part)
            while len(self._noted) > NOTED:
                self._noted.popitem(last=False)

    def keep(self, parts: Iterable[Hashable], ref: ObjectRef) -> None:
        """Keep a value for the parts that it has, those that no other value has already."""
        dropped = []  # whose memory is given back when the lock is open again
        with self._lock:
            new = tuple(part for part in parts if part not in self._holders)
            if not new or ref.nbytes > self.most:
                return
            while self.nbytes + ref.nbytes > self.most:
                dropped.append(self._drop_oldest())
            value = self._values[ref.id] = _Value(ref, new)
            self._holders.update(dict.fromkeys(new, value))
            self.nbytes += ref.nbytes

    def release(self, needed: int) -> None:
        """Let values of at least so many bytes go, the ones used longest ago, or all."""
        dropped = []
        with self._lock:
            while needed > 0 and self._values:
                dropped.append(self._drop_oldest())
                needed -= dropped[-1].nbytes

    def clear(self) -> None:
        """Let all values go, and forget what was read."""
        with self._lock:
            values, self._values = self._values, OrderedDict()
            self._holders.clear()
            self._noted.clear()
            self.nbytes = 0
        values.clear()

    def _drop_oldest(self) -> ObjectRef:
        _, value = self._values.popitem(last=False)
        for part in value.parts:
            del self._holders[part]
        self.nbytes -= value.ref.nbytes
        return value.ref
