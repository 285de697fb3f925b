"""Operators between nodes: what pandas aligns goes row by row where the rows correspond."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd

from shframe.dataframe import arguments
from shframe.dataframe.expr.base import Literal, Relation, Value
from shframe.dataframe.expr.columns import Arithmetic, Boolean, Compare, Operation, Unary
from shframe.dataframe.expr.relations import align
from shframe.dataframe.expr.values import ValueOperation
from shframe.dataframe.methods.storing import place_values
from shframe.dataframe.plan import dtype_probe
from shframe.dataframe.wrap import wrap
from shframe.errors import UnsupportedType
from shframe.lazy.collection import Collection

_KINDS: dict[str, type[Operation]] = {
    **dict.fromkeys(("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"), Arithmetic),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), Compare),
    **dict.fromkeys(("and_", "or_", "xor"), Boolean),
}
_ORDERING = ("lt", "le", "gt", "ge")


def operate(source: Relation, op: str, other: Any, reflected: bool) -> Relation:
    """An operator between a relation and another lazy object or a constant.

    Plain values that belong to the rows of a series go with them by number, pandas' by label.

    Raises: UnsupportedType for such values beside a frame or an index.
    """
    if arguments.is_array(other) and not other.ndim:
        other = other.compute()
    if isinstance(source.meta, pd.Series) and arguments.goes_with_rows(other):
        other = wrap(place_values(source, other))
    if arguments.is_rows(other):
        node = _pair(source, op, other.expr, reflected)
    else:
        operand = _operand_of(source, other)
        node = _KINDS[op](op, *((operand, source) if reflected else (source, operand)))
    _ = node.meta  # pandas says at the call what is wrong with it
    if op in _ORDERING:
        dtype_probe.compare(node)
    return node


def _pair(source: Relation, op: str, other: Relation, reflected: bool) -> Operation:
    """An operator between two relations, aligned by the labels of their rows."""
    if {source.meta.ndim, other.meta.ndim} == {1, 2}:
        raise UnsupportedType(
            "cannot combine a lazy DataFrame with a lazy Series: pandas would look for the labels "
            "of rows among the columns\n"
            "  use single columns: df.assign(a=df.a + other)"
        )
    left, right = (other, source) if reflected else (source, other)
    left, right = align(left, right)
    return _KINDS[op](op, left, right)


def _operand_of(source: Relation, other: Any) -> Value | Literal:
    """A lazy value, or a constant that does not belong to rows."""
    if isinstance(other, Collection):
        if not arguments.is_value(other):
            raise arguments.unusable(other)
        return cast(Value, other.expr)
    by_columns = source.meta.ndim == 2 and getattr(other, "ndim", 1) == 1
    if arguments.is_many(other) and not by_columns:
        kind = type(other).__name__
        shown = f"pandas {kind}" if kind in ("Series", "DataFrame", "Index") else kind
        raise UnsupportedType(
            f"cannot combine a lazy {kind_of(source)} with a {shown}: "
            "its values belong to rows, which are in partitions\n"
            "  make it lazy with sf.from_pandas, or compute() this one first"
        )
    return Literal(other)


def kind_of(source: Relation) -> str:
    """What users call it: DataFrame, Series or Index."""
    kind = type(source.meta).__name__
    return kind if kind in ("DataFrame", "Series") else "Index"


def apply_unary(source: Relation, op: str) -> Relation:
    """neg, pos, invert or abs of each value."""
    return Unary(op, source)


def operate_values(value: Value, op: str, other: Any, reflected: bool) -> Value:
    """An operator between two values, or a value and a constant."""
    operand: Any = other
    if arguments.is_value(other):
        operand = other.expr
    elif isinstance(other, Collection):
        raise arguments.unusable(other)
    else:
        operand = Literal(other)
    left, right = (operand, value) if reflected else (value, operand)
    node = ValueOperation(op, left, right)
    _ = node.sample  # pandas says at the call what is wrong with it
    return node
