"""The table of objects: the owner, the references and the views of each.

It is kept in the driver. Knows no bytes: it says which objects have become garbage, and store.py
knows whose memory they use. Not locked: the store's lock guards it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from shframe.store.errors import ObjectLost
from shframe.store.ref import Ref


@dataclass(slots=True)
class Entry:
    """One sealed object. It is garbage when `count` and `sent` are 0 and `holders` is empty.

    sent: running tasks that have its address: until they end it must not move.
    site: `file:line` of the code that created it.
    """

    ref: Ref
    owner: int
    count: int = 1
    sent: int = 0
    site: str = ""
    holders: set[int] = field(default_factory=set)  # slots of processes with live views


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What the store knows of one live object.

    count: references; holders: slots of the processes that have views, 0 is the driver's.
    place: (segment, offset); where: inline, shared, spilled or attached.
    site: `file:line` of the code that asked for it, "" when that is not known.
    """

    id: int
    kind: str
    nbytes: int
    count: int
    holders: tuple[int, ...]
    place: tuple[int, int]
    where: str
    site: str


class ObjectTable:
    """All objects that may still be read."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}

    def add(self, ref: Ref, owner: int) -> None:
        """Enter a sealed object with one reference."""
        assert ref.id not in self._entries, "an object is entered once"
        self._entries[ref.id] = Entry(ref, owner)

    def find(self, id: int) -> Entry:
        """The entry of an object. Raises: ObjectLost if it was released."""
        try:
            return self._entries[id]
        except KeyError:
            raise ObjectLost.for_id(id, "its last reference was released") from None

    def retain(self, id: int) -> None:
        """One reference more. Raises: ObjectLost."""
        self.find(id).count += 1

    def release(self, id: int) -> None:
        """One reference less. Raises: ObjectLost: also when it has none left."""
        entry = self.find(id)
        if entry.count == 0:
            raise ObjectLost.for_id(id, "its last reference was released, only views are left")
        entry.count -= 1

    def hold(self, id: int, slot: int) -> None:
        """The process in `slot` has live views. Raises: ObjectLost."""
        self.find(id).holders.add(slot)

    def unhold(self, id: int, slot: int) -> None:
        """The process in `slot` has no views any more; no error when it had none."""
        if id in self._entries:
            self._entries[id].holders.discard(slot)

    def send(self, id: int, times: int) -> None:
        """`times` more tasks have its address; below 0: so many have ended."""
        if id in self._entries:
            self._entries[id].sent += times

    def movable(self) -> list[Entry]:
        """The objects without views that were not sent to a running task."""
        return [
            entry
            for entry in self._entries.values()
            if not entry.holders and not entry.sent and entry.count and not entry.ref.inline
        ]

    def held_by(self, slot: int) -> list[int]:
        """The objects that the process in `slot` has views of."""
        return [id for id, entry in self._entries.items() if slot in entry.holders]

    def owned_by(self, slot: int) -> list[Entry]:
        """The objects in the arena of `slot`."""
        return [entry for entry in self._entries.values() if entry.owner == slot]

    def is_garbage(self, id: int) -> bool:
        """Whether the object has no references and no views, and was not sent to a running task."""
        entry = self._entries.get(id)
        return entry is not None and not (entry.count or entry.sent or entry.holders)

    def remove(self, id: int) -> Entry:
        """Forget an object that is garbage."""
        assert self.is_garbage(id), "only garbage is removed"
        return self._entries.pop(id)

    def objects(self, held_here: set[int], where: Callable[[Entry], str]) -> list[ObjectInfo]:
        """All entries by number; of those in `held_here` the driver itself has views."""
        return [
            ObjectInfo(
                id,
                entry.ref.kind,
                entry.ref.nbytes,
                entry.count,
                tuple(sorted(entry.holders | ({0} if id in held_here else set()))),
                (entry.ref.segment, entry.ref.offset),
                where(entry),
                entry.site,
            )
            for id, entry in sorted(self._entries.items())
        ]
