"""Ray's names of errors, each for our error of the same meaning, for `except` clauses.

After `import shframe as ray` an `except ray.exceptions.RayTaskError` works as before: these are our
classes under other names. Errors that are never raised here have classes of their own.
"""

from __future__ import annotations

from shframe.graph.errors import (
    ActorDied,
    Cancelled,
    RefNotPicklable,
    SessionClosed,
    TaskFailed,
    TimedOut,
    WorkerDied,
)
from shframe.store.errors import ObjectLost, ShframeError, SpillFailed, StoreFull

__all__ = [
    "ActorDiedError",
    "ActorUnavailableError",
    "ActorUnschedulableError",
    "AsyncioActorExit",
    "CrossLanguageError",
    "GetTimeoutError",
    "LocalRayletDiedError",
    "NodeDiedError",
    "ObjectFetchTimedOutError",
    "ObjectFreedError",
    "ObjectLostError",
    "ObjectReconstructionFailedError",
    "ObjectReconstructionFailedLineageEvictedError",
    "ObjectReconstructionFailedMaxAttemptsExceededError",
    "ObjectRefStreamEndOfStreamError",
    "ObjectStoreFullError",
    "OufOfBandObjectRefSerializationException",
    "OutOfDiskError",
    "OutOfMemoryError",
    "OwnerDiedError",
    "PendingCallsLimitExceeded",
    "PlasmaObjectNotAvailable",
    "RayActorError",
    "RayError",
    "RaySystemError",
    "RayTaskError",
    "ReferenceCountingAssertionError",
    "RuntimeEnvSetupError",
    "TaskCancelledError",
    "TaskUnschedulableError",
    "UnserializableException",
    "WorkerCrashedError",
]

from shframe.graph.errors import GeneratorExhausted as ObjectRefStreamEndOfStreamError

RayError = ShframeError
RayTaskError = UnserializableException = TaskFailed
WorkerCrashedError = OutOfMemoryError = WorkerDied  # a worker that runs out of memory is killed
RayActorError = ActorDiedError = ActorUnavailableError = ActorDied
TaskCancelledError = Cancelled
GetTimeoutError = ObjectFetchTimedOutError = TimedOut
ObjectLostError = ObjectFreedError = OwnerDiedError = PlasmaObjectNotAvailable = ObjectLost
ObjectReconstructionFailedError = ReferenceCountingAssertionError = ObjectLost
ObjectReconstructionFailedLineageEvictedError = ObjectLost
ObjectReconstructionFailedMaxAttemptsExceededError = ObjectLost
ObjectStoreFullError = StoreFull
OutOfDiskError = SpillFailed
RaySystemError = LocalRayletDiedError = NodeDiedError = SessionClosed
OufOfBandObjectRefSerializationException = RefNotPicklable  # Ray spells it so


class PendingCallsLimitExceeded(ShframeError):
    """Calls of an actor wait without a limit here."""


class AsyncioActorExit(ShframeError):
    """An actor ends with its last handle, or by kill()."""


class CrossLanguageError(ShframeError):
    """All tasks are Python's."""


class RuntimeEnvSetupError(ShframeError):
    """Workers have the driver's environment."""


class TaskUnschedulableError(ShframeError):
    """Any worker may run any task."""


class ActorUnschedulableError(ShframeError):
    """An actor has a process of its own."""
