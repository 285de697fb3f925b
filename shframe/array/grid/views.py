"""Views: recipes that a task applies to an input to see its block, without a copy.

A view is a tuple of steps, plain data, so that it is sent with a task: reading a block of a
large object, a slice, a transpose or a broadcast costs no task and no byte of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from shframe.errors import ChunkMismatch

NpArray = np.ndarray[Any, Any]
ViewStep = tuple[str, tuple[Any, ...]]
View = tuple[ViewStep, ...]
Index = tuple[slice | int | None, ...]

WHOLE: View = ()


def sliced(index: Index) -> View:
    """The part of the input at a basic index."""
    return (("index", index),)


def transposed(axes: tuple[int, ...]) -> View:
    """The input with its axes in another order."""
    return (("transpose", axes),)


def broadcast(shape: tuple[int, ...]) -> View:
    """The input repeated to a shape."""
    return (("broadcast", shape),)


def reshaped(shape: tuple[int, ...]) -> View:
    """The input in another shape, in C order; a copy when it is not contiguous."""
    return (("reshape", shape),)


def shown(show: Callable[[Any], NpArray], shape: tuple[int, ...]) -> View:
    """What a function shows of an input that is no array; it has to be of this shape."""
    return (("show", (show, shape)),)


def apply_view(value: Any, view: View) -> NpArray:
    """What the view shows of a value.

    Examples
    --------
    >>> apply_view(np.arange(6), reshaped((2, 3)) + sliced((0, slice(1, None)))).tolist()
    [1, 2]
    """
    if view and view[0][0] == "show":
        (_, (show, shape)), *rest = view
        value, view = show(value), tuple(rest)
        if value.shape != shape:
            raise ChunkMismatch(f"a part has the shape {value.shape}, where {shape} was expected")
    array = np.asarray(value)
    for kind, how in view:
        if kind == "index":
            # the Ellipsis keeps a 0-d result an array
            array = array[(*how, ...)]
        elif kind == "transpose":
            array = array.transpose(how)
        elif kind == "broadcast":
            array = np.broadcast_to(array, how)
        else:
            array = array.reshape(how)
    return array
