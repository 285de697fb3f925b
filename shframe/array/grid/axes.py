"""Axes as users name them: checked, made non-negative, in order. The rules are NumPy's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

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


class PositionNotFound(ShframeError, IndexError):
    """An index beyond the end of an axis, or for an axis that does not exist."""


class NotAnIndex(UnsupportedType, IndexError):
    """A value that does not say which elements are meant."""


def normalize_axis(axis: Any, ndim: int) -> int:
    """The axis counted from the front; raises AxisNotFound, UnsupportedType.

    Examples
    --------
    >>> normalize_axis(-1, 3)
    2
    """
    try:
        return normalize_axis_index(axis, ndim)
    except np.exceptions.AxisError as error:
        raise AxisNotFound(str(error)) from None
    except TypeError as error:
        raise UnsupportedType(f"axis={axis!r}: {error}") from None


def list_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes in the order in which they are named, each once.

    Raises: AxisNotFound, UnsupportedType, InvalidArgument.
    """
    try:
        return tuple(normalize_axis_tuple(axis, ndim))
    except np.exceptions.AxisError as error:
        raise AxisNotFound(str(error)) from None
    except TypeError as error:
        raise UnsupportedType(f"axis={axis!r}: {error}") from None
    except ValueError as error:
        raise InvalidArgument(f"axis={axis!r}: {error}") from None


def normalize_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes in ascending order, all when None; raises as list_axes() does."""
    return tuple(range(ndim)) if axis is None else tuple(sorted(list_axes(axis, ndim)))
