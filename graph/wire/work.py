"""What the driver and a worker send each other: tasks there, results back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from shframe.graph.tracing import copies
from shframe.graph.wire.call_format import FILLS, Wired
from shframe.graph.wire.log_messages import Levels

# number, digest of the function, inputs, own arguments, how to call (PLAIN, FILLS, or a How)
Assigned = tuple[int, bytes, tuple[Wired, ...], Any, Any]
# folder, environment, module path, levels of loggers
Surroundings = tuple[str, dict[str, str], list[str], Levels]


class Work(NamedTuple):
    """Driver to worker: tasks and what they need, sent `without_empty` fields.

    tasks: those of which `fills` is true have the descriptors of their targets behind those of
        the segments.
    functions: pickled (callable, shared parameters) by digest, of those not sent before.
    freed: blocks of this worker's own objects whose memory may be used again.
    segments: ids of segments whose read-only descriptors come with the message, in order.
    gone: ids of segments that hold no object any more.
    punched: own blocks (segment, offset, bytes) that have moved to the disk, pages and all.
    trim: bytes of pages not in use that are to be given back, -1: all; and that is reported.
    recalled: numbers of tasks that are not to be started any more.
    surroundings: working directory, environment, module path and levels of loggers when they
        have changed.
    answers: to requests of tasks here (requests.py), as they are sent (`to_wire`).
    on_top: numbers of tasks that may run on top of one that waits.
    """

    tasks: Sequence[Assigned] = ()
    functions: Mapping[bytes, bytes] = MappingProxyType({})
    freed: Sequence[Any] = ()
    segments: Sequence[int] = ()
    gone: Sequence[int] = ()
    punched: Sequence[tuple[int, int, int]] = ()
    trim: int = 0
    recalled: Sequence[int] = ()
    surroundings: Surroundings | None = None
    answers: Sequence[tuple[Any, ...]] = ()
    on_top: Sequence[int] = ()


class Raised(NamedTuple):
    """What a task raised, pickled. To read the payload runs users' code, no other field does.

    payload: the pickled error, without frames. text: its traceback. message: its type and message.
    usual: whether it is an Exception, not SystemExit or the like.
    """

    payload: bytes
    text: str
    message: str
    usual: bool


class Result(NamedTuple):
    """How one task ended, where it is more than a value.

    held: its result, None: it raised. error: what it raised.
    needed: bytes that it found no memory for, which may change; 0: that was not why it failed.
    inside: handles in the result. others: further results, of a call that has several.
    """

    number: int
    held: Wired
    start: float
    end: float
    error: Raised | None = None
    needed: int = 0
    bytes_in: int = 0
    copied: copies.CopiedBytes = ()
    inside: tuple[int, ...] = ()
    others: tuple[tuple[Wired, tuple[int, ...]], ...] = ()


class Report(NamedTuple):
    """Worker to driver, sent `without_empty` fields.

    results: Results, or just (number, held, start, end).
    segments: ids of new segments of the worker's, whose descriptors come with the message.
    held, let_go: objects of which there are views here (still, no longer).
    trimmed: pages that are not in use have been given back, as was asked.
    requests: of tasks (requests.py), as they are sent (`to_wire`), in order; carried out before the
    results are taken in.
    dropped: handles that were dropped here, taken in after the results.
    spoke: there is output (log_capture.py), which comes before the results.
    """

    results: Sequence[tuple[Any, ...]] = ()
    segments: Sequence[int] = ()
    held: Sequence[int] = ()
    let_go: Sequence[int] = ()
    recalled: Sequence[int] = ()
    trimmed: bool = False
    requests: Sequence[tuple[Any, ...]] = ()
    dropped: Sequence[int] = ()
    spoke: bool = False


def without_empty(message: tuple[Any, ...]) -> tuple[Any, ...]:
    """A message as it is sent: without the empty fields at its end. Most have the first alone."""
    end = len(message)
    while end > 1 and not message[end - 1]:
        end -= 1
    return message[:end]


def fills(task: Assigned) -> bool:
    """Whether a task fills a part of a final object, whose descriptor is sent with it."""
    *_, how = task
    return type(how) is int and how == FILLS
