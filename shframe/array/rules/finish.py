"""The last pass: every plan ends in a Result, which says where its blocks go."""

from __future__ import annotations

from dataclasses import replace

from shframe.array.expr import nodes
from shframe.graph.plan.expr import Expr


def ask_for_blocks(plan: Expr) -> Expr:
    """The plan under a Result, which makes each block a task's own array."""
    if isinstance(plan, nodes.Node) and not isinstance(plan, nodes.Result):
        return nodes.Result(plan, None, plan.chunks, plan.dtype)
    return plan


def below_result(plan: Expr) -> Expr:
    """The optimised plan without its Result: for what reads its blocks as views, without a copy."""
    assert isinstance(plan, nodes.Result), "the last stage puts every plan under a Result"
    return plan.source


def into_final(plan: Expr, segment: int) -> Expr:
    """The optimised plan with its blocks filling a lent segment as parts of one array."""
    assert isinstance(plan, nodes.Result), "the last stage puts every plan under a Result"
    return replace(plan, final=segment)
