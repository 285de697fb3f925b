"""Checks of what users pass: each message says what the argument must be, and what it was."""

from __future__ import annotations

from numbers import Integral, Real
from types import NoneType
from typing import Any

from shframe.errors import InvalidArgument


def check_seconds(name: str, value: Any, *, above: bool = False, none: bool = True) -> None:
    """A number of seconds >= 0; above: > 0; none: or None."""
    if value is None and none:
        return
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not (value > 0 if above else value >= 0):
        least = "> 0" if above else ">= 0"
        wanted = f"a number of seconds {least}" + (" or None" if none else "")
        raise InvalidArgument(f"{name} must be {wanted}, got {value!r}")


def check_string(name: str, value: Any) -> None:
    """A string, or None."""
    if not isinstance(value, (str, NoneType)):
        raise InvalidArgument(f"{name} must be a string, got {value!r}")


def check_integer(name: str, value: Any, least: int) -> int:
    """An integer that is at least `least`; returns it as an int."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InvalidArgument(f"{name} must be an integer >= {least}, got {value!r}")
    return int(value)
