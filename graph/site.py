"""Where in the user's code something was asked for: the first frame that is not ours.

A Place is taken at each call of a task, so it is the code and its instruction: which line that is
takes microseconds in a short function and tens of them in a long one, and is asked for only when
something is to be said about the call.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType

Place = tuple[CodeType, int]  # the code that called and its instruction, as in frame.f_lasti

# The modules that stand between the user and us.
_BETWEEN = (
    "shframe.",
    "asyncio.",
    "concurrent.",
    "contextlib",
    "functools",
    "multiprocessing.",
)


def user_place() -> Place | None:
    """Where the user's code is that has led to the function which asks; None: nowhere."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__")
        if name is None or not (name.startswith(_BETWEEN) or name == "shframe"):
            return frame.f_code, frame.f_lasti
        frame = frame.f_back
    return None


def user_line() -> str:
    """`file:line` of the caller outside shframe; "" when there is none."""
    return line_of(user_place())


def line_of(place: Place | str | None) -> str:
    """A place as `file:line`, "" for none; one that came from another process is text already."""
    if not isinstance(place, tuple):
        return place or ""
    code, instruction = place
    lines = (line for start, end, line in code.co_lines() if start <= instruction < end)
    return f"{code.co_filename}:{next(lines, None) or code.co_firstlineno}"
