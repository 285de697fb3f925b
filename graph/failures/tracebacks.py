"""Tracebacks as users read them: their own frames and other libraries', shframe's folded away.

In a worker an error becomes text here, with all that it was raised from; the text holds no frame,
so that it keeps no view of a task's inputs.
"""

from __future__ import annotations

import linecache
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from functools import cache
from types import CodeType
from typing import Any

from shframe.store.errors import ShframeError

_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+), in ')


@cache
def _folders() -> tuple[str, ...]:
    """The folders of shframe's own code."""
    names = ("shframe", "shframe.graph", "shframe.store")
    files = [getattr(sys.modules.get(name), "__file__", None) for name in names]
    return tuple(os.path.dirname(file) + os.sep for file in files if file)


@cache
def is_ours(file: str) -> bool:
    """Whether a file of code is part of shframe."""
    return file.startswith(_folders()) and f"{os.sep}benchmarks{os.sep}" not in file


def is_library(file: str) -> bool:
    """Whether a file of code is neither the user's nor ours: installed, or Python's own."""
    python = os.path.dirname(os.__file__) + os.sep
    return f"{os.sep}site-packages{os.sep}" in file or file.startswith((python, "<frozen"))


def text_of(error: BaseException) -> str:
    """The traceback of an error and of what it came from, with our frames folded."""
    as_task_error = traceback.TracebackException.from_exception(error)
    for one in _all_of(as_task_error):
        one.stack = _fold(one.stack, one.exc_type)
    return "".join(as_task_error.format())


def _all_of(as_task_error: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    """An error, its causes, contexts and the members of groups."""
    stack, seen = [as_task_error], set[int]()
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        more = [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())]
        stack.extend(other for other in more if other is not None)


class _Fold(traceback.FrameSummary):
    """Stands for so many frames of ours."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        super().__init__("shframe", 0, str(count), lookup_line=False, line="")
        self.count = count


class _Stack(traceback.StackSummary):
    """Frames of which some are folded."""

    def format_frame_summary(self, frame_summary: traceback.FrameSummary) -> str:
        if isinstance(frame_summary, _Fold):
            frames = "frame" if frame_summary.count == 1 else "frames"
            return f"  ... {frame_summary.count} {frames} of shframe\n"
        return super().format_frame_summary(frame_summary)


def _fold(
    frames: Iterable[traceback.FrameSummary], kind: type[BaseException] | None
) -> traceback.StackSummary:
    """What is ours as one line. An error that only our frames saw, and none of our own errors,
    is a defect of ours: it keeps them."""
    frames = list(frames)
    foreign = any(not is_ours(frame.filename) for frame in frames)
    if not foreign and not (kind is not None and issubclass(kind, ShframeError)):
        return _Stack(frames)
    found = _Stack()
    ours = 0
    for frame in frames:
        if is_ours(frame.filename):
            ours += 1
            continue
        if ours:
            found.append(_Fold(ours))
            ours = 0
        found.append(frame)
    if ours:
        found.append(_Fold(ours))
    return found


def with_source(text: str) -> str:
    """A traceback's text with lines of source that only this process knows.

    Cells of notebooks and lines of a prompt are no files for other processes.
    """
    lines = text.split("\n")
    found = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        found.append(line)
        frame = _FRAME.match(line)
        if frame is not None and not following.startswith("    "):
            source = linecache.getline(frame["file"], int(frame["line"])).strip()
            if source:
                found.append(f"    {source}")
    return "\n".join(found)


def _code(one: Any) -> CodeType:
    return one.tb_frame.f_code  # type: ignore[no-any-return]
