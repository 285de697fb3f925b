"""ObjectRef: a user's handle on a value that lies in the store, or will when its task has ended.

A small result lies in the handle itself, as pickled bytes; all else has an address that the store
counts; a value that is still to come is Pending; a task that failed left a Failure. What can be
done with a handle depends on the process: its Home knows.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import os
import pickle
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from shframe.graph.driver.user_code import guarded
from shframe.graph.errors import Copied, SessionClosed, TimedOut
from shframe.graph.objects import ref_pickling
from shframe.graph.tracing.call_site import user_line
from shframe.store.errors import ObjectLost
from shframe.store.interrupts import uninterrupted
from shframe.store.ref import INLINE, Ref

if TYPE_CHECKING:
    from shframe.store.store import Store

STEP = 0.1  # seconds of one wait: a signal just before it wakes nobody, Ctrl-C would be lost

Held = Any  # bytes | Ref | Failure | Pending
Callback = Callable[["ObjectRef"], None]
_attaching = threading.Lock()  # two threads that wait for one handle at once


class Pending:
    """What a handle holds until its value is there: whom to tell then. A Call is one, too."""

    __slots__ = ("callbacks",)

    def __init__(self) -> None:
        self.callbacks: list[Callback] | None = None


class Life:
    """Lies in `keep` of handles, and dies with the last of them: in any thread, inside any lock."""

    __slots__ = ("ended",)

    def __init__(self, ended: Callable[[], None]) -> None:
        self.ended = ended

    def __del__(self) -> None:
        self.ended()


class Unmade(Protocol):
    """An error that is made when somebody reads it (error_pickling.Told)."""

    def error(self) -> BaseException:
        """Make it."""


class Failure:
    """What a handle holds whose task failed: the error that reading it raises, and where that came
    from, if it was in this process.

    source: the error, or what it is made from by who reads it first.
    """

    __slots__ = ("_error", "source", "traceback")

    def __init__(
        self, source: BaseException | Unmade, traceback: TracebackType | None = None
    ) -> None:
        self.source = source
        self.traceback = traceback
        self._error = source if isinstance(source, BaseException) else None

    @property
    def error(self) -> BaseException:
        """The error, for all who ask the same one."""
        if self._error is None:
            made = self.source.error()  # type: ignore[union-attr]  # no lock: it is users' code
            with _attaching:
                self._error = self._error or made
        return self._error

    def raised(self) -> BaseException:
        """The error, without the frames in which it was raised before."""
        return self.error.with_traceback(self.traceback)


_SETTLED = frozenset({bytes, Ref, Failure})  # the types of what a handle holds in the end


class Signal:
    """Set once, for one thread that waits: a threading.Event takes 30 us more to wake it."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self) -> None:
        """Wake who waits."""
        self._lock.release()

    def is_set(self) -> bool:
        """Whether it was set."""
        return not self._lock.locked()

    def wait(self, seconds: float) -> bool:
        """Wait for it as long as that; whether it was set."""
        if self._lock.acquire(timeout=seconds):
            self._lock.release()
            return True
        return False


class Home(Protocol):
    """What a process knows of the values behind its handles."""

    def put(self, value: object) -> ObjectRef:
        """Store a value and give a handle on it."""

    def read(self, ref: ObjectRef, writable: bool) -> Any:
        """The value of a handle whose value is there."""

    def wait(self, refs: Sequence[ObjectRef], ended: Signal, timeout: float | None) -> None:
        """Wait for the signal, which is set when enough of these handles have their values."""

    def told(self, ref: ObjectRef) -> None:
        """Somebody is to be called back when the handle's value is there."""

    def note(self, ref: ObjectRef) -> None:
        """A handle lies in a value that other processes may read."""

    def own(self, ref: ObjectRef, id: int) -> None:
        """The handle has got a stored value, for which it holds a reference until it dies."""

    def aside(self, call: Callable[[], None]) -> None:
        """Call what runs users' code, not in a thread that others depend on."""


