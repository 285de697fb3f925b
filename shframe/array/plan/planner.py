"""The stages that an array's plan goes through, and which function lowers which node."""

from __future__ import annotations

from shframe.array.expr import nodes
from shframe.array.lower import layout, reduce, values
from shframe.array.lower.block_refs import Piece
from shframe.array.rules import rules
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

PLANNER: Planner[list[Piece]] = Planner(
    (SIMPLIFY, FUSE),
    {
        nodes.FromArray: values.from_array,
        nodes.FromBlocks: values.from_blocks,
        nodes.Full: values.full,
        nodes.Ramp: values.ramp,
        nodes.Eye: values.eye,
        nodes.Random: values.random,
        nodes.Elementwise: values.elementwise,
        nodes.MatMul: values.matmul,
        nodes.Stored: values.stored,
        nodes.MapBlocks: values.map_blocks,
        nodes.Reduce: reduce.reduce,
        nodes.Scan: reduce.scan,
        nodes.Slice: layout.slice_,
        nodes.Take: layout.take,
        nodes.Transpose: layout.transpose,
        nodes.ExpandDims: layout.expand_dims,
        nodes.BroadcastTo: layout.broadcast_to,
        nodes.Rechunk: layout.rechunk,
        nodes.Reshape: layout.reshape,
        nodes.Concat: layout.concat,
        nodes.Result: layout.result,
    },
)
