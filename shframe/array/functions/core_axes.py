"""Where the core dimensions of products stand: the option axes= of NumPy's generalised ufuncs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index as as_int
from typing import Any

from shframe.array.expr.nodes import Node
from shframe.array.functions import manipulation
from shframe.array.grid import chunks as grids
from shframe.array.grid.axes import AxisNotFound, normalize_axis
from shframe.errors import InvalidArgument, UnsupportedType


def call_along(
    name: str,
    call: Callable[[Node, Node], Node],
    operands: tuple[Node, Node],
    axes: Any,
    cores: tuple[int, int, int],
) -> Node:
    """What `call` makes of operands whose core dimensions are moved to the end, moved back.

    axes: a list of a tuple for each operand and for the result, or of an integer where there is one
        core dimension; that of a result without any may be left out.
    cores: how many core dimensions each operand and the result have.

    Raises: AxisNotFound, InvalidArgument, UnsupportedType, with NumPy's sentences.
    """
    if not isinstance(axes, list):
        raise UnsupportedType("axes should be a list.")
    given = [*axes, ()] if len(axes) == 2 and not cores[2] else axes
    if len(given) != 3:
        raise InvalidArgument(
            "axes should be a list with an entry for all 3 inputs and outputs; entries for outputs "
            "can only be omitted if none of them has core axes."
        )
    named = [_axes_of(name, n, each, cores[n]) for n, each in enumerate(given)]
    moved = [
        manipulation.moveaxis(x, _places(n, named[n], x.ndim), _last(cores[n]))
        for n, x in enumerate(operands)
    ]
    made = call(*moved)
    return manipulation.moveaxis(made, _last(cores[2]), _places(2, named[2], made.ndim))


def _axes_of(name: str, number: int, given: Any, count: int) -> Sequence[Any]:
    """The axes that are named for one operand or the result."""
    if grids.integer_from(given) is not None:
        if count != 1:
            raise AxisNotFound(
                f"{name}: operand {number} has {count} core dimensions, but the axes item is a "
                "single integer."
            )
        return (given,)
    if not isinstance(given, tuple):
        raise UnsupportedType(f"{name}: axes item {number} should be a tuple.")
    if len(given) != count:
        raise AxisNotFound(
            f"{name}: operand {number} has {count} core dimensions, but {len(given)} dimensions "
            "are specified by axes tuple."
        )
    return given


def _places(number: int, axes: Sequence[Any], ndim: int) -> tuple[int, ...]:
    """Axes counted from the front, each once."""
    found: list[int] = []
    for axis in axes:
        place = normalize_axis(axis, ndim)
        if place in found:
            raise InvalidArgument(f"axes item {number} has value {as_int(axis)} repeated")
        found.append(place)
    return tuple(found)


def _last(count: int) -> tuple[int, ...]:
    return tuple(range(-count, 0))
