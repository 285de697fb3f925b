"""Ending a task that runs: the driver sends SIGINT, and KeyboardInterrupt is raised in the task.

Only in the task's own code: what is at work in the store or on a message stays whole, and so does a
module that is being imported.
"""

from __future__ import annotations

import os
import sys
from types import FrameType

from shframe import graph, store
from shframe.graph.worker.task_runner import TaskRunner

_CANCELLED = "the task was cancelled"
_CALLING = TaskRunner.call_users.__code__
# what is not to be left half done, but for those there who call functions of users and of plans
_WHOLE = (
    "<frozen importlib",
    *(os.path.dirname(str(room.__file__)) + os.sep for room in (graph, store)),
)
_CALLERS = tuple(os.sep + name for name in ("function.py", "fuse.py", "actor.py"))


class Interrupts:
    """Interrupts the task of one worker's main thread, when the driver does not want it any more.

    The driver leaves the task's number in the worker's row of the ledger before it signals.
    """

    def __init__(self, runner: TaskRunner) -> None:
        self.runner = runner
        self._raised_in = 0  # the task in which it was raised

    def on_signal(self, _: int, frame: FrameType | None) -> None:
        """Handle SIGINT. The driver sends it until the task has ended.

        A SIGINT from anyone else is ignored.
        """
        if not self.runner.calling:
            return
        while frame is not None and frame.f_code is not _CALLING:
            file = frame.f_code.co_filename
            if file.startswith(_WHOLE) and not file.endswith(_CALLERS):
                return
            frame = frame.f_back
        if frame is not None:
            self.end_if_unwanted()

    def end_if_unwanted(self) -> None:
        """Raise in the task that runs if the driver does not want it any more, once: where it is
        safe, as it is where a task waits."""
        number = self.runner.running
        unwanted = self.runner.store.ledger.told() - 1
        if number and number == unwanted and number != self._raised_in:
            self._raised_in = number
            raise KeyboardInterrupt(_CANCELLED)

    def on_unraisable(self, about: sys.UnraisableHookArgs) -> None:
        """Handle an error in a finalizer, which Python ignores: an interrupt that was raised there
        is lost, and is raised again."""
        if isinstance(about.exc_value, KeyboardInterrupt) and about.exc_value.args == (_CANCELLED,):
            self._raised_in = 0
        else:
            sys.__unraisablehook__(about)
