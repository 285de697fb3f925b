"""What the driver's handles need: values in the session's store, and their release."""

from __future__ import annotations

import contextlib
import os
import pickle
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shframe.graph.errors import SessionClosed
from shframe.graph.objects import ref_pickling
from shframe.graph.objects.callbacks import run_guarded
from shframe.graph.objects.object_ref import Death, Failure, ObjectRef, take_dropped_ids
from shframe.graph.objects.signal import Signal, wait_in_steps
from shframe.graph.tracing.call_site import user_line
from shframe.store.errors import ObjectLost
from shframe.store.interrupts import uninterrupted
from shframe.store.ref import Ref
from shframe.store.store import Store


class StoreBackend:
    """The home of a process that has the session's store: its driver.

    known: handles that other processes may refer to, by their number.
    flush_output: called when a thread has waited, and before it reads a value.
    story_of: what happened to the task of a handle; the driver's loop sets it.
    aside: calls what runs users' code; where no thread depends on this one, at once.
    """

    def __init__(self, store: Store, dropped: deque[Death]) -> None:
        self.store = weakref.ref(store)
        self.owner = os.getpid()
        self.dropped = dropped
        self.next_id = store.local.next_id
        self.known: weakref.WeakValueDictionary[int, ObjectRef] = weakref.WeakValueDictionary()
        self.flush_output: Callable[[], None] | None = None
        self.aside: Callable[[Callable[[], None]], None] = run_guarded
        self.story_of: Callable[[ObjectRef], Sequence[str]] | None = None

    def handle(self, ref: Ref, site: str | None = None, keep: Any = ()) -> ObjectRef:
        """A handle on a sealed object, which takes over its one reference.

        site: the user's `file:line` that asked for it, None: that of the caller.
        """
        made = ObjectRef(ref.id, ref, self, keep)
        store = self.store()
        if not ref.inline and store is not None:
            store.note_site(ref.id, user_line() if site is None else site)
        return made

    def put(self, value: object) -> ObjectRef:
        """Store a value; its handle."""
        store = self.store()
        assert store is not None, "the executor that owns the store calls"
        with uninterrupted():
            release_dropped(store, self.dropped)
            with ref_pickling.noting() as inside:
                ref = store.put(value)
            made = self.handle(ref, keep=tuple(inside))
        self.check(inside)
        return made

    def uses(self, store: Store) -> bool:
        """Whether its values are in this store."""
        return self.store() is store

    def story(self, ref: ObjectRef) -> Sequence[str]:
        """What happened to the task of a handle, a line each."""
        return () if self.story_of is None else self.story_of(ref)

    def check(self, refs: Iterable[ObjectRef]) -> None:
        """Raises: SessionClosed: for a handle of another session."""
        for ref in refs:
            if not self.is_ours(ref):
                raise SessionClosed.for_handle(ref.id)

    def is_ours(self, ref: ObjectRef) -> bool:
        """Whether a handle belongs to this session, in which several homes may have one store."""
        store = self.store()
        return ref.home is self or (store is not None and ref.belongs_to(store))

    def note(self, ref: ObjectRef) -> None:
        """A handle is in a value that other processes may read."""
        self.known[ref.id] = ref

    def find(self, id: int) -> ObjectRef:
        """The handle with a number that came in a value. Raises: ObjectLost."""
        found = self.known.get(id)
        if found is None:
            raise ObjectLost.for_id(id, "no handle of it is left")
        return found

    def find_all(self, ids: Iterable[int]) -> tuple[ObjectRef, ...]:
        """The handles with these numbers; for one that is gone a handle with ObjectLost."""
        return tuple(self.known.get(id) or self.lost(id) for id in ids)

    def lost(self, id: int) -> ObjectRef:
        """A handle whose value is gone, as none was left."""
        error = ObjectLost.for_id(id, "no handle of it was left")
        return ObjectRef(id, Failure(error), self)

    def read(self, ref: ObjectRef, writable: bool) -> Any:
        store = self.store()
        if store is None or store.closed:
            raise SessionClosed(
                f"object {ref.id:x} belongs to a session that has been shut down\n"
                "  compute or get what is needed before sf.shutdown()"
            )
        if self.flush_output is not None:  # a result may be there before anyone waits for it
            self.flush_output()
        if not ref.keep:
            return self._read(store, ref.state, writable)
        with ref_pickling.home_is(self):
            return self._read(store, ref.state, writable)

    @staticmethod
    def _read(store: Store, held: Any, writable: bool) -> Any:
        if type(held) is bytes:
            return pickle.loads(held)
        return store.get_writable(held) if writable else store.get(held)

    def wait(self, refs: Sequence[ObjectRef], ended: Signal, timeout: float | None) -> None:
        """Results come in another thread; output of their tasks is shown before them."""
        if os.getpid() != self.owner:
            raise SessionClosed.in_child()
        wait_in_steps(ended, timeout)
        if self.flush_output is not None:
            self.flush_output()

    def expect(self, ref: ObjectRef) -> None:
        """Results come without being asked for."""

    def own(self, ref: ObjectRef, id: int) -> None:
        ref._death = Death.watch(ref, id, self.dropped)


def release_dropped(store: Store, dropped: deque[Death]) -> None:
    """Release the objects whose last handle has died."""
    if not dropped:
        return
    with uninterrupted():
        for id in take_dropped_ids(dropped):
            with contextlib.suppress(ObjectLost):
                store.release(id)
