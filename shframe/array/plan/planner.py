"""The stages that an array's plan goes through, and which function lowers which node."""

from __future__ import annotations

from shframe.array.expr import nodes
from shframe.array.lower import assign, calls, layout, reduce, values
from shframe.array.lower.block_refs import BlockRef
from shframe.array.plan.validate import check_layer, check_rewriting
from shframe.array.rules.finish import ask_for_blocks
from shframe.array.rules.fold_constants import fold_constants
from shframe.array.rules.fuse_elementwise import fuse_elementwise
from shframe.array.rules.merge_blocks import merge_reduced_blocks
from shframe.array.rules.merge_rechunks import (
    compute_by_other_chunks,
    read_by_other_chunks,
    skip_rechunk,
)
from shframe.array.rules.push_slices import push_slice_below_elementwise, read_part
from shframe.array.rules.read_once import read_once
from shframe.graph.plan.planner import Planner
from shframe.graph.plan.rewrite import Stage

SIMPLIFY = Stage(
    "simplify",
    rules=(
        skip_rechunk,
        read_by_other_chunks,
        compute_by_other_chunks,
        read_part,
        push_slice_below_elementwise,
        fold_constants,
    ),
    check=check_rewriting,
)
FUSE = Stage(
    "fuse",
    passes=(fuse_elementwise, merge_reduced_blocks, read_once, ask_for_blocks),
    check=check_rewriting,
)

PLANNER: Planner[list[BlockRef]] = Planner(
    (SIMPLIFY, FUSE),
    {
        nodes.FromArray: values.from_array,
        nodes.FromBlocks: values.from_blocks,
        nodes.FromDelayed: values.from_delayed,
        nodes.FromParts: values.from_parts,
        nodes.Full: values.full,
        nodes.Arange: values.arange,
        nodes.Eye: values.eye,
        nodes.Random: values.random,
        nodes.Elementwise: values.elementwise,
        nodes.MatMul: values.matmul,
        nodes.Stored: values.stored,
        nodes.MapBlocks: values.map_blocks,
        nodes.Kernel: calls.kernel,
        nodes.Computed: calls.computed,
        nodes.Overlap: layout.overlap,
        nodes.Assign: assign.assign,
        nodes.Put: assign.put,
        nodes.Reduce: reduce.reduce,
        nodes.Reductions: reduce.reduce,
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
    check=check_layer,
)
