"""ObjectRef: a user's handle on an object in the store; the object lives while a handle does."""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

from shframe.graph.errors import SessionClosed
from shframe.graph.site import user_line

if TYPE_CHECKING:
    from shframe.store.ref import Ref
    from shframe.store.store import Store


def swept(store: Store, dropped: deque[int]) -> None:
    """Release the objects whose last handle has died."""
    ids = []
    while dropped:
        ids.append(dropped.popleft())
    if ids:
        store.release_all(ids)


class ObjectRef:
    """A counted handle; dropping the last one frees the object's memory.

    Finalizers may run in any thread, even inside the store's own locks: they only append to
    `dropped`, which the store's owner sweeps.
    """

    __slots__ = ("__weakref__", "dropped", "ref", "store")

    def __init__(
        self, ref: Ref, store: Store, dropped: deque[int], site: str | None = None
    ) -> None:
        """site: the user's `file:line` that asked for it, None: that of the caller."""
        self.ref = ref
        self.store = weakref.ref(store)
        self.dropped = dropped
        if not ref.inline:
            store.note_site(ref.id, user_line() if site is None else site)

    @property
    def nbytes(self) -> int:
        """Bytes of the object."""
        return self.ref.nbytes

    def value(self, *, writable: bool = False) -> Any:
        """The object: read-only views, or ordinary objects over a private copy-on-write view."""
        store = self.store()
        if store is None:
            raise SessionClosed(
                f"object {self.ref.id:x} belongs to a session that has been shut down\n"
                "  compute or get what is needed before sf.shutdown()"
            )
        return store.get_writable(self.ref) if writable else store.get(self.ref)

    def __shframe_token__(self) -> str:
        return f"object-{self.ref.id:x}"

    def __repr__(self) -> str:
        return f"ObjectRef({self.ref.id:x}, {self.ref.kind}, {self.ref.nbytes} bytes)"

    def __del__(self) -> None:
        self.dropped.append(self.ref.id)
