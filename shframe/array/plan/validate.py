"""Validation of plans, for tests and SHFRAME_CHECK=1: what rules and lowerings have to keep."""

from __future__ import annotations

import math

from shframe.array.expr import nodes
from shframe.array.expr.program import Constant, Program
from shframe.array.grid import chunks as grids
from shframe.array.lower.block_refs import Layer
from shframe.graph.plan.expr import Expr, walk


def check_rewriting(before: Expr, after: Expr) -> None:
    """What stands in the place of a node, or of a plan, has its shape, dtype and grid, and each of
    its nodes is whole."""
    assert isinstance(before, nodes.Node), f"{before.name} is no array"
    assert isinstance(after, nodes.Node), f"{before.name} became {after.name}, which is no array"
    for what in ("shape", "dtype", "chunks"):
        old, new = getattr(before, what), getattr(after, what)
        assert old == new, f"{what} {old} of {before.name} became {new} of {after.name}"
    for node in walk(after):
        check_node(node)


def check_node(node: Expr) -> None:
    """The fields of a node agree with each other and with the nodes below it."""
    below = [child for child in node.children() if isinstance(child, nodes.Node)]
    if isinstance(node, (nodes.Elementwise, nodes.Reduce, nodes.Reductions)):
        grid = node.chunks if isinstance(node, nodes.Elementwise) else node.over
        for source in below:
            fitted = grids.fit(grid, source.shape)
            assert source.chunks == fitted, f"{source.name} is not on the grid of {node.name}"
        _check_program(node.program, len(node.sources), node.name)
    if isinstance(node, nodes.Elementwise):
        assert node.program, f"{node.name} has no step"
        assert node.program[-1].dtype == node.dtype, f"{node.name} is not of its last step's dtype"
    if isinstance(node, nodes.Slice):
        assert len(node.index) == node.source.ndim, f"{node.name} does not name each axis"
        lengths = tuple(grids.length_of(w) for w in node.index if isinstance(w, slice))
        assert lengths == node.shape, f"{node.name} has the shape {node.shape}, not {lengths}"
    if isinstance(node, (nodes.Rechunk, nodes.Result)):
        assert node.shape == node.source.shape, f"{node.name} changes the shape"
    if isinstance(node, nodes.Reshape):
        assert math.prod(node.shape) == math.prod(node.source.shape), f"{node.name} loses elements"
        for grid in (node.chunks, node.source.chunks):
            assert grids.contiguous(grid), f"{node.name} reads blocks that are no runs: {grid}"
    if isinstance(node, nodes.Kernel):
        _check_labels(node)
    if isinstance(node, nodes.MatMul):
        inner = (node.one.chunks[-1], node.other.chunks[-2])
        assert inner[0] == inner[1], f"{node.name} multiplies blocks of {inner[0]} and {inner[1]}"


def _check_labels(node: nodes.Kernel) -> None:
    """Each axis of a source has the blocks of the axis of the grid that it follows, or one."""
    for source, labels in zip(node.sources, node.labels, strict=True):
        assert isinstance(source, nodes.Node), f"{source.name} is no array"
        assert len(labels) == source.ndim, f"{node.name} does not name each axis of {source.name}"
        for label, count in zip(labels, source.numblocks, strict=True):
            fits = label is None or count in (1, len(node.over[label]))
            assert fits, f"{source.name} has {count} blocks, {node.name} {node.over}"


def _check_program(program: Program, inputs: int, name: str) -> None:
    for number, step in enumerate(program):
        for operand in step.operands:
            if not isinstance(operand, Constant):
                known = operand < inputs if operand >= 0 else ~operand < number
                assert known, f"step {number} of {name} reads what no step has made: {operand}"


def check_layer(node: Expr, layer: Layer) -> None:
    """A block for each position of the grid; each task of the layer has a key of its own."""
    keys = [task.key for task in layer.tasks]
    assert len(set(keys)) == len(keys), f"two tasks of {node.name} have one key"
    calls = isinstance(node, nodes.FromDelayed | nodes.FromParts)  # which have names of their own
    strange = [key for key in keys if not calls and not key.name.startswith(node.name)]
    assert not strange, f"{node.name} makes tasks of other nodes: {strange[0]}"
    if isinstance(node, nodes.Node):
        count = math.prod(node.numblocks)
        assert len(layer.keys) == count, f"{node.name}: {len(layer.keys)} keys of {count} blocks"
