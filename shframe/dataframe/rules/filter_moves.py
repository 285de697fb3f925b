"""What a filter over a kind of node becomes below it: one function for each.

Each takes the node, the terms of the filter, whether something looks at the labels of its rows,
and `place`, which filters a relation as deep as it may be. It returns the node over filtered
sources, and the terms that have to stay above it; None where all have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from shframe.dataframe.expr.base import Literal, Relation
from shframe.dataframe.expr.columns import Method, SteadyElementwise
from shframe.dataframe.expr.positions import Concat
from shframe.dataframe.expr.relations import (
    Aggregate,
    Assign,
    Distinct,
    Filter,
    NumberRows,
    Project,
    Sort,
)
from shframe.dataframe.kernels.aggregation import PRIMITIVES, WHOLE
from shframe.dataframe.rules.conditions import columns_of, rebase, terms_of
from shframe.dataframe.rules.rewriting import over, with_schema_of

GROUPWISE = PRIMITIVES.keys() | WHOLE  # aggregations that look at one group alone


@dataclass(frozen=True, slots=True)
class Term:
    """A condition on its way down, which is written over another relation where it stays.

    source: whose columns it reads; names: what these are called where it has come to.
    """

    condition: Relation
    source: Relation
    names: Mapping[Any, Any]

    @property
    def columns(self) -> frozenset[Any]:
        """The columns that it reads."""
        return frozenset(self.names.values())

    def renamed(self, names: Mapping[Any, Any]) -> Term:
        """The same where these columns have other names."""
        known = {label: names.get(now, now) for label, now in self.names.items()}
        return dataclasses.replace(self, names=known)

    def over(self, relation: Relation) -> Relation:
        """The condition of the columns of another relation."""
        same = all(label == now for label, now in self.names.items())
        return rebase(self.condition, self.source, relation, None if same else self.names)


Terms = list[Term]
Place = Callable[[Relation, Terms, bool], Relation]
Moved = tuple[Relation, Terms] | None
Move = Callable[[Any, Terms, bool, Place], Moved]


def below_source(node: Relation, terms: Terms, index: bool, place: Place) -> Moved:
    """Below an operation that keeps columns, rows and their labels."""
    source: Relation = node.source  # type: ignore[attr-defined]
    filtered = place(source, terms, index)
    return over(node, [filtered]), []  # type: ignore[return-value]


def below_sort(node: Sort, terms: Terms, index: bool, place: Place) -> Moved:
    """Below a sort: fewer rows are sorted."""
    return None if index and node.ignore_index else below_source(node, terms, index, place)


def below_numbering(node: NumberRows, terms: Terms, index: bool, place: Place) -> Moved:
    """Below the numbering of rows, where nothing looks at the numbers."""
    return None if index else below_source(node, terms, False, place)


def below_rename(node: Method, terms: Terms, index: bool, place: Place) -> Moved:
    """Below other labels of columns."""
    named = dict(node.arguments.kwargs)
    if node.method != "rename" or node.meta.ndim != 2 or "columns" not in named or node.others:
        return None
    labels, olds = node.meta.columns, node.source.meta.columns
    if not (labels.is_unique and olds.is_unique):
        return None
    names = dict(zip(labels, olds, strict=True))
    filtered = place(node.source, [one.renamed(names) for one in terms], index)
    return over(node, [filtered]), []  # type: ignore[return-value]


def below_assign(node: Assign, terms: Terms, index: bool, place: Place) -> Moved:
    """Below a further column, of which fewer values are computed."""
    column, source = node.column, node.source
    if node.given or not node.is_aligned:
        return None
    if isinstance(column, Relation) and columns_of(column, source) is None:
        return None
    lower = [one for one in terms if node.label not in one.columns]
    if not lower:
        return None
    filtered = place(source, lower, index)
    beside = column if isinstance(column, Literal) else rebase(column, source, filtered)
    made = with_schema_of(node.replaced(source=filtered, column=beside), node)
    return made, [one for one in terms if node.label in one.columns]


def below_filter(node: Filter, terms: Terms, index: bool, place: Place) -> Moved:
    """Two filters become one, whose rows are gathered once."""
    source = node.source
    own = with_columns_of(terms_of(node.condition), source)
    if own is None or not node.is_aligned:
        return None
    return place(source, [*own, *terms], index), []


def with_columns_of(conditions: list[Relation], source: Relation) -> Terms | None:
    """Conditions as terms; None where one cannot be moved."""
    made = [(one, columns_of(one, source)) for one in conditions]
    if any(columns is None for _, columns in made):
        return None
    return [Term(one, source, {c: c for c in columns or ()}) for one, columns in made]


def below_distinct(node: Distinct, terms: Terms, index: bool, place: Place) -> Moved:
    """Below the choice of one row of equal ones: those are dropped together, or kept."""
    meta = node.source.meta
    if meta.ndim != 2:
        return None
    subset = set(meta.columns if node.subset is None else node.subset)
    lower = [one for one in terms if one.columns <= subset]
    if not lower:
        return None
    filtered = place(node.source, lower, index)
    return over(node, [filtered]), [one for one in terms if not one.columns <= subset]  # type: ignore[return-value]


def below_groups(node: Aggregate, terms: Terms, index: bool, place: Place) -> Moved:
    """Below groups, of conditions on their keys: whole groups are dropped."""
    keys = {} if index else keys_of_groups(node)
    lower = [one for one in terms if one.columns and one.columns <= keys.keys()]
    if not lower:
        return None
    filtered = place(node.source, [one.renamed(keys) for one in lower], False)
    return over(node, [filtered]), [one for one in terms if one not in lower]  # type: ignore[return-value]


def keys_of_groups(node: Aggregate) -> dict[Any, Any]:
    """Columns of groups that are their keys as they are, and the keys' labels below; none where
    the groups may not lose any."""
    plan, meta = node.plan, node.source.meta
    calls = all(isinstance(o.how, str) and o.how in GROUPWISE for o in plan.outputs)
    if plan.as_index or not calls or node.meta.ndim != 2:
        return {}
    labels = node.meta.columns
    if not labels.is_unique:
        return {}
    made = {output.label for output in plan.outputs}
    return {
        name: key
        for name, key in zip(plan.names, plan.keys, strict=True)
        if name in labels
        and name not in made
        and not isinstance(meta[key].dtype, pd.CategoricalDtype)
        and meta[key].dtype == node.meta[name].dtype
    }


def below_concat(node: Concat, terms: Terms, index: bool, place: Place) -> Moved:
    """Below frames of one schema that are put one after another."""
    metas = [one.meta for one in node.sources]
    first = metas[0]
    alike = all(
        one.ndim == 2
        and one.columns.equals(first.columns)
        and list(one.dtypes) == list(first.dtypes)
        for one in metas
    )
    if not alike or list(node.meta.dtypes) != list(first.dtypes):
        return None
    sources = [place(one, terms, index) for one in node.sources]
    return over(node, sources), []  # type: ignore[return-value]


MOVES: dict[type[Relation], Move] = {
    Project: below_source,
    Assign: below_assign,
    Filter: below_filter,
    SteadyElementwise: below_rename,
    Sort: below_sort,
    NumberRows: below_numbering,
    Distinct: below_distinct,
    Aggregate: below_groups,
    Concat: below_concat,
}
