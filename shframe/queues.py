"""Queue: a first-in, first-out queue that the driver, tasks and actors share."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Iterable
from typing import Any

from shframe import session
from shframe.checking import check_seconds
from shframe.graph.call import plain
from shframe.graph.objectref import ObjectRef
from shframe.objects import get
from shframe.tasks import ActorClass, kill


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
        """As `put`, for coroutines."""
        if not await self.actor.put.remote([_kept(item)], _seconds(block, timeout)):
            raise Full(f"the queue holds {self.maxsize} items")

    async def get_async(self, block: bool = True, timeout: float | None = None) -> Any:
        """As `get`, for coroutines."""
        found = await self.actor.take.remote(_seconds(block, timeout))
        if not found:
            raise Empty("the queue is empty")
        return _given(found[0])

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
    """The actor of a queue."""

    def __init__(self, maxsize: int) -> None:
        self.items: asyncio.Queue[Any] = asyncio.Queue(maxsize)

    async def put(self, kept: list[Any], seconds: float | None) -> bool:
        """Whether there was room in time."""
        if seconds == 0:
            return await self.put_all(kept)
        try:
            await asyncio.wait_for(self.items.put(kept[0]), seconds)
        except TimeoutError:
            return False
        return True

    async def put_all(self, kept: list[Any]) -> bool:
        """Whether there was room for all."""
        if self.items.maxsize and self.items.qsize() + len(kept) > self.items.maxsize:
            return False
        for one in kept:
            self.items.put_nowait(one)
        return True

    async def take(self, seconds: float | None) -> list[Any]:
        """The first item; nothing when there was none in time."""
        if seconds == 0:
            return await self.take_all(1) or []
        try:
            return [await asyncio.wait_for(self.items.get(), seconds)]
        except TimeoutError:
            return []

    async def take_all(self, count: int) -> list[Any] | None:
        """So many items, None: there are fewer."""
        if self.items.qsize() < count:
            return None
        return [self.items.get_nowait() for _ in range(count)]

    async def size(self) -> int:
        """How many there are."""
        return self.items.qsize()
