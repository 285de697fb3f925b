"""A frame's plan as text: relations a line each, columns as pandas would have them written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Any

import numpy as np

from shframe.dataframe.expr import relations as rel
from shframe.dataframe.expr.base import Literal, RowWise, Value
from shframe.dataframe.expr.columns import (
    Attribute,
    Column,
    Condition,
    Evaluate,
    IsIn,
    IsMember,
    IsNearFirst,
    Method,
    OfWords,
    Operation,
    RowLabels,
    Unary,
)
from shframe.dataframe.expr.ordered import Quantiles
from shframe.dataframe.expr.values import (
    AllRows,
    Computed,
    Find,
    Given,
    Members,
    Reduction,
    RowCount,
    ValueOperation,
)
from shframe.dataframe.kernels.arguments import Place
from shframe.dataframe.sources import pruning
from shframe.graph.plan.expr import Expr, walk
from shframe.graph.tasks.function import UserCode
from shframe.store.byte_sizes import format_bytes

MOST_ITEMS = 6  # of a list that is shown
MOST_DEEP = 40  # operations within operations that are shown
SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "and_": "&", "or_": "|", "xor": "^",
}  # fmt: skip
DEFAULTS = (("skipna", True), ("ddof", 1))  # options that need not be shown
_PREFIX = {"neg": "-", "pos": "+", "invert": "~"}


def plan_text(root: Expr, notes: Mapping[str, str] | None = None) -> str:
    """The plan as indented lines; a relation that was shown before is named by its number.

    notes: what is said of nodes at the ends of their lines, by their tokens.
    """
    notes = notes or {}
    seen: dict[str, int] = {}
    lines: list[str] = []
    stack = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        indent = "  " * depth
        if node.token in seen:
            lines.append(f"{indent}(as in line {seen[node.token]})")
            continue
        line = describe(node)
        said = notes.get(node.token, "")
        lines.append(f"{indent}{line.text}{said and '  '}{said}")
        if line.children:
            seen[node.token] = len(lines)
        stack.extend((child, depth + 1) for child in reversed(line.children))
    return "\n".join(lines)


@dataclass
class Line:
    """One node as a line, and the relations that go below it."""

    text: str
    children: list[Expr]


def describe(node: Expr) -> Line:
    """The line of a node: what it is, with the columns that it names written out."""
    words = Words()
    if _is_column(node):
        text = words.of(node)
        shown = f"Rows{text[4:]}" if text.startswith("rows") else f"Column {text}"
        return Line(shown, words.bases)
    if isinstance(node, Value):
        return Line(f"Value {words.of(node)}", words.bases)
    return Line(words.relation(node), words.bases)


def _is_column(node: Expr) -> bool:
    """Whether a node is written as an expression of columns, not as a line of its own."""
    found = (IsMember, IsNearFirst, OfWords, Condition, Attribute, Evaluate)
    return isinstance(node, (Column, RowLabels, Operation, Unary, Method, *found))


@dataclass
class Words:
    """Writes the expressions of one line; bases: the relations that they stand on, in order."""

    bases: list[Expr] = field(default_factory=list)
    depth: int = 0

    def base(self, node: Expr) -> str:
        """How a relation is called in the line: not at all if it is the first one below it."""
        tokens = [one.token for one in self.bases]
        if node.token not in tokens:
            self.bases.append(node)
            tokens.append(node.token)
        number = tokens.index(node.token)
        return "" if number == 0 else f"#{number + 1}"

    # --- expressions ----------------------------------------------------------------------

    def of(self, node: Any, inner: bool = False) -> str:
        """An operand as text; inner: whether an operation needs brackets there."""
        if isinstance(node, Literal):
            return show(node.value)
        if isinstance(node, OfWords | Condition):
            node = node.expression
        if self.depth >= MOST_DEEP:
            return "..."
        self.depth += 1
        text = self.expression(node)
        self.depth -= 1
        bracketed = isinstance(node, Operation | ValueOperation | Evaluate)
        return f"({text})" if inner and bracketed else text

    @singledispatchmethod
    def expression(self, node: Any) -> str:
        """An expression of columns or values; any other relation stands for its rows."""
        return self.base(node) or "rows"

    @expression.register
    def _(self, node: Column) -> str:
        label = str(node.label) if _is_name(node.label) else f"[{node.label!r}]"
        if isinstance(node.source, RowWise) and _is_column(node.source):
            return f"{self.of(node.source, inner=True)}.{label}"
        base = self.base(node.source)
        return f"{base}.{label}" if base else label

    @expression.register
    def _(self, node: RowLabels) -> str:
        return f"index({self.of(node.source)})"

    @expression.register(Operation)
    @expression.register(ValueOperation)
    def _(self, node: Operation | ValueOperation) -> str:
        return f"{self.of(node.left, True)} {SIGNS[node.op]} {self.of(node.right, True)}"

    @expression.register
    def _(self, node: Unary) -> str:
        operand = self.of(node.source, inner=True)
        return _PREFIX[node.op] + operand if node.op in _PREFIX else f"{node.op}({operand})"

    @expression.register
    def _(self, node: IsIn) -> str:
        return f"{self.of(node.source, True)} in {self._argument(node.options, _inputs(node))}"

    @expression.register
    def _(self, node: IsMember) -> str:
        return f"{self.of(node.source, True)} in {self.of(node.members)}"

    @expression.register
    def _(self, node: IsNearFirst) -> str:
        source = node.source
        self.base(source.source if isinstance(source, rel.Project) else source)
        which = f"{'last' if node.from_end else 'first'} {node.count}"
        return f"near the {which} of [{_names(node.keys)}] by {_keys([node.by], [node.ascending])}"

    @expression.register
    def _(self, node: Members) -> str:
        return f"look-up of {self.of(node.source)}"

    @expression.register
    def _(self, node: Method) -> str:
        inputs = _inputs(node)
        given = [self._argument(one, inputs) for one in node.arguments.args]
        named = [f"{k}={self._argument(v, inputs)}" for k, v in node.arguments.kwargs]
        owner = self.of(node.source, inner=True)
        return f"{owner}.{node.path}({', '.join([*given, *named])})"

    @expression.register
    def _(self, node: Attribute) -> str:
        return f"{self.of(node.source, inner=True)}.{node.accessor}.{node.attribute}"

    @expression.register
    def _(self, node: Evaluate) -> str:
        self.base(node.source)
        return node.text.strip()

    @expression.register
    def _(self, node: Reduction) -> str:
        given = (one for one in node.options if one not in DEFAULTS)
        options = [f"{name}={value!r}" for name, value in given]
        return f"{node.how}({', '.join([self.of(node.source), *options])})"

    @expression.register
    def _(self, node: Quantiles) -> str:
        asked = "" if node.quantiles is None else f", {show(node.quantiles)}"
        return f"{'quantile' if asked else 'median'}({self.of(node.source)}{asked})"

    @expression.register
    def _(self, node: RowCount) -> str:
        return f"len({self.of(node.source)})"

    @expression.register
    def _(self, node: Find) -> str:
        return f"{node.partial.__name__}({self.of(node.source)})"

    @expression.register
    def _(self, node: Computed) -> str:
        if not node.sources and "value" in node.params.values:
            return show(node.params.values["value"])
        operands = [self.of(one) for one in node.sources]
        shown = [f"{k}={show(v)}" for k, v in node.params.values.items() if v not in ((), {})]
        return f"{node.kernel.__name__}({', '.join([*operands, *shown])})"

    @expression.register
    def _(self, node: AllRows) -> str:
        return f"values of {self.of(node.sources[0])}"

    @expression.register
    def _(self, node: Given) -> str:
        return f"<{type(node.held.value).__name__}>"

    def _argument(self, value: Any, inputs: list[Expr]) -> str:
        if isinstance(value, Place):
            return self.of(inputs[value.number])
        return show(value)

    # --- relations ------------------------------------------------------------------------

    @singledispatchmethod
    def relation(self, node: Any) -> str:
        """The line of a relation; its sources go below it."""
        for child in node.children():
            self.base(child)
        return type(node).__name__

    @relation.register
    def _(self, node: rel.FromParts) -> str:
        nbytes = sum(part.nbytes for part in node.parts)
        return f"In memory ({_many(len(node.parts), 'partition')}, {format_bytes(nbytes)})"

    @relation.register
    def _(self, node: rel.ReadParquet) -> str:
        return f"Read {node.source.title} ({', '.join(_facts_of(node))})"

    @relation.register
    def _(self, node: rel.ReadCsv) -> str:
        return f"Read {node.source.title} (CSV, {format_bytes(node.source.size)})"

    @relation.register
    def _(self, node: rel.Project) -> str:
        self.base(node.source)
        return f"Project {_names(node.labels)}"

    @relation.register
    def _(self, node: rel.Filter) -> str:
        kept = node.source if isinstance(node.source, rel.Project) else None
        if kept is not None and kept.token not in {one.token for one in walk(node.condition)}:
            self.base(kept.source)
            return f"Filter {self.of(node.condition)}, keep {_names(kept.labels)}"
        self.base(node.source)
        return f"Filter {self.of(node.condition)}"

    @relation.register
    def _(self, node: rel.Assign) -> str:
        self.base(node.source)
        return f"Assign {node.label} = {self._assigned(node)}"

    def _assigned(self, node: rel.Assign) -> str:
        if isinstance(node.column, Literal):
            return self._argument(node.column.value, list(node.given))
        return self.of(node.column)

    @relation.register
    def _(self, node: rel.Map) -> str:
        for child in node.children():
            self.base(child)
        function = node.params.values.get("function")
        if isinstance(function, UserCode):
            return f"Map partitions {function.name}"
        return f"Map {node.kernel.__name__}({_shown(node.params.values)})"

    @relation.register
    def _(self, node: rel.UnifyDtypes) -> str:
        self.base(node.source)
        return "Unify dtypes"

    @relation.register
    def _(self, node: rel.Whole) -> str:
        for child in node.sources:
            self.base(child)
        values = node.params.values
        return f"Whole {values.get('name') or node.kernel.__name__}"

    @relation.register
    def _(self, node: rel.BringTogether) -> str:
        self.base(node.sources[0])
        return "Bring together"

    @relation.register
    def _(self, node: rel.Aggregate) -> str:
        self.base(node.source)
        calls = [_call_of(output) for output in node.plan.outputs]
        return f"Aggregate by [{_names(node.plan.names)}]: {_some(calls)}"

    @relation.register
    def _(self, node: rel.Join) -> str:
        self.base(node.left)
        self.base(node.right)
        left, right = _names(node.left_on), _names(node.right_on)
        keys = f"[{left}]" if left == right else f"[{left}] = [{right}]"
        return f"Join {node.how} on {keys}{'' if node.ordered else ', in any order'}"

    @relation.register
    def _(self, node: rel.Sort) -> str:
        self.base(node.source)
        return f"Sort by {_keys(node.by or ('index',), node.ascending)}"

    @relation.register
    def _(self, node: rel.FirstSorted) -> str:
        self.base(node.source)
        return f"First {node.count} by {_keys(node.by, node.ascending)}"

    @relation.register
    def _(self, node: rel.Limit) -> str:
        self.base(node.source)
        return f"Limit {'last ' if node.last else ''}{node.count}"

    @relation.register
    def _(self, node: rel.Distinct) -> str:
        self.base(node.source)
        of = "" if node.subset is None else f" on [{_names(node.subset)}]"
        return f"Distinct{of}, keep {node.keep}"

    @relation.register
    def _(self, node: rel.TopRows) -> str:
        self.base(node.source)
        by = "" if node.by is None else f" by {_names(node.by)}"
        return f"{'Largest' if node.largest else 'Smallest'} {node.count}{by}"

    @relation.register
    def _(self, node: rel.ValueCounts) -> str:
        return f"Count values of {self.of(node.source)}"

    @relation.register
    def _(self, node: rel.Repartition) -> str:
        self.base(node.source)
        return f"Repartition into {node.count}"

    @relation.register
    def _(self, node: rel.NumberRows) -> str:
        self.base(node.source)
        return "Number rows"


def _keys(labels: Iterable[Any], ascending: Iterable[bool]) -> str:
    pairs = zip(labels, ascending, strict=True)
    return ", ".join(f"{one}{'' if up else ' descending'}" for one, up in pairs)


def _inputs(node: Method) -> list[Expr]:
    """What the places among a method's arguments stand for, in order."""
    return [*node.others, *node.given]


