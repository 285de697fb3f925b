"""How many rows conditions leave, where nothing is known of the values: the constants of System R
(Selinger et al., 1979), a little wider for ranges, two of which make an interval.
"""

from __future__ import annotations

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.columns import Boolean, Compare, Evaluate, IsIn, StringOp, Unary

EQUAL = 0.1
AMONG = 0.2
RANGE = 0.4
MATCH = 0.1
OTHER = 0.3


def selectivity(condition: Relation) -> float:
    """The share of rows that a condition is expected to keep."""
    if isinstance(condition, Boolean) and condition.op in ("and_", "or_"):
        sides = [s for s in (condition.left, condition.right) if isinstance(s, Relation)]
        shares = [selectivity(side) for side in sides]
        if condition.op == "and_":
            product = 1.0
            for share in shares:
                product *= share
            return product
        return min(sum(shares), 1.0)
    if isinstance(condition, Unary) and condition.op == "invert":
        return 1.0 - selectivity(condition.source)
    if isinstance(condition, Compare):
        return {"eq": EQUAL, "ne": 1.0 - EQUAL}.get(condition.op, RANGE)
    if isinstance(condition, IsIn):
        return AMONG
    if isinstance(condition, StringOp):
        return MATCH
    if isinstance(condition, Evaluate):
        return RANGE
    return OTHER
