"""Direct evaluation: a small expression, computed node by node on whole arrays.

Views and elementwise work have the same values whatever the blocks are; reductions and kernels of
one block are called as their only task would call them. Neither a plan nor tasks are needed then:
a sum of a thousand elements takes as long as some calls of NumPy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.expr.reducers import is_associative, own_dtype
from shframe.array.grid import chunks as grids
from shframe.array.kernels import blockwise, reducing
from shframe.array.kernels.tiles import TILE
from shframe.array.plan.cost import calls_user
from shframe.graph.plan.expr import Expr

# Bytes that pass through the nodes together: more of them are worth a plan, which goes through all
# steps tile by tile; optimising and lowering one takes about as long as these bytes do.
LARGEST = 1 << 22
MOST_NODES = 64

NpArray = np.ndarray[Any, Any]


def evaluate_directly(node: Node) -> NpArray | None:
    """The values of a small expression; None for one that is large, or needs a plan."""
    order: list[Expr] = []
    if not _is_small(node, order):
        return None
    done: dict[int, Any] = {}
    for each in order:
        if id(each) not in done:
            done[id(each)] = _STEPS[type(each)](each, *[done[id(c)] for c in each.children()])
    made: NpArray = done[id(node)]
    return made


def _is_small(node: Node, order: list[Expr]) -> bool:
    """Whether all nodes are of kinds that are known here, few and small; `order` gets them,
    children first."""
    room: float = LARGEST
    stack: list[tuple[Expr, bool]] = [(node, False)]
    seen: set[int] = set()
    elementwise = tiled = False
    while stack:
        each, ready = stack.pop()
        if ready:
            order.append(each)
            continue
        if id(each) in seen:
            continue
        seen.add(id(each))
        if type(each) not in _STEPS or len(seen) > MOST_NODES or calls_user(each):
            return False
        if isinstance(each, BY_BLOCK) and not _has_one_block(each):
            return False
        room -= _bytes_through(each)
        # a sum of several tiles has other digits than one of the whole: a plan would have tiles
        elementwise |= isinstance(each, nodes.Elementwise)
        tiled |= isinstance(each, nodes.Reduce) and math.prod(map(sum, each.over)) > TILE
        if room < 0 or (elementwise and tiled):
            return False
        stack.append((each, True))
        stack.extend((child, False) for child in each.children())
    return True


BY_BLOCK = (
    nodes.Reduce,
    nodes.Kernel,
    nodes.Scan,
    nodes.MatMul,
    nodes.Random,
    nodes.Arange,
    nodes.Eye,
)


def _has_one_block(node: Expr) -> bool:
    """Whether a node is computed by one task, which reads one block of each source."""
    grid = node.over if isinstance(node, nodes.Reduce | nodes.Kernel) else node.chunks  # type: ignore[attr-defined]
    sources = node.children() if isinstance(node, nodes.Kernel | nodes.MatMul) else ()
    grids_ = [grid, *(each.chunks for each in sources if isinstance(each, Node))]
    return all(len(lengths) == 1 for each in grids_ for lengths in each)


def _bytes_through(node: Expr) -> float:
    """About how many bytes could be added up in the time that a node takes."""
    if isinstance(node, nodes.FromArray | nodes.Computed):
        return 0
    read = sum(each.nbytes for each in node.children() if isinstance(each, Node))
    if isinstance(node, nodes.Kernel):
        return read * node.weight
    assert isinstance(node, Node)
    if isinstance(node, nodes.MatMul):
        return read + node.nbytes * node.one.shape[-1] / 4
    return max(read, node.nbytes) if isinstance(node, nodes.Reduce) else node.nbytes


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


def _whole(sources: tuple[Any, ...]) -> tuple[tuple[int, tuple[Any, ...]], ...]:
    """The sources as operands of a kernel: each is read as it is."""
    return tuple((n, ()) for n in range(len(sources)))


def _elementwise(node: nodes.Elementwise, *sources: NpArray) -> NpArray:
    how: dict[str, Any] = {"program": node.program, "dtype": node.dtype}
    return blockwise.elementwise(*sources, _whole(sources), node.shape, **how)


def _reduce(node: nodes.Reduce, *sources: NpArray) -> NpArray:
    shape = grids.shape_of(node.over)
    origin = () if node.reducer.tiled else (0,) * len(shape)
    how: dict[str, Any] = {"program": node.program, "reducer": node.reducer, "axes": node.axes}
    part = reducing.partial(*sources, _whole(sources), shape, origin, **how, whole=shape)
    drop = () if node.keepdims else node.axes
    made: NpArray = reducing.finish(part, reducer=node.reducer, drop=drop)
    return made


def _kernel(node: nodes.Kernel, *sources: Any) -> Any:
    return blockwise.call_kernel(
        *sources,
        _whole(sources),
        (1,) * len(sources),
        (0,) * len(node.over) if node.with_origin else None,
        kernel=node.call,
        options=dict(node.options),
        gathered=tuple(None in labels for labels in node.labels),
    )


def _scan(node: nodes.Scan, source: NpArray) -> NpArray:
    dtype = own_dtype(node.ufunc, node.dtype)
    run = reducing.scan if is_associative(node.ufunc, node.dtype) else reducing.scan_on
    return run(source, (), ufunc=node.ufunc, axis=node.axis, dtype=dtype, result=node.dtype)


def _random(node: nodes.Random) -> NpArray:
    options = dict(node.options)
    how: dict[str, Any] = {"seed": node.seed, "stream": node.stream, "dtype": node.dtype}
    return blockwise.random(0, node.shape, node.method, node.parameters, options, **how)


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
    nodes.Reduce: _reduce,
    nodes.Kernel: _kernel,
    nodes.Computed: lambda node, source: source if node.number is None else source[node.number],
    nodes.Scan: _scan,
    nodes.MatMul: lambda node, *sources: blockwise.matmul(
        *sources, _whole(sources), node.shape, dtype=node.dtype
    ),
    nodes.Random: _random,
    nodes.Arange: lambda node: blockwise.arange(
        0, node.shape[0], node.start, node.step, node.fixed, node.dtype
    ),
    nodes.Eye: lambda node: blockwise.eye(0, 0, node.shape, node.k, node.dtype),
}
