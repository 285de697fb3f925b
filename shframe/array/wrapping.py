"""Wrapping: a public function is a chapter's function with arrays of any kind in place of its
nodes, and an Array in place of the node that it returns.

Arguments are converted here, once; name, docstring and signature stay those of the chapter.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, overload

import numpy as np

from shframe.array.dask_options import WITHOUT_EFFECT, without_dasks
from shframe.array.expr.nodes import Node
from shframe.array.functions.convert import node_of
from shframe.array.ndarray import Array
from shframe.array.outputs import put_into

P = ParamSpec("P")


def _wrap(result: Any) -> Any:
    """Arrays for the node, or nodes, that a chapter's function returns."""
    if isinstance(result, Node):
        return Array(result)
    if isinstance(result, tuple | list):
        parts = map(_wrap, result)
        # named results take their fields one by one
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result


def _public(
    function: Callable[..., Any], convert: Callable[..., tuple[Any, ...]]
) -> Callable[..., Any]:
    """The function behind a conversion of its positional arguments."""
    signature = inspect.signature(function)
    own = list(signature.parameters.values())
    by_name = {each.name for each in own if each.kind is not each.POSITIONAL_ONLY}
    ignores = function.__name__ in WITHOUT_EFFECT
    takes_out = "out" not in by_name and "out" in _numpys_parameters(function.__name__)

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        out = named.pop("out", None) if takes_out else None
        if ignores and not by_name.issuperset(named):
            named = without_dasks(function.__name__, named)
        if not by_name.issuperset(named):
            args, named = _put_in_place(args, named, _places(function))
        made = function(*convert(*args), **named)
        return _wrap(made) if out is None else put_into(out, made, function.__name__)

    shown = [each.replace(annotation=str(each.annotation).replace("Node", "Any")) for each in own]
    if takes_out:
        shown.append(inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None))
    returned = str(signature.return_annotation).replace("Node", "Array")
    call.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=shown, return_annotation=returned
    )
    call.__module__ = "shframe.array"  # where it is found when it is pickled by name
    return call


@functools.cache
def _numpys_parameters(name: str) -> list[str]:
    """The parameters of NumPy's function of a name; none if it says nothing of them."""
    found = (vars(room).get(name) for room in (np, np.linalg, np.fft))
    numpys = next((each for each in found if callable(each)), None)
    if isinstance(numpys, np.ufunc):
        return ["out"]
    if numpys is None:
        return []
    try:
        return list(inspect.signature(numpys).parameters)
    except ValueError:
        return []


@functools.cache
def _places(function: Callable[..., Any]) -> dict[str, int]:
    """Where arguments stand that are given by name, but have none in the function: by their own
    name, or by that which NumPy's function of the same name has for them."""
    own = list(inspect.signature(function).parameters.values())
    places = {each.name: n for n, each in enumerate(own) if each.kind is each.POSITIONAL_ONLY}
    theirs = _numpys_parameters(function.__name__)
    ours = {each.name for each in own}
    for n, (mine, other) in enumerate(zip(own, theirs, strict=False)):
        variable = mine.kind in (mine.VAR_POSITIONAL, mine.VAR_KEYWORD)
        # an option is only meant by its own name: NumPy's `order` is none of ours
        needed = mine.kind is mine.POSITIONAL_ONLY or mine.default is mine.empty
        if needed and not variable and other not in ours and mine.name not in theirs:
            places[other] = n
    return places


def _put_in_place(
    args: tuple[Any, ...], named: dict[str, Any], places: dict[str, int]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with those that follow the positional ones put behind them."""
    by_place = {places[name]: name for name in named if name in places}
    while len(args) in by_place:
        args = (*args, named.pop(by_place[len(args)]))
    return args, named


def _as_given(*args: Any) -> tuple[Any, ...]:
    return args


def _first(*args: Any) -> tuple[Any, ...]:
    return (*map(node_of, args[:1]), *args[1:])


def _first_two(*args: Any) -> tuple[Any, ...]:
    return (*map(node_of, args[:2]), *args[2:])


def _sequence(*args: Any) -> tuple[Any, ...]:
    return (*(list(map(node_of, each)) for each in args[:1]), *args[1:])


def _all(*args: Any) -> tuple[Any, ...]:
    return tuple(map(node_of, args))


def making(function: Callable[P, Node]) -> Callable[P, Array]:
    """For a function that takes no node, or converts its arguments itself."""
    return _public(function, _as_given)


@overload
def of_one(
    function: Callable[Concatenate[Node, P], Node],
) -> Callable[Concatenate[Any, P], Array]: ...
@overload
def of_one(
    function: Callable[Concatenate[Node, P], tuple[Node, ...]],
) -> Callable[Concatenate[Any, P], tuple[Array, ...]]: ...
def of_one(function: Callable[..., Any]) -> Callable[..., Any]:
    """For a function of one array, its first argument."""
    return _public(function, _first)


def of_one_or_pair(
    function: Callable[Concatenate[Node, P], Node | tuple[Node, Node]],
) -> Callable[Concatenate[Any, P], Array | tuple[Array, Array]]:
    """For a function of one array that returns two when it is asked to."""
    return _public(function, _first)


def of_two(
    function: Callable[Concatenate[Node, Node, P], Node],
) -> Callable[Concatenate[Any, Any, P], Array]:
    """For a function of two arrays, its first arguments."""
    return _public(function, _first_two)


def of_one_for_any(function: Callable[Concatenate[Node, P], Any]) -> Callable[..., Any]:
    """For a function of one array that returns several, or what depends on the arguments."""
    return _public(function, _first)


def of_any(function: Callable[P, Any]) -> Callable[P, Any]:
    """For a function that converts its arguments itself and returns several arrays."""
    return _public(function, _as_given)


def of_sequence(
    function: Callable[Concatenate[Sequence[Node], P], Node],
) -> Callable[Concatenate[Any, P], Array]:
    """For a function of a sequence of arrays, its first argument."""
    return _public(function, _sequence)


def of_all_given(function: Callable[[Node], Node]) -> Callable[..., Any]:
    """For a function of one array that users call with any number: one array, or a tuple."""

    def each(*arrays: Node) -> Node | tuple[Node, ...]:
        return function(arrays[0]) if len(arrays) == 1 else tuple(map(function, arrays))

    each.__name__, each.__qualname__ = function.__name__, function.__qualname__
    each.__doc__ = function.__doc__
    return _public(each, _all)


def of_several(function: Callable[..., tuple[Node, ...]]) -> Callable[..., tuple[Array, ...]]:
    """For a function whose positional arguments are all arrays."""
    return _public(function, _all)
