"""What every stage must keep: the schema of the whole, and each node's of its sources.

Tests run it after each stage, and SHFRAME_CHECK=1 does so for all plans.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import Relation, Value
from shframe.dataframe.expr.columns import Column, OfWords
from shframe.dataframe.expr.relations import Aggregate, FirstSorted, Join, Project, Sort, TopRows
from shframe.dataframe.expr.values import Together
from shframe.graph.plan.expr import Expr, walk


def check_stage(before: Expr, after: Expr) -> None:
    """Asserts that a stage has kept the schema, and left no node without a column that it reads.

    The schema of a user's function is learned by running its plan: such plans are not looked at.
    """
    if any(map(_is_learned, walk(before))):
        return
    for node in walk(after):
        for label, source in read_labels(node):
            assert label in source.meta.columns, (
                f"{node.name} reads {label!r}, which its source does not have"
            )
    old, new = schema_of(before), schema_of(after)
    assert old == new, f"a stage changed the schema from {old} to {new}"


def _is_learned(node: Expr) -> bool:
    return getattr(node, "_learn", None) is not None and getattr(node, "known", None) is None


def schema_of(node: Expr) -> Any:
    """Labels, dtypes and index of a relation, or the kind of a value; comparable by ==."""
    if isinstance(node, Together):
        return list(map(schema_of, node.plans))
    if isinstance(node, Value):
        return type(node.sample).__name__
    assert isinstance(node, Relation), "a frame's plan has relations and values only"
    meta = node.meta
    if isinstance(meta, pd.Index):
        return [*_levels(meta)]
    columns = [(meta.name, meta.dtype)] if meta.ndim == 1 else list(meta.dtypes.items())
    return [*columns, *_levels(meta.index)]


def _levels(index: Any) -> list[tuple[Any, Any]]:
    levels = (index.get_level_values(n) for n in range(index.nlevels))
    return [(level.name, level.dtype) for level in levels]


@singledispatch
def read_labels(node: Expr) -> list[tuple[Any, Relation]]:
    """The labels of columns that a node names, each with the source that must have it."""
    return []


@read_labels.register(Column)
@read_labels.register(OfWords)
def _(node: Column | OfWords) -> list[tuple[Any, Relation]]:
    return [(node.label, node.source)]


@read_labels.register
def _(node: Project) -> list[tuple[Any, Relation]]:
    return [(label, node.source) for label in node.labels]


@read_labels.register
def _(node: Aggregate) -> list[tuple[Any, Relation]]:
    return [(label, node.source) for label in node.plan.columns]


@read_labels.register(Sort)
@read_labels.register(TopRows)
@read_labels.register(FirstSorted)
def _(node: Sort | TopRows | FirstSorted) -> list[tuple[Any, Relation]]:
    return [(label, node.source) for label in node.by or ()]


@read_labels.register
def _(node: Join) -> list[tuple[Any, Relation]]:
    left = [(label, node.left) for label in node.left_on]
    return [*left, *((label, node.right) for label in node.right_on)]
