"""Memory: what a plan is going to hold, told before it runs.

A value is as large as its block. The tasks are gone through one after the other, as they would be
by one worker: what is alive then is what the plan needs at least. Stored arrays are read in place
and are not counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from shframe import session
from shframe.array.expr import nodes
from shframe.array.plan.plan_text import line_of
from shframe.array.plan.planner import PLANNER
from shframe.graph.plan.expr import Expr, walk
from shframe.graph.tasks.task import Key
from shframe.graph.tasks.task_graph import TaskGraph
from shframe.store.byte_sizes import format_bytes


@dataclass(frozen=True, slots=True)
class Forecast:
    """alive: bytes of the largest set of values that are alive at once, and `step`, the name of the
    node at which it is; task, task_step: bytes that a task reads and makes, the most."""

    alive: int
    step: str
    task: int
    task_step: str


def forecast(plan: Expr) -> Forecast:
    """What the tasks of an optimised plan hold. Cost: as much as making the tasks."""
    graph, _ = PLANNER.graph(plan, fuse=False)
    return _follow(graph, _sizes(plan))


def _sizes(plan: Expr) -> dict[str, int]:
    """Bytes of the largest block of each node that has tasks, by the name of these."""
    sizes: dict[str, int] = {}
    for node in walk(plan):
        if isinstance(node, nodes.Node):
            sizes[node.name] = size = _largest_block(node)
            if isinstance(node, nodes.Computed):  # items of what its kernel returns
                known = sizes.get(node.source.name, 0)
                sizes[node.source.name] = max(known, size) if node.number is None else known + size
    return sizes


def _largest_block(node: nodes.Node) -> int:
    return math.prod(max(lengths, default=0) for lengths in node.chunks) * node.dtype.itemsize


def _follow(graph: TaskGraph, sizes: dict[str, int]) -> Forecast:
    order = graph.sorted_keys()
    readers = graph.readers(order)
    outputs = set(graph.outputs)
    alive = most = largest = 0
    step = largest_step = ""
    for key in order:
        inputs = dict.fromkeys(graph.tasks[key].inputs)
        own = _size_of(key, sizes)
        needs = own + sum(_size_of(source, sizes) for source in inputs)
        alive += own
        if alive > most:
            most, step = alive, _node_of(key)
        if needs > largest:
            largest, largest_step = needs, _node_of(key)
        for source in inputs:
            readers[source] -= 1
            if not readers[source] and source in graph.tasks and source not in outputs:
                alive -= _size_of(source, sizes)
    return Forecast(most, step, largest, largest_step)


def _node_of(key: Key) -> str:
    """The name of the node that a task is of: parts of one have words behind it."""
    return "-".join(key.name.split("-")[:2])


def _size_of(key: Key, sizes: dict[str, int]) -> int:
    return sizes.get(_node_of(key), 0)


def memory_text(plan: Expr) -> str:
    """Blocks and bytes of the result, the largest set of values alive, and what does not fit."""
    assert isinstance(plan, nodes.Node)
    found = forecast(plan)
    named = {node.name: node for node in walk(plan)}
    count = math.prod(plan.numblocks)
    blocks = "1 block" if count == 1 else f"{count} blocks"
    most = format_bytes(_largest_block(plan))
    lines = [
        f"result: {format_bytes(plan.nbytes)} in {blocks} of {most} at most",
        f"largest set alive: {format_bytes(found.alive)}, at {_shown(named, found.step)}",
        f"largest task: {format_bytes(found.task)}, of {_shown(named, found.task_step)}",
    ]
    budget = session.current().options.budget
    if found.task > budget:
        lines += _advice(named[found.task_step], found.task, budget)
    elif found.alive > budget:
        lines.append(f"more than the memory, {format_bytes(budget)}: some of it goes to a file")
    return "\n".join(lines)


def _shown(named: dict[str, Expr], name: str) -> str:
    return line_of(named[name]).split(":")[0] if name in named else "none"


def _advice(node: Expr, needed: int, budget: int) -> list[str]:
    """What to do about a task that has no room."""
    what = line_of(node).split(":")[0]
    lines = [f"does not fit: {what} needs {format_bytes(needed)} of {format_bytes(budget)}"]
    if isinstance(node, nodes.Node) and math.prod(node.numblocks) > 1:
        share = budget / (2 * needed)
        # a block of a product reads as much as it has rows and columns, not elements
        share = share**2 if isinstance(node, nodes.MatMul) else share
        size = max(int(_largest_block(node) * share), 1)
        return [*lines, f"  blocks of {format_bytes(size)} would fit: rechunk what it reads"]
    return [*lines, "  all of it is one block: no chunks would do but more memory"]
