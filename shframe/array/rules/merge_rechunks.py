"""Rechunks merge: with each other, and with what is read or made in any grid."""

from __future__ import annotations

from shframe.array.expr import nodes
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
