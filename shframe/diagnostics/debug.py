"""debug: calls the newest failed task again in this process, under pdb, with its inputs."""

from __future__ import annotations

import pdb
from types import FrameType, TracebackType
from typing import Any, Literal, overload

from shframe import session
from shframe.errors import NothingToDebug
from shframe.graph.failures.failed_task import FailedTask
from shframe.graph.failures.tracebacks import is_library, is_ours


@overload
def debug(run: Literal[False]) -> FailedTask: ...
@overload
def debug(run: bool = ...) -> Any: ...
def debug(run: bool = True) -> Any:
    """Call the newest failed task again in this process; pdb opens where it raises.

    The task is one of `.remote` or of a frame or array. Its inputs are read in place: nothing is
    copied. They are kept until another task fails or the session ends. pdb starts in the user's
    own frame; frames of shframe are left out of `up` and `down`. If the worker of the task died,
    pdb opens before the call. Returns the result if the task does not raise this time, else None.

    run: False: do not call it, return the task: its function, args, kwargs, error and name (task).

    Raises: NothingToDebug: no task has failed, or it was a method of an actor, whose instance is in
        another process.

    Examples
    --------
    >>> import shframe as sf
    >>> @sf.remote
    ... def inverse(x):
    ...     return 1 / x
    >>> try:
    ...     sf.get(inverse.remote(0))
    ... except ZeroDivisionError:
    ...     failed = sf.debug(run=False)
    >>> failed.task, failed.args
    ('inverse', (0,))
    >>> sf.shutdown()
    """
    failed = _newest()
    if not run:
        return failed
    function, args, kwargs = failed.function, failed.args, failed.kwargs
    debugger = _Debugger()
    if failed.died:
        return debugger.runcall(failed.called, function, *args, **kwargs)
    try:
        return failed.called(function, *args, **kwargs)
    except BaseException as error:
        debugger.reset()
        debugger.interaction(None, error.__traceback__)
    return None


def _newest() -> FailedTask:
    executor: Any = session._default and session.current().executor
    failed = getattr(executor, "failed", None)
    if failed is None:
        raise NothingToDebug(
            "no task has failed in this session\n"
            "  debug() calls the newest failed task again, until the session ends"
        )
    return failed  # type: ignore[no-any-return]


class _Debugger(pdb.Pdb):
    """pdb without the frames of shframe, at the deepest frame of the user."""

    def get_stack(
        self, f: FrameType | None, t: TracebackType | None
    ) -> tuple[list[tuple[FrameType, int]], int]:
        stack, index = super().get_stack(f, t)
        if t is None:
            return stack, index
        kept = [one for one in stack if not is_ours(one[0].f_code.co_filename)] or stack
        kept = kept[_first_of_task(kept, t) :]
        users = [n for n, one in enumerate(kept) if not is_library(one[0].f_code.co_filename)]
        return kept, max(users, default=len(kept) - 1)


def _first_of_task(stack: list[tuple[FrameType, int]], start: TracebackType) -> int:
    """Index of the first frame of the traceback; before it are the callers of debug()."""
    frames = set()
    one: TracebackType | None = start
    while one is not None:
        frames.add(one.tb_frame)
        one = one.tb_next
    return next((n for n, (frame, _) in enumerate(stack) if frame in frames), 0)
