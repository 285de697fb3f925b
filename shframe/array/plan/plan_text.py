"""The text of a plan: a node a line, as an expression of those below it, which it calls a, b, ...

sum(sqrt(a * a + 1), axis=(0,)): float64 (30)
  from_array: float64 (40, 30) in blocks (3x13+1, 30)
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable
from typing import Any

import numpy as np

from shframe.array.expr import nodes
from shframe.array.expr.moments import Moments, Together
from shframe.array.expr.program import Apply, Constant, Operation, Program, Round, Sign
from shframe.array.expr.reducers import Extreme, Reducer, Ufunc
from shframe.array.grid.chunks import Axis, Chunks
from shframe.graph.plan.expr import Expr

MOST_RUNS = 5  # of blocks of one length: more of them say less
SIGNS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "floor_divide": "//",
    "remainder": "%",
    "power": "**",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "==",
    "not_equal": "!=",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "eq": "==",
    "ne": "!=",
}
REDUCTIONS = {"add": "sum", "multiply": "prod", "minimum": "min", "maximum": "max"}
REDUCTIONS |= {"logical_or": "any", "logical_and": "all", "fmin": "nanmin", "fmax": "nanmax"}


def line_of(node: Expr) -> str:
    """What a node does, its dtype, its shape, and its grid if it has several blocks."""
    what = _WORDS.get(type(node), _plain)(node)
    return f"{what}: {_type_of(node)}" if isinstance(node, nodes.Node) else what


def _type_of(node: nodes.Node) -> str:
    several = any(len(axis) > 1 for axis in node.chunks)
    return f"{node.dtype} {_tuple(node.shape)}" + (
        f" in blocks {grid_text(node.chunks)}" if several else ""
    )


def grid_text(chunks: Chunks) -> str:
    """The lengths of the blocks along each axis: 3x13+1 for 13, 13, 13, 1; how many they are, and
    the least and the most, where no few words say it."""
    return _tuple(map(_axis_text, chunks))


def _axis_text(lengths: Axis) -> str:
    runs = [(length, len(list(some))) for length, some in itertools.groupby(lengths)]
    if len(runs) > MOST_RUNS:
        return f"{len(lengths)} of {min(lengths)} to {max(lengths)}"
    return "+".join(f"{count}x{length}" if count > 1 else str(length) for length, count in runs)


def _tuple(items: Any) -> str:
    shown = [*map(str, items)]
    return f"({shown[0]},)" if len(shown) == 1 else f"({', '.join(shown)})"


def program_text(program: Program, names: list[str]) -> str:
    """A program as an expression of its inputs; a result that is read twice gets a name."""
    counts: dict[int, int] = {}
    for step in program:
        for operand in step.operands:
            if not isinstance(operand, Constant) and operand < 0:
                counts[~operand] = counts.get(~operand, 0) + 1
    texts: list[str] = []
    named: list[str] = []
    for number, step in enumerate(program):
        operands = [
            _constant(each)
            if isinstance(each, Constant)
            else names[each]
            if each >= 0
            else texts[~each]
            for each in step.operands
        ]
        text = _call_text(step.operation, operands, step.dtype)
        if counts.get(number, 0) > 1:
            named.append(f"t{len(named)} = {_bare(text)}; ")
            text = f"t{len(named) - 1}"
        texts.append(text)
    return "".join(named) + _bare(texts[-1])


def _bare(text: str) -> str:
    """The text without brackets around all of it; one that begins so is one of two operands."""
    return text[1:-1] if text.startswith("(") else text


def _call_text(operation: Operation, operands: list[str], dtype: np.dtype[Any]) -> str:
    if isinstance(operation, Sign):
        operation = operation.sign
    name = _name_of(operation)
    if name in SIGNS and len(operands) == 2:
        return f"({operands[0]} {SIGNS[name]} {operands[1]})"
    if name == "cast":
        return f"{dtype}({_bare(operands[0])})"
    if isinstance(operation, Round):
        operands = [*operands, str(operation.decimals)]
    return f"{name}({', '.join(map(_bare, operands))})"


def _name_of(operation: Any) -> str:
    if isinstance(operation, Apply):
        return operation.name
    inner = getattr(operation, "ufunc", operation)
    return str(getattr(inner, "__name__", type(inner).__name__)).lower()


def _constant(constant: Constant) -> str:
    value = constant.value
    return str(value.item() if isinstance(value, np.generic) and value.dtype.kind != "M" else value)


def _inputs(node: Expr) -> list[str]:
    """Letters for the nodes below; one that is read twice has one."""
    letters = itertools.chain(string.ascii_lowercase, (f"x{n}" for n in itertools.count()))
    known: dict[str, str] = {}
    return [
        known[child.token] if child.token in known else known.setdefault(child.token, next(letters))
        for child in node.children()
    ]


def _plain(node: Expr) -> str:
    return type(node).__name__.lower()


def _elementwise(node: nodes.Elementwise) -> str:
    return program_text(node.program, _inputs(node))


def _reduce(node: nodes.Reduce | nodes.Reductions) -> str:
    names = _inputs(node)
    inner = program_text(node.program, names) if node.program else names[0]
    kept = ", keepdims" if node.keepdims else ""
    return f"{_reduction(node.reducer)}({inner}, axis={_tuple(node.axes)}{kept})"


def _reduction(reducer: Reducer) -> str:
    if isinstance(reducer, Moments):
        name = "std" if reducer.root else "var"
        return f"nan{name}" if reducer.skip_nan else name
    if isinstance(reducer, Extreme):
        return "argmax" if reducer.largest else "argmin"
    if isinstance(reducer, Ufunc):
        name = reducer.ufunc.__name__
        return REDUCTIONS.get(name, name)
    if isinstance(reducer, Together):
        return " and ".join(map(_reduction, reducer.reducers))
    return type(reducer).__name__.lower()


def _from_array(node: nodes.FromArray) -> str:
    if all(each == (0, 1) for each in node.strides):
        return "from_array"
    parts = [f"{start}:" if step == 1 else f"{start}::{step}" for start, step in node.strides]
    return f"from_array[{', '.join(parts)}]"


def _slice(node: nodes.Slice) -> str:
    shown = map(_index_text, node.index, node.source.shape)
    return f"a[{', '.join(shown)}]"


def _index_text(want: slice | int, length: int) -> str:
    if isinstance(want, int):
        return str(want)
    if want == slice(0, length, 1):
        return ":"
    stop = "" if want.stop is None else want.stop
    return f"{want.start}:{stop}" + (f":{want.step}" if want.step != 1 else "")


def _random(node: nodes.Random) -> str:
    numbers = "".join(f"{each}, " for each in node.parameters)
    return f"random.{node.method}({numbers}stream={node.stream[0]})"


def _concat(node: nodes.Concat) -> str:
    return f"concat([{', '.join(_inputs(node))}], axis={node.axis})"


def _map_blocks(node: nodes.MapBlocks) -> str:
    return f"map_blocks({node.function.name}, {', '.join(_inputs(node))})"


def _result(node: nodes.Result) -> str:
    return "result" if node.final is None else "result in shared memory"


_WORDS: dict[type[Expr], Callable[[Any], str]] = {
    nodes.FromArray: _from_array,
    nodes.FromBlocks: lambda node: "blocks",
    nodes.FromParts: lambda node: f"from_parts({node.parts.expr.name})",
    nodes.FromDelayed: lambda node: f"from_delayed({node.call._call.name})",
    nodes.Full: lambda node: f"full({node.value})",
    nodes.Arange: lambda node: f"arange({node.start}, step={node.step})",
    nodes.Eye: lambda node: f"eye(k={node.k})",
    nodes.Random: _random,
    nodes.Elementwise: _elementwise,
    nodes.Reduce: _reduce,
    nodes.Reductions: _reduce,
    nodes.Scan: lambda node: f"{node.ufunc.__name__}.accumulate(a, axis={node.axis})",
    nodes.Slice: _slice,
    nodes.Take: lambda node: f"take(a, indices, axis={node.axis})",
    nodes.Transpose: lambda node: f"transpose(a, {_tuple(node.axes)})",
    nodes.ExpandDims: lambda node: f"expand_dims(a, {_tuple(node.axes)})",
    nodes.BroadcastTo: lambda node: "broadcast_to(a)",
    nodes.Rechunk: lambda node: "rechunk(a)",
    nodes.Reshape: lambda node: "reshape(a)",
    nodes.Concat: _concat,
    nodes.MatMul: lambda node: " @ ".join(_inputs(node)),
    nodes.MapBlocks: _map_blocks,
    nodes.Kernel: lambda node: f"{node.call.__name__}({', '.join(_inputs(node))})",
    nodes.Computed: lambda node: "a" if node.number is None else f"a[{node.number}]",
    nodes.Overlap: lambda node: "overlap(a)",
    nodes.Assign: lambda node: "assign(a, b)",
    nodes.Put: lambda node: (
        f"{node.ufunc.__name__ + '.at' if node.ufunc else 'put'}(a, indices, b, axis={node.axis})"
    ),
    nodes.Result: _result,
}
