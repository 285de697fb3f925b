"""From a node to the object that users hold: each class registers itself for a kind of result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from shframe.dataframe.expr.base import Relation, Value
from shframe.lazy.collection import Collection

C = TypeVar("C", bound=Collection)
_CLASSES: dict[type, type[Collection]] = {}


def wraps(kind: type) -> Callable[[type[C]], type[C]]:
    """Register a class for relations whose empty result is of a pandas class, or for values."""

    def register(cls: type[C]) -> type[C]:
        _CLASSES[kind] = cls
        return cls

    return register


def wrap(node: Relation | Value) -> Any:
    """The object for a node: what its empty result is says of which class."""
    if isinstance(node, Value):
        return _CLASSES[Value](node)
    kind = type(node.meta)
    found = next((_CLASSES[base] for base in kind.__mro__ if base in _CLASSES), None)
    assert found is not None, f"{kind.__name__} is no pandas object with rows"
    return found(node)


def wrap_as(cls: type[C], node: Relation | Value) -> C:
    """The same where the class is known before: for the reader, and for type checkers."""
    return cast(C, wrap(node))
