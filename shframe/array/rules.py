"""Elementwise operations that only each other read become one program."""

from __future__ import annotations

from typing import Any

from shframe.array.kernels import Op
from shframe.array.nodes import Elementwise, Node
from shframe.graph.expr import Expr, rebuild, walk

MOST_OPS = 200  # buffers of a longer program would no longer stay in the cache


def fuse_elementwise(plan: Expr) -> Expr:
    """Elementwise over Elementwise -> one Elementwise, where nobody else reads the inner ones.

    A region grows from the node that others read, downwards: an inner node joins when all that
    read it are in the region, so that nothing is computed twice.
    """
    readers: dict[str, set[str]] = {}
    by_token: dict[str, Expr] = {}
    for node in walk(plan):
        by_token[node.token] = node
        for child in node.children():
            readers.setdefault(child.token, set()).add(node.token)
    replaced: dict[str, Expr] = {}
    taken: set[str] = set()
    for node in reversed(list(walk(plan))):
        if isinstance(node, Elementwise) and node.token not in taken:
            region = _region(node, readers)
            taken |= {inner.token for inner in region}
            if len(region) > 1:
                replaced[node.token] = _program_of(node, region)
    if not replaced:
        return plan
    return _rebuilt(plan, replaced)


def _region(root: Elementwise, readers: dict[str, set[str]]) -> list[Elementwise]:
    """Elementwise nodes of one grid that only the region reads; the root is among them."""
    inside = {root.token: root}
    waiting: list[Elementwise] = [root]
    while waiting and len(inside) < MOST_OPS:
        for child in waiting.pop().sources:
            if (
                isinstance(child, Elementwise)
                and child.token not in inside
                and child.chunks == root.chunks
                and readers[child.token] <= inside.keys()
            ):
                inside[child.token] = child
                waiting.append(child)
                # a node both read may have become free: look at all again
                waiting.extend(n for n in inside.values() if n is not child)
    order = [n for n in walk(root) if n.token in inside]
    return [n for n in order if isinstance(n, Elementwise)]


def _program_of(root: Elementwise, region: list[Elementwise]) -> Elementwise:
    """One node whose program runs those of the region in order."""
    ops: list[Op] = []
    sources: dict[str, int] = {}
    nodes: list[Node] = []
    result: dict[str, int] = {}
    for node in region:
        base = len(ops)
        for op in node.program:
            ops.append(
                Op(
                    op.name,
                    tuple(_slot(s, node, base, result, sources, nodes) for s in op.slots),
                    op.dtype,
                )
            )
        result[node.token] = len(ops) - 1
    return Elementwise(root.chunks, root.dtype, tuple(ops), tuple(nodes))


def _slot(
    slot: tuple[str, Any],
    node: Elementwise,
    base: int,
    result: dict[str, int],
    sources: dict[str, int],
    nodes: list[Node],
) -> tuple[str, Any]:
    kind, value = slot
    if kind == "t":
        return "t", value + base
    if kind == "c":
        return slot
    source = node.sources[value]
    if source.token in result:
        return "t", result[source.token]
    if source.token not in sources:
        sources[source.token] = len(nodes)
        nodes.append(source)
    return "s", sources[source.token]


def _rebuilt(plan: Expr, replaced: dict[str, Expr]) -> Expr:
    """The plan with the joined nodes in place; what lies below them is rebuilt in turn."""
    before = plan
    if before.token in replaced:
        before = replaced[before.token]
    while True:
        after = rebuild(before, lambda node: replaced.get(node.token, node))
        if after.token == before.token:
            return after
        before = after
