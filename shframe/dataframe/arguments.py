"""What a user hands to an operation: lazy parts become inputs of its node, wherever they lie.

There is one door for them, so that nothing lazy is ever taken for a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shframe.dataframe.expr import relations
from shframe.dataframe.kernels.arguments import Place
from shframe.errors import UnsupportedType
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.plan.expr import Expr
from shframe.lazy.collection import Collection
from shframe.lazy.delayed import Delayed


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments with a Place for each lazy part; the kernel gets `rows`, then `values`.

    rows: relations that go with the rows of the first source.
    values: what each partition gets whole.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    rows: tuple[Any, ...] = ()
    values: tuple[Expr, ...] = ()


def of_method(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Arguments of a method that goes row by row: a lazy column among them goes with the rows.

    Raises: UnsupportedType for what is lazy and cannot stand there.
    """
    top = (*args, *kwargs.values())
    rows = [one for one in top if is_rows(one)]
    values = [one for one in _lazy_in(top) if not any(one is row for row in rows)]
    for one in values:
        if not is_value(one):
            raise unusable(one)
    return _placed(args, kwargs, rows, values, tuple(one.expr for one in values))


def of_function(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Arguments of a user's function: all that is lazy comes whole, as compute() gives it."""
    values = _lazy_in((*args, *kwargs.values()))
    return _placed(args, kwargs, [], values, tuple(map(whole_of, values)))


def of_value(value: Any) -> tuple[Any, tuple[Expr, ...]]:
    """A value that may be lazy, or have lazy parts, for each partition whole."""
    made = of_method((), {"value": [value]})
    return made.kwargs["value"][0], made.values


def is_rows(value: Any) -> bool:
    """Whether it is a lazy frame, series or index."""
    return isinstance(value, Collection) and isinstance(value.expr, relations.Relation)


def is_value(value: Any) -> bool:
    """Whether it is the lazy result of a reduction."""
    return isinstance(value, Collection) and isinstance(value.expr, relations.Value)


def whole_of(value: Any) -> Expr:
    """The node that gives all of something lazy in one piece."""
    if is_value(value):
        expr: Expr = value.expr
        return expr
    if is_rows(value):
        return relations.whole(value.expr)
    return relations.Given(relations.Held(value))


def unusable(value: Any) -> UnsupportedType:
    """The error for something lazy that cannot stand where it was given."""
    return UnsupportedType(
        f"a lazy {type(value).__name__} cannot be used in this place\n"
        "  compute() it first, or give a lazy column or a reduction of one as an argument itself"
    )


def is_many(value: Any) -> bool:
    """Whether pandas would pair a plain value with rows or columns, one by one."""
    return bool(pd.api.types.is_list_like(value)) and not isinstance(value, np.generic)


def _lazy_in(values: Any) -> list[Any]:
    found: dict[int, Any] = {}
    stack = [*reversed(values)]
    while stack:
        value = stack.pop()
        if isinstance(value, (Collection, Delayed, ObjectRef)):
            found[id(value)] = value
        elif type(value) in (list, tuple, set):
            stack.extend(reversed(list(value)))
        elif type(value) is dict:
            stack.extend(reversed([*value.keys(), *value.values()]))
    return [*found.values()]


def _placed(
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    rows: list[Any],
    values: list[Any],
    nodes: tuple[Expr, ...],
) -> Arguments:
    numbers: dict[int, int] = {}
    for one in (*rows, *values):
        numbers.setdefault(id(one), len(numbers))
    unique = tuple({id(one): one for one in rows}.values())

    def placed(value: Any) -> Any:
        kind = type(value)
        if id(value) in numbers:
            return Place(numbers[id(value)])
        if kind in (list, tuple, set):
            return kind(placed(one) for one in value)
        if kind is dict:
            return {placed(k): placed(v) for k, v in value.items()}
        return value

    return Arguments(
        tuple(map(placed, args)), {k: placed(v) for k, v in kwargs.items()}, unique, nodes
    )
