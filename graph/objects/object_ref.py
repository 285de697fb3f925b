"""ObjectRef: a user's handle on a value in the store, or on one that its task is to make.

A small result is in the handle itself, as pickled bytes; all else has an address that the store
counts; a value that is still to come is Pending; a task that failed left a Failure. What can be
done with a handle depends on the process: its RefBackend knows.
"""

from __future__ import annotations

import builtins
import functools
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from shframe.graph.errors import RefNotPicklable, TimedOut
from shframe.graph.objects import ref_pickling
from shframe.graph.objects.callbacks import run_guarded
from shframe.graph.objects.signal import Signal
from shframe.store.ref import INLINE, Ref

if TYPE_CHECKING:  # workers need not load it
    from shframe.store.store import Store


Held = Any  # bytes | Ref | Failure | Pending
Callback = Callable[["ObjectRef"], None]
_attaching = threading.Lock()  # two threads that wait for one handle at once


class Pending:
    """What a handle holds until its value is there: callbacks. A Call is one, too."""

    __slots__ = ("callbacks",)

    def __init__(self) -> None:
        self.callbacks: list[Callback] | None = None


class Lifetime:
    """Kept by handles (`keep`); calls `ended` when the last one is dropped: in any thread, in any
    lock."""

    __slots__ = ("ended",)

    def __init__(self, ended: Callable[[], None]) -> None:
        self.ended = ended

    def __del__(self) -> None:
        self.ended()


class FailureSource(Protocol):
    """An error that is made when it is read (error_pickling.PickledError)."""

    def error(self) -> BaseException:
        """Make it."""


class Failure:
    """What a handle holds whose task failed: the error that reading it raises, and where that came
    from, if it was in this process.

    source: the error, or what makes it when it is read first. task: the number of its task in the
    driver, 0: it is not known.
    """

    __slots__ = ("_error", "source", "task", "traceback")

    def __init__(
        self, source: BaseException | FailureSource, traceback: TracebackType | None = None
    ) -> None:
        self.source = source
        self.task = 0
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


class RefBackend(Protocol):
    """What a process knows of the values behind its handles."""

    def put(self, value: object) -> ObjectRef:
        """Store a value; its handle."""

    def read(self, ref: ObjectRef, writable: bool) -> Any:
        """The value of a handle whose value is there."""

    def wait(self, refs: Sequence[ObjectRef], ended: Signal, timeout: float | None) -> None:
        """Wait for the signal, which is set when enough of these handles have their values."""

    def expect(self, ref: ObjectRef) -> None:
        """A callback waits for the handle's value."""

    def note(self, ref: ObjectRef) -> None:
        """A handle is in a value that other processes may read."""

    def own(self, ref: ObjectRef, id: int) -> None:
        """The handle has got a stored value, for which it holds a reference until it is dropped."""

    def aside(self, call: Callable[[], None]) -> None:
        """Call what runs users' code, not in a thread that others depend on."""

    def uses(self, store: Store) -> bool:
        """Whether its values are in this store, which is the driver's."""

    def story(self, ref: ObjectRef) -> Sequence[str]:
        """What happened to the task of a handle, a line each; none where it is not known."""


