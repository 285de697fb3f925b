"""The stages that an array's plan goes through, and which function lowers which node."""

from __future__ import annotations

from shframe.array import lower, lower_layout, lower_reduce, nodes, rules
from shframe.graph.plan.planner import Planner
from shframe.graph.plan.rewrite import Stage

SIMPLIFY = Stage(
    "simplify",
    rules=(
        rules.skip_rechunk,
        rules.read_by_other_chunks,
        rules.read_part,
        rules.push_slice_below_elementwise,
        rules.fold_constants,
    ),
)
FUSE = Stage("fuse", passes=(rules.fuse_elementwise, rules.ask_for_blocks))

PLANNER = Planner(
    (SIMPLIFY, FUSE),
    {
        nodes.FromArray: lower.from_array,
        nodes.FromBlocks: lower.from_blocks,
        nodes.Full: lower.full,
        nodes.Ramp: lower.ramp,
        nodes.Eye: lower.eye,
        nodes.Random: lower.random,
        nodes.Elementwise: lower.elementwise,
        nodes.MatMul: lower.matmul,
        nodes.Stored: lower.stored,
        nodes.MapBlocks: lower.map_blocks,
        nodes.Reduce: lower_reduce.reduce,
        nodes.Scan: lower_reduce.scan,
        nodes.Slice: lower_layout.slice_,
        nodes.Take: lower_layout.take,
        nodes.Transpose: lower_layout.transpose,
        nodes.ExpandDims: lower_layout.expand_dims,
        nodes.BroadcastTo: lower_layout.broadcast_to,
        nodes.Rechunk: lower_layout.rechunk,
        nodes.Reshape: lower_layout.reshape,
        nodes.Concat: lower_layout.concat,
        nodes.Result: lower_layout.result,
    },
)
