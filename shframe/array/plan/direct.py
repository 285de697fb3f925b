"""Direct evaluation: a small expression without reductions, computed node by node on whole arrays.

Views and elementwise work have the same values whatever the blocks are, so that neither a plan nor
tasks are needed for them: reading one element takes as long as a few calls of NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.grid import chunks as grids
from shframe.array.kernels import blockwise
from shframe.graph.plan.expr import Expr

LARGEST = 1 << 16  # bytes that the nodes have together: more of them are worth a plan
MOST_NODES = 64

NpArray = np.ndarray[Any, Any]


def evaluate_directly(node: Node) -> NpArray | None:
    """The values of a small expression; None for one that is large, or needs a plan."""
    order: list[Expr] = []
    if not _is_small(node, order):
        return None
    done: dict[int, NpArray] = {}
    for each in order:
        if id(each) not in done:
            done[id(each)] = _STEPS[type(each)](each, *[done[id(c)] for c in each.children()])
    return done[id(node)]


def _is_small(node: Node, order: list[Expr]) -> bool:
    """Whether all nodes are of kinds that are known here, few and small; `order` gets them,
    children first."""
    room = LARGEST
    stack: list[tuple[Expr, bool]] = [(node, False)]
    seen: set[int] = set()
    while stack:
        each, ready = stack.pop()
        if ready:
            order.append(each)
            continue
        if id(each) in seen:
            continue
        seen.add(id(each))
        if type(each) not in _STEPS or len(seen) > MOST_NODES:
            return False
        if not isinstance(each, nodes.FromArray):
            assert isinstance(each, Node)
            room -= each.nbytes
            if room < 0:
                return False
        stack.append((each, True))
        stack.extend((child, False) for child in each.children())
    return True


def _from_array(node: nodes.FromArray) -> NpArray:
    values = np.asarray(node.ref.value())
    if node.in_order:
        values = values.reshape(node.stored_shape)
    index: Any = [
        grids.run_of(start, length, step)
        for (start, step), length in zip(node.strides, node.shape, strict=True)
    ]
    return np.asarray(values[(*index, ...)])


def _expand_dims(node: nodes.ExpandDims, source: NpArray) -> NpArray:
    index: Any = [None if axis in node.axes else slice(None) for axis in range(node.ndim)]
    return np.asarray(source[(*index, ...)])


def _elementwise(node: nodes.Elementwise, *sources: NpArray) -> NpArray:
    parts = tuple((n, ()) for n in range(len(sources)))
    how: dict[str, Any] = {"program": node.program, "dtype": node.dtype}
    return blockwise.elementwise(*sources, parts, node.shape, **how)


def _assign(node: nodes.Assign, source: NpArray, value: NpArray) -> NpArray:
    made = source.copy()
    made[node.index] = value
    return made


def _take(node: nodes.Take, source: NpArray) -> NpArray:
    return np.take(source, np.asarray(node.indices.value()), axis=node.axis)


_STEPS: dict[type[Expr], Any] = {
    nodes.FromArray: _from_array,
    nodes.Full: lambda node: np.full(node.shape, node.value, node.dtype),
    nodes.Elementwise: _elementwise,
    nodes.Slice: lambda node, source: source[(*node.index, ...)],
    nodes.Take: _take,
    nodes.Transpose: lambda node, source: source.transpose(node.axes),
    nodes.ExpandDims: _expand_dims,
    nodes.BroadcastTo: lambda node, source: np.broadcast_to(source, node.shape),
    nodes.Rechunk: lambda node, source: source,
    nodes.Reshape: lambda node, source: source.reshape(node.shape),
    nodes.Concat: lambda node, *sources: np.concatenate(sources, axis=node.axis),
    nodes.Assign: _assign,
}