class ObjectRef:
    """A counted handle; dropping the last one frees the object's memory.

    A handle of a task is there at once; `sf.get`, `await ref` and `ref.result()` wait for it.
    """

    __slots__ = ("__weakref__", "_death", "_held", "home", "id", "keep")

    def __init__(self, id: int, held: Held, home: Home, keep: Any = ()) -> None:
        """keep: the handles that lie inside the value, which live as long as it does."""
        self.id = id
        self._held = held
        self.home = home
        self.keep = keep
        self._death: Death | None = None
        if type(held) is Ref:
            home.own(self, held.id)

    @property
    def ref(self) -> Ref:
        """The address of the value, waiting for it if need be; raises its task's error."""
        held = self.held()
        if isinstance(held, bytes):
            return Ref(self.id, INLINE, len(held), 0, "pickle", held, ())
        return held  # type: ignore[no-any-return]

    @property
    def nbytes(self) -> int:
        """Bytes of the object, waiting for it if need be."""
        held = self.held()
        return len(held) if isinstance(held, bytes) else held.nbytes

    def held(self) -> Any:
        """The pickled value or its address, waiting for it if need be; raises its task's error."""
        if type(self._held) not in _SETTLED:
            wait_all([self], None)
        held = self._held
        if type(held) is Failure:
            raise held.raised()
        return held

    def value(self, *, writable: bool = False) -> Any:
        """The object: read-only views, or ordinary objects over a private copy-on-write view."""
        if type(self._held) not in _SETTLED:
            wait_all([self], None)
        if type(self._held) is Failure:
            raise self._held.raised()
        return self.home.read(self, writable)

    def result(self, timeout: float | None = None) -> Any:
        """The value, as `concurrent.futures.Future.result` gives it. Raises: TimedOut."""
        wait_all([self], timeout)
        return self.value()

    def done(self) -> bool:
        """Whether the value or an error is there."""
        return type(self._held) in _SETTLED

    def error(self) -> BaseException | None:
        """The error of a task that has failed; None while it runs, and if it ended well."""
        return self._held.error if type(self._held) is Failure else None

    def future(self) -> Future[Any]:
        """A concurrent.futures.Future of the value, for callbacks and asyncio.wrap_future."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        self.tell(lambda ref: self.home.aside(lambda: _settle(future, ref)))
        return future

    def __await__(self) -> Generator[Any, None, Any]:
        import asyncio

        return asyncio.wrap_future(self.future()).__await__()

    def tell(self, callback: Callback) -> None:
        """Call back when the value is there: at once, or in the thread that learns of it."""
        self.home.told(self)
        self.attach(callback)

    def attach(self, callback: Callback) -> None:
        """As `tell`, for who waits by himself."""
        with _attaching:
            pending = self._held
            waits = type(pending) not in _SETTLED
            if waits:
                if pending.callbacks is None:
                    pending.callbacks = []
                pending.callbacks.append(callback)
        if not waits or (self._held is not pending and _taken_back(pending, callback)):
            callback(self)

    def forget(self, callback: Callback) -> None:
        """Take a callback back that was not called yet."""
        pending = self._held
        if type(pending) not in _SETTLED:
            _taken_back(pending, callback)

    def settle(self, held: Held, keep: Any = ()) -> None:
        """The value has come: called once, by the home."""
        pending = self._held
        self.keep = keep
        self._held = held
        if type(held) is Ref:
            self.home.own(self, held.id)
        if pending.callbacks is not None:
            with _attaching:
                callbacks, pending.callbacks = pending.callbacks, None
            for callback in callbacks or ():
                guarded(functools.partial(callback, self))

    def stored_in(self, store: Store) -> int:
        """The number of the object in the store; 0: it is not there."""
        held = self._held
        return held.id if type(held) is Ref and self.belongs_to(store) else 0

    def belongs_to(self, store: Store) -> bool:
        """Whether it is a handle of the session that has this store."""
        return isinstance(self.home, StoreHome) and self.home.store() is store

    def hand_over(self, other: ObjectRef) -> None:
        """Give the value, and the one reference to it, to a handle that waits for it."""
        held, self._held = self._held, b""
        if self._death is not None:
            self._death.forget()
            self._death = None
        other.settle(held, self.keep)

    def __shframe_token__(self) -> str:
        return f"object-{self.id:x}"

    def __hash__(self) -> int:
        return self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectRef) and other.id == self.id and other.home is self.home

    def __copy__(self) -> ObjectRef:
        return self

    def __deepcopy__(self, memo: object) -> ObjectRef:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        if not ref_pickling.note(self):
            raise Copied.for_what("an ObjectRef, as lazy arrays and frames hold them too,")
        return ref_pickling.arrived, (self.id,)

    def __repr__(self) -> str:
        held = self._held
        if type(held) not in _SETTLED:
            return f"ObjectRef({self.id:x}, pending)"
        if type(held) is Failure:
            return f"ObjectRef({self.id:x}, failed: {type(held.error).__name__})"
        ref = self.ref
        return f"ObjectRef({self.id:x}, {ref.kind}, {self.nbytes} bytes)"


_deaths: dict[int, Death] = {}  # those that have not been swept: nothing else holds them


class Death(weakref.ref[ObjectRef]):
    """Tells that a handle has died: it is put into a deque then. No Python code runs for that, in
    which a Ctrl-C could come between.

    id: of the object, or of the handle, that is to be let go of.
    """

    __slots__ = ("id",)

    id: int

    @classmethod
    def watch(cls, ref: ObjectRef, id: int, dead: deque[Death]) -> Death:
        """Have the death of a handle noted in `dead`."""
        made = cls(ref, dead.append)
        made.id = id
        _deaths[builtins.id(made)] = made
        return made

    def forget(self) -> None:
        """It needs not be noted any more, or was."""
        _deaths.pop(builtins.id(self), None)


def _taken_back(pending: Any, callback: Callback) -> bool:
    """Whether the callback was still there: of this and `settle` one gets it."""
    with _attaching:
        if pending.callbacks is None or callback not in pending.callbacks:
            return False
        pending.callbacks.remove(callback)
        return True


def _settle(future: Future[Any], ref: ObjectRef) -> None:
    error = ref.error()
    try:
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(ref.value())
    except BaseException as unreadable:  # the session was shut down
        future.set_exception(unreadable)


# --- waiting ----------------------------------------------------------------------------


def wait_all(refs: Iterable[ObjectRef], timeout: float | None) -> None:
    """Wait until all are there. Raises: TimedOut."""
    pending = [ref for ref in refs if type(ref._held) not in _SETTLED]
    deadline = None if timeout is None else time.monotonic() + timeout
    # The last one is there when most of the others are: few waits for many handles.
    while pending:
        left = None if deadline is None else deadline - time.monotonic()
        if not _wait_for(pending, pending[-1:], 1, left):
            missing = len([ref for ref in pending if not ref.done()])
            if missing:
                raise TimedOut.after(timeout, missing)
        while pending and type(pending[-1]._held) in _SETTLED:
            pending.pop()


def wait_some(refs: Sequence[ObjectRef], count: int, timeout: float | None) -> None:
    """Wait until `count` are there, or the time is over."""
    pending = [ref for ref in refs if type(ref._held) not in _SETTLED]
    missing = count - (len(refs) - len(pending))
    if missing > 0:
        _wait_for(pending, pending, missing, timeout)


def _wait_for(
    wanted: list[ObjectRef], asked: list[ObjectRef], count: int, timeout: float | None
) -> bool:
    """Wait until `count` of `asked` are there; whether they are. `wanted`: all that is awaited."""
    if timeout is not None and timeout <= 0:
        return False
    ended = Signal()
    counter = _Countdown(count, ended)
    for ref in asked:
        ref.attach(counter.one)
    try:
        wanted[0].home.wait(wanted, ended, timeout)
    finally:
        for ref in asked:
            ref.forget(counter.one)
    return ended.is_set()


class _Countdown:
    """Sets a signal when so many have called; they may call from several threads."""

    __slots__ = ("ended", "left", "lock")

    def __init__(self, left: int, ended: Signal) -> None:
        self.left = left
        self.ended = ended
        self.lock = threading.Lock()

    def one(self, _: ObjectRef) -> None:
        with self.lock:
            self.left -= 1
            if not self.left:
                self.ended.set()


def wait_in_steps(ended: Signal | threading.Event, timeout: float | None) -> None:
    """Wait for what another thread sets, never longer than STEP at once."""
    if timeout is None:
        while not ended.wait(STEP):
            pass
        return
    deadline = time.monotonic() + timeout
    while not ended.wait(min(STEP, max(deadline - time.monotonic(), 0))):
        if time.monotonic() >= deadline:
            return


# --- the driver's home ------------------------------------------------------------------


class StoreHome:
    """The home of a process that has the session's store: its driver.

    known: handles that other processes may speak of, by their number.
    heard: called when somebody has waited.
    aside: calls what runs users' code; where no thread depends on this one, at once.
    """

    def __init__(self, store: Store, dropped: deque[Death]) -> None:
        self.store = weakref.ref(store)
        self.owner = os.getpid()
        self.dropped = dropped
        self.next_id = store.local.next_id
        self.known: weakref.WeakValueDictionary[int, ObjectRef] = weakref.WeakValueDictionary()
        self.heard: Callable[[], None] | None = None
        self.aside: Callable[[Callable[[], None]], None] = guarded

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
        """Store a value and give a handle on it."""
        store = self.store()
        assert store is not None, "the executor that owns the store calls"
        with uninterrupted():
            swept(store, self.dropped)
            with ref_pickling.noting() as inside:
                ref = store.put(value)
            made = self.handle(ref, keep=tuple(inside))
        self.check(inside)
        return made

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
        """A handle lies in a value that other processes may read."""
        self.known[ref.id] = ref

    def find(self, id: int) -> ObjectRef:
        """The handle with a number that came in a value. Raises: ObjectLost."""
        found = self.known.get(id)
        if found is None:
            raise ObjectLost.for_id(id, "no handle of it is left")
        return found

    def read(self, ref: ObjectRef, writable: bool) -> Any:
        store = self.store()
        if store is None or store.closed:
            raise SessionClosed(
                f"object {ref.id:x} belongs to a session that has been shut down\n"
                "  compute or get what is needed before sf.shutdown()"
            )
        if not ref.keep:
            return self._read(store, ref._held, writable)
        with ref_pickling.home_is(self):
            return self._read(store, ref._held, writable)

    @staticmethod
    def _read(store: Store, held: Any, writable: bool) -> Any:
        if type(held) is bytes:
            return pickle.loads(held)
        return store.get_writable(held) if writable else store.get(held)

    def wait(self, refs: Sequence[ObjectRef], ended: Signal, timeout: float | None) -> None:
        """Results come in another thread; what their tasks have said comes before them."""
        if os.getpid() != self.owner:
            raise SessionClosed.in_child()
        wait_in_steps(ended, timeout)
        if self.heard is not None:
            self.heard()

    def told(self, ref: ObjectRef) -> None:
        """Results come by themselves."""

    def own(self, ref: ObjectRef, id: int) -> None:
        ref._death = Death.watch(ref, id, self.dropped)


def swept(store: Store, dropped: deque[Death]) -> None:
    """Release the objects whose last handle has died."""
    if not dropped:
        return
    with uninterrupted():
        for id in taken(dropped):
            with contextlib.suppress(ObjectLost):
                store.release(id)


def taken(dead: deque[Death]) -> list[int]:
    """What is to be let go of, each once."""
    ids = []
    while dead:
        death = dead.popleft()
        death.forget()
        ids.append(death.id)
    return ids
