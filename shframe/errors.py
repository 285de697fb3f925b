"""Every error of shframe, drawn as a tree; each is also the builtin that a caller expects.

ShframeError
  ColumnNotFound      KeyError       a column that the frame does not have
  ChunkMismatch       ValueError     shapes or chunks that do not fit together
  UnsupportedType     TypeError      an operation on a type that does not have it
  InvalidArgument     ValueError     an argument outside of what is possible
  SourceNotFound      FileNotFoundError   a file, folder or pattern without a match
  SourceDamaged       OSError        a file that cannot be read, by name
  WriteFailed         OSError        a file or folder that cannot be written, by name
  StoreFull           MemoryError    (store) no room within the budget
  NotStorable         TypeError      (store) a value that cannot be stored
  ObjectLost          LookupError    (store) an object that is gone
  SpillFailed         OSError        (store) a spill folder that cannot be used
  InvalidSize         ValueError     (store) a size in bytes that cannot be read
  SharingFailed       RuntimeError   (store) data cannot be shared between programs as asked
    NameTaken, NotPublished          (store)
  SegmentGone, StoreClosed           (store)
  ClusterUnreachable  ConnectionError  (graph) a cluster that does not answer
  TaskFailed          RuntimeError   (graph) a task raised; of its own type, too
  WorkerDied          RuntimeError   (graph) a worker ended while it ran a task
  WorkerNotStarted    OSError        (graph) no further process could be started
  ActorDied           RuntimeError   (graph) an actor has ended
    ActorNotFound     ValueError     (graph) no actor of that name
  TimedOut            TimeoutError   (graph) a value or task was not there in time
  GeneratorExhausted  LookupError    (graph) a generator has no more values
  NotPicklable        TypeError      (graph) a function that cannot be sent to a worker
  RefNotPicklable     TypeError      (graph) a handle was pickled outside of shframe
  NothingToDebug      RuntimeError   (graph) no failed task that debug() could call again
  Cancelled, SessionClosed, PlanNotStable, CycleFound  (graph)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from shframe.graph.errors import (
    ActorDied,
    ActorNotFound,
    Cancelled,
    ClusterUnreachable,
    CycleFound,
    GeneratorExhausted,
    NothingToDebug,
    NotPicklable,
    PlanNotStable,
    RefNotPicklable,
    RemoteTraceback,
    SessionClosed,
    TaskFailed,
    TimedOut,
    WorkerDied,
    WorkerNotStarted,
)
from shframe.store.errors import (
    InvalidSize,
    NameTaken,
    NotPublished,
    NotStorable,
    ObjectLost,
    SegmentGone,
    SharingFailed,
    ShframeError,
    SpillFailed,
    StoreClosed,
    StoreFull,
)

__all__ = [
    "ActorDied",
    "ActorNotFound",
    "Cancelled",
    "ChunkMismatch",
    "ClusterUnreachable",
    "ColumnNotFound",
    "CycleFound",
    "GeneratorExhausted",
    "InvalidArgument",
    "InvalidSize",
    "NameTaken",
    "NotPicklable",
    "NotPublished",
    "NotStorable",
    "NothingToDebug",
    "ObjectLost",
    "PlanNotStable",
    "RefNotPicklable",
    "RemoteTraceback",
    "SegmentGone",
    "SessionClosed",
    "SharingFailed",
    "ShframeError",
    "SourceDamaged",
    "SourceNotFound",
    "SpillFailed",
    "StoreClosed",
    "StoreFull",
    "TaskFailed",
    "TimedOut",
    "UnsupportedType",
    "WorkerDied",
    "WorkerNotStarted",
    "WriteFailed",
]


class ColumnNotFound(ShframeError, KeyError):
    """A column (or index level) that the frame does not have."""

    def __init__(self, message: str, name: Any = None, columns: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.columns = columns

    def __str__(self) -> str:  # KeyError would show the repr of the text
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.name, self.columns)

    @classmethod
    def among(
        cls, name: object, columns: Iterable[object], where: str, sentence: str = ""
    ) -> ColumnNotFound:
        """The error for `name` asked for in `where`, with the columns there and near names.

        sentence: pandas' own for the same mistake.
        """
        known = tuple(columns)
        shown = ", ".join(repr(column) for column in known[:8])
        more = f" and {len(known) - 8} more" if len(known) > 8 else ""
        begin = f"{sentence}: {where}" if sentence else f"no column {name!r} in {where}"
        text = f"{begin}\n  columns: {shown or 'none'}{more}"
        near = difflib.get_close_matches(str(name), [str(c) for c in known], n=1)
        if near:
            text += f"\n  did you mean {near[0]!r}?"
        return cls(text, name, known)


class ChunkMismatch(ShframeError, ValueError):
    """Shapes or chunks that do not fit together."""


class UnsupportedType(ShframeError, TypeError):
    """An operation on a type that does not have it."""


class InvalidArgument(ShframeError, ValueError):
    """An argument outside of what is possible."""


class SourceNotFound(ShframeError, FileNotFoundError):
    """A file, folder or pattern without a match."""


class SourceDamaged(ShframeError, OSError):
    """A file that cannot be read; the text names it."""


class WriteFailed(ShframeError, OSError):
    """A file or folder that cannot be written; the text names it."""
