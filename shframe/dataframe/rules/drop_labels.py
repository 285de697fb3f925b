"""Labels of rows that nothing looks at are not made: no counting of rows, no renumbering."""

from __future__ import annotations

import dataclasses

from shframe.dataframe.expr.base import Relation
from shframe.dataframe.expr.relations import Filter, NumberRows, SmallResult, Sort, ValueCounts
from shframe.dataframe.expr.values import AllRows
from shframe.dataframe.rules.needs import needs_of
from shframe.dataframe.rules.rewriting import rewrite, with_meta
from shframe.graph.plan.expr import Expr, walk


def drop_labels(plan: Expr) -> Expr:
    """Filters, sorts and collected rows whose labels nothing needs do not keep them; numbers of
    rows that nothing needs are not given.

    What has the same rows is combined by position, and so has its labels or not together.
    """
    needs = needs_of(plan)
    labelled = {
        node.lineage
        for node in walk(plan)
        if isinstance(node, Relation) and needs[node.token].index
    }

    def change(old: Expr, new: Expr) -> Expr:
        if isinstance(new, ValueCounts):  # whose own labels are values
            return with_meta(dataclasses.replace(new, labels=False), new.meta)
        if needs[old.token].index:
            return new
        if isinstance(new, AllRows):
            return dataclasses.replace(new, labels=False)
        if isinstance(new, SmallResult):
            return with_meta(dataclasses.replace(new, labels=False), new.meta)
        if not isinstance(old, Relation) or old.lineage in labelled:
            return new
        if isinstance(new, NumberRows):
            return new.source
        if isinstance(new, Sort):
            return dataclasses.replace(new, ignore_index=new.by is not None)
        if isinstance(new, Filter):
            return with_meta(dataclasses.replace(new, labels=False), new.meta)
        return new

    return rewrite(plan, change)
