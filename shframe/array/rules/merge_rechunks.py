"""Rechunks merge: with each other, and with what is read, made or computed in any grid."""

from __future__ import annotations

from shframe.array.expr import nodes
from shframe.array.grid import chunks as grids
from shframe.graph.plan.rewrite import rule


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


@rule(on=nodes.Rechunk)
def compute_by_other_chunks(node: nodes.Rechunk) -> nodes.Node | None:
    """Rechunk(Elementwise(FromArray)) -> Elementwise(FromArray): what is stored is read as it is to
    be computed."""
    source = node.source
    if not isinstance(source, nodes.Elementwise) or not source.sources:
        return None
    sources = []
    for each in source.sources:
        if not isinstance(each, nodes.FromArray | nodes.Full):
            return None
        sources.append(nodes.on_grid(each, grids.fit(node.chunks, each.shape)))
    return nodes.Elementwise(source.program, tuple(sources), node.chunks, node.dtype)
