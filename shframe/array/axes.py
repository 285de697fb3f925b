"""Axes as users name them: checked, made non-negative, in order."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as as_int
from typing import Any

import numpy as np

from shframe.errors import InvalidArgument, UnsupportedType
from shframe.store.errors import ShframeError

Axes = int | Sequence[int] | None


class AxisNotFound(InvalidArgument, np.exceptions.AxisError):
    """An axis that the array does not have."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.message = message
        self.axis = None
        self.ndim = None

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message,)


class PlaceNotFound(ShframeError, IndexError):
    """A place beyond the end of an axis, or an index for an axis that is not there."""


def normalized_axis(axis: Any, ndim: int) -> int:
    """The axis counted from the front; raises AxisNotFound.

    Examples
    --------
    >>> normalized_axis(-1, 3)
    2
    """
    try:
        number = as_int(axis)
    except TypeError:
        raise UnsupportedType(f"an axis is a whole number, found {axis!r}") from None
    if not -ndim <= number < ndim:
        raise AxisNotFound(
            f"no axis {number} in an array of {ndim} axes\n"
            f"  axes are counted from 0 to {ndim - 1}, or from -1 back"
            if ndim
            else f"no axis {number}: the array has none"
        )
    return number % ndim


def normalized_axes(axis: Axes, ndim: int) -> tuple[int, ...]:
    """Axes in ascending order, all when None; raises AxisNotFound, InvalidArgument."""
    if axis is None:
        return tuple(range(ndim))
    given = list(axis) if isinstance(axis, Sequence) else [axis]
    found = [normalized_axis(each, ndim) for each in given]
    if len(set(found)) < len(found):
        raise InvalidArgument(f"axis={axis!r} names an axis twice")
    return tuple(sorted(found))
