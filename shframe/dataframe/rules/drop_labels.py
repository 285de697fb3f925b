"""Labels of rows that nothing looks at are not made: no counting of rows, no renumbering."""

from __future__ import annotations

from shframe.dataframe.expr.relations import Filter, NumberRows, SmallResult, Sort, ValueCounts
from shframe.dataframe.expr.values import AllRows
from shframe.dataframe.rules.rewriting import with_schema_of
from shframe.dataframe.rules.unneeded import Needs
from shframe.graph.plan.expr import Expr


def drop_labels(old: Expr, new: Expr, needs: Needs) -> Expr:
    """Filters, sorts and collected rows whose labels nothing needs do not keep them; numbers of
    rows that nothing needs are not given."""
    if isinstance(new, ValueCounts):  # whose own labels are values
        return with_schema_of(new.replaced(labels=False), new)
    if not isinstance(new, AllRows | SmallResult | NumberRows | Sort | Filter):
        return new
    if needs.of(old).index:
        return new
    if isinstance(new, AllRows):
        return new.replaced(labels=False)
    if isinstance(new, SmallResult):
        return with_schema_of(new.replaced(labels=False), new)
    if needs.has_labels(old):  # type: ignore[arg-type]
        return new
    if isinstance(new, NumberRows):
        return new.source
    if isinstance(new, Sort):
        return new.replaced(ignore_index=new.by is not None)
    return with_schema_of(new.replaced(labels=False), new)
