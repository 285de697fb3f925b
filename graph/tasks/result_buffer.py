"""Where a kernel puts its result: memory that becomes an object without a copy.

In a worker `empty` returns an array in the worker's own arena of the shared store; returned from
the task, it is sealed in place. Elsewhere it is an ordinary array.
"""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shframe.graph.tasks.task import Task
from shframe.store.shared_memory.mapping import Mapping, as_bytes

if TYPE_CHECKING:  # workers need not load it
    from shframe.store.store import Store

Empty = Callable[..., Any]
WRITE_BYTES = 1 << 20  # one pwrite: keeps the source in the cache between its making and this

_empty: Empty | None = None
_window: contextvars.ContextVar[Window] = contextvars.ContextVar("window")


def empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """An uninitialised, writable, C-ordered array for a result that the task will return.

    One of Python objects is an ordinary array anywhere: it is pickled when it is returned.

    Examples
    --------
    >>> empty((2, 3), "f8").shape
    (2, 3)
    """
    if _empty is not None and not getattr(dtype, "hasobject", False):
        return _empty(shape, dtype)
    import numpy as np

    return np.empty(shape, dtype)


def set_allocator(allocate: Empty | None) -> None:
    """Set the allocator for task results; called by a worker's main only."""
    global _empty
    _empty = allocate


def is_shared() -> bool:
    """Whether results of this process are made in the shared store, as in a worker."""
    return _empty is not None


class Window:
    """The memory of one final object, lent to a task that fills its part of it.

    Contiguous bytes are written with pwrite: into pages never touched before it is twice as
    fast as through a mapping, whose page faults cost more than the copy
    (benchmarks/suites/store.py), and on a machine without room it raises an error, where a mapping
    would get a signal.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._mappings: list[Mapping] = []  # that can write

    def write(self, offset: int, data: Any) -> None:
        """Put the bytes of a C-contiguous array at `offset`."""
        import numpy as np

        flat: Any = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        rest = memoryview(flat)
        while rest:
            written = os.pwrite(self.fd, rest[:WRITE_BYTES], offset)
            offset += written
            rest = rest[written:]

    @contextmanager
    def mapped(self) -> Iterator[Any]:
        """The whole object as (nbytes,) uint8, for parts that are not contiguous."""
        mapping = Mapping(self.fd, os.fstat(self.fd).st_size, writable=True)
        self._mappings.append(mapping)
        try:
            yield as_bytes(mapping)
        finally:
            self._withdraw()

    def _withdraw(self) -> None:
        while self._mappings:
            self._mappings.pop().withdraw(self.fd, 0)

    def close(self) -> None:
        """Nothing writes any more, not even what an interrupted task has left half done."""
        self._withdraw()
        os.close(self.fd)


def window() -> Window:
    """The window of the running task; only a task with a target has one."""
    return _window.get()


@contextmanager
def open_window(fd: int | None) -> Iterator[None]:
    """Give the running task the window behind a descriptor, which is closed at the end."""
    if fd is None:
        yield
        return
    window = Window(fd)
    token = _window.set(window)
    try:
        yield
    finally:
        _window.reset(token)
        window.close()


def target_fd(store: Store, task: Task) -> int | None:
    """A descriptor of the final object that the task fills a part of, for the task to close."""
    return None if task.target is None else store.lent_fd(task.target)


def target_size(store: Store, task: Task) -> int | None:
    """Bytes of the final object that the task fills a part of."""
    fd = target_fd(store, task)
    if fd is None:
        return None
    try:
        return os.fstat(fd).st_size
    finally:
        os.close(fd)
