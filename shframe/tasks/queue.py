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
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.tasks.arguments import plain
from shframe.objects.put_get import get
from shframe.tasks.actors import ActorClass, kill


class Empty(queue.Empty):
    """No item arrived in time: a queue.Empty of the standard library."""


class Full(queue.Full):
    """There was no room in time: a queue.Full of the standard library."""


class Queue:
    """A queue in an actor of its own. It can be passed to tasks and actors.

    Large items are stored in shared memory: they are not copied, and are read-only views when read.

    maxsize: items that it holds at most; 0: no limit. actor_options: of the actor, as `sf.remote`
    takes them.

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
        """Add an item, waiting for room. Raises: queue.Full if there is none in time."""
        if not get(self.actor.put.remote([_stored(item)], _seconds(block, timeout))):
            raise Full(f"the queue holds {self.maxsize} items\n  get some, or set a larger maxsize")

    def put_nowait(self, item: Any) -> None:
        """Add an item. Raises: queue.Full."""
        self.put(item, block=False)

    def put_nowait_batch(self, items: Iterable[Any]) -> None:
        """Add all the items, or none. Raises: queue.Full if there is no room for all."""
        kept = [_stored(item) for item in items]
        if not get(self.actor.put_all.remote(kept)):
            raise Full(
                f"no room for {len(kept)} more items: the queue holds at most {self.maxsize}"
            )

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the first item, waiting for one. Raises: queue.Empty if there is none in time."""
        found = get(self.actor.take.remote(_seconds(block, timeout)))
        if not found:
            raise Empty("the queue is empty")
        return _value(found[0])

    def get_nowait(self) -> Any:
        """Take the first item. Raises: queue.Empty."""
        return self.get(block=False)

    def get_nowait_batch(self, num_items: int) -> list[Any]:
        """Take `num_items` items, or none. Raises: queue.Empty if there are fewer."""
        found = get(self.actor.take_all.remote(num_items))
        if found is None:
            raise Empty(f"the queue has fewer than {num_items} items")
        return [_value(one) for one in found]

    async def put_async(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """As `put`, for coroutines; cancelled while it waits, it adds nothing."""
        ticket = uuid.uuid4().hex
        ref = self.actor.put.remote([_stored(item)], _seconds(block, timeout), ticket)
        if not await self._unless_cancelled(ref, ticket, self.actor.take_out):
            raise Full(f"the queue holds {self.maxsize} items")

    async def get_async(self, block: bool = True, timeout: float | None = None) -> Any:
        """As `get`, for coroutines; cancelled while it waits, it takes nothing."""
        ticket = uuid.uuid4().hex
        ref = self.actor.take.remote(_seconds(block, timeout), ticket)
        found = await self._unless_cancelled(ref, ticket, self.actor.put_back)
        if not found:
            raise Empty("the queue is empty")
        return _value(found[0])

    async def _unless_cancelled(self, ref: ObjectRef, ticket: str, undo: Any) -> Any:
        """The result of a call that waits in the actor. If the coroutine here is cancelled, the
        call is cancelled there; what it has done before that is undone.
        """
        try:
            return await ref
        except asyncio.CancelledError:
            self.actor.cancel_wait.remote(ticket)
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
    """How long the actor waits; None: forever."""
    if not block:
        return 0.0
    check_seconds("timeout", timeout)
    return timeout


def _stored(item: Any) -> Any:
    """The item, or a list with its handle, so that the actor never reads large items."""
    return (item,) if plain(item) else [session.executor().put(item)]


def _value(stored: Any) -> Any:
    if isinstance(stored, list):
        ref: ObjectRef = stored[0]
        return ref.value()
    return stored[0]


class _Items:
    """The actor of a queue. Its entries are (ticket of the call that added the item, item).

    front: items that were put back; they come before all others.
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
        """The first item, in a list that is empty if there was none in time."""
        if seconds == 0 or self.front:
            return await self.take_all(1) or []
        return [kept for _, kept in await self._wait(self.items.get(), seconds, ticket)]

    async def take_all(self, count: int) -> list[Any] | None:
        """`count` items; None: there are fewer."""
        if await self.size() < count:
            return None
        return [self._first()[1] for _ in range(count)]

    async def cancel_wait(self, ticket: str) -> None:
        """Cancel a call that waits."""
        if ticket in self.waiting:
            self.waiting[ticket].cancel()

    async def put_back(self, ticket: str, taken: list[Any]) -> None:
        """Put the item that a cancelled call had taken to the front, also of a full queue."""
        if self.items.empty():  # otherwise no call waits for an item
            self.items.put_nowait((ticket, taken[0]))
        else:
            self.front.appendleft((ticket, taken[0]))

    async def take_out(self, ticket: str, _: bool) -> None:
        """Remove the item that a cancelled call had added, if it is still there."""
        kept = [entry for entry in self.front if entry[0] != ticket]
        self.front = collections.deque(kept)
        others = [self.items.get_nowait() for _ in range(self.items.qsize())]
        for entry in others:
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
        """The result of the work, in a list that is empty if it was not done in time.

        asyncio.wait_for() would lose an item that arrives just as its time is over.
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
