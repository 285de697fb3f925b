"""Checks of numbers that users pass: each says what was asked for and what is possible."""

from __future__ import annotations

from numbers import Integral, Real
from types import NoneType
from typing import Any

from shframe.errors import InvalidArgument


def check_seconds(name: str, value: Any, *, above: bool = False, none: bool = True) -> None:
    """Seconds of at least 0; above: of more than 0; none: or None."""
    if value is None and none:
        return
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not (value > 0 if above else value >= 0):
        needed = "seconds above 0 are needed" if above else "seconds of at least 0 are needed"
        raise InvalidArgument(f"{name}={value!r}: {needed}" + (", or None" if none else ""))


def check_text(name: str, value: Any) -> None:
    """A text, or None."""
    if not isinstance(value, (str, NoneType)):
        raise InvalidArgument(f"{name}={value!r}: a text is needed")


def checked_whole(name: str, value: Any, least: int) -> int:
    """A whole number of at least `least`, as an int."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InvalidArgument(f"{name}={value!r}: a whole number of at least {least} is needed")
    return int(value)
