"""put and get: the object store, used directly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from shframe import session
from shframe.errors import InvalidArgument
from shframe.graph.objectref import ObjectRef


def put(value: object) -> ObjectRef:
    """Store a value once, for all workers; the handle keeps it alive.

    The values are taken at the call: changing `value` afterwards changes nothing in the store.

    Raises: NotStorable when the value cannot be stored, StoreFull when there is no room.
    Cost: one copy of the bytes; below 100 KiB they travel in messages instead.

    Examples
    --------
    >>> import numpy as np, shframe as sf
    >>> ref = sf.put(np.arange(3))
    >>> sf.get(ref).tolist()
    [0, 1, 2]
    """
    if isinstance(value, ObjectRef):
        raise InvalidArgument(
            "put() was given an ObjectRef, which is stored already\n  use the ref itself"
        )
    return session.current().put(value)


@overload
def get(refs: ObjectRef, *, writable: bool = ...) -> Any: ...
@overload
def get(refs: Sequence[ObjectRef], *, writable: bool = ...) -> list[Any]: ...
def get(refs: ObjectRef | Sequence[ObjectRef], *, writable: bool = False) -> Any:
    """The value of a handle, or the values of several, as read-only views: nothing is copied.

    writable: give ordinary objects over a private copy-on-write view; only pages that are
        written to are copied, and no other reader sees the change.

    Raises: SessionClosed when the session that held the object has been shut down.
    Cost: microseconds, whatever the size.

    Examples
    --------
    >>> import numpy as np, shframe as sf
    >>> x = sf.get(sf.put(np.zeros(3)), writable=True)
    >>> x[0] = 1
    >>> x.tolist()
    [1.0, 0.0, 0.0]
    """
    if isinstance(refs, ObjectRef):
        return refs.value(writable=writable)
    if isinstance(refs, (list, tuple)) and all(isinstance(ref, ObjectRef) for ref in refs):
        return [ref.value(writable=writable) for ref in refs]
    raise TypeError(
        f"get() takes an ObjectRef or a list of them, found {type(refs).__name__}\n"
        "  put() and persist() give refs; lazy collections have compute()"
    )
