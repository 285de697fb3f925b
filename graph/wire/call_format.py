"""How a worker makes a call: what is sent beside the function, the inputs and the arguments.

Worker processes load this and not call.py, which is the driver's: they start sooner.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any, NamedTuple

# bytes: a pickled value; Ref: where it is stored; int: the task that makes it, which runs in the
# same worker before
Wired = Any
STREAM = -1  # the number of returns of a generator, whose values come one by one
READY = "__ray_ready__"  # a method that every actor has: it returns True once the actor is made
CLOSED = -1  # in place of how many of its values were asked for: it is to be closed
PLAIN, FILLS = 0, 1  # how a worker calls: the inputs, then the arguments; the same, with a target


class How(NamedTuple):
    """How a worker makes the call, where it is not PLAIN.

    places: where the inputs go among the positional arguments; None: they come first.
    packed: whether the arguments are the pickled (positional, by name) with Inputs in them.
    returns, writable, ahead: see TaskOptions. method: of the worker's actor; "" calls the function.
    width: how many calls may run at once, of the call that makes an actor.
    """

    places: tuple[int, ...] | None = None
    packed: bool = False
    returns: int = 1
    writable: bool = False
    ahead: int = 0
    method: str = ""
    width: int = 1


class Input(NamedTuple):
    """Stands for an input among packed arguments."""

    place: int


def unpack_arguments(payload: bytes, inputs: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """In a worker: the positional arguments and those by name, with the inputs' values."""
    args, kwargs = pickle.loads(payload)
    return (
        [inputs[one.place] if type(one) is Input else one for one in args],
        {k: inputs[v.place] if type(v) is Input else v for k, v in kwargs.items()},
    )


def place_inputs(args: Sequence[Any], inputs: Sequence[Any], places: Sequence[int]) -> list[Any]:
    """In a worker: the positional arguments with the inputs' values at their places."""
    values = list(args)
    for place, value in zip(places, inputs, strict=True):
        values.insert(place, value)
    return values
