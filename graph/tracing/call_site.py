"""Where in the user's code something was asked for: the first frame that is not ours.

A Place is taken at each call of a task, so its string is made only when it is needed. The line is
taken at once: a frame knows it in 0.1 us, in 30 at the end of a function of 1,600 statements, but
from the code and an instruction it would take a millisecond there.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType

Place = tuple[CodeType, int]  # the code that called and the line

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
            return frame.f_code, frame.f_lineno
        frame = frame.f_back
    return None


def user_line() -> str:
    """`file:line` of the caller outside shframe; "" when there is none."""
    return line_of(user_place())


def line_of(place: Place | str | None) -> str:
    """A place as `file:line`, "" for none; one from another process is a string already."""
    if not isinstance(place, tuple):
        return place or ""
    return f"{place[0].co_filename}:{place[1]}"
