"""A final object: the memory of one result, filled in disjoint parts by the tasks of one run.

This is the one exception to the rule that a process writes into its own arena only: it saves a
copy that would grow with the result. No task has the memory mapped when it is sealed.
"""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Any, Protocol, Self

from shframe.graph.objects.object_ref import Death, ObjectRef
from shframe.graph.objects.ref_backend import release_dropped
from shframe.store.store import Store


class Lender(Protocol):
    """An executor whose tasks can fill memory of the session's store."""

    store: Store
    dropped: deque[Death]

    @property
    def home(self) -> Any: ...


class Final:
    """Lends a segment while the tasks run; what is not sealed at the end is given back.

    segment: what the tasks name as their `target`.
    Raises: StoreFull when there is no room.
    """

    def __init__(self, executor: Lender, nbytes: int) -> None:
        self._executor = executor
        self._sealed = False
        release_dropped(
            executor.store, executor.dropped
        )  # the last result's memory may serve again
        self.segment = executor.store.lend(nbytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._sealed:
            self._executor.store.abort_lent(self.segment)

    def seal(self, header: bytes) -> ObjectRef:
        """The object, as the store's codec of arrays describes it in `header`."""
        ref = self._executor.store.seal_lent(self.segment, header)
        self._sealed = True
        made: ObjectRef = self._executor.home.handle(ref)
        return made
