"""Slices move down: below elementwise work, and into what is read."""

from __future__ import annotations

from shframe.array.expr import nodes
from shframe.graph.plan.rewrite import rule


@rule(on=nodes.Slice)
def read_part(node: nodes.Slice) -> nodes.Node | None:
    """Slice(FromArray) -> FromArray with other starts and steps; not if it drops an axis."""
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
        _slice_operand(each, node, source.ndim)
        for each in source.sources
        if isinstance(each, nodes.Node)
    )
    return nodes.Elementwise(source.program, sources, node.chunks, node.dtype)


def _slice_operand(operand: nodes.Node, node: nodes.Slice, ndim: int) -> nodes.Node:
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
