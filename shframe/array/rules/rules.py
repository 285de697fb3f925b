"""Rules: reads take slices and grids into themselves, slices move below elementwise work,
constants fold, and elementwise nodes with a reduction above them become one program.
"""

from __future__ import annotations

from dataclasses import replace

from shframe.array.expr import nodes
from shframe.array.expr.program import Constant, Program, Step, merged
from shframe.graph.plan.expr import Expr, walk
from shframe.graph.plan.rewrite import rule

Fusible = nodes.Elementwise | nodes.Reduce


@rule(on=nodes.Rechunk)
def skip_rechunk(node: nodes.Rechunk) -> nodes.Node | None:
    """Rechunk to the grid that is there, or of a Rechunk: only the outer one counts."""
    source = node.source
    if source.chunks == node.chunks:
        return source
    if isinstance(source, nodes.Rechunk):
        return nodes.Rechunk(source.source, node.chunks, node.dtype)
    return None


@rule(on=nodes.Rechunk)
def read_by_other_chunks(node: nodes.Rechunk) -> nodes.Node | None:
    """Rechunk(FromArray) -> FromArray: all blocks are views of one object anyway."""
    source = node.source
    if isinstance(source, nodes.FromArray):
        fields = (source.ref, source.stored_shape, source.strides, source.in_order)
        return nodes.FromArray(*fields, node.chunks, node.dtype)
    if isinstance(source, nodes.Full):
        return nodes.Full(source.value, node.chunks, node.dtype)
    return None


@rule(on=nodes.Slice)
def read_part(node: nodes.Slice) -> nodes.Node | None:
    """Slice(FromArray) -> FromArray with other starts and steps; places drop axes and stay."""
    source = node.source
    if isinstance(source, nodes.Full):
        return nodes.Full(source.value, node.chunks, node.dtype)
    if not isinstance(source, nodes.FromArray):
        return None
    strides = []
    for (start, step), want in zip(source.strides, node.index, strict=True):
        if isinstance(want, int):
            return None
        strides.append((start + step * want.start, step * want.step))
    fields = (source.ref, source.stored_shape, tuple(strides), source.in_order)
    return nodes.FromArray(*fields, node.chunks, node.dtype)


@rule(on=nodes.Slice)
def push_slice_below_elementwise(node: nodes.Slice) -> nodes.Node | None:
    """Slice(Elementwise(x, y)) -> Elementwise(Slice(x), Slice(y)): compute what is asked for."""
    source = node.source
    if not isinstance(source, nodes.Elementwise):
        return None
    sources = tuple(
        _sliced(each, node, source.ndim) for each in source.sources if isinstance(each, nodes.Node)
    )
    return nodes.Elementwise(source.program, sources, node.chunks, node.dtype)


def _sliced(operand: nodes.Node, node: nodes.Slice, ndim: int) -> nodes.Node:
    """The operand's part of a slice of what it broadcasts to."""
    index: list[slice | int] = []
    chunks = []
    whole = iter(node.chunks)
    for place, want in enumerate(node.index):
        grid = None if isinstance(want, int) else next(whole)
        axis = place - (ndim - operand.ndim)
        if axis < 0:
            continue
        if operand.shape[axis] == 1 and node.source.shape[place] != 1:
            want = 0 if isinstance(want, int) else slice(0, 1, 1)
            grid = None if grid is None else (1,)
        index.append(want)
        if grid is not None:
            chunks.append(grid)
    return nodes.Slice(operand, tuple(index), tuple(chunks), operand.dtype)


@rule(on=nodes.Elementwise)
def fold_constants(node: nodes.Elementwise) -> nodes.Node | None:
    """An operand with one value everywhere is a constant of the program."""
    if not any(isinstance(source, nodes.Full) for source in node.sources):
        return None
    slots: list[int | Constant] = []
    kept: list[Expr] = []
    for source in node.sources:
        if isinstance(source, nodes.Full):
            slots.append(Constant(source.dtype.type(source.value)))
        else:
            slots.append(len(kept))
            kept.append(source)
    program: Program = tuple(
        Step(
            step.operation,
            tuple(slots[o] if isinstance(o, int) and o >= 0 else o for o in step.operands),
            step.dtype,
        )
        for step in node.program
    )
    return nodes.Elementwise(program, tuple(kept), node.chunks, node.dtype)


def fuse_elementwise(plan: Expr) -> Expr:
    """Join elementwise nodes with those below them that nobody else reads, and reductions with
    the elementwise work below them: one program, run tile by tile, block by block."""
    order = list(walk(plan))
    readers: dict[str, set[str]] = {}
    for node in order:
        for child in node.children():
            readers.setdefault(child.token, set()).add(node.token)
    absorbed: dict[str, str] = {}  # a node's token and its root's
    for node in reversed(order):
        if isinstance(node, Fusible) and node.token not in absorbed:
            for token in _absorbed(node, readers):
                absorbed[token] = node.token
    members: dict[str, list[nodes.Elementwise]] = {}
    done: dict[str, Expr] = {}
    for node in order:
        root = absorbed.get(node.token)
        if root is not None and isinstance(node, nodes.Elementwise):
            members.setdefault(root, []).append(node)
        elif isinstance(node, Fusible) and node.token in members:
            done[node.token] = _fused(node, members[node.token], done)
        else:
            done[node.token] = node.with_children([done[c.token] for c in node.children()])
    return done[plan.token]


def _absorbed(root: Fusible, readers: dict[str, set[str]]) -> set[str]:
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


def _fused(root: Fusible, members: list[nodes.Elementwise], done: dict[str, Expr]) -> Expr:
    """The root with the programs of its members, which are in order, and their sources."""
    parts: list[Fusible] = [*members]
    if root.program:
        parts.append(root)
    steps = [(n.token, n.program, [s.token for s in n.sources]) for n in parts]
    program, tokens = merged(steps)
    sources = tuple(done[str(token)] for token in tokens)
    return replace(root, program=program, sources=sources)


def ask_for_blocks(plan: Expr) -> Expr:
    """The plan under a Result, which makes each block a task's own array."""
    if isinstance(plan, nodes.Node) and not isinstance(plan, nodes.Result):
        return nodes.Result(plan, None, plan.chunks, plan.dtype)
    return plan


def into_final(plan: Expr, segment: int) -> Expr:
    """The optimised plan with its blocks filling a lent segment as parts of one array."""
    assert isinstance(plan, nodes.Result), "the last stage puts every plan under a Result"
    return replace(plan, final=segment)
