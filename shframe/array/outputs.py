"""Results that are put into what is there already: `out=` of functions, methods and ufuncs, and
ufunc.at. A lazy array becomes another one; NumPy's are computed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from shframe.array.expr.nodes import Node
from shframe.array.functions import assignment, elementwise, manipulation
from shframe.array.functions.convert import lazy_node, node_of, values_of
from shframe.array.plan.evaluate import evaluate
from shframe.errors import ChunkMismatch, UnsupportedType

M = TypeVar("M", bound=Callable[..., Any])


def put_into(out: Any, node: Node, name: str, where: Any = True, casting: Any = "same_kind") -> Any:
    """`out` with the values of a result, where a mask is true.

    Raises: ChunkMismatch and UnsupportedType, with NumPy's sentence, for a shape or dtype that does
        not fit.
    """
    if not np.can_cast(node.dtype, out.dtype, casting=casting):
        raise UnsupportedType(
            f"Cannot cast ufunc {name!r} output from {node.dtype!r} to {out.dtype!r} with casting "
            f"rule {casting!r}"
        )
    made = elementwise.astype(node, out.dtype)
    if where is not True:
        made = elementwise.where(where, made, node_of(out))
    if made.shape != out.shape:
        raise ChunkMismatch(
            f"non-broadcastable output operand with shape {out.shape} doesn't match the broadcast "
            f"shape {made.shape}\n  {name} of a lazy array"
        )
    if lazy_node(out) is not None:
        out.expr = made
    else:
        np.copyto(out, evaluate(made))
    return out


def spread(node: Node, out: Any) -> Node:
    """What a ufunc puts into `out`, which may have more axes or longer ones than its operands."""
    fits = len(node.shape) <= out.ndim and node.shape != out.shape
    pairs = zip(reversed(node.shape), reversed(out.shape), strict=False)
    if fits and all(n in (1, length) for n, length in pairs):
        return manipulation.broadcast_to(node, out.shape)
    return node


def with_out(method: M) -> M:
    """A method whose result may be put into `out`."""

    @functools.wraps(method)
    def call(*args: Any, out: Any = None, **how: Any) -> Any:
        made = method(*args, **how)
        return made if out is None else put_into(out, node_of(made), method.__name__)

    return cast(M, call)


def update_at(ufunc: np.ufunc, target: Any, indices: Any, *values: Any) -> None:
    """What ufunc.at does: the elements of `target` at indices become the ufunc's results, one that
    is there several times as often.

    Cost: indices are computed here.
    """
    node = lazy_node(target)
    if node is not None:
        target.expr = assignment.updated(node, indices, ufunc, *values)
        return
    several = indices if isinstance(indices, tuple) else (indices,)
    found = tuple(each if lazy_node(each) is None else values_of(each) for each in several)
    ufunc.at(target, found, *map(values_of, values))