def _call_of(output: Any) -> str:
    how = output.how if isinstance(output.how, str) else output.how.name
    call = f"{how}({'' if output.column is None else output.column})"
    plain = output.label in (output.column, (output.column, output.how))
    return call if plain else f"{_text(output.label)} = {call}"


def _facts_of(node: rel.ReadParquet) -> Iterable[str]:
    source = node.source
    every = len(source.meta.columns)
    count = every if node.columns is None else len(node.columns)
    groups = pruning.needed_groups(source, node.prune, node.filters, node.limit)
    yield _many(len(source.files), "file")
    yield f"{count} of {_many(every, 'column')}"
    yield f"{len(groups)} of {_many(len(source.row_groups), 'row group')}"
    if node.filters:
        terms = (" and ".join(f"{a} {op} {show(b)}" for a, op, b in one) for one in node.filters)
        yield "filters " + " or ".join(terms)
    if node.prune:
        yield "prune " + " and ".join(_condition(*one) for one in node.prune)
    if node.limit is not None:
        yield f"limit {node.limit}"


def _condition(label: Any, op: str, value: Any) -> str:
    return f"{label} {SIGNS.get(op, op)} {show(value)}"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _is_name(label: Any) -> bool:
    return isinstance(label, str) and label.isidentifier()


def _text(label: Any) -> str:
    return label if isinstance(label, str) else show(label)


