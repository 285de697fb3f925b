"""An order of rows that nothing needs is not made: no sort, no order restored after a join."""

from __future__ import annotations

from shframe.dataframe.expr.relations import Join, Sort
from shframe.dataframe.rules.needs import is_needless
from shframe.dataframe.rules.rewriting import with_schema_of
from shframe.dataframe.rules.unneeded import Needs
from shframe.graph.plan.expr import Expr


def drop_order(old: Expr, new: Expr, needs: Needs) -> Expr:
    """Sorts above which nothing needs an order go; joins give rows as they find them."""
    if not isinstance(new, Join | Sort):
        return new
    need = needs.of(old)
    if isinstance(new, Sort):
        return new.source if is_needless(new, need) else new
    if need.order or need.index or not new.ordered:
        return new
    return with_schema_of(new.replaced(ordered=False), new)
