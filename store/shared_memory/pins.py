"""Pins: one for each object that has live views in this process.

Every NumPy, Arrow, pandas or polars view keeps its Pin alive by its chain of bases, so the
Pin dies with the last view. That may be in any thread, even one that holds our locks: it is only
noted in a deque, which the store sweeps later. What notes it is no Python code, in which a Ctrl-C
could come between.
"""

import weakref
from collections import deque
from typing import Any

from shframe.store.shared_memory.mapping import Mapping, array_interface

DRAFT = -1  # the id of memory that is being written and is no object yet

Place = tuple[int, int]  # segment, offset


class Death(weakref.ref["Pin"]):
    """A weak reference to a pin that is put into a deque when the pin dies."""

    __slots__ = ("id", "place")

    id: int
    place: Place


class Pin:
    """Keeps the bytes of one object mapped and unchanged; NumPy views it as (nbytes,) uint8."""

    __slots__ = ("__weakref__", "_interface", "_keep", "draft", "id", "place")

    def __init__(
        self,
        id: int,
        place: Place,
        interface: dict[str, Any],
        keep: Any,
    ) -> None:
        self.id = id
        self.place = place
        self.draft: weakref.ref[Any] | None = None  # the writable array, until the seal
        self._interface = interface
        self._keep = keep  # the mapping

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self._interface

    @property
    def address(self) -> int:
        """Where the bytes begin in this process."""
        return int(self._interface["data"][0])

    @property
    def nbytes(self) -> int:
        """How many bytes it keeps."""
        return int(self._interface["shape"][0])


class PrivatePin:
    """Keeps a private writable mapping of an object, and the object itself, which has
    the pages that were not written to.
    """

    __slots__ = ("_interface", "_pages", "_pin")

    def __init__(self, pages: Mapping, address: int, nbytes: int, pin: Pin) -> None:
        self._interface = array_interface(address, nbytes, True)
        self._pages = pages
        self._pin = pin

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self._interface


class Pins:
    """The live pins of a process by object. The caller holds the store's lock."""

    def __init__(self) -> None:
        self._live: dict[int, Death] = {}
        self._drafts: dict[Place, Death] = {}
        self._dead: deque[Death] = deque()

    def __len__(self) -> int:
        """How many there are, with those whose end was not drained yet."""
        return len(self._live)

    def find(self, id: int) -> Pin | None:
        """The live pin of an object, if it has one."""
        reference = self._live.get(id)
        return reference() if reference is not None else None

    def make(self, id: int, place: Place, address: int, nbytes: int, mapping: Mapping) -> Pin:
        """A new pin of an object that has none, through the given mapping."""
        interface = array_interface(address, nbytes, mapping.writable)
        pin = Pin(id, place, interface, mapping)
        death = Death(pin, self._dead.append)
        death.id, death.place = id, place
        if id == DRAFT:
            self._drafts[place] = death
        else:
            self._live[id] = death
        return pin

    def around(self, low: int, high: int) -> Pin | None:
        """The live pin of the object that holds the addresses from `low` to `high`."""
        for pin in self.pins():
            if pin.address <= low and high <= pin.address + pin.nbytes:
                return pin
        return None

    def promote(self, pin: Pin, id: int) -> None:
        """The draft under `pin` was sealed as object `id`: its views are views of that."""
        pin.id = id
        death = self._live[id] = self._drafts.pop(pin.place)
        death.id = id

    def pins(self) -> list[Pin]:
        """The live pins of objects."""
        pins = [reference() for reference in list(self._live.values())]
        return [pin for pin in pins if pin is not None]

    def live(self) -> dict[int, Place]:
        """The objects with live views here, and their places."""
        return {pin.id: pin.place for pin in self.pins()}

    @property
    def waiting(self) -> bool:
        """Whether anything died since the last drain."""
        return bool(self._dead)

    def drain(self) -> tuple[list[tuple[int, Place]], list[Place]]:
        """What died since the last call: objects whose last view went, drafts never sealed.

        An object that was read again since is alive; none is reported twice.
        """
        objects: list[tuple[int, Place]] = []
        drafts: list[Place] = []
        while self._dead:
            death = self._dead.popleft()
            if death.id == DRAFT:
                del self._drafts[death.place]
                drafts.append(death.place)
            elif self._live.get(death.id) is death:
                del self._live[death.id]
                objects.append((death.id, death.place))
        return objects, drafts
