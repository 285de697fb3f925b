"""The protocol of executors: what a session needs of what runs its tasks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from shframe.graph.objects.object_ref import Death, ObjectRef
from shframe.graph.tasks.actor_options import ActorOptions
from shframe.graph.tasks.arguments import Arguments, CallableRef, TaskOptions
from shframe.graph.tasks.task_graph import Progress, TaskGraph
from shframe.graph.tracing.call_site import Place
from shframe.graph.tracing.trace import Trace
from shframe.store.store import Store

PROGRESS_SECONDS = 0.1


def wait_for(
    ended: threading.Event, progress: Progress | None, count: Callable[[], tuple[int, int]]
) -> None:
    """Wait for the end of a run, telling `progress` how far it is, at the end in any case.

    Never longer than PROGRESS_SECONDS at once: a signal that arrives just before the thread
    blocks sets Python's flag but wakes no thread, and Ctrl-C would be lost until the end.
    """
    while not ended.wait(PROGRESS_SECONDS):
        if progress is not None:
            progress(*count())
    if progress is not None:
        progress(*count())


class Executor(Protocol):
    """Runs task graphs and calls, and owns the store in which results are kept."""

    store: Store
    dropped: deque[Death]
    workers: int
    lends: bool  # whether tasks can fill the memory of a final object (shared_output.py)

    def warm_up(self) -> bool:
        """Begin to start what runs tasks, where that takes long; False: there is no need."""

    @property
    def home(self) -> Any:
        """The backend of its handles (object_ref.RefBackend)."""

    def run(
        self, graph: TaskGraph, trace: Trace, progress: Progress | None = None
    ) -> list[ObjectRef]:
        """A handle for each output of the graph, in their order; a task's error is raised."""

    def put(self, value: object) -> ObjectRef:
        """Store a value; its handle."""

    def call(
        self,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        place: Place | None = None,
        method: str = "",
        actor: int = 0,
    ) -> tuple[ObjectRef, ...]:
        """Start a task, or a method of an actor; its handles."""

    def create_actor(
        self,
        function: CallableRef,
        arguments: Arguments,
        options: TaskOptions,
        place: Place | None,
        actor_options: ActorOptions,
    ) -> ObjectRef:
        """Start an actor; the handle that keeps it alive."""

    def item(self, generator: ObjectRef, place: int) -> ObjectRef:
        """The handle of a generator's value at that place, when there is one."""

    def cancel(self, ref: ObjectRef, force: bool, recursive: bool) -> None:
        """Cancel the task of a handle."""

    def kill(self, actor: ObjectRef, restart: bool) -> None:
        """End an actor now."""

    def named(self, name: str) -> tuple[ObjectRef, Any]:
        """The actor of that name: its handle and what it can be asked. Raises: ActorDied."""

    def close(self) -> None:
        """End workers, free the store; a second call does nothing."""
