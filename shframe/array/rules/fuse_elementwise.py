"""Elementwise nodes, and a reduction above them, become one program, run tile by tile."""

from __future__ import annotations

from dataclasses import replace

from shframe.array.expr import nodes
from shframe.array.expr.program import merge
from shframe.graph.plan.expr import Expr, walk
from shframe.graph.plan.tokens import tokenize

Fusible = nodes.Elementwise | nodes.Reduce


def fuse_elementwise(plan: Expr) -> Expr:
    """Join elementwise nodes with those below them that no other node reads, and reductions with
    the elementwise work below them: one program, run tile by tile, block by block."""
    order = list(walk(plan))
    readers: dict[str, set[str]] = {}
    for node in order:
        for child in node.children():
            readers.setdefault(child.token, set()).add(node.token)
    absorbed: dict[str, str] = {}  # a node's token and its root's
    for node in reversed(order):
        if isinstance(node, Fusible) and node.token not in absorbed:
            for token in _absorb(node, readers):
                absorbed[token] = node.token
    members: dict[str, list[nodes.Elementwise]] = {}
    done: dict[str, Expr] = {}
    for node in order:
        root = absorbed.get(node.token)
        if root is not None and isinstance(node, nodes.Elementwise):
            members.setdefault(root, []).append(node)
        elif isinstance(node, Fusible) and node.token in members:
            done[node.token] = _fuse(node, members[node.token], done)
        else:
            done[node.token] = node.with_children([done[c.token] for c in node.children()])
    return done[plan.token]


def _absorb(root: Fusible, readers: dict[str, set[str]]) -> set[str]:
    """The elementwise nodes on the root's grid that only the root and each other read."""
    grid = root.over if isinstance(root, nodes.Reduce) else root.chunks
    group = {root.token}
    waiting: list[Expr] = [root]
    while waiting:
        for source in waiting.pop().children():
            if (
                isinstance(source, nodes.Elementwise)
                and source.token not in group
                and source.chunks == grid
                and readers[source.token] <= group
            ):
                group.add(source.token)
                waiting.append(source)
    return group - {root.token}


def _fuse(root: Fusible, members: list[nodes.Elementwise], done: dict[str, Expr]) -> Expr:
    """The root with the programs of its members, which are in order, and their sources."""
    parts: list[Fusible] = [*members]
    if root.program:
        parts.append(root)
    steps = [(n.token, n.program, [s.token for s in n.sources]) for n in parts]
    program, tokens = merge(steps)
    sources = tuple(done[str(token)] for token in tokens)
    made = replace(root, program=program, sources=sources)
    # it has the values of the root, whose token is made of all of this: not to be digested again
    made.__dict__["token"] = tokenize("fused", root.token)
    return made
