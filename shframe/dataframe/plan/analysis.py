"""What explain() says of each line of a plan: the size that is expected, and what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.relations import ReadParquet
from shframe.dataframe.plan.plan_text import describe
from shframe.dataframe.rules.sizes import sizes_of
from shframe.dataframe.sources import pruning
from shframe.graph.plan.expr import Expr
from shframe.graph.tasks.measured import Measured, stages_of
from shframe.graph.tracing.trace import Trace
from shframe.store.byte_sizes import format_bytes


def estimates_of(plan: Expr) -> dict[str, str]:
    """Expected rows and bytes of the relations of a plan, as text, by their tokens."""
    sizes = sizes_of(plan)
    found = {}
    for node, _ in _lines(plan):
        size = sizes[node.token]
        if isinstance(node, Relation):
            found[node.token] = f"~{size.rows:,} rows, {format_bytes(size.nbytes)}"
    return found


def measures_of(plan: Expr, trace: Trace) -> dict[str, str]:
    """The same with what a run has measured: rows and bytes made, seconds in tasks, conversions."""
    noted: Counter[str] = Counter()
    for sums in trace.sums.values():
        noted.update(sums.copied)
    stages = stages_of(noted.items())
    expected = estimates_of(plan)
    found = {}
    for node, inside in _lines(plan):
        said = [expected[node.token]] if node.token in expected else []
        said.append(_text(node, stages, inside))
        found[node.token] = " | ".join(said)
    return found


def _lines(plan: Expr) -> Iterator[tuple[Expr, list[Expr]]]:
    """The nodes that have a line of their own, each with those that are written in it."""
    seen: set[str] = set()
    stack = [plan]
    while stack:
        node = stack.pop()
        if node.token in seen:
            continue
        seen.add(node.token)
        below = describe(node).children
        bases = {one.token for one in below}
        inside, open_ = [], [node]
        while open_:
            one = open_.pop()
            inside.append(one)
            for child in one.children():
                if child.token not in bases and child.token not in seen:
                    seen.add(child.token)
                    open_.append(child)
        yield node, inside
        stack.extend(below)


def _text(node: Expr, stages: dict[str, Measured], inside: list[Expr]) -> str:
    parts = [stages[one.name] for one in inside if one.name in stages]
    own = stages.get(node.name, Measured())
    seconds = sum(part.seconds for part in parts)
    rows = [f"{own.rows:,} rows"] if isinstance(node, Relation) else []
    said = [*rows, format_bytes(own.nbytes), f"{seconds:.3f} s"]
    if isinstance(node, ReadParquet):
        said.append(f"{format_bytes(_bytes_in_files(node))} read")
    converted: Counter[str] = Counter()
    for part in parts:
        converted.update(part.converted)
    said += [f"{reason} {format_bytes(nbytes)}" for reason, nbytes in converted.items()]
    return ", ".join(said)


def _bytes_in_files(node: ReadParquet) -> int:
    """The encoded bytes of the columns that are read."""
    source = node.source
    groups = pruning.needed_groups(source, node.prune, node.filters, node.limit)
    names = source.fields_of(node.meta.columns)
    return sum(group.nbytes.get(name, 0) for group in groups for name in names)
