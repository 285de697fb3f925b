"""Cost: how much work a plan is, before it is lowered, so that little of it stays in the driver."""

from __future__ import annotations

import math

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.program import Program
from shframe.array.expr.reducers import UserReduction
from shframe.graph.plan.expr import Expr, walk
from shframe.graph.tasks.function import UserCode

BLOCK = 8192  # bytes: what a task of its own costs in the driver, some 8 us
JUMP = 128  # bytes that are read in a row in the time of one somewhere in 160 MB, 13 ns
SLOW = 8  # an exponential or a sine takes as long as so many sums
VIEWS = (
    nodes.FromArray,
    nodes.FromBlocks,
    nodes.Slice,
    nodes.Transpose,
    nodes.ExpandDims,
    nodes.BroadcastTo,
    nodes.Concat,
)
FAST = frozenset(
    {np.add, np.subtract, np.multiply, np.divide, np.square, np.sqrt, np.negative, np.absolute}
    | {np.maximum, np.minimum, np.fmax, np.fmin, np.positive, np.conjugate}
    | {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal}
    | {np.logical_and, np.logical_or, np.logical_not, np.isnan, np.isfinite, np.isinf}
)


def cost_of(plan: Expr) -> float:
    """Bytes that the plan passes through its steps; infinite if it calls a user's function."""
    return sum(map(_cost_of_node, walk(plan)))


def calls_user(node: Expr) -> bool:
    """Whether a node calls a user's function: what it does and how long it takes is not known."""
    if isinstance(node, nodes.Kernel):
        return any(isinstance(value, UserCode) for _, value in node.options)
    if isinstance(node, nodes.Reduce):
        return isinstance(node.reducer, UserReduction)
    return isinstance(node, nodes.MapBlocks | nodes.FromDelayed | nodes.FromParts)


def _cost_of_node(node: Expr) -> float:
    if calls_user(node):
        return math.inf
    if isinstance(node, VIEWS):
        return 0
    if isinstance(node, nodes.Elementwise):
        return _cost_of_program(node.program, node) + math.prod(node.numblocks) * BLOCK
    if isinstance(node, nodes.Reduce | nodes.Reductions):
        elements = math.prod(map(sum, node.over))
        blocks = math.prod(map(len, node.over))
        read = sum(each.nbytes for each in node.sources if isinstance(each, nodes.Node))
        steps = _weight(node.program) * elements * 8
        return read + steps + elements * node.dtype.itemsize + blocks * BLOCK
    if isinstance(node, nodes.Take):
        runs = math.prod(node.shape[: node.axis + 1])
        run = math.prod(node.shape[node.axis + 1 :]) * node.dtype.itemsize
        return runs * max(2 * run, JUMP) + math.prod(node.numblocks) * BLOCK
    if isinstance(node, nodes.MatMul):
        return node.nbytes * max(node.one.shape[-1] / 4, 1) + math.prod(node.numblocks) * BLOCK
    if isinstance(node, nodes.Random):
        return node.nbytes * SLOW + math.prod(node.numblocks) * BLOCK
    if isinstance(node, nodes.Kernel):
        read = sum(each.nbytes for each in node.sources if isinstance(each, nodes.Node))
        return read * node.weight + math.prod(map(len, node.over)) * BLOCK
    if isinstance(node, nodes.Node):
        return 2 * node.nbytes + math.prod(node.numblocks) * BLOCK
    return math.inf


def _cost_of_program(program: Program, node: nodes.Elementwise) -> float:
    read = sum(each.nbytes for each in node.sources if isinstance(each, nodes.Node))
    return read + _weight(program) * math.prod(node.shape) * 8


def _weight(program: Program) -> int:
    """How many sums take as long as the program."""
    return sum(1 if step.operation in FAST else SLOW for step in program)
