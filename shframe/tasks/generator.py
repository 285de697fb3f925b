"""ObjectRefGenerator: the handles of the values of a generator task, as it yields them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from shframe import session
from shframe.graph.errors import GeneratorExhausted
from shframe.graph.objects.object_ref import ObjectRef, wait_all
from shframe.graph.tasks.arguments import TaskOptions
from shframe.graph.wire.call_format import STREAM


class ObjectRefGenerator:
    """Yields a handle for each value of a generator task, in order, waiting for the next one.

    The task runs a few values ahead of the reader, then waits for the reader (option `ahead`).
    When this object is garbage-collected, the generator in the task is closed at its next value;
    if the handle of `completed()` is kept, it runs to its end, and its values are dropped.

    Examples
    --------
    >>> import shframe as sf
    >>> @sf.remote
    ... def count(n):
    ...     yield from range(n)
    >>> [sf.get(ref) for ref in count.remote(3)]
    [0, 1, 2]
    >>> sf.shutdown()
    """

    def __init__(self, whole: ObjectRef, reader: ObjectRef | None = None, index: int = 0) -> None:
        """reader: keeps the values that are not read yet; None: all of them are stored."""
        self._whole = whole
        self._reader = reader
        self._index = index
        self._over = False

    def __iter__(self) -> Iterator[ObjectRef]:
        return self

    def __next__(self) -> ObjectRef:
        if self._over:
            raise StopIteration
        ref = self._next()
        wait_all([ref], None)
        if self._ends(ref):
            raise StopIteration
        return ref

    def __aiter__(self) -> AsyncIterator[ObjectRef]:
        return self

    async def __anext__(self) -> ObjectRef:
        import asyncio

        if self._over:
            raise StopAsyncIteration
        ref = self._next()
        ready = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()
        ref.add_done_callback(lambda _: _wake(loop, ready))
        await ready
        if self._ends(ref):
            raise StopAsyncIteration
        return ref

    def _next(self) -> ObjectRef:
        return session.executor().item(self._whole, self._index)

    def _ends(self, ref: ObjectRef) -> bool:
        error = ref.error()
        if isinstance(error, GeneratorExhausted):
            self._over = True
            return True
        self._over = error is not None  # an error is the last item
        self._index += 1
        return False

    def completed(self) -> ObjectRef:
        """The handle of the whole task: its value is the number of values, or it has the error."""
        return self._whole

    def __reduce__(self) -> tuple[Any, ...]:
        return ObjectRefGenerator, (self._whole, self._reader, self._index)

    def __repr__(self) -> str:
        return f"ObjectRefGenerator({self._whole.id:x}, at {self._index})"


def _wake(loop: Any, future: Any) -> None:
    loop.call_soon_threadsafe(lambda: future.done() or future.set_result(None))


def wrap_refs(refs: tuple[ObjectRef, ...], terms: TaskOptions) -> Any:
    """The handles of a call in the form that its num_returns asks for."""
    if terms.returns == STREAM:
        return ObjectRefGenerator(refs[0], refs[1] if len(refs) > 1 else None)
    if terms.returns == 0:
        return None
    return refs[0] if terms.returns == 1 else list(refs)
