"""Executor: the workers of the session behind the standard library's `concurrent.futures`.

Calls wait in the driver; a few more than can run are submitted to the session, so that the others
can still be cancelled. One thread of each Executor completes its futures: a user's callbacks run in
it, never in the session's own thread.
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
from shframe.argument_checks import check_integer
from shframe.compat.initializers import Initializer
from shframe.compat.pickled_functions import PickledFunctions
from shframe.errors import TaskFailed
from shframe.graph.tasks.arguments import DEFAULT_OPTIONS, Arguments, TaskOptions, arguments_of
from shframe.graph.tracing.call_site import Place, user_place

if TYPE_CHECKING:
    from shframe.graph.executors.base import Executor as Engine
    from shframe.graph.objects.object_ref import ObjectRef
    from shframe.graph.tasks.function import Function

Future = concurrent.futures.Future[Any]

# Calls submitted beyond those that the workers run. Short calls need many, or each would cost a
# round trip (benchmarks/suites/tasks.py); of long ones few, since those cannot be cancelled.
AHEAD = 1
MOST_AHEAD = 4096
QUICK_SECONDS = 0.02  # the number doubles while so many calls end within that time


class Executor(concurrent.futures.Executor):
    """Runs calls in the session's workers, as `concurrent.futures.ProcessPoolExecutor` does in its.

    Lambdas and closures can be sent. Large arguments are stored in shared memory, and a handle
    (`sf.put`) among the positional arguments is an input that is shared. What a call receives and
    what `result()` returns is writable: memory is shared until it is written to.

    Parameters
    ----------
    max_workers: calls that run at once. Below the session's number of workers it limits the calls
        in flight; above it changes nothing: `sf.init(workers=...)` says how many there are.
    initializer, initargs: called once in each worker process before the first call there. Workers
        belong to the session: all that runs there sees the globals that it sets. Large initargs
        are stored once, and are read in place.
    max_retries: how often a call is retried after its worker has died; 0: never, as in the
        standard library.

    An exception has the function's own type, with the worker's traceback as its cause. A
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
            max_workers = check_integer("max_workers", max_workers, 1)
        if initializer is not None and not callable(initializer):
            raise TypeError(f"initializer must be callable, got {type(initializer).__name__}")
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
        """Call `fn(*args, **kwargs)` in a worker; returns its Future.

        Raises: NotPicklable: names what cannot be pickled. RuntimeError after shutdown.
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
        code, args = self._functions.code_for(fn, args, engine.put)
        arguments = arguments_of(args, kwargs, engine.put)
        if len(arguments.inputs) == self._functions.inputs:
            terms = self._terms  # no input to write into
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
        """The results of `fn` on the elements, in order; all calls are submitted at once.

        chunksize: elements of one task; use many when calls are short.

        Raises: TimeoutError when a result is still pending `timeout` seconds after the call of map.
        """
        chunksize = check_integer("chunksize", chunksize, 1)
        if chunksize == 1:
            return super().map(fn, *iterables, timeout=timeout)
        chunks = batched(zip(*iterables, strict=False), chunksize)
        found = super().map(self._functions.of_chunk(fn), chunks, timeout=timeout)
        return itertools.chain.from_iterable(found)

    def _submit_reading(self, fn: Callable[..., Any], *args: Any) -> Future:
        """As `submit`; what is shared comes as read-only views, which costs no mapping."""
        return self._submit(fn, args, {}, self._terms)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no further calls. The session goes on.

        wait: return when all calls have ended. cancel_futures: do not run those that have not
            started.
        """
        self._flight.close(cancel_futures)
        if wait:
            self._flight.join()

    def _give_up(self) -> None:
        """Accept no further calls and cancel those that run."""
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
    """A submitted call; its arguments are pickled already."""

    future: Future
    engine: Engine
    code: Function
    arguments: Arguments
    terms: TaskOptions
    place: Place | None

    def start(self) -> ObjectRef | None:
        """Submit it to the session; None: it was cancelled, or the session is closed."""
        if not self.future.set_running_or_notify_cancel():
            return None
        try:
            return self.engine.call(self.code, self.arguments, self.terms, self.place)[0]
        except BaseException as error:
            self.future.set_exception(error)
            return None

    def finish(self, ref: ObjectRef) -> None:
        """Set the result of the future."""
        error = ref.error()
        try:
            if error is None:
                self.future.set_result(ref.value(writable=True))
            else:
                self.future.set_exception(own_error(error))
        except BaseException as unreadable:  # the session was shut down
            self.future.set_exception(unreadable)


class _Flight:
    """The calls of one Executor, waiting and submitted, and the thread that sets their results.

    It holds no reference to the Executor, so that one without references is finalized."""

    def __init__(self, workers: int, limit: int | None) -> None:
        self._lock = threading.Lock()  # users' threads add, the thread here removes
        self._waiting: deque[_Call] = deque()
        self._submitted: dict[ObjectRef, _Call] = {}
        self._ended: queue.SimpleQueue[ObjectRef | None] = queue.SimpleQueue()
        self._limit = limit
        self._least = workers + AHEAD
        self._window = limit or self._least
        self._since = 0.0
        self._count = 0
        self._closed = False
        self._thread: threading.Thread | None = None

    def check(self) -> None:
        """Raise if it is closed."""
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")

    def add(self, call: _Call) -> None:
        """Queue a call."""
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
        """Accept no further call; cancel: those that wait are not run."""
        with self._lock:
            self._closed = True
            dropped = [*self._waiting] if cancel else []
            if cancel:
                self._waiting.clear()
        for call in dropped:
            if call.future.cancel():
                call.future.set_running_or_notify_cancel()  # wakes those who wait for it
        self._ended.put(None)

    def cancel_all(self) -> None:
        """Cancel what was submitted to the session."""
        with self._lock:
            submitted = [*self._submitted.items()]
        for ref, call in submitted:
            call.engine.cancel(ref, True, True)

    def join(self) -> None:
        """Wait until all calls have ended."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _send(self) -> None:
        """Submit as many calls as may be in flight. Called under the lock."""
        while self._waiting and len(self._submitted) < self._window:
            call = self._waiting.popleft()
            ref = call.start()
            if ref is not None:
                self._submitted[ref] = call
                ref.add_done_callback(self._ended.put)

    def _serve(self) -> None:
        """Complete futures until it is closed and nothing is left."""
        while True:
            ref = self._ended.get()
            if ref is not None:
                self._take(ref)
                del ref
            with self._lock:
                if self._closed and not self._submitted and not self._waiting:
                    return

    def _take(self, ref: ObjectRef) -> None:
        with self._lock:
            call = self._submitted.pop(ref)
            self._adapt()
            self._send()
        call.finish(ref)

    def _adapt(self) -> None:
        """Adapt the number of calls in flight to how long they take."""
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
    """At exit, run what was submitted, as the standard library does."""
    for flight in [*_flights]:
        flight.close()
        flight.join()


atexit.register(_finish_all)
