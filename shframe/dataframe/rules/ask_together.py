"""The condition of a filter is found at once, where it is one on the columns of one frame."""

from __future__ import annotations

from shframe.dataframe.expr.base import Relation, Value
from shframe.dataframe.expr.columns import (
    Arithmetic,
    Attribute,
    Boolean,
    Column,
    Compare,
    Condition,
    DatetimeOp,
    IsIn,
    IsMember,
    IsNull,
    OfWords,
    StringOp,
    Unary,
)
from shframe.dataframe.expr.relations import Filter
from shframe.dataframe.rules.rewriting import over, rewrite
from shframe.graph.plan.expr import Expr

JOINED = (Arithmetic, Attribute, Boolean, Compare, DatetimeOp, IsIn, IsMember, IsNull, StringOp)


def ask_together(plan: Expr) -> Expr:
    """Comparisons, what joins them, and what else looks at each row of columns alone."""
    if not plan.has(Filter):
        return plan
    return rewrite(plan, lambda _, node: _join_condition(node) or node)


def _join_condition(node: Expr) -> Expr | None:
    if not isinstance(node, Filter) or not isinstance(node.condition, Boolean | Compare | Unary):
        return None
    condition, values = node.condition, dict[str, Value]()
    frames = dict[str, Relation]()
    if not _look_into(condition, frames, values) or len(frames) != 1:
        return None
    [frame] = frames.values()
    asked = Condition(frame, tuple(values.values()), condition.token, condition)
    return over(node, [node.source, asked])


def _look_into(node: Expr, frames: dict[str, Relation], values: dict[str, Value]) -> bool:
    """Whether all of a condition can be found at once; notes whose columns it looks at, and the
    values that it needs."""
    if isinstance(node, Value):
        values[node.token] = node
        return True
    if isinstance(node, Column | OfWords):
        frames[node.source.token] = node.source
        return True
    if not isinstance(node, (*JOINED, Unary)):
        return False
    return all(_look_into(child, frames, values) for child in node.children())
