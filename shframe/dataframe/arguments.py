"""What a user hands to an operation: lazy parts become inputs of its node, wherever they are.

There is one door for them, so that nothing lazy is ever taken for a constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Literal, Relation, Value
from shframe.dataframe.expr.columns import Arguments
from shframe.dataframe.expr.relations import bring_together
from shframe.dataframe.expr.values import Given, Held
from shframe.dataframe.kernels.arguments import Place, fill_places
from shframe.errors import InvalidArgument, UnsupportedType
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr
from shframe.lazy.collection import Collection, Lazy
from shframe.lazy.compute import compute


class SplitArguments(NamedTuple):
    """Arguments with a Place for each lazy part; the kernel gets `rows`, then `values`.

    rows: relations that go with the rows of the first source.
    values: what each partition gets whole.
    """

    arguments: Arguments
    rows: tuple[Relation, ...] = ()
    values: tuple[Expr, ...] = ()


def split_method(args: Sequence[Any], kwargs: dict[str, Any]) -> SplitArguments:
    """Arguments of a method that goes row by row: a lazy column among them goes with the rows.

    Raises: UnsupportedType for what is lazy and cannot stand there.
    """
    top = (*args, *kwargs.values())
    rows = list({id(one): one for one in top if is_rows(one)}.values())
    values = [one for one in lazy_in(top) if not any(one is row for row in rows)]
    for one in values:
        if not is_value(one):
            raise unusable(one)
    nodes = tuple(one.expr for one in values)
    return SplitArguments(
        _place(args, kwargs, [*rows, *values]), tuple(one.expr for one in rows), nodes
    )


def split_function(args: Sequence[Any], kwargs: dict[str, Any]) -> SplitArguments:
    """Arguments of a user's function: all that is lazy comes whole, as compute() gives it."""
    values = lazy_in((*args, *kwargs.values()))
    return SplitArguments(_place(args, kwargs, values), (), tuple(map(whole_of, values)))


def split_value(value: Any) -> tuple[Literal, tuple[Expr, ...]]:
    """A value that may be lazy, or have lazy parts, for each partition whole."""
    made = split_method(([value],), {})
    return Literal(made.arguments.args[0][0]), made.values


def is_rows(value: Any) -> bool:
    """Whether it is a lazy frame, series or index."""
    return isinstance(value, Collection) and isinstance(value.expr, Relation)


def is_value(value: Any) -> bool:
    """Whether it is the lazy result of a reduction."""
    return isinstance(value, Collection) and isinstance(value.expr, Value)


def is_array(value: Any) -> bool:
    """Whether it is a lazy array of blocks."""
    return isinstance(value, Collection) and not (is_rows(value) or is_value(value))


def goes_with_rows(value: Any) -> bool:
    """Whether it has a value for each row, by number: a lazy array with axes, or plain values."""
    if is_array(value):
        return bool(value.ndim)
    return is_many(value) and not isinstance(value, Collection)


def whole_of(value: Any) -> Expr:
    """The node that gives all of something lazy in one piece."""
    if is_value(value):
        expr: Expr = value.expr
        return expr
    if is_rows(value):
        return bring_together(value.expr)
    return Given(Held(value))


def unusable(value: Any) -> UnsupportedType:
    """The error for something lazy that cannot stand where it was given."""
    return UnsupportedType(
        f"a lazy {type(value).__name__} cannot be used here\n"
        "  compute() it first, or pass a lazy column or a reduction of one as an argument itself"
    )


def is_many(value: Any) -> bool:
    """Whether pandas would pair a plain value with rows or columns, one by one."""
    if is_value(value) or is_array(value) or isinstance(value, np.generic):
        return False
    return bool(pd.api.types.is_list_like(value))


def check_axis(source: Relation, axis: Any) -> None:
    """Raises: InvalidArgument where the object has no such axis."""
    known = (None, 0, "index", "rows", *((1, "columns") if source.meta.ndim == 2 else ()))
    if axis not in known:
        kind = type(source.meta).__name__
        raise InvalidArgument(f"No axis named {axis} for object type {kind}")


def given(**named: Any) -> dict[str, Any]:
    """Arguments by name, those that are not None."""
    return {name: value for name, value in named.items() if value is not None}


def lazy_in(values: Sequence[Any]) -> list[Any]:
    """The lazy objects in arguments, in plain containers too, each once."""
    found: dict[int, Any] = {}
    stack = [*reversed(values)]
    while stack:
        value = stack.pop()
        if isinstance(value, (Lazy, ObjectRef)):
            found[id(value)] = value
        elif type(value) in (list, tuple, set):
            stack.extend(reversed(list(value)))
        elif type(value) is dict:
            stack.extend(reversed([*value.keys(), *value.values()]))
    return [*found.values()]


def compute_lazy(*args: Any, **kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
    """Arguments in which what is lazy is computed, in one graph, in plain containers too."""
    lazy = lazy_in((*args, *kwargs.values()))
    placed, values = _place(args, kwargs, lazy), compute(*lazy) if lazy else ()
    found = fill_places(dict(placed.kwargs), values)
    return [fill_places(one, values) for one in placed.args], found


def _place(args: Sequence[Any], kwargs: dict[str, Any], lazy: list[Any]) -> Arguments:
    """Arguments in which a Place stands for each of the lazy ones."""
    numbers = {id(one): n for n, one in enumerate(lazy)}

    def place(value: Any) -> Any:
        kind = type(value)
        if id(value) in numbers:
            return Place(numbers[id(value)])
        if kind in (list, tuple, set):
            return kind(place(one) for one in value)
        if kind is dict:
            return {place(k): place(v) for k, v in value.items()}
        return value

    return Arguments(tuple(map(place, args)), tuple((k, place(v)) for k, v in kwargs.items()))
