"""What is asked of every string of a column is asked of its words, where it is a dictionary."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.columns import Column, Compare, IsIn, OfWords, StringOp
from shframe.dataframe.rules.rewriting import rewrite, with_meta
from shframe.graph.plan.expr import Expr, nodes_of

REFUSING = frozenset(("cat", "index", "rindex"))  # methods that join strings, or refuse some


def ask_words(plan: Expr) -> Expr:
    """Comparisons, isin() and methods of `.str` of a column of a frame, one after another too.

    Whether the column is a dictionary is seen when it has been read.
    """
    if not plan.has(Compare, IsIn, StringOp) or not any(map(_ask, nodes_of(plan))):
        return plan
    return rewrite(plan, lambda _, node: _ask(node) or node)


def _ask(node: Expr) -> OfWords | None:
    if not isinstance(node, Compare | IsIn | StringOp) or len(node.children()) != 1:
        return None
    if isinstance(node, StringOp) and not _looks_at_each(node):
        return None
    [below] = node.children()
    if isinstance(below, OfWords) and _is_text(below):
        made = OfWords(below.source, below.label, (*below.asked, node.token), (*below._steps, node))
    elif isinstance(below, Column) and _is_text(below) and below.source.meta.ndim == 2:
        made = OfWords(below.source, below.label, (node.token,), (node,))
    else:
        return None
    return with_meta(made, node.meta)


def _is_text(node: Relation) -> bool:
    meta = node.meta
    return meta.ndim == 1 and isinstance(meta.dtype, pd.StringDtype)


def _looks_at_each(node: StringOp) -> bool:
    """Whether a method gives each string one value, which rows may share."""
    users = any(map(callable, node.arguments.values))
    if users or node.method in REFUSING or node.meta.ndim != 1:
        return False
    return cast(bool, node.meta.dtype != np.dtype(object))
