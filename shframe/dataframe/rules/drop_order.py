"""An order of rows that nothing needs is not made: no sort, no order restored after a join."""

from __future__ import annotations

import dataclasses

from shframe.dataframe.expr.relations import Join, Sort
from shframe.dataframe.rules.needs import needs_of
from shframe.dataframe.rules.rewriting import rewrite, with_meta
from shframe.graph.plan.expr import Expr


def drop_order(plan: Expr) -> Expr:
    """Sorts above which nothing needs an order go; joins give rows as they find them."""
    needs = needs_of(plan)

    def change(old: Expr, new: Expr) -> Expr:
        need = needs[old.token]
        if need.order:
            return new
        if isinstance(new, Sort) and not (need.index and new.ignore_index):
            return new.source
        if isinstance(new, Join) and not need.index and new.ordered:
            return with_meta(dataclasses.replace(new, ordered=False), new.meta)
        return new

    return rewrite(plan, change)
