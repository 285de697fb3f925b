"""Executor: the workers of the session behind the standard library's `concurrent.futures`.

Calls wait in the driver and go to the session a few ahead of those that run, so that what waits can
still be cancelled. One thread of each Executor gives results to futures: a user's callbacks run in
it, never in the session's own.
"""

from __future__ import annotations

import atexit
import concurrent.futures
import itertools
import queue
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shframe import session
from shframe.argument_checks import checked_whole
from shframe.compat.initializers import Initializer
from shframe.compat.pickled_functions import PickledFunctions
from shframe.errors import InvalidArgument, TaskFailed
from shframe.graph.tasks.arguments import DEFAULT_OPTIONS, Arguments, TaskOptions, arguments_of
from shframe.graph.tracing.call_site import Place, user_place

if TYPE_CHECKING:
    from shframe.graph.executors.base import Executor as Engine
    from shframe.graph.objects.object_ref import ObjectRef
    from shframe.graph.tasks.function import Function

Future = concurrent.futures.Future[Any]

# Calls that the session has beyond those that its workers run. Short calls need many, or each would
# cost a round trip (benchmarks/bench_tasks.py); of long ones few, since those cannot be cancelled.
AHEAD = 1
MOST_AHEAD = 4096
QUICK_SECONDS = 0.02  # the number doubles while as many as it says end within that time


class Executor(concurrent.futures.Executor):
    """Runs calls in the session's workers, as `concurrent.futures.ProcessPoolExecutor` does in its.

    Lambdas and closures travel. Large arguments lie in shared memory, and a handle (`sf.put`) among
    the positional arguments is an input that is shared. What a call gets and what `result()` gives
    is writable: memory is shared until somebody writes into it.

    Parameters
    ----------
    max_workers: calls that run at once. Below the session's number of workers it limits the calls
        in flight; above it changes nothing: `sf.init(workers=...)` says how many there are.
    initializer, initargs: called once in each worker process before the first call there. Workers
        belong to the session: what it leaves in globals is seen by all that runs there. Large
        initargs lie in the store once, and are read in place.
    max_retries: how often a call is tried again whose worker has died; 0: never, as in the
        standard library.

    An exception arrives in the function's own type, with the worker's traceback as its cause. A
    worker that dies fails the call that it ran with WorkerDied, and nothing else.

    Cost: `submit` takes some 20 us, and 100 us for a function that has to be pickled by value (one
    of `__main__`, a lambda), which happens at each call.

    Examples
    --------
    >>> import shframe as sf
    >>> with sf.Executor(max_workers=2) as executor:
    ...     future = executor.submit(pow, 2, 10)
    ...     list(executor.map(abs, range(-3, 0), chunksize=2)), future.result()
    ([3, 2, 1], 1024)
    >>> sf.shutdown()
    """

    def __init__(
        self,
        max_workers: int | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: Sequence[Any] = (),
        *,
        max_retries: int = 0,
    ) -> None:
        if max_workers is not None:
            max_workers = checked_whole("max_workers", max_workers, 1)
        if initializer is not None and not callable(initializer):
            raise TypeError(f"initializer must be callable, found {type(initializer).__name__}")
        engine = session.executor()
        self._max_workers = max_workers or engine.workers
        first = Initializer(initializer, tuple(initargs)) if initializer is not None else None
        self._functions = PickledFunctions(first)
        self._terms = replace(DEFAULT_OPTIONS, retries=max_retries)
        # What has inputs in shared memory may write into them.
        self._writing = replace(self._terms, writable=True)
        fixed = max_workers if max_workers is not None and max_workers < engine.workers else None
        self._flight = _Flight(engine.workers, fixed)
        close = weakref.finalize(self, self._flight.close)
        close.atexit = False  # _finish_all does more

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Have `fn(*args, **kwargs)` called; its Future.

        Raises: NotPicklable: names what cannot travel. RuntimeError after shutdown.
        """
        return self._submit(fn, args, kwargs, self._writing)

    def _submit(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        terms: TaskOptions,
    ) -> Future:
        """terms: of a call that has inputs of its own."""
        self._flight.check()
        engine = session.executor()
        code, args = self._functions.called(fn, args, engine.put)
        arguments = arguments_of(args, kwargs, engine.put)
        if len(arguments.inputs) == self._functions.inputs:
            terms = self._terms  # there is nothing to write into
        call = _Call(concurrent.futures.Future(), engine, code, arguments, terms, user_place())
        self._flight.add(call)
        return call.future

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[Any]:
        """The results of `fn` on the elements, in order; all are asked for at once.

        chunksize: elements of one task. Many short calls want many.

        Raises: TimeoutError when a result is not there so many seconds after the call of map.
        """
        if chunksize < 1:
            raise InvalidArgument(f"chunksize={chunksize}: at least 1 is needed")
        if chunksize == 1:
            return super().map(fn, *iterables, timeout=timeout)
        chunks = batched(zip(*iterables, strict=False), chunksize)
        found = super().map(self._functions.of_chunk(fn), chunks, timeout=timeout)
        return itertools.chain.from_iterable(found)

    def _submit_reading(self, fn: Callable[..., Any], *args: Any) -> Future:
        """As `submit`; what is shared comes as read-only views, which costs no mapping."""
        return self._submit(fn, args, {}, self._terms)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no further calls. The session goes on.

        wait: return when all calls have ended. cancel_futures: those that wait are not run.
        """
        self._flight.close(cancel_futures)
        if wait:
            self._flight.join()

    def _give_up(self) -> None:
        """Take no further calls and end those that run."""
        self._flight.close(cancel=True)
        self._flight.cancel_all()


