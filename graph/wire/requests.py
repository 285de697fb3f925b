"""What tasks request of the driver while they run, one class each, and how the driver answers.

Handles are known by their numbers here. worker/client.py sends requests, in order, within Reports;
driver/worker_requests.py carries them out; answers come within Work.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

from shframe.graph.wire.call_format import Wired


class Callee(NamedTuple):
    """A function with its arguments: tasks.arguments.Arguments with numbers in place of handles.

    payload: the pickled function, None: the driver has it from this worker.
    """

    digest: bytes
    payload: bytes | None
    name: str
    args: Any
    inputs: tuple[int, ...]
    places: tuple[int, ...] | None
    packed: bool
    keep: tuple[int, ...]


class CallTask(NamedTuple):
    """Start a task, or a method of an actor.

    ids: of its handles. options: its TaskOptions. site: the `file:line` of the call.
    parent: the task that calls it.
    """

    ids: tuple[int, ...]
    callee: tuple[Any, ...]  # a Callee
    options: Any
    method: str
    actor: int
    site: str
    parent: int


class CreateActor(NamedTuple):
    """Start an actor. id: of its handle. options, actor_options: TaskOptions, ActorOptions."""

    id: int
    callee: tuple[Any, ...]  # a Callee
    options: Any
    actor_options: Any
    site: str
    parent: int


class FindActor(NamedTuple):
    """Set the handle to (handle of the actor of that name, its methods)."""

    id: int
    name: str


class KillActor(NamedTuple):
    """End an actor now. restart: whether it may be restarted."""

    actor: int
    restart: bool


class RunGraph(NamedTuple):
    """Run a graph. ids: of the handles of its outputs. inside: handles in the pickled graph."""

    ids: tuple[int, ...]
    payload: bytes
    inside: tuple[int, ...]
    parent: int


class StopGraph(NamedTuple):
    """Cancel a graph. id: of its first handle."""

    id: int


class CancelTask(NamedTuple):
    """Cancel the task of a handle."""

    id: int
    force: bool
    recursive: bool


class Put(NamedTuple):
    """A value was stored. inside: handles in it."""

    id: int
    held: Wired
    inside: tuple[int, ...]


class Retain(NamedTuple):
    """A handle has arrived in the worker, within a value."""

    id: int


class Fetch(NamedTuple):
    """Send the values of these handles as soon as they are there."""

    ids: tuple[int, ...]


class Block(NamedTuple):
    """The task waits for these handles; what its worker had not begun comes back."""

    task: int
    ids: tuple[int, ...]


class Resume(NamedTuple):
    """The task of this worker that waited last goes on."""


class Yield(NamedTuple):
    """A generator's task has made a value. position: of the value. inside: handles in it."""

    task: int
    position: int
    held: Wired
    inside: tuple[int, ...]


class GetItem(NamedTuple):
    """Set the handle `id` to a generator's value at that position."""

    generator: int
    position: int
    id: int


Request = (
    CallTask
    | CreateActor
    | FindActor
    | KillActor
    | RunGraph
    | StopGraph
    | CancelTask
    | Put
    | Retain
    | Fetch
    | Block
    | Resume
    | Yield
    | GetItem
)


def awaiting(request: Request) -> Sequence[int]:
    """The handles that have no value unless the request is carried out."""
    if isinstance(request, (CallTask, RunGraph, Fetch)):
        return request.ids
    if isinstance(request, (CreateActor, FindActor, Put, GetItem)):
        return (request.id,)
    return ()


class Value(NamedTuple):
    """Driver to worker: the value of a handle."""

    id: int
    held: Wired


class NoValue(NamedTuple):
    """Driver to worker: a handle has failed. source: what makes its error (a FailureSource)."""

    id: int
    source: Any


class ItemsTaken(NamedTuple):
    """Driver to worker: how many values of a task's generator were asked for."""

    task: int
    taken: int


Answer = Value | NoValue | ItemsTaken

_KINDS: tuple[type[Any], ...] = (
    CallTask,
    CreateActor,
    FindActor,
    KillActor,
    RunGraph,
    StopGraph,
    CancelTask,
    Put,
    Retain,
    Fetch,
    Block,
    Resume,
    Yield,
    GetItem,
    Value,
    NoValue,
    ItemsTaken,
)
# as the class does, but nothing is checked: a third of the time
_MAKERS = [functools.partial(tuple.__new__, kind) for kind in _KINDS]
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}


def to_wire(message: Request | Answer) -> tuple[Any, ...]:
    """A request or an answer as it is sent: a plain tuple, which is pickled in a third of the
    time."""
    return (_NUMBERS[type(message)], *message)


def from_wire(packed: tuple[Any, ...]) -> Any:
    """The request or answer that was sent."""
    return _MAKERS[packed[0]](packed[1:])
