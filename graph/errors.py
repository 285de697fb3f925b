"""What can go wrong between a plan and its result; the root is in the store's errors."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Sequence
from typing import Any

from shframe.store.errors import ShframeError


class PlanNotStable(ShframeError, RuntimeError):
    """A stage's rules keep rewriting the plan: a defect of ours, with both plans in the message."""


class CycleFound(ShframeError, ValueError):
    """A task depends on its own result."""


class NotPicklable(ShframeError, TypeError):
    """A function or one of its values cannot be sent to a worker."""


class Cancelled(ShframeError):
    """The computation was cancelled before it was done."""


class SessionClosed(ShframeError, RuntimeError):
    """The session that held this object has been shut down."""

    @classmethod
    def in_child(cls) -> SessionClosed:
        """Say that this process was forked from the session's."""
        return cls(
            "this session belongs to the process that forked this one\n"
            "  call sf.init() in the child for a session of its own"
        )

    @classmethod
    def for_handle(cls, id: int) -> SessionClosed:
        """Say which handle is of another session than this one."""
        return cls(
            f"object {id:x} belongs to a session that has been shut down\n"
            "  put or compute it again in this session, or get its value before sf.shutdown()"
        )


class ClusterUnreachable(ShframeError, ConnectionError):
    """A cluster that does not answer, or whose connection has been closed."""


class TimedOut(ShframeError, TimeoutError):
    """A value was not there, or a task had not ended, when its time was over."""

    @classmethod
    def after(cls, seconds: float | None, missing: int, story: Sequence[str] = ()) -> TimedOut:
        """Say how long was waited and how many values are missing.

        story: what happened to the task of the first of them.
        """
        results = "1 result" if missing == 1 else f"{missing} results"
        lines = "".join(f"\n  {line}" for line in story)
        return cls(
            f"timed out after {seconds} s: {results} still pending"
            f"\n  the tasks keep running; call get() again{lines}"
        )

    @classmethod
    def of_task(cls, name: str, seconds: float) -> TimedOut:
        """Name the task that took longer than it may."""
        return cls(f"the task {name} ran for more than {seconds} s\n  set timeout= to allow more")


class WorkerNotStarted(ShframeError, OSError):
    """The machine refuses a further worker process."""

    @classmethod
    def for_results(cls, slots: int) -> WorkerNotStarted:
        """Say that the results of workers that have ended take up all slots."""
        return cls(
            f"cannot start another worker process: results of {slots} earlier ones are in use\n"
            "  drop handles of results of actors that have ended"
        )

    @classmethod
    def because(cls, error: OSError, workers: int) -> WorkerNotStarted:
        """Name the machine's error, and how many workers there are."""
        return cls(
            f"cannot start another worker process ({workers} running): {error}\n"
            "  use fewer concurrent actors, or raise the limit of open files (ulimit -n)"
        )


class ActorDied(ShframeError, RuntimeError):
    """An actor has ended, so that its method cannot be called."""


class ActorNotFound(ActorDied, ValueError):
    """There is no actor of that name."""

    @classmethod
    def among(cls, name: str, known: Iterable[str]) -> ActorNotFound:
        """Name what was asked for, and what there is."""
        found = ", ".join(map(repr, sorted(known))) or "none"
        return cls(
            f"no actor named {name!r} (existing: {found})\n"
            "  an actor ends with its last handle, unless its lifetime is 'detached'"
        )


class GeneratorExhausted(ShframeError, LookupError):
    """A generator was asked for more values than it has."""


class RefNotPicklable(ShframeError, TypeError):
    """A handle was pickled where nothing keeps its value alive."""

    @classmethod
    def for_what(cls, what: str) -> RefNotPicklable:
        """Name it and say how it can be sent."""
        return cls(
            f"{what} cannot be pickled outside of shframe: nothing would keep its value alive\n"
            "  pass it to a task, return it from one, or put() a value that holds it;\n"
            "  elsewhere pickle the value itself, as sf.get() or compute() returns it"
        )


class WorkerDied(ShframeError, RuntimeError):
    """A worker process ended while it ran a task, each time that the task was tried."""

    def __init__(
        self, message: str, task: str = "", pid: int = 0, code: int = 0, tries: int = 0
    ) -> None:
        super().__init__(message)
        self.task = task
        self.pid = pid
        self.code = code
        self.tries = tries

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.task, self.pid, self.code, self.tries)

    @classmethod
    def while_running(
        cls,
        task: str,
        worker: int,
        pid: int,
        code: int,
        tries: int,
        inputs: str,
        why: str = "",
    ) -> WorkerDied:
        """Name the worker, how it ended, the task, its inputs and how often it was tried.

        why: why the driver has ended the worker, if it has.
        """
        end = f"was killed by {_signal(-code)}" if code < 0 else f"ended with exit code {code}"
        cause = f"  the driver has ended it: {why}\n" if why else _CAUSES.get(-code, "")
        text = (
            f"worker {worker} (pid {pid}) {end} while running {task}\n"
            f"  inputs: {inputs}\n{cause}"
            f"  the task had been tried {tries} times"
        )
        return cls(text, task, pid, code, tries)


_CAUSES: dict[int, str] = {
    signal.SIGKILL: "  most likely the kernel's out-of-memory killer: "
    "use fewer workers or smaller partitions\n",
    signal.SIGSEGV: "  common cause: native code wrote to a read-only shared array: "
    "let it write to a copy\n",
}


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:  # a real-time signal has no name
        return f"signal {number}"


class TaskFailed(ShframeError, RuntimeError):
    """A task raised: every error of a task called by `.remote` is one of these and of its own type
    too. TaskFailed alone: an exception that could not be pickled as it was."""


class NothingToDebug(ShframeError, RuntimeError):
    """There is no failed task, or none that sf.debug() could call again in this process."""


class RemoteTraceback(Exception):
    """The worker's own traceback as a string: the cause of an exception of a task."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'
