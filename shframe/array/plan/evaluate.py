"""Evaluation: from the node of an array to its values, or to blocks that stay where they are."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from shframe import session
from shframe.array.expr import nodes
from shframe.array.expr.nodes import Node
from shframe.array.grid import chunks as grids
from shframe.array.plan.planner import PLANNER
from shframe.array.rules.finish import into_final
from shframe.executor_choice import planned_for
from shframe.graph.executors.cluster import values
from shframe.graph.objects.object_ref import ObjectRef
from shframe.graph.objects.shared_output import Final
from shframe.lazy.collection import Collection, _note
from shframe.store.codec.numpy_codec import array_header

LEAST_FINAL = 1 << 20  # bytes; a smaller result is put together in the driver


def evaluate(node: Node, progress: bool | None = None, executor: Any = None) -> Any:
    """The values as an ordinary, writable, C-ordered array; a scalar when there are no axes.

    Cost: large results are written by the workers into the memory of the result; none is copied
        after. From a cluster the blocks come over the wire, and are put together here.
    """
    current = session.current()
    if node.nbytes >= LEAST_FINAL and current.where(executor).lends:
        plan = PLANNER.optimized(node)
        with Final(current.executor, node.nbytes) as final:
            graph, _ = PLANNER.graph(into_final(plan, final.segment))
            Collection._run_graph(graph, progress, executor)
            ref = final.seal(array_header(node.dtype, node.shape, "C"))
        return ref.value(writable=True)
    refs = _run(node, progress, executor)
    start = time.monotonic()
    result = _assembled(refs, node)
    _note(len(refs), time.monotonic() - start)
    return result


def _run(node: Node, progress: bool | None, executor: Any) -> list[ObjectRef]:
    with planned_for(session.current().where(executor)):
        graph, _ = PLANNER.graph(PLANNER.optimized(node))
    return Collection._run_graph(graph, progress, executor)


def _assembled(refs: list[ObjectRef], node: Node) -> Any:
    """One array of all blocks."""
    if not node.shape:
        return refs[0].value()[()]
    result = np.empty(node.shape, node.dtype)
    for place, block in zip(grids.bounds(node.chunks), values(refs), strict=True):
        result[place] = block
    return result


def persisted(node: Node, progress: bool | None = None, executor: Any = None) -> Node:
    """The array with its blocks computed and kept where they were made."""
    refs = _run(node, progress, executor)
    return nodes.FromBlocks(tuple(refs), node.chunks, node.dtype)
