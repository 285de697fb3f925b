"""ActorPool: distributes calls over a group of actors; a free actor gets the next call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from shframe.errors import InvalidArgument
from shframe.graph.errors import TimedOut
from shframe.graph.objects.object_ref import ObjectRef
from shframe.objects.put_get import get, wait
from shframe.tasks.actors import ActorHandle

Work = Callable[[ActorHandle, Any], ObjectRef]


class ActorPool:
    """Sends values to actors: `fn(actor, value)` calls a method of the actor, returns its handle.

    Examples
    --------
    >>> import shframe as sf
    >>> @sf.remote
    ... class Doubler:
    ...     def double(self, n):
    ...         return 2 * n
    >>> pool = sf.ActorPool([Doubler.remote(), Doubler.remote()])
    >>> list(pool.map(lambda actor, n: actor.double.remote(n), [1, 2, 3]))
    [2, 4, 6]
    >>> del pool
    >>> sf.shutdown()
    """

    def __init__(self, actors: Iterable[ActorHandle]) -> None:
        self._idle: deque[ActorHandle] = deque(actors)
        self._busy: dict[ObjectRef, tuple[int, ActorHandle]] = {}
        self._waiting: deque[tuple[int, Work, Any]] = deque()
        self._ended: dict[int, ObjectRef] = {}  # by the index of the call, until it is read
        self._returned: set[int] = set()  # indices that get_next_unordered has returned
        self._next_index = 0
        self._next_result = 0

    def submit(self, fn: Work, value: Any) -> None:
        """Call `fn(actor, value)` with the next actor that is free."""
        self._waiting.append((self._next_index, fn, value))
        self._next_index += 1
        self._give_work()

    def map(self, fn: Work, values: Iterable[Any]) -> Iterator[Any]:
        """The results for all values, in order."""
        return self._map(fn, values, self.get_next)

    def map_unordered(self, fn: Work, values: Iterable[Any]) -> Iterator[Any]:
        """The results for all values, as they arrive."""
        return self._map(fn, values, self.get_next_unordered)

    def _map(self, fn: Work, values: Iterable[Any], take: Callable[[], Any]) -> Iterator[Any]:
        while self.has_next():  # results of earlier calls are not part of this map
            self.get_next_unordered(ignore_if_timedout=True)
        for value in values:
            self.submit(fn, value)
        return self._results(take)

    def _results(self, take: Callable[[], Any]) -> Iterator[Any]:
        while self.has_next():
            yield take()

    def has_next(self) -> bool:
        """Whether there is a result to read or to wait for."""
        return bool(self._busy or self._waiting or self._ended)

    def get_next(self, timeout: float | None = None, ignore_if_timedout: bool = False) -> Any:
        """The next result in the order of the calls.

        Raises: TimedOut; StopIteration when there is none; the method's own error.
        """
        self._check()
        while self._next_result in self._returned:
            self._returned.discard(self._next_result)
            self._next_result += 1
        index = self._next_result
        while index not in self._ended:
            if not self._wait_for_one(timeout):
                if not ignore_if_timedout:
                    raise TimedOut.after(timeout, 1)
                self._forget(index)
                return None
        self._next_result += 1
        return get(self._ended.pop(index))

    def get_next_unordered(
        self, timeout: float | None = None, ignore_if_timedout: bool = False
    ) -> Any:
        """Whichever result comes first. Raises: as `get_next`."""
        self._check()
        if not self._ended and not self._wait_for_one(timeout):
            if ignore_if_timedout:
                return None
            raise TimedOut.after(timeout, 1)
        index = next(iter(self._ended))
        self._returned.add(index)
        return get(self._ended.pop(index))

    def _check(self) -> None:
        if not self.has_next():
            raise StopIteration("no more results to get")
        if not self._busy and not self._ended:
            raise InvalidArgument("calls are waiting, but the pool has no actor\n  push() one")

    def _forget(self, index: int) -> None:
        """Stop waiting for a result that did not arrive in time."""
        self._returned.add(index)
        for ref, (at, actor) in [*self._busy.items()]:
            if at == index:
                del self._busy[ref]
                self._idle.append(actor)
        self._give_work()

    def _wait_for_one(self, timeout: float | None) -> bool:
        """Wait until a call has ended; its actor gets the next one."""
        ready, _ = wait([*self._busy], num_returns=1, timeout=timeout)
        for ref in ready:
            index, actor = self._busy.pop(ref)
            self._ended[index] = ref
            self._idle.append(actor)
        self._give_work()
        return bool(ready)

    def _give_work(self) -> None:
        while self._waiting and self._idle:
            index, fn, value = self._waiting.popleft()
            actor = self._idle.popleft()
            self._busy[fn(actor, value)] = index, actor

    def has_free(self) -> bool:
        """Whether an actor is idle."""
        return bool(self._idle) and not self._waiting

    def pop_idle(self) -> ActorHandle | None:
        """Remove an idle actor from the pool and return it; None: all are busy."""
        return self._idle.popleft() if self.has_free() else None

    def push(self, actor: ActorHandle) -> None:
        """Add an actor to the pool. Raises: InvalidArgument if it is in the pool already."""
        if actor in self._idle or any(actor == one for _, one in self._busy.values()):
            raise InvalidArgument("the actor is in the pool already")
        self._idle.append(actor)
        self._give_work()