class ObjectRef:
    """A counted handle; dropping the last one frees the object's memory.

    A handle of a task is there at once; `sf.get`, `await ref` and `ref.result()` wait for it.
    """

    __slots__ = ("__weakref__", "_death", "home", "id", "keep", "state")

    def __init__(self, id: int, held: Held, home: RefBackend, keep: Any = ()) -> None:
        """keep: the handles inside the value, which it keeps alive."""
        self.id = id
        self.state = held
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
        if type(self.state) not in _SETTLED:
            wait_all([self], None)
        held = self.state
        if type(held) is Failure:
            raise held.raised()
        return held

    def value(self, *, writable: bool = False) -> Any:
        """The object: read-only views, or ordinary objects over a private copy-on-write view."""
        if type(self.state) not in _SETTLED:
            wait_all([self], None)
        if type(self.state) is Failure:
            raise self.state.raised()
        return self.home.read(self, writable)

    def result(self, timeout: float | None = None) -> Any:
        """The value, as of a `concurrent.futures.Future`. Raises: TimedOut."""
        wait_all([self], timeout)
        return self.value()

    def done(self) -> bool:
        """Whether the value or an error is there."""
        return type(self.state) in _SETTLED

    def error(self) -> BaseException | None:
        """The error of a task that has failed; None while it runs, and if it ended well."""
        return self.state.error if type(self.state) is Failure else None

    def future(self) -> Future[Any]:
        """A concurrent.futures.Future of the value, for callbacks and asyncio.wrap_future."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        self.add_done_callback(lambda ref: self.home.aside(lambda: _set_future(future, ref)))
        return future

    def __await__(self) -> Generator[Any, None, Any]:
        import asyncio

        return asyncio.wrap_future(self.future()).__await__()

    def add_done_callback(self, callback: Callback) -> None:
        """Call back when the value is there: at once, or in the thread that learns of it."""
        self.home.expect(self)
        self.add_callback(callback)

    def add_callback(self, callback: Callback) -> None:
        """As `add_done_callback`, for a thread that waits on its own."""
        with _attaching:
            pending = self.state
            waits = type(pending) not in _SETTLED
            if waits:
                if pending.callbacks is None:
                    pending.callbacks = []
                pending.callbacks.append(callback)
        if not waits or (self.state is not pending and _take_out(pending, callback)):
            callback(self)

    def remove_callback(self, callback: Callback) -> None:
        """Take a callback back that was not called yet."""
        pending = self.state
        if type(pending) not in _SETTLED:
            _take_out(pending, callback)

    def settle(self, held: Held, keep: Any = ()) -> None:
        """The value has come: called once, by the home."""
        pending = self.state
        self.keep = keep
        self.state = held
        if type(held) is Ref:
            self.home.own(self, held.id)
        if pending.callbacks is not None:
            with _attaching:
                callbacks, pending.callbacks = pending.callbacks, None
            for callback in callbacks or ():
                run_guarded(functools.partial(callback, self))

    def stored_in(self, store: Store) -> int:
        """The number of the object in the store; 0: it is not stored."""
        held = self.state
        return held.id if type(held) is Ref and self.belongs_to(store) else 0

    def belongs_to(self, store: Store) -> bool:
        """Whether it is a handle of the session that has this store."""
        return self.home.uses(store)

    def hand_over(self, other: ObjectRef) -> None:
        """Give the value, and the one reference to it, to a handle that waits for it."""
        held, self.state = self.state, b""
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
            raise RefNotPicklable.for_what("an ObjectRef, as lazy arrays and frames hold them too,")
        return ref_pickling.unpickle_ref, (self.id,)

    def __repr__(self) -> str:
        held = self.state
        if type(held) not in _SETTLED:
            return f"ObjectRef({self.id:x}, pending)"
        if type(held) is Failure:
            return f"ObjectRef({self.id:x}, failed: {type(held.error).__name__})"
        ref = self.ref
        return f"ObjectRef({self.id:x}, {ref.kind}, {self.nbytes} bytes)"


_deaths: dict[int, Death] = {}  # those that have not been release_dropped: nothing else holds them


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


def _take_out(pending: Any, callback: Callback) -> bool:
    """Whether the callback was still there: of this and `settle` one gets it."""
    with _attaching:
        if pending.callbacks is None or callback not in pending.callbacks:
            return False
        pending.callbacks.remove(callback)
        return True


def _set_future(future: Future[Any], ref: ObjectRef) -> None:
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
    pending = [ref for ref in refs if type(ref.state) not in _SETTLED]
    deadline = None if timeout is None else time.monotonic() + timeout
    # The last one is there when most of the others are: few waits for many handles.
    while pending:
        left = None if deadline is None else deadline - time.monotonic()
        if not _wait_for(pending, pending[-1:], 1, left):
            missing = len([ref for ref in pending if not ref.done()])
            if missing:
                first = next((ref for ref in pending if not ref.done()), pending[-1])
                raise TimedOut.after(timeout, missing, first.home.story(first))
        while pending and type(pending[-1].state) in _SETTLED:
            pending.pop()


def wait_some(refs: Sequence[ObjectRef], count: int, timeout: float | None) -> None:
    """Wait until `count` are there, or the time is over."""
    pending = [ref for ref in refs if type(ref.state) not in _SETTLED]
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
        ref.add_callback(counter.one)
    try:
        wanted[0].home.wait(wanted, ended, timeout)
    finally:
        for ref in asked:
            ref.remove_callback(counter.one)
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


# --- the driver's home ------------------------------------------------------------------


def take_dropped_ids(dead: deque[Death]) -> list[int]:
    """What is to be let go of, each once; several threads may ask at the same time."""
    ids: list[int] = []
    while True:
        try:
            death = dead.popleft()
        except IndexError:  # another thread may have taken the last one
            return ids
        death.forget()
        ids.append(death.id)
