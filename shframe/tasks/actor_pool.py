"""ActorPool: work for a group of actors, each of which gets the next piece when it is free."""

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
    """Gives values to actors: `fn(actor, value)` calls a method of the actor and gives its handle.

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
        self._ended: dict[int, ObjectRef] = {}  # by the place of the call, until it is taken
        self._given: set[int] = set()  # places that get_next_unordered has given already
        self._next_place = 0
        self._next_given = 0

    def submit(self, fn: Work, value: Any) -> None:
        """Have `fn(actor, value)` called with the next actor that is free."""
        self._waiting.append((self._next_place, fn, value))
        self._next_place += 1
        self._give_work()

    def map(self, fn: Work, values: Iterable[Any]) -> Iterator[Any]:
        """The results for all values, in order."""
        return self._mapped(fn, values, self.get_next)

    def map_unordered(self, fn: Work, values: Iterable[Any]) -> Iterator[Any]:
        """The results for all values, as they come."""
        return self._mapped(fn, values, self.get_next_unordered)

    def _mapped(self, fn: Work, values: Iterable[Any], take: Callable[[], Any]) -> Iterator[Any]:
        while self.has_next():  # what was submitted before is nobody's result here
            self.get_next_unordered(ignore_if_timedout=True)
        for value in values:
            self.submit(fn, value)
        return self._taken(take)

    def _taken(self, take: Callable[[], Any]) -> Iterator[Any]:
        while self.has_next():
            yield take()

    def has_next(self) -> bool:
        """Whether there is a result to take or to wait for."""
        return bool(self._busy or self._waiting or self._ended)

    def get_next(self, timeout: float | None = None, ignore_if_timedout: bool = False) -> Any:
        """The next result in the order of the calls.

        Raises: TimedOut; StopIteration when there is none; the method's own error.
        """
        self._check()
        while self._next_given in self._given:
            self._given.discard(self._next_given)
            self._next_given += 1
        place = self._next_given
        while place not in self._ended:
            if not self._hear(timeout):
                if not ignore_if_timedout:
                    raise TimedOut.after(timeout, 1)
                self._forget(place)
                return None
        self._next_given += 1
        return get(self._ended.pop(place))

    def get_next_unordered(
        self, timeout: float | None = None, ignore_if_timedout: bool = False
    ) -> Any:
        """Whichever result comes first. Raises: as `get_next`."""
        self._check()
        if not self._ended and not self._hear(timeout):
            if ignore_if_timedout:
                return None
            raise TimedOut.after(timeout, 1)
        place = next(iter(self._ended))
        self._given.add(place)
        return get(self._ended.pop(place))

    def _check(self) -> None:
        if not self.has_next():
            raise StopIteration("no more results to get")
        if not self._busy and not self._ended:
            raise InvalidArgument("calls wait, but the pool has no actor\n  push() one")

    def _forget(self, place: int) -> None:
        """A result that was not there in time is not waited for any more."""
        self._given.add(place)
        for ref, (at, actor) in [*self._busy.items()]:
            if at == place:
                del self._busy[ref]
                self._idle.append(actor)
        self._give_work()

    def _hear(self, timeout: float | None) -> bool:
        """Wait until a call has ended; its actor gets the next."""
        ready, _ = wait([*self._busy], num_returns=1, timeout=timeout)
        for ref in ready:
            place, actor = self._busy.pop(ref)
            self._ended[place] = ref
            self._idle.append(actor)
        self._give_work()
        return bool(ready)

    def _give_work(self) -> None:
        while self._waiting and self._idle:
            place, fn, value = self._waiting.popleft()
            actor = self._idle.popleft()
            self._busy[fn(actor, value)] = place, actor

    def has_free(self) -> bool:
        """Whether an actor has nothing to do."""
        return bool(self._idle) and not self._waiting

    def pop_idle(self) -> ActorHandle | None:
        """Take an actor out of the pool that has nothing to do; None: there is none."""
        return self._idle.popleft() if self.has_free() else None

    def push(self, actor: ActorHandle) -> None:
        """Take an actor into the pool. Raises: InvalidArgument when it is there already."""
        if actor in self._idle or any(actor == one for _, one in self._busy.values()):
            raise InvalidArgument("the actor belongs to the pool already")
        self._idle.append(actor)
        self._give_work()
