"""Evaluation: from the node of an array to its values, or to blocks that stay where they are."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from shframe import session
from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.grid import chunks as grids
from shframe.array.plan.cost import cost_of
from shframe.array.plan.direct import evaluate_directly
from shframe.array.plan.planner import PLANNER
from shframe.array.rules.finish import into_final
from shframe.array.rules.merge_blocks import merge_result_blocks
from shframe.executor_choice import planned_for
from shframe.graph.executors.cluster import values
from shframe.graph.objects.shared_output import Final
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.rewrite import is_checking
from shframe.graph.tasks import result_buffer
from shframe.graph.tracing.trace import Trace
from shframe.lazy.collection import is_shown, note_assembly, run_graph
from shframe.lazy.run_here import run_here
from shframe.options import Options
from shframe.session import Session
from shframe.store.codec.numpy_codec import array_header

LEAST_FINAL = 1 << 20  # bytes; a smaller result is put together in the driver
# Bytes that pass through the steps of an array's plan for each byte of a frame's, whose kernels
# take that much longer. Up to so many the driver is done before two workers would be.
SHARE = 64


def evaluate(node: Node, progress: bool | None = None, executor: Any = None) -> Any:
    """The values as an ordinary, writable, C-ordered array; a scalar when there are no axes.

    Cost: large results are written by the workers into the memory of the result; none is copied
        after. From a cluster the blocks come over the wire, and are put together here. A few
        megabytes are computed in the calling process.
    """
    current = session.current()
    where = current.where(executor)  # says what is wrong with it before the work
    if where is current.executor and not is_shown(progress):
        found = _directly(node, current)
        if found is not None:
            return found
    with planned_for(where):
        plan = merge_result_blocks(PLANNER.optimized(node))
    silent_here = where is current.executor and not is_shown(progress)
    if silent_here and _belongs_here(plan, current.options):
        graph, _ = PLANNER.graph(plan, fuse=False)
        return _assemble(run_here(graph, current), node, plan)
    if node.nbytes >= LEAST_FINAL and where.lends and not node.dtype.hasobject:
        with Final(current.executor, node.nbytes) as final:
            graph, _ = PLANNER.graph(into_final(plan, final.segment))
            run_graph(graph, progress, executor)
            ref = final.seal(array_header(node.dtype, node.shape, "C"))
        return ref.value(writable=True)
    with planned_for(where):
        graph, _ = PLANNER.graph(plan)
    refs = run_graph(graph, progress, executor)
    start = time.monotonic()
    result = _assemble(values(refs), node, plan)
    note_assembly(len(refs), time.monotonic() - start)
    return result


def _directly(node: Node, current: Session) -> Any:
    """The values of what is too small for a plan; None for anything else, and if it fails: the
    tasks then say where. Where plans are to be checked each one is made."""
    if current.options.inline_bytes == 0 or result_buffer.is_shared() or is_checking():
        return None
    try:
        made = evaluate_directly(node)
    except Exception:
        return None
    if made is None:
        return None
    current.last_trace = trace = Trace()
    trace.notes.append("computed in the driver, without tasks")
    if not made.ndim:
        return made[()]
    whole = made.flags.c_contiguous and made.flags.owndata and made.flags.writeable
    return made if whole else made.copy(order="C")


def _belongs_here(plan: Expr, options: Options) -> bool:
    """Whether the plan is done before a worker would have begun.

    Not in a worker: memory of its results belongs to the task that runs.
    """
    most = options.inline_bytes * SHARE
    return most > 0 and not result_buffer.is_shared() and cost_of(plan) < most


def _assemble(blocks: Iterable[Any], node: Node, plan: Expr) -> Any:
    """One array of all blocks of a plan, given in C order."""
    assert isinstance(plan, Node)
    if not node.shape:
        (block,) = blocks
        return block[()]
    result: np.ndarray[Any, Any] | None = None
    for bounds, block in zip(grids.bounds(plan.chunks), blocks, strict=True):
        if result is None:
            if block.shape == node.shape and _is_ordinary(block, node):
                return block
            result = np.empty(node.shape, node.dtype)
        result[bounds] = block
    return result


def _is_ordinary(block: np.ndarray[Any, Any], node: Node) -> bool:
    """Whether the only block is what the user may have."""
    plain = block.flags.c_contiguous and block.flags.writeable
    return plain and block.flags.owndata and block.dtype == node.dtype


def blocks_of(node: Node) -> list[Any]:
    """The values of the blocks, in C order, whatever their shapes are."""
    current = session.current()
    plan = PLANNER.optimized(node)
    if not is_shown(None) and _belongs_here(plan, current.options):
        return run_here(PLANNER.graph(plan, fuse=False)[0], current)
    return list(values(run_graph(PLANNER.graph(plan)[0], None, None)))


def persist(node: Node, progress: bool | None = None, executor: Any = None) -> Node:
    """The array with its blocks computed and kept where they were made."""
    with planned_for(session.current().where(executor)):
        graph, _ = PLANNER.graph(PLANNER.optimized(node))
    refs = run_graph(graph, progress, executor)
    return nodes.FromBlocks(tuple(refs), node.chunks, node.dtype)