def _names(labels: Iterable[Any]) -> str:
    return _some([_text(label) for label in labels])


def _some(items: list[str]) -> str:
    if len(items) <= 2 * MOST_ITEMS:
        return ", ".join(items)
    return ", ".join(items[:MOST_ITEMS]) + f", ... {len(items)} in all"


def _shown(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={show(value)}" for name, value in values.items())


def show(value: Any) -> str:
    """A constant in a line: short, of long lists the first items and how many there are."""
    if type(value) in (list, tuple) and _is_run(value):
        return f"({value[0]}..{value[-1]})"
    if type(value) in (list, tuple, set, frozenset) and len(value) > MOST_ITEMS:
        first = ", ".join(show(one) for one in list(value)[:3])
        return f"[{first}, ... {len(value)} in all]"
    if type(value) in (list, tuple, set, frozenset):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, UserCode):
        return value.name
    if isinstance(value, np.integer):
        return str(value)
    text = repr(value)
    return text if len(text) <= 60 and "\n" not in text else f"<{type(value).__name__}>"


def _is_run(values: Any) -> bool:
    """Whether values are integers that follow each other, and more than two."""
    whole = len(values) > 2 and all(type(one) is int for one in values)
    return whole and list(values) == list(range(values[0], values[0] + len(values)))
