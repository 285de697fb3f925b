"""Fields of records: read, written, and put in another order."""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.expr.program import Field, SetField
from shframe.array.functions import elementwise
from shframe.array.grid.axes import NotAnIndex
from shframe.errors import UnsupportedType

Names = str | tuple[str, ...]


def names_in(index: Any) -> Names | None:
    """The field that an index names, or several; None for any other index."""
    if isinstance(index, str):
        return index
    several = isinstance(index, list) and index and all(isinstance(each, str) for each in index)
    return tuple(index) if several else None


def read_fields(x: Node, names: Names) -> Node:
    """The values of a field, or records of several fields in the order in which they are named.

    Raises: NotAnIndex for a name that there is not, UnsupportedType for a field of several values.
    """
    for name in [names] if isinstance(names, str) else names:
        _check(x, name)
    if isinstance(names, str):
        dtype = x.dtype[names]
    else:
        dtype = np.dtype([(name, x.dtype[name]) for name in names])
    return elementwise.apply(Field(names), [x], f"x[{names!r}]", dtype)


def write_field(x: Node, name: str, value: Any) -> Node:
    """The records with other values, which broadcast to them, in a field."""
    _check(x, name)
    value = elementwise.operand_of(value)
    if isinstance(value, Node):
        value = elementwise.astype(value, x.dtype[name])
    return elementwise.apply(SetField(name), [x, value], f"x[{name!r}] = ...", x.dtype)


def _check(x: Node, name: str) -> None:
    if x.dtype.names is None:
        raise NotAnIndex(
            "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or "
            f"boolean arrays are valid indices\n  found {name!r}, and {x.dtype} has no fields"
        )
    if name not in x.dtype.names:
        known = ", ".join(map(repr, x.dtype.names))
        raise UnsupportedType(f"no field of name {name}\n  the fields are {known}")
    if x.dtype[name].subdtype is not None:
        raise UnsupportedType(f"the field {name!r} holds arrays, which no dtype of values does")
