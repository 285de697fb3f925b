"""Pool: the workers of the session behind the interface of `multiprocessing.Pool`."""

from __future__ import annotations

import concurrent.futures
import itertools
import multiprocessing
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self

from shframe.argument_checks import check_integer
from shframe.compat.concurrent_futures import Executor, Future, batched
from shframe.graph.errors import TimedOut

CHUNKS = 4  # for each worker, as in the standard library: the last ones balance the load
AHEAD = 16  # chunks for each worker that are read from an iterable of unknown length

Callback = Callable[[Any], object]


class PoolTimedOut(TimedOut, multiprocessing.TimeoutError):
    """A result did not arrive in time."""


class Pool:
    """Runs calls in the session's workers, as `multiprocessing.Pool` does in its.

    Parameters
    ----------
    processes: calls that run at once; None: as many as the session has workers, which is also the
        most (see `sf.Executor`).
    initializer, initargs: called once in each worker process before its first task of this pool.
    maxtasksperchild: known to the standard library, of no effect: workers are the session's.

    Lambdas can be sent, and large arguments and results are stored in shared memory.

    Examples
    --------
    >>> import shframe as sf
    >>> with sf.Pool(2) as pool:
    ...     pool.map(abs, range(-3, 0)), pool.starmap(pow, [(2, 3), (3, 2)])
    ([3, 2, 1], [8, 9])
    >>> sf.shutdown()
    """

    def __init__(
        self,
        processes: int | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: Iterable[Any] = (),
        maxtasksperchild: int | None = None,
        context: Any = None,
    ) -> None:
        if processes is not None:
            processes = check_integer("processes", processes, 1)
        self._executor = Executor(processes, initializer, tuple(initargs))
        self._processes = self._executor._max_workers
        self._closed = False

    # --- calls --------------------------------------------------------------------------

    def apply(
        self, func: Callable[..., Any], args: Iterable[Any] = (), kwds: dict[str, Any] | None = None
    ) -> Any:
        """The result of `func(*args, **kwds)`, called in a worker."""
        return self.apply_async(func, args, kwds).get()

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Iterable[Any] = (),
        kwds: dict[str, Any] | None = None,
        callback: Callback | None = None,
        error_callback: Callback | None = None,
    ) -> AsyncResult:
        """Call `func(*args, **kwds)` in a worker; returns its AsyncResult.

        callback, error_callback: called with the result or the error, in a thread of the pool.
        """
        self._check()
        future = self._executor.submit(func, *args, **(kwds or {}))
        return AsyncResult([future], _only, callback, error_callback)

    def map(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int | None = None
    ) -> list[Any]:
        """The results of `func` on each element.

        chunksize: elements of one task; None: so that each worker gets four tasks.
        """
        return self.map_async(func, iterable, chunksize).get()  # type: ignore[no-any-return]

    def map_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        chunksize: int | None = None,
        callback: Callback | None = None,
        error_callback: Callback | None = None,
    ) -> AsyncResult:
        """The AsyncResult of a map."""
        rows = [(one,) for one in iterable]
        return self._map(func, rows, chunksize, callback, error_callback)

    def starmap(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Iterable[Any]],
        chunksize: int | None = None,
    ) -> list[Any]:
        """The results of `func(*element)` for each element."""
        return self.starmap_async(func, iterable, chunksize).get()  # type: ignore[no-any-return]

    def starmap_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Iterable[Any]],
        chunksize: int | None = None,
        callback: Callback | None = None,
        error_callback: Callback | None = None,
    ) -> AsyncResult:
        """The AsyncResult of a starmap."""
        rows = [tuple(one) for one in iterable]
        return self._map(func, rows, chunksize, callback, error_callback)

    def imap(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int = 1
    ) -> IMapIterator:
        """The results one by one, in order.

        All elements of a list are submitted at once; of an iterable without a length a few are
        read ahead, and more as results are read.
        """
        return self._imap(func, iterable, chunksize, ordered=True)

    def imap_unordered(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int = 1
    ) -> IMapIterator:
        """The results one by one, as they arrive."""
        return self._imap(func, iterable, chunksize, ordered=False)

    def _map(
        self,
        func: Callable[..., Any],
        rows: list[tuple[Any, ...]],
        chunksize: int | None,
        callback: Callback | None,
        error_callback: Callback | None,
    ) -> AsyncResult:
        self._check()
        size = chunksize or max(1, -(-len(rows) // (self._processes * CHUNKS)))
        of_chunk = self._executor._functions.of_chunk(func)
        futures = [self._executor.submit(of_chunk, chunk) for chunk in batched(rows, size)]
        return AsyncResult(futures, _concatenate, callback, error_callback)

    def _imap(
        self, func: Callable[..., Any], iterable: Iterable[Any], size: int, ordered: bool
    ) -> IMapIterator:
        self._check()
        size = check_integer("chunksize", size, 1)
        of_chunk = self._executor._functions.of_chunk(func)
        chunks = batched(((one,) for one in iterable), size)
        started = (self._executor.submit(of_chunk, chunk) for chunk in chunks)
        ahead = None if hasattr(iterable, "__len__") else self._processes * AHEAD
        return IMapIterator(started, ahead, ordered)

    # --- life ---------------------------------------------------------------------------

    def _check(self) -> None:
        if self._closed:
            raise ValueError("Pool not running")

    def close(self) -> None:
        """Accept no further calls; those submitted before are run."""
        self._closed = True
        self._executor.shutdown(wait=False)

    def terminate(self) -> None:
        """Accept no further calls and cancel those that run. The session goes on."""
        self._closed = True
        self._executor._give_up()

    def join(self) -> None:
        """Wait until all calls have ended, after close() or terminate()."""
        if not self._closed:
            raise ValueError("Pool is still running")
        self._executor.shutdown()

    def __enter__(self) -> Self:
        self._check()
        return self

    def __exit__(self, *exc: object) -> None:
        self.terminate()
        self.join()

    def __reduce__(self) -> tuple[Any, ...]:
        raise NotImplementedError(
            "pool objects cannot be passed between processes or pickled\n"
            "  make one inside the task: its calls run in the same session"
        )

    def __repr__(self) -> str:
        return f"Pool({self._processes}, {'closed' if self._closed else 'running'})"


def _only(parts: Sequence[Any]) -> Any:
    return parts[0]


def _concatenate(parts: Sequence[Any]) -> list[Any]:
    return list(itertools.chain.from_iterable(parts))


class AsyncResult:
    """The result of a call that may still be running."""

    def __init__(
        self,
        futures: list[Future],
        join: Callable[[Sequence[Any]], Any],
        callback: Callback | None,
        error_callback: Callback | None,
    ) -> None:
        self._ready = threading.Event()
        self._parts = futures
        self._join = join
        self._error: BaseException | None = None
        self._value: Any = None
        self._callbacks = callback, error_callback
        self._left = len(futures)
        self._lock = threading.Lock()  # parts may end in several threads
        if not futures:
            self._finish(None)
        for future in [*futures]:
            future.add_done_callback(self._on_done)

    def _on_done(self, future: Future) -> None:
        error = _error_of(future)
        with self._lock:
            self._left -= 1
            last = (self._left == 0 or error is not None) and not self._ready.is_set()
        if last:
            self._finish(error)

    def _finish(self, error: BaseException | None) -> None:
        callback, error_callback = self._callbacks
        parts, self._parts = self._parts, []
        if error is None:
            self._value = self._join([part.result() for part in parts])
        self._error = error
        if error is None and callback is not None:
            callback(self._value)
        if error is not None and error_callback is not None:
            error_callback(error)
        self._ready.set()

    def get(self, timeout: float | None = None) -> Any:
        """The result, or its error raised. Raises: multiprocessing.TimeoutError."""
        self.wait(timeout)
        if not self.ready():
            raise PoolTimedOut.after(timeout, 1)
        if self._error is not None:
            raise self._error
        return self._value

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the call has ended, at most `timeout` seconds."""
        self._ready.wait(timeout)

    def ready(self) -> bool:
        """Whether the call has ended."""
        return self._ready.is_set()

    def successful(self) -> bool:
        """Whether it ended without an error. Raises: ValueError while it runs."""
        if not self.ready():
            raise ValueError(f"{self!r} not ready")
        return self._error is None


def _error_of(future: Future) -> BaseException | None:
    try:
        return future.exception()
    except concurrent.futures.CancelledError as cancelled:
        return cancelled


class IMapIterator:
    """The results of imap. `next(timeout)` waits no longer than that."""

    def __init__(self, started: Iterator[Future], ahead: int | None, ordered: bool) -> None:
        """started: futures of chunks, each submitted when it is read. ahead: how many chunks are
        read ahead of the results; None: all."""
        self._started = started
        self._ordered = ordered
        self._running: deque[Future] = deque(itertools.islice(started, ahead))
        self._values: deque[Any] = deque()

    def __iter__(self) -> Self:
        return self

    def next(self, timeout: float | None = None) -> Any:
        """The next result. Raises: multiprocessing.TimeoutError; the function's own error."""
        while not self._values:
            if not self._running:
                raise StopIteration
            future = self._wait_for_one(timeout)
            self._running.remove(future)
            self._running.extend(itertools.islice(self._started, 1))
            self._values.extend(future.result())
        return self._values.popleft()

    def _wait_for_one(self, timeout: float | None) -> Future:
        waited = [self._running[0]] if self._ordered else [*self._running]
        done = concurrent.futures.wait(waited, timeout, concurrent.futures.FIRST_COMPLETED).done
        if not done:
            raise PoolTimedOut.after(timeout, 1)
        return next(future for future in waited if future in done)

    def __next__(self) -> Any:
        return self.next()
