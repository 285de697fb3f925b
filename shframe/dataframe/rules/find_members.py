"""Integers that are looked for among those of another frame are made ready once, not per task."""

from __future__ import annotations

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.columns import IsIn, IsMember
from shframe.dataframe.expr.values import AllRows, Members
from shframe.dataframe.kernels import membership
from shframe.dataframe.rules.rewriting import with_meta
from shframe.graph.plan.rewrite import rule


@rule(on=IsIn)
def find_members(node: IsIn) -> IsMember | None:
    """isin() of all rows of a column of the same integers -> a look-up of its values.

    Only the values are brought together, each once.
    """
    if len(node.given) != 1 or node.others or type(node.given[0]) is not AllRows:
        return None
    source, [values] = node.source, node.given[0].sources
    if not isinstance(values, Relation) or not all(map(has_integers, (source, values))):
        return None
    if source.meta.dtype != values.meta.dtype:
        return None
    found = Members(values, membership.find_values, membership.build_members)
    return with_meta(IsMember(source, found), node.meta)


def has_integers(node: Relation) -> bool:
    """Whether it is a series of integers, in every partition."""
    meta = node.meta
    known = isinstance(meta, pd.Series) and isinstance(meta.dtype, np.dtype)
    return known and meta.dtype.kind in "iu" and node.settled and node.as_known
