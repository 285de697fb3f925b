"""put, get, wait: the object store, used directly."""

from __future__ import annotations

import itertools
import queue
import time
from collections.abc import Iterator, Sequence
from typing import Any, overload

from shframe import session
from shframe.argument_checks import check_integer, check_seconds
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.errors import TimedOut
from shframe.graph.objects.object_ref import ObjectRef, wait_all, wait_some


def put(value: object) -> ObjectRef:
    """Store a value once, for all workers; the handle keeps it alive.

    The value is copied at the call: changing `value` afterwards changes nothing in the store.

    Raises: NotStorable when the value cannot be stored, StoreFull when there is no room.
    Cost: one copy of the bytes; below 100 KiB they are sent in messages instead.

    Examples
    --------
    >>> import numpy as np, shframe as sf
    >>> ref = sf.put(np.arange(3))
    >>> sf.get(ref).tolist()
    [0, 1, 2]
    """
    if isinstance(value, ObjectRef):
        raise InvalidArgument(
            "put() got an ObjectRef, which is stored already\n  use the ref itself"
        )
    return session.executor().put(value)


@overload
def get(refs: ObjectRef, *, timeout: float | None = ..., writable: bool = ...) -> Any: ...
@overload
def get(
    refs: Sequence[ObjectRef], *, timeout: float | None = ..., writable: bool = ...
) -> list[Any]: ...
def get(
    refs: ObjectRef | Sequence[ObjectRef], *, timeout: float | None = None, writable: bool = False
) -> Any:
    """The value of a handle, or the values of several, as read-only views: nothing is copied.

    Waits for tasks that have not ended. timeout: seconds to wait at most. Ctrl-C cancels the tasks
    that it waits for, as it does with a computation.
    writable: return ordinary objects over a private copy-on-write view; only pages that are
        written to are copied, and no other reader sees the change.

    Raises: a task's own error; TimedOut; Cancelled; WorkerDied; SessionClosed when the session that
        held the object has been shut down.
    Cost: microseconds, whatever the size.

    Examples
    --------
    >>> import numpy as np, shframe as sf
    >>> x = sf.get(sf.put(np.zeros(3)), writable=True)
    >>> x[0] = 1
    >>> x.tolist()
    [1.0, 0.0, 0.0]
    """
    check_seconds("timeout", timeout)
    if isinstance(refs, ObjectRef):
        _wait_or_cancel((refs,), timeout)
        return refs.value(writable=writable)
    if isinstance(refs, (list, tuple)):
        _check_refs("get", refs)
        _wait_or_cancel(refs, timeout)
        return [ref.value(writable=writable) for ref in refs]
    raise _not_a_ref("get", refs)


def _wait_or_cancel(refs: Sequence[ObjectRef], timeout: float | None) -> None:
    try:
        wait_all(refs, timeout)
    except KeyboardInterrupt:
        for ref in refs:
            if not ref.done():
                session.executor().cancel(ref, force=False, recursive=True)
        raise


def wait(
    refs: Sequence[ObjectRef],
    *,
    num_returns: int = 1,
    timeout: float | None = None,
    fetch_local: bool = True,
) -> tuple[list[ObjectRef], list[ObjectRef]]:
    """Wait until `num_returns` handles have their values, or for `timeout` seconds.

    Returns: (ready, not ready). At most num_returns are ready, in the order of the list.
    timeout: seconds; 0: do not wait. fetch_local: known to Ray, of no effect here.

    Raises: InvalidArgument if a handle is in the list twice, or num_returns is larger than it.

    Examples
    --------
    >>> import shframe as sf
    >>> ready, rest = sf.wait([sf.put(1), sf.put(2)], num_returns=1)
    >>> sf.get(ready), len(rest)
    ([1], 1)
    """
    check_seconds("timeout", timeout)
    if isinstance(refs, ObjectRef) or not isinstance(refs, (list, tuple)):
        raise _not_a_ref("wait", refs, "a list of ObjectRefs")
    _check_refs("wait", refs)
    if len(set(refs)) < len(refs):
        raise InvalidArgument("wait() got a handle twice\n  pass each handle once")
    if not refs:
        return [], []
    if check_integer("num_returns", num_returns, 1) > len(refs):
        raise InvalidArgument(
            f"num_returns must be 1 to {len(refs)}, the number of handles, got {num_returns}"
        )
    wait_some(refs, num_returns, timeout)
    ready = list(itertools.islice((ref for ref in refs if ref.done()), num_returns))
    chosen = set(ready)
    return ready, [ref for ref in refs if ref not in chosen]


def as_completed(refs: Sequence[ObjectRef], *, timeout: float | None = None) -> Iterator[ObjectRef]:
    """The handles as their values arrive. Raises: TimedOut if one is still pending after `timeout`.

    Examples
    --------
    >>> import shframe as sf
    >>> sorted(sf.get(ref) for ref in sf.as_completed([sf.put(1), sf.put(2)]))
    [1, 2]
    """
    check_seconds("timeout", timeout)
    _check_refs("as_completed", list(refs))
    return _as_completed(list(dict.fromkeys(refs)), timeout)


def _as_completed(refs: list[ObjectRef], timeout: float | None) -> Iterator[ObjectRef]:
    deadline = None if timeout is None else time.monotonic() + timeout
    ready: queue.SimpleQueue[ObjectRef] = queue.SimpleQueue()
    left = len(refs)
    for ref in refs:
        ref.add_done_callback(ready.put)
    del refs
    while left:
        try:
            yield ready.get(timeout=0.1)  # in short steps: see signal.STEP
            left -= 1
        except queue.Empty:
            if deadline is not None and time.monotonic() > deadline:
                raise TimedOut.after(timeout, left) from None


def _check_refs(call: str, refs: Sequence[object]) -> None:
    for ref in refs:
        if not isinstance(ref, ObjectRef):
            raise _not_a_ref(call, ref)


def _not_a_ref(
    call: str, found: object, wanted: str = "an ObjectRef or a list of them"
) -> TypeError:
    return UnsupportedType(
        f"{call}() takes {wanted}, got {type(found).__name__}\n"
        "  put(), persist() and f.remote() return handles; lazy collections have compute()"
    )