def batched(elements: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The elements in lists of that length; the last one may be shorter."""
    rest = iter(elements)
    while chunk := list(itertools.islice(rest, size)):
        yield chunk


def own_error(error: BaseException) -> BaseException:
    """What the function raised, in its own type."""
    return getattr(error, "error", error) if isinstance(error, TaskFailed) else error


@dataclass(slots=True, eq=False)
class _Call:
    """A call as it was asked for: its arguments are taken."""

    future: Future
    engine: Engine
    code: Function
    arguments: Arguments
    terms: TaskOptions
    place: Place | None

    def begin(self) -> ObjectRef | None:
        """Hand it to the session; None: it was cancelled, or the session is closed."""
        if not self.future.set_running_or_notify_cancel():
            return None
        try:
            return self.engine.call(self.code, self.arguments, self.terms, self.place)[0]
        except BaseException as error:
            self.future.set_exception(error)
            return None

    def end(self, ref: ObjectRef) -> None:
        """Give the result to the future."""
        error = ref.error()
        try:
            if error is None:
                self.future.set_result(ref.value(writable=True))
            else:
                self.future.set_exception(own_error(error))
        except BaseException as unreadable:  # the session was shut down
            self.future.set_exception(unreadable)


class _Flight:
    """The calls of one Executor that wait, those that the session has, and the thread that hears
    of their ends. It knows no Executor, so that one that nobody holds any more ends."""

    def __init__(self, workers: int, limit: int | None) -> None:
        self._lock = threading.Lock()  # users' threads add, the own one takes
        self._waiting: deque[_Call] = deque()
        self._begun: dict[ObjectRef, _Call] = {}
        self._ended: queue.SimpleQueue[ObjectRef | None] = queue.SimpleQueue()
        self._limit = limit
        self._least = workers + AHEAD
        self._window = limit or self._least
        self._since = 0.0
        self._count = 0
        self._closed = False
        self._thread: threading.Thread | None = None

    def check(self) -> None:
        """Raise when no further call is taken."""
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")

    def add(self, call: _Call) -> None:
        """Take a call in."""
        with self._lock:
            self.check()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._serve, name="shframe-futures", daemon=True
                )
                self._thread.start()
                _flights.add(self)
            self._waiting.append(call)
            self._send()

    def close(self, cancel: bool = False) -> None:
        """Take no further call; cancel: those that wait are not run."""
        with self._lock:
            self._closed = True
            dropped = [*self._waiting] if cancel else []
            if cancel:
                self._waiting.clear()
        for call in dropped:
            if call.future.cancel():
                call.future.set_running_or_notify_cancel()  # tells who waits for it
        self._ended.put(None)

    def cancel_all(self) -> None:
        """Have the session give up what it has."""
        with self._lock:
            begun = [*self._begun.items()]
        for ref, call in begun:
            call.engine.cancel(ref, True, True)

    def join(self) -> None:
        """Wait until all calls have ended."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _send(self) -> None:
        """Hand over as many calls as there may be in flight. Under the lock."""
        while self._waiting and len(self._begun) < self._window:
            call = self._waiting.popleft()
            ref = call.begin()
            if ref is not None:
                self._begun[ref] = call
                ref.add_done_callback(self._ended.put)

    def _serve(self) -> None:
        """Give results to futures until nothing is left and no call is taken any more."""
        while True:
            ref = self._ended.get()
            if ref is not None:
                self._take(ref)
                del ref
            with self._lock:
                if self._closed and not self._begun and not self._waiting:
                    return

    def _take(self, ref: ObjectRef) -> None:
        with self._lock:
            call = self._begun.pop(ref)
            self._adapt()
            self._send()
        call.end(ref)

    def _adapt(self) -> None:
        """Learn how many calls are to be in flight."""
        self._count += 1
        if self._limit is not None or self._count < self._window:
            return
        now = time.monotonic()
        quick = now - self._since < QUICK_SECONDS
        most = self._least + MOST_AHEAD
        self._window = min(self._window * 2, most) if quick else max(self._window // 2, self._least)
        self._count, self._since = 0, now


_flights: weakref.WeakSet[_Flight] = weakref.WeakSet()


def _finish_all() -> None:
    """At the interpreter's end what was submitted is run, as in the standard library."""
    for flight in [*_flights]:
        flight.close()
        flight.join()


atexit.register(_finish_all)
