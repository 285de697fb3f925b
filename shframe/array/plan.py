"""The stages of an array's plan and the lowering of each node: start reading here."""

from __future__ import annotations

from shframe.array import lower, nodes
from shframe.array.rules import fuse_elementwise
from shframe.graph.planner import Planner
from shframe.graph.rewrite import Stage

PLANNER = Planner(
    stages=(Stage("fuse elementwise", passes=(fuse_elementwise,)),),
    lowerings={
        nodes.FromObject: lower.lower_from_object,
        nodes.FromBlocks: lower.lower_from_blocks,
        nodes.Made: lower.lower_made,
        nodes.Elementwise: lower.lower_elementwise,
        nodes.Reduce: lower.lower_reduce,
        nodes.Slice: lower.lower_slice,
        nodes.Transpose: lower.lower_transpose,
        nodes.Rechunk: lower.lower_rechunk,
        nodes.Reshape: lower.lower_reshape,
        nodes.Broadcast: lower.lower_broadcast,
        nodes.Concat: lower.lower_concat,
        nodes.MatMul: lower.lower_matmul,
        nodes.Along: lower.lower_along,
        nodes.MapBlocks: lower.lower_map_blocks,
        nodes.Whole: lower.lower_whole,
    },
)
