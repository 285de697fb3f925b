"""An operand that has one value everywhere becomes a constant of the program."""

from __future__ import annotations

from shframe.array.expr import nodes
from shframe.array.expr.program import Constant, Program, Step
from shframe.graph.plan.expr import Expr
from shframe.graph.plan.rewrite import rule


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
