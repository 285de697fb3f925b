"""Queue: a first-in, first-out queue that the driver, tasks and actors share."""

from __future__ import annotations

import asyncio
import collections
import queue
import uuid
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from typing import Any

from shframe import session
from shframe.argument_checks import check_seconds
from shframe.graph.driver.call import plain
from shframe.graph.objects.object_ref import ObjectRef
from shframe.objects.put_get import get
from shframe.tasks.actors import ActorClass, kill


class Empty(queue.Empty):
    """There was nothing to get in time: the standard library's Empty."""


class Full(queue.Full):
    """There was no room to put in time: the standard library's Full."""


class Queue:
    """A queue in an actor of its own. It travels in arguments, so that tasks can use it.

    Large items lie in the store: they are not copied on their way, and come as read-only views.

    maxsize: items that it holds at most; 0: as many as there are. actor_options: of the actor, as
    `sf.remote` takes them.

    Examples
    --------
    >>> import shframe as sf
    >>> queue = sf.Queue(maxsize=2)
    >>> queue.put("first"); queue.put("second")
    >>> queue.full(), queue.get(), queue.qsize()
    (True, 'first', 1)
    >>> sf.shutdown()
    """

    def __init__(self, maxsize: int = 0, actor_options: dict[str, Any] | None = None) -> None:
        self.maxsize = maxsize
        self.actor = ActorClass(_Items, actor_options or {}).remote(maxsize)

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, waiting for room. Raises: queue.Full when there is none in time."""
        if not get(self.actor.put.remote([_kept(item)], _seconds(block, timeout))):
            raise Full(f"the queue holds {self.maxsize} items\n  get some, or give it more room")

    def put_nowait(self, item: Any) -> None:
        """Add an item. Raises: queue.Full."""
        self.put(item, block=False)

    def put_nowait_batch(self, items: Iterable[Any]) -> None:
        """Add all the items, or none. Raises: queue.Full when there is no room for all."""
        kept = [_kept(item) for item in items]
        if not get(self.actor.put_all.remote(kept)):
            raise Full(f"no room for {len(kept)} more of at most {self.maxsize} items")

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the first item, waiting for one. Raises: queue.Empty when there is none in time."""
        found = get(self.actor.take.remote(_seconds(block, timeout)))
        if not found:
            raise Empty("the queue is empty")
        return _given(found[0])

    def get_nowait(self) -> Any:
        """Take the first item. Raises: queue.Empty."""
        return self.get(block=False)

    def get_nowait_batch(self, num_items: int) -> list[Any]:
        """Take so many items, or none. Raises: queue.Empty when there are fewer."""
        found = get(self.actor.take_all.remote(num_items))
        if found is None:
            raise Empty(f"the queue has fewer than {num_items} items")
        return [_given(one) for one in found]

    async def put_async(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """As `put`, for coroutines; given up while it waits, it puts nothing in."""
        ticket = uuid.uuid4().hex
        ref = self.actor.put.remote([_kept(item)], _seconds(block, timeout), ticket)
        if not await self._unless_given_up(ref, ticket, self.actor.take_out):
            raise Full(f"the queue holds {self.maxsize} items")

    async def get_async(self, block: bool = True, timeout: float | None = None) -> Any:
        """As `get`, for coroutines; given up while it waits, it takes nothing."""
        ticket = uuid.uuid4().hex
        ref = self.actor.take.remote(_seconds(block, timeout), ticket)
        found = await self._unless_given_up(ref, ticket, self.actor.put_back)
        if not found:
            raise Empty("the queue is empty")
        return _given(found[0])

    async def _unless_given_up(self, ref: ObjectRef, ticket: str, undo: Any) -> Any:
        """The result of a call that waits in the actor. If the coroutine here is cancelled, it
        waits there no more; what it did before it heard of that is undone.
        """
        try:
            return await ref
        except asyncio.CancelledError:
            self.actor.give_up.remote(ticket)
            ref.future().add_done_callback(lambda done: _undo(done, ticket, undo))
            raise

    def qsize(self) -> int:
        """How many items it holds."""
        return get(self.actor.size.remote())  # type: ignore[no-any-return]

    size = qsize

    def __len__(self) -> int:
        return self.qsize()

    def empty(self) -> bool:
        """Whether it holds nothing."""
        return self.qsize() == 0

    def full(self) -> bool:
        """Whether there is no room."""
        return 0 < self.maxsize <= self.qsize()

    def shutdown(self, force: bool = False) -> None:
        """End the actor, with what it holds. force: known to Ray, of no effect."""
        kill(self.actor)


def _undo(done: Future[Any], ticket: str, undo: Any) -> None:
    if not done.cancelled() and done.exception() is None and done.result():
        undo.remote(ticket, done.result())


def _seconds(block: bool, timeout: float | None) -> float | None:
    """How long the actor waits; None: for ever."""
    if not block:
        return 0.0
    check_seconds("timeout", timeout)
    return timeout


def _kept(item: Any) -> Any:
    """The item, or a list with its handle, so that the actor never reads what is large."""
    return (item,) if plain(item) else [session.executor().put(item)]


def _given(kept: Any) -> Any:
    if isinstance(kept, list):
        ref: ObjectRef = kept[0]
        return ref.value()
    return kept[0]


class _Items:
    """The actor of a queue. Items lie in it as (ticket of the call that put them in, item).

    front: what was given back and comes before all others.
    waiting: the calls that wait, by their tickets.
    """

    def __init__(self, maxsize: int) -> None:
        self.items: asyncio.Queue[Any] = asyncio.Queue(maxsize)
        self.front: collections.deque[Any] = collections.deque()
        self.waiting: dict[str, asyncio.Task[Any]] = {}

    async def put(self, kept: list[Any], seconds: float | None, ticket: str = "") -> bool:
        """Whether there was room in time."""
        if seconds == 0:
            return await self.put_all(kept)
        entry = ticket, kept[0]
        return bool(await self._wait(self.items.put(entry), seconds, ticket))

    async def put_all(self, kept: list[Any]) -> bool:
        """Whether there was room for all."""
        if self.items.maxsize and await self.size() + len(kept) > self.items.maxsize:
            return False
        for one in kept:
            self.items.put_nowait(("", one))
        return True

    async def take(self, seconds: float | None, ticket: str = "") -> list[Any]:
        """The first item; nothing when there was none in time."""
        if seconds == 0 or self.front:
            return await self.take_all(1) or []
        return [kept for _, kept in await self._wait(self.items.get(), seconds, ticket)]

    async def take_all(self, count: int) -> list[Any] | None:
        """So many items, None: there are fewer."""
        if await self.size() < count:
            return None
        return [self._first()[1] for _ in range(count)]

    async def give_up(self, ticket: str) -> None:
        """Nobody waits for that call any more."""
        if ticket in self.waiting:
            self.waiting[ticket].cancel()

    async def put_back(self, ticket: str, taken: list[Any]) -> None:
        """What a call had taken that was given up goes to the front, also of a full queue."""
        if self.items.empty():  # else nobody waits for an item
            self.items.put_nowait((ticket, taken[0]))
        else:
            self.front.appendleft((ticket, taken[0]))

    async def take_out(self, ticket: str, _: bool) -> None:
        """What a call had put in that was given up goes, if it is still there."""
        kept = [entry for entry in self.front if entry[0] != ticket]
        self.front = collections.deque(kept)
        lying = [self.items.get_nowait() for _ in range(self.items.qsize())]
        for entry in lying:
            if entry[0] != ticket:
                self.items.put_nowait(entry)

    async def size(self) -> int:
        """How many there are."""
        return len(self.front) + self.items.qsize()

    def _first(self) -> Any:
        return self.front.popleft() if self.front else self.items.get_nowait()

    async def _wait(
        self, work: Coroutine[Any, Any, Any], seconds: float | None, ticket: str
    ) -> list[Any]:
        """What the work gives, in a list that is empty if it was not done in time.

        asyncio.wait_for() would lose an item that comes just as its time is over.
        """
        task = asyncio.ensure_future(work)
        self.waiting[ticket] = task
        try:
            await asyncio.wait({task}, timeout=seconds)
            task.cancel()
            await asyncio.wait({task})
        finally:
            self.waiting.pop(ticket, None)
        return [] if task.cancelled() else [task.result()]
