"""NumPy's functions of frames, series and values: those of single values go row by row."""

from __future__ import annotations

from typing import Any

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Params, Relation, Value
from shframe.dataframe.expr.relations import Map, Whole, align, unify_dtypes
from shframe.dataframe.expr.values import Computed
from shframe.dataframe.kernels import numpy_calls
from shframe.errors import UnsupportedType

OPERATORS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "power": "pow",
    "floor_divide": "floordiv", "remainder": "mod", "equal": "eq", "not_equal": "ne",
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
    "bitwise_and": "and_", "bitwise_or": "or_", "bitwise_xor": "xor",
}  # fmt: skip
_NAMES = "sum prod mean std var min max any all median cumsum cumprod round"
METHODS = frozenset(_NAMES.split())
NAMES = {"amin": "min", "amax": "max", "around": "round"}  # what pandas calls them
NAMES |= {f"nan{name}": name for name in ("sum", "prod", "mean", "std", "var")}
NAMES["nanmedian"] = "median"


def call_ufunc(ufunc: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Relation | Value:
    """A ufunc of lazy operands: partition by partition where there are rows.

    Raises: UnsupportedType for arrays beside rows, which pandas would pair with them.
    """
    for one in inputs:
        if arguments.is_many(one) and not arguments.is_rows(one) and not arguments.is_value(one):
            raise UnsupportedType(
                f"np.{ufunc.__name__}() of lazy rows and a {type(one).__name__}: its values belong "
                "to rows, which are in partitions\n  make it lazy with sf.from_pandas"
            )
    split = arguments.split_method(inputs, kwargs)
    given = split.arguments
    how = {"ufunc": ufunc, "args": given.args, "kwargs": dict(given.kwargs)}
    if not split.rows:
        return Computed(split.values, numpy_calls.call_ufunc, Params(**how))
    rows = align(*map(unify_dtypes, split.rows), by_label=False)
    keeps = "same" if len(rows) == 1 else "joined"
    node = Map(rows, numpy_calls.call_ufunc, Params(**how), keeps, True, split.values)
    _ = node.meta
    return node


def choose(condition: Any, x: Any, y: Any) -> Relation:
    """np.where: a value of one or the other by a condition, as a series with its labels."""
    split = arguments.split_method((condition, x, y), {})
    for one in (x, y):
        if arguments.is_many(one) and not arguments.is_rows(one):
            raise UnsupportedType("np.where() takes lazy columns and single values")
    rows = align(*map(unify_dtypes, split.rows), by_label=False)
    params = Params(args=split.arguments.args)
    if len({source.lineage for source in rows}) > 1:
        return Whole((*rows, *split.values), numpy_calls.choose, params)
    node = Map(rows, numpy_calls.choose, params, "same", True, split.values)
    _ = node.meta
    return node


def select(conditions: Any, choices: Any, default: Any = 0) -> Relation:
    """np.select: the choice of the first condition that holds, as a series with its labels."""
    conditions, choices = list(conditions), list(choices)
    split = arguments.split_method((*conditions, *choices, default), {})
    for one in (*choices, default):
        if arguments.is_many(one) and not arguments.is_rows(one):
            raise UnsupportedType("np.select() takes lazy columns and single values")
    rows = align(*map(unify_dtypes, split.rows), by_label=False)
    params = Params(args=split.arguments.args, count=len(conditions))
    if len({source.lineage for source in rows}) > 1:
        return Whole((*rows, *split.values), numpy_calls.select, params)
    node = Map(rows, numpy_calls.select, params, "same", True, split.values)
    _ = node.meta
    return node


def is_lazy(value: Any) -> bool:
    """Whether it is a lazy object of frames."""
    return arguments.is_rows(value) or arguments.is_value(value)
