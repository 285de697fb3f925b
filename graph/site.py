"""The line of the user's code that asked for something: the first frame that is not ours."""

from __future__ import annotations

import sys
from types import FrameType


def user_line() -> str:
    """`file:line` of the caller outside shframe; "" when there is none. Cost: about 1 us."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__") or ""
        if not (name == "shframe" or name.startswith(("shframe.", "contextlib", "functools"))):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
